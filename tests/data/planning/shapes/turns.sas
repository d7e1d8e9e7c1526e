begin_version
3
end_version
begin_metric
0
end_metric
5
begin_variable
var0
-1
5
Atom at(z, a)
Atom at(z, b)
Atom at(z, c)
Atom at(z, d)
Atom at(z, e)
end_variable
begin_variable
var1
-1
5
Atom at(y, a)
Atom at(y, b)
Atom at(y, c)
Atom at(y, d)
Atom at(y, e)
end_variable
begin_variable
var2
-1
5
Atom at(x, a)
Atom at(x, b)
Atom at(x, c)
Atom at(x, d)
Atom at(x, e)
end_variable
begin_variable
var3
-1
5
Atom at(w, a)
Atom at(w, b)
Atom at(w, c)
Atom at(w, d)
Atom at(w, e)
end_variable
begin_variable
var4
-1
5
Atom at(v, a)
Atom at(v, b)
Atom at(v, c)
Atom at(v, d)
Atom at(v, e)
end_variable
0
begin_state
4
3
2
1
0
end_state
begin_goal
5
0 1
1 3
2 0
3 4
4 2
end_goal
2
begin_operator
turn-left 
0
15
1 4 2 4 -1 0
1 4 0 4 -1 1
1 4 1 4 -1 2
1 3 2 3 -1 0
1 3 0 3 -1 1
1 3 1 3 -1 2
1 2 2 2 -1 0
1 2 0 2 -1 1
1 2 1 2 -1 2
1 1 2 1 -1 0
1 1 0 1 -1 1
1 1 1 1 -1 2
1 0 2 0 -1 0
1 0 0 0 -1 1
1 0 1 0 -1 2
1
end_operator
begin_operator
turn-right 
0
15
1 4 4 4 -1 2
1 4 2 4 -1 3
1 4 3 4 -1 4
1 3 4 3 -1 2
1 3 2 3 -1 3
1 3 3 3 -1 4
1 2 4 2 -1 2
1 2 2 2 -1 3
1 2 3 2 -1 4
1 1 4 1 -1 2
1 1 2 1 -1 3
1 1 3 1 -1 4
1 0 4 0 -1 2
1 0 2 0 -1 3
1 0 3 0 -1 4
1
end_operator
0
