begin_version
3
end_version
begin_metric
0
end_metric
7
begin_variable
var0
0
2
Atom wet(a)
NegatedAtom wet(a)
end_variable
begin_variable
var1
-1
2
Atom open(u)
NegatedAtom open(u)
end_variable
begin_variable
var2
0
2
Atom wet(b)
NegatedAtom wet(b)
end_variable
begin_variable
var3
-1
2
Atom open(v)
NegatedAtom open(v)
end_variable
begin_variable
var4
0
2
Atom wet(c)
NegatedAtom wet(c)
end_variable
begin_variable
var5
-1
2
Atom open(w)
NegatedAtom open(w)
end_variable
begin_variable
var6
0
2
Atom wet(d)
NegatedAtom wet(d)
end_variable
0
begin_state
1
0
1
1
1
1
1
end_state
begin_goal
2
3 0
6 0
end_goal
6
begin_operator
turn-off u
0
1
0 1 0 1
1
end_operator
begin_operator
turn-off v
0
1
0 3 0 1
1
end_operator
begin_operator
turn-off w
0
1
0 5 0 1
1
end_operator
begin_operator
turn-on u b
1
2 1
1
0 1 1 0
1
end_operator
begin_operator
turn-on v b
1
2 1
1
0 3 1 0
1
end_operator
begin_operator
turn-on w c
1
4 1
1
0 5 1 0
1
end_operator
4
begin_rule
0
0 1 0
end_rule
begin_rule
2
1 0
0 0
2 1 0
end_rule
begin_rule
2
3 0
2 0
4 1 0
end_rule
begin_rule
2
5 0
4 0
6 1 0
end_rule
