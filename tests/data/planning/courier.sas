begin_version
3
end_version
begin_metric
1
end_metric
7
begin_variable
var0
-1
4
Atom parked(red, east)
Atom parked(red, north)
Atom parked(red, south)
Atom parked(red, west)
end_variable
begin_variable
var1
-1
4
Atom parked(blue, east)
Atom parked(blue, north)
Atom parked(blue, south)
Atom parked(blue, west)
end_variable
begin_variable
var2
-1
2
Atom free(blue)
NegatedAtom free(blue)
end_variable
begin_variable
var3
-1
2
Atom free(red)
NegatedAtom free(red)
end_variable
begin_variable
var4
-1
6
Atom in(p1, blue)
Atom in(p1, red)
Atom lies(p1, east)
Atom lies(p1, north)
Atom lies(p1, south)
Atom lies(p1, west)
end_variable
begin_variable
var5
-1
6
Atom in(p2, blue)
Atom in(p2, red)
Atom lies(p2, east)
Atom lies(p2, north)
Atom lies(p2, south)
Atom lies(p2, west)
end_variable
begin_variable
var6
-1
6
Atom in(p3, blue)
Atom in(p3, red)
Atom lies(p3, east)
Atom lies(p3, north)
Atom lies(p3, south)
Atom lies(p3, west)
end_variable
2
begin_mutex_group
4
2 0
4 0
5 0
6 0
end_mutex_group
begin_mutex_group
4
3 0
4 1
5 1
6 1
end_mutex_group
begin_state
1
2
0
0
3
4
2
end_state
begin_goal
3
4 4
5 3
6 5
end_goal
60
begin_operator
drive blue east north
0
1
0 1 0 1
3
end_operator
begin_operator
drive blue east south
0
1
0 1 0 2
2
end_operator
begin_operator
drive blue north east
0
1
0 1 1 0
3
end_operator
begin_operator
drive blue south east
0
1
0 1 2 0
2
end_operator
begin_operator
drive blue south west
0
1
0 1 2 3
1
end_operator
begin_operator
drive blue west north
0
1
0 1 3 1
4
end_operator
begin_operator
drive red east north
0
1
0 0 0 1
3
end_operator
begin_operator
drive red east south
0
1
0 0 0 2
2
end_operator
begin_operator
drive red north east
0
1
0 0 1 0
3
end_operator
begin_operator
drive red south east
0
1
0 0 2 0
2
end_operator
begin_operator
drive red south west
0
1
0 0 2 3
1
end_operator
begin_operator
drive red west north
0
1
0 0 3 1
4
end_operator
begin_operator
load p1 blue east
1
1 0
2
0 2 0 1
0 4 2 0
1
end_operator
begin_operator
load p1 blue north
1
1 1
2
0 2 0 1
0 4 3 0
1
end_operator
begin_operator
load p1 blue south
1
1 2
2
0 2 0 1
0 4 4 0
1
end_operator
begin_operator
load p1 blue west
1
1 3
2
0 2 0 1
0 4 5 0
1
end_operator
begin_operator
load p1 red east
1
0 0
2
0 3 0 1
0 4 2 1
1
end_operator
begin_operator
load p1 red north
1
0 1
2
0 3 0 1
0 4 3 1
1
end_operator
begin_operator
load p1 red south
1
0 2
2
0 3 0 1
0 4 4 1
1
end_operator
begin_operator
load p1 red west
1
0 3
2
0 3 0 1
0 4 5 1
1
end_operator
begin_operator
load p2 blue east
1
1 0
2
0 2 0 1
0 5 2 0
1
end_operator
begin_operator
load p2 blue north
1
1 1
2
0 2 0 1
0 5 3 0
1
end_operator
begin_operator
load p2 blue south
1
1 2
2
0 2 0 1
0 5 4 0
1
end_operator
begin_operator
load p2 blue west
1
1 3
2
0 2 0 1
0 5 5 0
1
end_operator
begin_operator
load p2 red east
1
0 0
2
0 3 0 1
0 5 2 1
1
end_operator
begin_operator
load p2 red north
1
0 1
2
0 3 0 1
0 5 3 1
1
end_operator
begin_operator
load p2 red south
1
0 2
2
0 3 0 1
0 5 4 1
1
end_operator
begin_operator
load p2 red west
1
0 3
2
0 3 0 1
0 5 5 1
1
end_operator
begin_operator
load p3 blue east
1
1 0
2
0 2 0 1
0 6 2 0
1
end_operator
begin_operator
load p3 blue north
1
1 1
2
0 2 0 1
0 6 3 0
1
end_operator
begin_operator
load p3 blue south
1
1 2
2
0 2 0 1
0 6 4 0
1
end_operator
begin_operator
load p3 blue west
1
1 3
2
0 2 0 1
0 6 5 0
1
end_operator
begin_operator
load p3 red east
1
0 0
2
0 3 0 1
0 6 2 1
1
end_operator
begin_operator
load p3 red north
1
0 1
2
0 3 0 1
0 6 3 1
1
end_operator
begin_operator
load p3 red south
1
0 2
2
0 3 0 1
0 6 4 1
1
end_operator
begin_operator
load p3 red west
1
0 3
2
0 3 0 1
0 6 5 1
1
end_operator
begin_operator
unload p1 blue east
1
1 0
2
0 2 -1 0
0 4 0 2
0
end_operator
begin_operator
unload p1 blue north
1
1 1
2
0 2 -1 0
0 4 0 3
0
end_operator
begin_operator
unload p1 blue south
1
1 2
2
0 2 -1 0
0 4 0 4
0
end_operator
begin_operator
unload p1 blue west
1
1 3
2
0 2 -1 0
0 4 0 5
0
end_operator
begin_operator
unload p1 red east
1
0 0
2
0 3 -1 0
0 4 1 2
0
end_operator
begin_operator
unload p1 red north
1
0 1
2
0 3 -1 0
0 4 1 3
0
end_operator
begin_operator
unload p1 red south
1
0 2
2
0 3 -1 0
0 4 1 4
0
end_operator
begin_operator
unload p1 red west
1
0 3
2
0 3 -1 0
0 4 1 5
0
end_operator
begin_operator
unload p2 blue east
1
1 0
2
0 2 -1 0
0 5 0 2
0
end_operator
begin_operator
unload p2 blue north
1
1 1
2
0 2 -1 0
0 5 0 3
0
end_operator
begin_operator
unload p2 blue south
1
1 2
2
0 2 -1 0
0 5 0 4
0
end_operator
begin_operator
unload p2 blue west
1
1 3
2
0 2 -1 0
0 5 0 5
0
end_operator
begin_operator
unload p2 red east
1
0 0
2
0 3 -1 0
0 5 1 2
0
end_operator
begin_operator
unload p2 red north
1
0 1
2
0 3 -1 0
0 5 1 3
0
end_operator
begin_operator
unload p2 red south
1
0 2
2
0 3 -1 0
0 5 1 4
0
end_operator
begin_operator
unload p2 red west
1
0 3
2
0 3 -1 0
0 5 1 5
0
end_operator
begin_operator
unload p3 blue east
1
1 0
2
0 2 -1 0
0 6 0 2
0
end_operator
begin_operator
unload p3 blue north
1
1 1
2
0 2 -1 0
0 6 0 3
0
end_operator
begin_operator
unload p3 blue south
1
1 2
2
0 2 -1 0
0 6 0 4
0
end_operator
begin_operator
unload p3 blue west
1
1 3
2
0 2 -1 0
0 6 0 5
0
end_operator
begin_operator
unload p3 red east
1
0 0
2
0 3 -1 0
0 6 1 2
0
end_operator
begin_operator
unload p3 red north
1
0 1
2
0 3 -1 0
0 6 1 3
0
end_operator
begin_operator
unload p3 red south
1
0 2
2
0 3 -1 0
0 6 1 4
0
end_operator
begin_operator
unload p3 red west
1
0 3
2
0 3 -1 0
0 6 1 5
0
end_operator
0
