begin_version
3
end_version
begin_metric
1
end_metric
20
begin_variable
var0
-1
2
Atom unused(r2)
NegatedAtom unused(r2)
end_variable
begin_variable
var1
-1
2
Atom unused(r1)
NegatedAtom unused(r1)
end_variable
begin_variable
var2
-1
2
Atom to(r2, p3)
NegatedAtom to(r2, p3)
end_variable
begin_variable
var3
-1
2
Atom to(r2, p2)
NegatedAtom to(r2, p2)
end_variable
begin_variable
var4
-1
2
Atom to(r2, p1)
NegatedAtom to(r2, p1)
end_variable
begin_variable
var5
-1
2
Atom to(r1, p3)
NegatedAtom to(r1, p3)
end_variable
begin_variable
var6
-1
2
Atom to(r1, p2)
NegatedAtom to(r1, p2)
end_variable
begin_variable
var7
-1
2
Atom to(r1, p1)
NegatedAtom to(r1, p1)
end_variable
begin_variable
var8
-1
2
Atom lights()
NegatedAtom lights()
end_variable
begin_variable
var9
-1
2
Atom from(r2, p3)
NegatedAtom from(r2, p3)
end_variable
begin_variable
var10
-1
2
Atom from(r2, p2)
NegatedAtom from(r2, p2)
end_variable
begin_variable
var11
-1
2
Atom from(r2, p1)
NegatedAtom from(r2, p1)
end_variable
begin_variable
var12
-1
2
Atom from(r1, p3)
NegatedAtom from(r1, p3)
end_variable
begin_variable
var13
-1
2
Atom from(r1, p2)
NegatedAtom from(r1, p2)
end_variable
begin_variable
var14
-1
2
Atom from(r1, p1)
NegatedAtom from(r1, p1)
end_variable
begin_variable
var15
-1
3
Atom at(c1, p1)
Atom at(c1, p2)
Atom at(c1, p3)
end_variable
begin_variable
var16
-1
3
Atom at(c2, p1)
Atom at(c2, p2)
Atom at(c2, p3)
end_variable
begin_variable
var17
-1
3
Atom clear(p1)
Atom clear(p2)
Atom clear(p3)
end_variable
begin_variable
var18
-1
2
Atom parked(c1)
NegatedAtom parked(c1)
end_variable
begin_variable
var19
-1
2
Atom parked(c2)
NegatedAtom parked(c2)
end_variable
3
begin_mutex_group
3
15 0
16 0
17 0
end_mutex_group
begin_mutex_group
3
15 1
16 1
17 1
end_mutex_group
begin_mutex_group
3
15 2
16 2
17 2
end_mutex_group
begin_state
0
0
1
1
1
1
1
1
1
1
1
1
1
1
1
0
1
2
1
1
end_state
begin_goal
2
18 0
19 0
end_goal
35
begin_operator
build r1 p1 p2
0
3
0 14 -1 0
0 6 -1 0
0 1 0 1
5
end_operator
begin_operator
build r1 p2 p1
0
3
0 13 -1 0
0 7 -1 0
0 1 0 1
5
end_operator
begin_operator
build r1 p2 p3
0
3
0 13 -1 0
0 5 -1 0
0 1 0 1
5
end_operator
begin_operator
build r1 p3 p2
0
3
0 12 -1 0
0 6 -1 0
0 1 0 1
5
end_operator
begin_operator
build r2 p1 p2
0
3
0 11 -1 0
0 3 -1 0
0 0 0 1
5
end_operator
begin_operator
build r2 p2 p1
0
3
0 10 -1 0
0 4 -1 0
0 0 0 1
5
end_operator
begin_operator
build r2 p2 p3
0
3
0 10 -1 0
0 2 -1 0
0 0 0 1
5
end_operator
begin_operator
build r2 p3 p2
0
3
0 9 -1 0
0 3 -1 0
0 0 0 1
5
end_operator
begin_operator
drive c1 r1 p1 p2
2
14 0
6 0
3
0 15 0 1
0 17 1 0
1 8 0 18 -1 0
1
end_operator
begin_operator
drive c1 r1 p1 p3
2
14 0
5 0
2
0 15 0 2
0 17 2 0
1
end_operator
begin_operator
drive c1 r1 p2 p1
2
13 0
7 0
2
0 15 1 0
0 17 0 1
1
end_operator
begin_operator
drive c1 r1 p2 p3
2
13 0
5 0
2
0 15 1 2
0 17 2 1
1
end_operator
begin_operator
drive c1 r1 p3 p1
2
12 0
7 0
2
0 15 2 0
0 17 0 2
1
end_operator
begin_operator
drive c1 r1 p3 p2
2
12 0
6 0
3
0 15 2 1
0 17 1 2
1 8 0 18 -1 0
1
end_operator
begin_operator
drive c1 r2 p1 p2
2
11 0
3 0
3
0 15 0 1
0 17 1 0
1 8 0 18 -1 0
1
end_operator
begin_operator
drive c1 r2 p1 p3
2
11 0
2 0
2
0 15 0 2
0 17 2 0
1
end_operator
begin_operator
drive c1 r2 p2 p1
2
10 0
4 0
2
0 15 1 0
0 17 0 1
1
end_operator
begin_operator
drive c1 r2 p2 p3
2
10 0
2 0
2
0 15 1 2
0 17 2 1
1
end_operator
begin_operator
drive c1 r2 p3 p1
2
9 0
4 0
2
0 15 2 0
0 17 0 2
1
end_operator
begin_operator
drive c1 r2 p3 p2
2
9 0
3 0
3
0 15 2 1
0 17 1 2
1 8 0 18 -1 0
1
end_operator
begin_operator
drive c2 r1 p1 p2
2
14 0
6 0
2
0 16 0 1
0 17 1 0
1
end_operator
begin_operator
drive c2 r1 p1 p3
2
14 0
5 0
3
0 16 0 2
0 17 2 0
1 8 0 19 -1 0
1
end_operator
begin_operator
drive c2 r1 p2 p1
2
13 0
7 0
2
0 16 1 0
0 17 0 1
1
end_operator
begin_operator
drive c2 r1 p2 p3
2
13 0
5 0
3
0 16 1 2
0 17 2 1
1 8 0 19 -1 0
1
end_operator
begin_operator
drive c2 r1 p3 p1
2
12 0
7 0
2
0 16 2 0
0 17 0 2
1
end_operator
begin_operator
drive c2 r1 p3 p2
2
12 0
6 0
2
0 16 2 1
0 17 1 2
1
end_operator
begin_operator
drive c2 r2 p1 p2
2
11 0
3 0
2
0 16 0 1
0 17 1 0
1
end_operator
begin_operator
drive c2 r2 p1 p3
2
11 0
2 0
3
0 16 0 2
0 17 2 0
1 8 0 19 -1 0
1
end_operator
begin_operator
drive c2 r2 p2 p1
2
10 0
4 0
2
0 16 1 0
0 17 0 1
1
end_operator
begin_operator
drive c2 r2 p2 p3
2
10 0
2 0
3
0 16 1 2
0 17 2 1
1 8 0 19 -1 0
1
end_operator
begin_operator
drive c2 r2 p3 p1
2
9 0
4 0
2
0 16 2 0
0 17 0 2
1
end_operator
begin_operator
drive c2 r2 p3 p2
2
9 0
3 0
2
0 16 2 1
0 17 1 2
1
end_operator
begin_operator
switch-on 
0
1
0 8 1 0
1
end_operator
begin_operator
tear-down r1
0
7
0 14 -1 1
0 13 -1 1
0 12 -1 1
0 7 -1 1
0 6 -1 1
0 5 -1 1
0 1 1 0
3
end_operator
begin_operator
tear-down r2
0
7
0 11 -1 1
0 10 -1 1
0 9 -1 1
0 4 -1 1
0 3 -1 1
0 2 -1 1
0 0 1 0
3
end_operator
0
