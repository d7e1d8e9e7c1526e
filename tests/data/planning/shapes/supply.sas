begin_version
3
end_version
begin_metric
0
end_metric
20
begin_variable
var0
0
2
Atom affected(b1)
NegatedAtom affected(b1)
end_variable
begin_variable
var1
0
2
Atom affected(b2)
NegatedAtom affected(b2)
end_variable
begin_variable
var2
0
2
Atom new-axiom@0()
NegatedAtom new-axiom@0()
end_variable
begin_variable
var3
-1
2
Atom closed(b1)
NegatedAtom closed(b1)
end_variable
begin_variable
var4
-1
2
Atom closed(b2)
NegatedAtom closed(b2)
end_variable
begin_variable
var5
-1
2
Atom closed(s1)
NegatedAtom closed(s1)
end_variable
begin_variable
var6
-1
2
Atom closed(s2)
NegatedAtom closed(s2)
end_variable
begin_variable
var7
-1
2
Atom closed(s3)
NegatedAtom closed(s3)
end_variable
begin_variable
var8
0
2
Atom by(b1, l1)
NegatedAtom by(b1, l1)
end_variable
begin_variable
var9
0
2
Atom by(b2, l1)
NegatedAtom by(b2, l1)
end_variable
begin_variable
var10
0
2
Atom by(b1, l4)
NegatedAtom by(b1, l4)
end_variable
begin_variable
var11
0
2
Atom by(b2, l4)
NegatedAtom by(b2, l4)
end_variable
begin_variable
var12
0
2
Atom by(b1, l2)
NegatedAtom by(b1, l2)
end_variable
begin_variable
var13
0
2
Atom by(b1, l3)
NegatedAtom by(b1, l3)
end_variable
begin_variable
var14
0
2
Atom by(b2, l2)
NegatedAtom by(b2, l2)
end_variable
begin_variable
var15
0
2
Atom by(b2, l3)
NegatedAtom by(b2, l3)
end_variable
begin_variable
var16
0
2
Atom new-axiom@1()
NegatedAtom new-axiom@1()
end_variable
begin_variable
var17
0
2
Atom fed(l1)
NegatedAtom fed(l1)
end_variable
begin_variable
var18
0
2
Atom fed(l3)
NegatedAtom fed(l3)
end_variable
begin_variable
var19
0
2
Atom fed(l4)
NegatedAtom fed(l4)
end_variable
0
begin_state
1
1
1
0
0
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
16 1
17 0
18 0
19 0
end_goal
12
begin_operator
close b1
1
2 1
1
0 3 1 0
1
end_operator
begin_operator
close b2
1
2 1
1
0 4 1 0
1
end_operator
begin_operator
close s1
1
2 1
1
0 5 1 0
1
end_operator
begin_operator
close s2
1
2 1
1
0 6 1 0
1
end_operator
begin_operator
close s3
1
2 1
1
0 7 1 0
1
end_operator
begin_operator
open b1
1
2 1
1
0 3 0 1
1
end_operator
begin_operator
open b2
1
2 1
1
0 4 0 1
1
end_operator
begin_operator
open s1
1
2 1
1
0 5 0 1
1
end_operator
begin_operator
open s2
1
2 1
1
0 6 0 1
1
end_operator
begin_operator
open s3
1
2 1
1
0 7 0 1
1
end_operator
begin_operator
wait 
1
0 0
2
0 3 -1 1
1 1 0 4 -1 1
1
end_operator
begin_operator
wait 
1
1 0
2
1 0 0 3 -1 1
0 4 -1 1
1
end_operator
26
begin_rule
1
0 0
2 1 0
end_rule
begin_rule
1
0 0
16 1 0
end_rule
begin_rule
1
1 0
2 1 0
end_rule
begin_rule
1
1 0
16 1 0
end_rule
begin_rule
1
8 0
17 1 0
end_rule
begin_rule
2
8 0
5 0
12 1 0
end_rule
begin_rule
1
12 0
0 1 0
end_rule
begin_rule
2
12 0
5 0
8 1 0
end_rule
begin_rule
2
12 0
6 0
13 1 0
end_rule
begin_rule
1
13 0
18 1 0
end_rule
begin_rule
2
13 0
6 0
12 1 0
end_rule
begin_rule
2
13 0
7 0
10 1 0
end_rule
begin_rule
1
10 0
19 1 0
end_rule
begin_rule
2
10 0
7 0
13 1 0
end_rule
begin_rule
1
9 0
17 1 0
end_rule
begin_rule
2
9 0
5 0
14 1 0
end_rule
begin_rule
1
14 0
1 1 0
end_rule
begin_rule
2
14 0
5 0
9 1 0
end_rule
begin_rule
2
14 0
6 0
15 1 0
end_rule
begin_rule
1
15 0
18 1 0
end_rule
begin_rule
2
15 0
6 0
14 1 0
end_rule
begin_rule
2
15 0
7 0
11 1 0
end_rule
begin_rule
1
11 0
19 1 0
end_rule
begin_rule
2
11 0
7 0
15 1 0
end_rule
begin_rule
1
3 0
8 1 0
end_rule
begin_rule
1
4 0
11 1 0
end_rule
