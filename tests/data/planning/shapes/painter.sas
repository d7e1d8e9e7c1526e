begin_version
3
end_version
begin_metric
0
end_metric
20
begin_variable
var0
-1
2
Atom painted(c3)
NegatedAtom painted(c3)
end_variable
begin_variable
var1
-1
2
Atom painted(c4)
NegatedAtom painted(c4)
end_variable
begin_variable
var2
-1
2
Atom painted(c6)
NegatedAtom painted(c6)
end_variable
begin_variable
var3
-1
2
Atom painted(c5)
NegatedAtom painted(c5)
end_variable
begin_variable
var4
-1
2
Atom painted(c2)
NegatedAtom painted(c2)
end_variable
begin_variable
var5
-1
6
Atom robot(c1)
Atom robot(c2)
Atom robot(c3)
Atom robot(c4)
Atom robot(c5)
Atom robot(c6)
end_variable
begin_variable
var6
-1
3
Atom moving()
Atom painting(g)
Atom painting(h)
end_variable
begin_variable
var7
-1
2
Atom painted(c1)
NegatedAtom painted(c1)
end_variable
begin_variable
var8
-1
2
Atom part(c1, h)
NegatedAtom part(c1, h)
end_variable
begin_variable
var9
-1
2
Atom part(c4, h)
NegatedAtom part(c4, h)
end_variable
begin_variable
var10
-1
2
Atom part(c3, h)
NegatedAtom part(c3, h)
end_variable
begin_variable
var11
-1
2
Atom part(c2, h)
NegatedAtom part(c2, h)
end_variable
begin_variable
var12
-1
2
Atom part(c6, h)
NegatedAtom part(c6, h)
end_variable
begin_variable
var13
-1
2
Atom part(c5, h)
NegatedAtom part(c5, h)
end_variable
begin_variable
var14
-1
2
Atom part(c1, g)
NegatedAtom part(c1, g)
end_variable
begin_variable
var15
-1
2
Atom part(c4, g)
NegatedAtom part(c4, g)
end_variable
begin_variable
var16
-1
2
Atom part(c6, g)
NegatedAtom part(c6, g)
end_variable
begin_variable
var17
-1
2
Atom part(c5, g)
NegatedAtom part(c5, g)
end_variable
begin_variable
var18
-1
2
Atom part(c2, g)
NegatedAtom part(c2, g)
end_variable
begin_variable
var19
-1
2
Atom part(c3, g)
NegatedAtom part(c3, g)
end_variable
0
begin_state
1
1
1
1
1
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
end_state
begin_goal
4
6 0
7 1
13 0
19 0
end_goal
51
begin_operator
begin c2 g
1
5 1
3
0 6 0 1
0 4 -1 0
0 18 -1 0
1
end_operator
begin_operator
begin c6 h
1
5 5
3
0 6 0 2
0 2 -1 0
0 12 -1 0
1
end_operator
begin_operator
end g
0
1
0 6 1 0
1
end_operator
begin_operator
end h
0
1
0 6 2 0
1
end_operator
begin_operator
move c1 c2
1
6 0
1
0 5 0 1
1
end_operator
begin_operator
move c1 c2
2
6 0
4 1
1
0 5 0 1
1
end_operator
begin_operator
move c1 c4
2
6 0
1 1
1
0 5 0 3
1
end_operator
begin_operator
move c2 c1
2
6 0
7 1
1
0 5 1 0
1
end_operator
begin_operator
move c2 c3
2
6 0
0 1
1
0 5 1 2
1
end_operator
begin_operator
move c2 c5
2
6 0
3 1
1
0 5 1 4
1
end_operator
begin_operator
move c3 c2
1
6 0
1
0 5 2 1
1
end_operator
begin_operator
move c3 c2
2
6 0
4 1
1
0 5 2 1
1
end_operator
begin_operator
move c3 c6
1
6 0
1
0 5 2 5
1
end_operator
begin_operator
move c3 c6
2
6 0
2 1
1
0 5 2 5
1
end_operator
begin_operator
move c4 c1
2
6 0
7 1
1
0 5 3 0
1
end_operator
begin_operator
move c4 c5
2
6 0
3 1
1
0 5 3 4
1
end_operator
begin_operator
move c5 c2
1
6 0
1
0 5 4 1
1
end_operator
begin_operator
move c5 c2
2
6 0
4 1
1
0 5 4 1
1
end_operator
begin_operator
move c5 c4
2
6 0
1 1
1
0 5 4 3
1
end_operator
begin_operator
move c5 c6
1
6 0
1
0 5 4 5
1
end_operator
begin_operator
move c5 c6
2
6 0
2 1
1
0 5 4 5
1
end_operator
begin_operator
move c6 c3
2
6 0
0 1
1
0 5 5 2
1
end_operator
begin_operator
move c6 c5
2
6 0
3 1
1
0 5 5 4
1
end_operator
begin_operator
paint c1 c2 g
1
6 1
3
0 4 1 0
1 14 0 18 -1 0
0 5 0 1
1
end_operator
begin_operator
paint c1 c2 h
1
6 2
3
0 4 1 0
1 8 0 11 -1 0
0 5 0 1
1
end_operator
begin_operator
paint c1 c4 g
1
6 1
3
0 1 1 0
1 14 0 15 -1 0
0 5 0 3
1
end_operator
begin_operator
paint c1 c4 h
1
6 2
3
0 1 1 0
1 8 0 9 -1 0
0 5 0 3
1
end_operator
begin_operator
paint c2 c1 g
1
6 1
3
0 7 1 0
1 18 0 14 -1 0
0 5 1 0
1
end_operator
begin_operator
paint c2 c1 h
1
6 2
3
0 7 1 0
1 11 0 8 -1 0
0 5 1 0
1
end_operator
begin_operator
paint c2 c3 g
1
6 1
3
0 0 1 0
1 18 0 19 -1 0
0 5 1 2
1
end_operator
begin_operator
paint c2 c3 h
1
6 2
3
0 0 1 0
1 11 0 10 -1 0
0 5 1 2
1
end_operator
begin_operator
paint c2 c5 g
1
6 1
3
0 3 1 0
1 18 0 17 -1 0
0 5 1 4
1
end_operator
begin_operator
paint c2 c5 h
1
6 2
3
0 3 1 0
1 11 0 13 -1 0
0 5 1 4
1
end_operator
begin_operator
paint c3 c2 g
1
6 1
3
0 4 1 0
1 19 0 18 -1 0
0 5 2 1
1
end_operator
begin_operator
paint c3 c2 h
1
6 2
3
0 4 1 0
1 10 0 11 -1 0
0 5 2 1
1
end_operator
begin_operator
paint c3 c6 g
1
6 1
3
0 2 1 0
1 19 0 16 -1 0
0 5 2 5
1
end_operator
begin_operator
paint c3 c6 h
1
6 2
3
0 2 1 0
1 10 0 12 -1 0
0 5 2 5
1
end_operator
begin_operator
paint c4 c1 g
1
6 1
3
0 7 1 0
1 15 0 14 -1 0
0 5 3 0
1
end_operator
begin_operator
paint c4 c1 h
1
6 2
3
0 7 1 0
1 9 0 8 -1 0
0 5 3 0
1
end_operator
begin_operator
paint c4 c5 g
1
6 1
3
0 3 1 0
1 15 0 17 -1 0
0 5 3 4
1
end_operator
begin_operator
paint c4 c5 h
1
6 2
3
0 3 1 0
1 9 0 13 -1 0
0 5 3 4
1
end_operator
begin_operator
paint c5 c2 g
1
6 1
3
0 4 1 0
1 17 0 18 -1 0
0 5 4 1
1
end_operator
begin_operator
paint c5 c2 h
1
6 2
3
0 4 1 0
1 13 0 11 -1 0
0 5 4 1
1
end_operator
begin_operator
paint c5 c4 g
1
6 1
3
0 1 1 0
1 17 0 15 -1 0
0 5 4 3
1
end_operator
begin_operator
paint c5 c4 h
1
6 2
3
0 1 1 0
1 13 0 9 -1 0
0 5 4 3
1
end_operator
begin_operator
paint c5 c6 g
1
6 1
3
0 2 1 0
1 17 0 16 -1 0
0 5 4 5
1
end_operator
begin_operator
paint c5 c6 h
1
6 2
3
0 2 1 0
1 13 0 12 -1 0
0 5 4 5
1
end_operator
begin_operator
paint c6 c3 g
1
6 1
3
0 0 1 0
1 16 0 19 -1 0
0 5 5 2
1
end_operator
begin_operator
paint c6 c3 h
1
6 2
3
0 0 1 0
1 12 0 10 -1 0
0 5 5 2
1
end_operator
begin_operator
paint c6 c5 g
1
6 1
3
0 3 1 0
1 16 0 17 -1 0
0 5 5 4
1
end_operator
begin_operator
paint c6 c5 h
1
6 2
3
0 3 1 0
1 12 0 13 -1 0
0 5 5 4
1
end_operator
0
