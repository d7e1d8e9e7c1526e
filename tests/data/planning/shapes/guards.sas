begin_version
3
end_version
begin_metric
1
end_metric
12
begin_variable
var0
-1
3
Atom at(r, p1)
Atom at(r, p2)
Atom at(r, p3)
end_variable
begin_variable
var1
-1
3
Atom at(s, p1)
Atom at(s, p2)
Atom at(s, p3)
end_variable
begin_variable
var2
-1
2
Atom charge(r, n1)
NegatedAtom charge(r, n1)
end_variable
begin_variable
var3
-1
2
Atom charge(r, n0)
NegatedAtom charge(r, n0)
end_variable
begin_variable
var4
-1
2
Atom charge(s, n1)
NegatedAtom charge(s, n1)
end_variable
begin_variable
var5
-1
2
Atom charge(s, n0)
NegatedAtom charge(s, n0)
end_variable
begin_variable
var6
-1
2
Atom resting(s)
NegatedAtom resting(s)
end_variable
begin_variable
var7
-1
2
Atom resting(r)
NegatedAtom resting(r)
end_variable
begin_variable
var8
-1
2
Atom guarded(p3)
NegatedAtom guarded(p3)
end_variable
begin_variable
var9
-1
2
Atom guarded(p2)
NegatedAtom guarded(p2)
end_variable
begin_variable
var10
-1
2
Atom guarded(p1)
NegatedAtom guarded(p1)
end_variable
begin_variable
var11
0
2
Atom new-axiom@0()
NegatedAtom new-axiom@0()
end_variable
0
begin_state
0
1
0
1
0
1
1
1
1
1
1
1
end_state
begin_goal
1
11 1
end_goal
34
begin_operator
give r r p1 n0 n1 n0 n1
3
0 0
3 0
2 0
1
0 7 -1 0
1
end_operator
begin_operator
give r r p2 n0 n1 n0 n1
3
0 1
3 0
2 0
1
0 7 -1 0
1
end_operator
begin_operator
give r r p3 n0 n1 n0 n1
3
0 2
3 0
2 0
1
0 7 -1 0
1
end_operator
begin_operator
give r s p1 n0 n1 n0 n1
2
0 0
1 0
5
0 3 -1 0
0 2 0 1
0 5 0 1
0 4 -1 0
0 7 -1 0
1
end_operator
begin_operator
give r s p2 n0 n1 n0 n1
2
0 1
1 1
5
0 3 -1 0
0 2 0 1
0 5 0 1
0 4 -1 0
0 7 -1 0
1
end_operator
begin_operator
give r s p3 n0 n1 n0 n1
2
0 2
1 2
5
0 3 -1 0
0 2 0 1
0 5 0 1
0 4 -1 0
0 7 -1 0
1
end_operator
begin_operator
give s r p1 n0 n1 n0 n1
2
0 0
1 0
5
0 3 0 1
0 2 -1 0
0 5 -1 0
0 4 0 1
0 6 -1 0
1
end_operator
begin_operator
give s r p2 n0 n1 n0 n1
2
0 1
1 1
5
0 3 0 1
0 2 -1 0
0 5 -1 0
0 4 0 1
0 6 -1 0
1
end_operator
begin_operator
give s r p3 n0 n1 n0 n1
2
0 2
1 2
5
0 3 0 1
0 2 -1 0
0 5 -1 0
0 4 0 1
0 6 -1 0
1
end_operator
begin_operator
give s s p1 n0 n1 n0 n1
3
1 0
5 0
4 0
1
0 6 -1 0
1
end_operator
begin_operator
give s s p2 n0 n1 n0 n1
3
1 1
5 0
4 0
1
0 6 -1 0
1
end_operator
begin_operator
give s s p3 n0 n1 n0 n1
3
1 2
5 0
4 0
1
0 6 -1 0
1
end_operator
begin_operator
guard p1
1
0 0
1
0 10 -1 0
1
end_operator
begin_operator
guard p1
2
0 1
7 0
1
0 10 -1 0
1
end_operator
begin_operator
guard p1
1
1 0
1
0 10 -1 0
1
end_operator
begin_operator
guard p1
2
1 1
6 0
1
0 10 -1 0
1
end_operator
begin_operator
guard p2
2
0 0
7 0
1
0 9 -1 0
1
end_operator
begin_operator
guard p2
1
0 1
1
0 9 -1 0
1
end_operator
begin_operator
guard p2
2
0 2
7 0
1
0 9 -1 0
1
end_operator
begin_operator
guard p2
2
1 0
6 0
1
0 9 -1 0
1
end_operator
begin_operator
guard p2
1
1 1
1
0 9 -1 0
1
end_operator
begin_operator
guard p2
2
1 2
6 0
1
0 9 -1 0
1
end_operator
begin_operator
guard p3
2
0 1
7 0
1
0 8 -1 0
1
end_operator
begin_operator
guard p3
1
0 2
1
0 8 -1 0
1
end_operator
begin_operator
guard p3
2
1 1
6 0
1
0 8 -1 0
1
end_operator
begin_operator
guard p3
1
1 2
1
0 8 -1 0
1
end_operator
begin_operator
move r p1 p2 n0 n1
0
3
0 0 0 1
0 3 -1 0
0 2 0 1
2
end_operator
begin_operator
move r p2 p1 n0 n1
0
3
0 0 1 0
0 3 -1 0
0 2 0 1
2
end_operator
begin_operator
move r p2 p3 n0 n1
0
3
0 0 1 2
0 3 -1 0
0 2 0 1
2
end_operator
begin_operator
move r p3 p2 n0 n1
0
3
0 0 2 1
0 3 -1 0
0 2 0 1
2
end_operator
begin_operator
move s p1 p2 n0 n1
0
3
0 1 0 1
0 5 -1 0
0 4 0 1
2
end_operator
begin_operator
move s p2 p1 n0 n1
0
3
0 1 1 0
0 5 -1 0
0 4 0 1
2
end_operator
begin_operator
move s p2 p3 n0 n1
0
3
0 1 1 2
0 5 -1 0
0 4 0 1
2
end_operator
begin_operator
move s p3 p2 n0 n1
0
3
0 1 2 1
0 5 -1 0
0 4 0 1
2
end_operator
3
begin_rule
1
10 1
11 1 0
end_rule
begin_rule
1
9 1
11 1 0
end_rule
begin_rule
1
8 1
11 1 0
end_rule
