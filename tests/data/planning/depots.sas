begin_version
3
end_version
begin_metric
0
end_metric
19
begin_variable
var0
-1
12
Atom parked(v2, q0)
Atom parked(v2, q1)
Atom parked(v2, q10)
Atom parked(v2, q11)
Atom parked(v2, q2)
Atom parked(v2, q3)
Atom parked(v2, q4)
Atom parked(v2, q5)
Atom parked(v2, q6)
Atom parked(v2, q7)
Atom parked(v2, q8)
Atom parked(v2, q9)
end_variable
begin_variable
var1
-1
12
Atom parked(v1, q0)
Atom parked(v1, q1)
Atom parked(v1, q10)
Atom parked(v1, q11)
Atom parked(v1, q2)
Atom parked(v1, q3)
Atom parked(v1, q4)
Atom parked(v1, q5)
Atom parked(v1, q6)
Atom parked(v1, q7)
Atom parked(v1, q8)
Atom parked(v1, q9)
end_variable
begin_variable
var2
-1
12
Atom parked(v0, q0)
Atom parked(v0, q1)
Atom parked(v0, q10)
Atom parked(v0, q11)
Atom parked(v0, q2)
Atom parked(v0, q3)
Atom parked(v0, q4)
Atom parked(v0, q5)
Atom parked(v0, q6)
Atom parked(v0, q7)
Atom parked(v0, q8)
Atom parked(v0, q9)
end_variable
begin_variable
var3
-1
15
Atom in(c9, v0)
Atom in(c9, v1)
Atom in(c9, v2)
Atom lies(c9, q0)
Atom lies(c9, q1)
Atom lies(c9, q10)
Atom lies(c9, q11)
Atom lies(c9, q2)
Atom lies(c9, q3)
Atom lies(c9, q4)
Atom lies(c9, q5)
Atom lies(c9, q6)
Atom lies(c9, q7)
Atom lies(c9, q8)
Atom lies(c9, q9)
end_variable
begin_variable
var4
-1
15
Atom in(c8, v0)
Atom in(c8, v1)
Atom in(c8, v2)
Atom lies(c8, q0)
Atom lies(c8, q1)
Atom lies(c8, q10)
Atom lies(c8, q11)
Atom lies(c8, q2)
Atom lies(c8, q3)
Atom lies(c8, q4)
Atom lies(c8, q5)
Atom lies(c8, q6)
Atom lies(c8, q7)
Atom lies(c8, q8)
Atom lies(c8, q9)
end_variable
begin_variable
var5
-1
15
Atom in(c7, v0)
Atom in(c7, v1)
Atom in(c7, v2)
Atom lies(c7, q0)
Atom lies(c7, q1)
Atom lies(c7, q10)
Atom lies(c7, q11)
Atom lies(c7, q2)
Atom lies(c7, q3)
Atom lies(c7, q4)
Atom lies(c7, q5)
Atom lies(c7, q6)
Atom lies(c7, q7)
Atom lies(c7, q8)
Atom lies(c7, q9)
end_variable
begin_variable
var6
-1
15
Atom in(c6, v0)
Atom in(c6, v1)
Atom in(c6, v2)
Atom lies(c6, q0)
Atom lies(c6, q1)
Atom lies(c6, q10)
Atom lies(c6, q11)
Atom lies(c6, q2)
Atom lies(c6, q3)
Atom lies(c6, q4)
Atom lies(c6, q5)
Atom lies(c6, q6)
Atom lies(c6, q7)
Atom lies(c6, q8)
Atom lies(c6, q9)
end_variable
begin_variable
var7
-1
15
Atom in(c5, v0)
Atom in(c5, v1)
Atom in(c5, v2)
Atom lies(c5, q0)
Atom lies(c5, q1)
Atom lies(c5, q10)
Atom lies(c5, q11)
Atom lies(c5, q2)
Atom lies(c5, q3)
Atom lies(c5, q4)
Atom lies(c5, q5)
Atom lies(c5, q6)
Atom lies(c5, q7)
Atom lies(c5, q8)
Atom lies(c5, q9)
end_variable
begin_variable
var8
-1
15
Atom in(c4, v0)
Atom in(c4, v1)
Atom in(c4, v2)
Atom lies(c4, q0)
Atom lies(c4, q1)
Atom lies(c4, q10)
Atom lies(c4, q11)
Atom lies(c4, q2)
Atom lies(c4, q3)
Atom lies(c4, q4)
Atom lies(c4, q5)
Atom lies(c4, q6)
Atom lies(c4, q7)
Atom lies(c4, q8)
Atom lies(c4, q9)
end_variable
begin_variable
var9
-1
15
Atom in(c3, v0)
Atom in(c3, v1)
Atom in(c3, v2)
Atom lies(c3, q0)
Atom lies(c3, q1)
Atom lies(c3, q10)
Atom lies(c3, q11)
Atom lies(c3, q2)
Atom lies(c3, q3)
Atom lies(c3, q4)
Atom lies(c3, q5)
Atom lies(c3, q6)
Atom lies(c3, q7)
Atom lies(c3, q8)
Atom lies(c3, q9)
end_variable
begin_variable
var10
-1
15
Atom in(c2, v0)
Atom in(c2, v1)
Atom in(c2, v2)
Atom lies(c2, q0)
Atom lies(c2, q1)
Atom lies(c2, q10)
Atom lies(c2, q11)
Atom lies(c2, q2)
Atom lies(c2, q3)
Atom lies(c2, q4)
Atom lies(c2, q5)
Atom lies(c2, q6)
Atom lies(c2, q7)
Atom lies(c2, q8)
Atom lies(c2, q9)
end_variable
begin_variable
var11
-1
15
Atom in(c15, v0)
Atom in(c15, v1)
Atom in(c15, v2)
Atom lies(c15, q0)
Atom lies(c15, q1)
Atom lies(c15, q10)
Atom lies(c15, q11)
Atom lies(c15, q2)
Atom lies(c15, q3)
Atom lies(c15, q4)
Atom lies(c15, q5)
Atom lies(c15, q6)
Atom lies(c15, q7)
Atom lies(c15, q8)
Atom lies(c15, q9)
end_variable
begin_variable
var12
-1
15
Atom in(c14, v0)
Atom in(c14, v1)
Atom in(c14, v2)
Atom lies(c14, q0)
Atom lies(c14, q1)
Atom lies(c14, q10)
Atom lies(c14, q11)
Atom lies(c14, q2)
Atom lies(c14, q3)
Atom lies(c14, q4)
Atom lies(c14, q5)
Atom lies(c14, q6)
Atom lies(c14, q7)
Atom lies(c14, q8)
Atom lies(c14, q9)
end_variable
begin_variable
var13
-1
15
Atom in(c13, v0)
Atom in(c13, v1)
Atom in(c13, v2)
Atom lies(c13, q0)
Atom lies(c13, q1)
Atom lies(c13, q10)
Atom lies(c13, q11)
Atom lies(c13, q2)
Atom lies(c13, q3)
Atom lies(c13, q4)
Atom lies(c13, q5)
Atom lies(c13, q6)
Atom lies(c13, q7)
Atom lies(c13, q8)
Atom lies(c13, q9)
end_variable
begin_variable
var14
-1
15
Atom in(c12, v0)
Atom in(c12, v1)
Atom in(c12, v2)
Atom lies(c12, q0)
Atom lies(c12, q1)
Atom lies(c12, q10)
Atom lies(c12, q11)
Atom lies(c12, q2)
Atom lies(c12, q3)
Atom lies(c12, q4)
Atom lies(c12, q5)
Atom lies(c12, q6)
Atom lies(c12, q7)
Atom lies(c12, q8)
Atom lies(c12, q9)
end_variable
begin_variable
var15
-1
15
Atom in(c11, v0)
Atom in(c11, v1)
Atom in(c11, v2)
Atom lies(c11, q0)
Atom lies(c11, q1)
Atom lies(c11, q10)
Atom lies(c11, q11)
Atom lies(c11, q2)
Atom lies(c11, q3)
Atom lies(c11, q4)
Atom lies(c11, q5)
Atom lies(c11, q6)
Atom lies(c11, q7)
Atom lies(c11, q8)
Atom lies(c11, q9)
end_variable
begin_variable
var16
-1
15
Atom in(c10, v0)
Atom in(c10, v1)
Atom in(c10, v2)
Atom lies(c10, q0)
Atom lies(c10, q1)
Atom lies(c10, q10)
Atom lies(c10, q11)
Atom lies(c10, q2)
Atom lies(c10, q3)
Atom lies(c10, q4)
Atom lies(c10, q5)
Atom lies(c10, q6)
Atom lies(c10, q7)
Atom lies(c10, q8)
Atom lies(c10, q9)
end_variable
begin_variable
var17
-1
15
Atom in(c1, v0)
Atom in(c1, v1)
Atom in(c1, v2)
Atom lies(c1, q0)
Atom lies(c1, q1)
Atom lies(c1, q10)
Atom lies(c1, q11)
Atom lies(c1, q2)
Atom lies(c1, q3)
Atom lies(c1, q4)
Atom lies(c1, q5)
Atom lies(c1, q6)
Atom lies(c1, q7)
Atom lies(c1, q8)
Atom lies(c1, q9)
end_variable
begin_variable
var18
-1
15
Atom in(c0, v0)
Atom in(c0, v1)
Atom in(c0, v2)
Atom lies(c0, q0)
Atom lies(c0, q1)
Atom lies(c0, q10)
Atom lies(c0, q11)
Atom lies(c0, q2)
Atom lies(c0, q3)
Atom lies(c0, q4)
Atom lies(c0, q5)
Atom lies(c0, q6)
Atom lies(c0, q7)
Atom lies(c0, q8)
Atom lies(c0, q9)
end_variable
0
begin_state
10
6
0
14
9
6
11
4
13
8
5
8
5
10
3
12
7
10
3
end_state
begin_goal
16
3 11
4 6
5 9
6 14
7 7
8 12
9 3
10 10
11 3
12 10
13 5
14 8
15 13
16 4
17 5
18 8
end_goal
1224
begin_operator
drive v0 q0 q1
0
1
0 2 0 1
1
end_operator
begin_operator
drive v0 q0 q11
0
1
0 2 0 3
1
end_operator
begin_operator
drive v0 q1 q0
0
1
0 2 1 0
1
end_operator
begin_operator
drive v0 q1 q2
0
1
0 2 1 4
1
end_operator
begin_operator
drive v0 q10 q11
0
1
0 2 2 3
1
end_operator
begin_operator
drive v0 q10 q9
0
1
0 2 2 11
1
end_operator
begin_operator
drive v0 q11 q0
0
1
0 2 3 0
1
end_operator
begin_operator
drive v0 q11 q10
0
1
0 2 3 2
1
end_operator
begin_operator
drive v0 q2 q1
0
1
0 2 4 1
1
end_operator
begin_operator
drive v0 q2 q3
0
1
0 2 4 5
1
end_operator
begin_operator
drive v0 q3 q2
0
1
0 2 5 4
1
end_operator
begin_operator
drive v0 q3 q4
0
1
0 2 5 6
1
end_operator
begin_operator
drive v0 q4 q3
0
1
0 2 6 5
1
end_operator
begin_operator
drive v0 q4 q5
0
1
0 2 6 7
1
end_operator
begin_operator
drive v0 q5 q4
0
1
0 2 7 6
1
end_operator
begin_operator
drive v0 q5 q6
0
1
0 2 7 8
1
end_operator
begin_operator
drive v0 q6 q5
0
1
0 2 8 7
1
end_operator
begin_operator
drive v0 q6 q7
0
1
0 2 8 9
1
end_operator
begin_operator
drive v0 q7 q6
0
1
0 2 9 8
1
end_operator
begin_operator
drive v0 q7 q8
0
1
0 2 9 10
1
end_operator
begin_operator
drive v0 q8 q7
0
1
0 2 10 9
1
end_operator
begin_operator
drive v0 q8 q9
0
1
0 2 10 11
1
end_operator
begin_operator
drive v0 q9 q10
0
1
0 2 11 2
1
end_operator
begin_operator
drive v0 q9 q8
0
1
0 2 11 10
1
end_operator
begin_operator
drive v1 q0 q1
0
1
0 1 0 1
1
end_operator
begin_operator
drive v1 q0 q11
0
1
0 1 0 3
1
end_operator
begin_operator
drive v1 q1 q0
0
1
0 1 1 0
1
end_operator
begin_operator
drive v1 q1 q2
0
1
0 1 1 4
1
end_operator
begin_operator
drive v1 q10 q11
0
1
0 1 2 3
1
end_operator
begin_operator
drive v1 q10 q9
0
1
0 1 2 11
1
end_operator
begin_operator
drive v1 q11 q0
0
1
0 1 3 0
1
end_operator
begin_operator
drive v1 q11 q10
0
1
0 1 3 2
1
end_operator
begin_operator
drive v1 q2 q1
0
1
0 1 4 1
1
end_operator
begin_operator
drive v1 q2 q3
0
1
0 1 4 5
1
end_operator
begin_operator
drive v1 q3 q2
0
1
0 1 5 4
1
end_operator
begin_operator
drive v1 q3 q4
0
1
0 1 5 6
1
end_operator
begin_operator
drive v1 q4 q3
0
1
0 1 6 5
1
end_operator
begin_operator
drive v1 q4 q5
0
1
0 1 6 7
1
end_operator
begin_operator
drive v1 q5 q4
0
1
0 1 7 6
1
end_operator
begin_operator
drive v1 q5 q6
0
1
0 1 7 8
1
end_operator
begin_operator
drive v1 q6 q5
0
1
0 1 8 7
1
end_operator
begin_operator
drive v1 q6 q7
0
1
0 1 8 9
1
end_operator
begin_operator
drive v1 q7 q6
0
1
0 1 9 8
1
end_operator
begin_operator
drive v1 q7 q8
0
1
0 1 9 10
1
end_operator
begin_operator
drive v1 q8 q7
0
1
0 1 10 9
1
end_operator
begin_operator
drive v1 q8 q9
0
1
0 1 10 11
1
end_operator
begin_operator
drive v1 q9 q10
0
1
0 1 11 2
1
end_operator
begin_operator
drive v1 q9 q8
0
1
0 1 11 10
1
end_operator
begin_operator
drive v2 q0 q1
0
1
0 0 0 1
1
end_operator
begin_operator
drive v2 q0 q11
0
1
0 0 0 3
1
end_operator
begin_operator
drive v2 q1 q0
0
1
0 0 1 0
1
end_operator
begin_operator
drive v2 q1 q2
0
1
0 0 1 4
1
end_operator
begin_operator
drive v2 q10 q11
0
1
0 0 2 3
1
end_operator
begin_operator
drive v2 q10 q9
0
1
0 0 2 11
1
end_operator
begin_operator
drive v2 q11 q0
0
1
0 0 3 0
1
end_operator
begin_operator
drive v2 q11 q10
0
1
0 0 3 2
1
end_operator
begin_operator
drive v2 q2 q1
0
1
0 0 4 1
1
end_operator
begin_operator
drive v2 q2 q3
0
1
0 0 4 5
1
end_operator
begin_operator
drive v2 q3 q2
0
1
0 0 5 4
1
end_operator
begin_operator
drive v2 q3 q4
0
1
0 0 5 6
1
end_operator
begin_operator
drive v2 q4 q3
0
1
0 0 6 5
1
end_operator
begin_operator
drive v2 q4 q5
0
1
0 0 6 7
1
end_operator
begin_operator
drive v2 q5 q4
0
1
0 0 7 6
1
end_operator
begin_operator
drive v2 q5 q6
0
1
0 0 7 8
1
end_operator
begin_operator
drive v2 q6 q5
0
1
0 0 8 7
1
end_operator
begin_operator
drive v2 q6 q7
0
1
0 0 8 9
1
end_operator
begin_operator
drive v2 q7 q6
0
1
0 0 9 8
1
end_operator
begin_operator
drive v2 q7 q8
0
1
0 0 9 10
1
end_operator
begin_operator
drive v2 q8 q7
0
1
0 0 10 9
1
end_operator
begin_operator
drive v2 q8 q9
0
1
0 0 10 11
1
end_operator
begin_operator
drive v2 q9 q10
0
1
0 0 11 2
1
end_operator
begin_operator
drive v2 q9 q8
0
1
0 0 11 10
1
end_operator
begin_operator
load c0 v0 q0
1
2 0
1
0 18 3 0
1
end_operator
begin_operator
load c0 v0 q1
1
2 1
1
0 18 4 0
1
end_operator
begin_operator
load c0 v0 q10
1
2 2
1
0 18 5 0
1
end_operator
begin_operator
load c0 v0 q11
1
2 3
1
0 18 6 0
1
end_operator
begin_operator
load c0 v0 q2
1
2 4
1
0 18 7 0
1
end_operator
begin_operator
load c0 v0 q3
1
2 5
1
0 18 8 0
1
end_operator
begin_operator
load c0 v0 q4
1
2 6
1
0 18 9 0
1
end_operator
begin_operator
load c0 v0 q5
1
2 7
1
0 18 10 0
1
end_operator
begin_operator
load c0 v0 q6
1
2 8
1
0 18 11 0
1
end_operator
begin_operator
load c0 v0 q7
1
2 9
1
0 18 12 0
1
end_operator
begin_operator
load c0 v0 q8
1
2 10
1
0 18 13 0
1
end_operator
begin_operator
load c0 v0 q9
1
2 11
1
0 18 14 0
1
end_operator
begin_operator
load c0 v1 q0
1
1 0
1
0 18 3 1
1
end_operator
begin_operator
load c0 v1 q1
1
1 1
1
0 18 4 1
1
end_operator
begin_operator
load c0 v1 q10
1
1 2
1
0 18 5 1
1
end_operator
begin_operator
load c0 v1 q11
1
1 3
1
0 18 6 1
1
end_operator
begin_operator
load c0 v1 q2
1
1 4
1
0 18 7 1
1
end_operator
begin_operator
load c0 v1 q3
1
1 5
1
0 18 8 1
1
end_operator
begin_operator
load c0 v1 q4
1
1 6
1
0 18 9 1
1
end_operator
begin_operator
load c0 v1 q5
1
1 7
1
0 18 10 1
1
end_operator
begin_operator
load c0 v1 q6
1
1 8
1
0 18 11 1
1
end_operator
begin_operator
load c0 v1 q7
1
1 9
1
0 18 12 1
1
end_operator
begin_operator
load c0 v1 q8
1
1 10
1
0 18 13 1
1
end_operator
begin_operator
load c0 v1 q9
1
1 11
1
0 18 14 1
1
end_operator
begin_operator
load c0 v2 q0
1
0 0
1
0 18 3 2
1
end_operator
begin_operator
load c0 v2 q1
1
0 1
1
0 18 4 2
1
end_operator
begin_operator
load c0 v2 q10
1
0 2
1
0 18 5 2
1
end_operator
begin_operator
load c0 v2 q11
1
0 3
1
0 18 6 2
1
end_operator
begin_operator
load c0 v2 q2
1
0 4
1
0 18 7 2
1
end_operator
begin_operator
load c0 v2 q3
1
0 5
1
0 18 8 2
1
end_operator
begin_operator
load c0 v2 q4
1
0 6
1
0 18 9 2
1
end_operator
begin_operator
load c0 v2 q5
1
0 7
1
0 18 10 2
1
end_operator
begin_operator
load c0 v2 q6
1
0 8
1
0 18 11 2
1
end_operator
begin_operator
load c0 v2 q7
1
0 9
1
0 18 12 2
1
end_operator
begin_operator
load c0 v2 q8
1
0 10
1
0 18 13 2
1
end_operator
begin_operator
load c0 v2 q9
1
0 11
1
0 18 14 2
1
end_operator
begin_operator
load c1 v0 q0
1
2 0
1
0 17 3 0
1
end_operator
begin_operator
load c1 v0 q1
1
2 1
1
0 17 4 0
1
end_operator
begin_operator
load c1 v0 q10
1
2 2
1
0 17 5 0
1
end_operator
begin_operator
load c1 v0 q11
1
2 3
1
0 17 6 0
1
end_operator
begin_operator
load c1 v0 q2
1
2 4
1
0 17 7 0
1
end_operator
begin_operator
load c1 v0 q3
1
2 5
1
0 17 8 0
1
end_operator
begin_operator
load c1 v0 q4
1
2 6
1
0 17 9 0
1
end_operator
begin_operator
load c1 v0 q5
1
2 7
1
0 17 10 0
1
end_operator
begin_operator
load c1 v0 q6
1
2 8
1
0 17 11 0
1
end_operator
begin_operator
load c1 v0 q7
1
2 9
1
0 17 12 0
1
end_operator
begin_operator
load c1 v0 q8
1
2 10
1
0 17 13 0
1
end_operator
begin_operator
load c1 v0 q9
1
2 11
1
0 17 14 0
1
end_operator
begin_operator
load c1 v1 q0
1
1 0
1
0 17 3 1
1
end_operator
begin_operator
load c1 v1 q1
1
1 1
1
0 17 4 1
1
end_operator
begin_operator
load c1 v1 q10
1
1 2
1
0 17 5 1
1
end_operator
begin_operator
load c1 v1 q11
1
1 3
1
0 17 6 1
1
end_operator
begin_operator
load c1 v1 q2
1
1 4
1
0 17 7 1
1
end_operator
begin_operator
load c1 v1 q3
1
1 5
1
0 17 8 1
1
end_operator
begin_operator
load c1 v1 q4
1
1 6
1
0 17 9 1
1
end_operator
begin_operator
load c1 v1 q5
1
1 7
1
0 17 10 1
1
end_operator
begin_operator
load c1 v1 q6
1
1 8
1
0 17 11 1
1
end_operator
begin_operator
load c1 v1 q7
1
1 9
1
0 17 12 1
1
end_operator
begin_operator
load c1 v1 q8
1
1 10
1
0 17 13 1
1
end_operator
begin_operator
load c1 v1 q9
1
1 11
1
0 17 14 1
1
end_operator
begin_operator
load c1 v2 q0
1
0 0
1
0 17 3 2
1
end_operator
begin_operator
load c1 v2 q1
1
0 1
1
0 17 4 2
1
end_operator
begin_operator
load c1 v2 q10
1
0 2
1
0 17 5 2
1
end_operator
begin_operator
load c1 v2 q11
1
0 3
1
0 17 6 2
1
end_operator
begin_operator
load c1 v2 q2
1
0 4
1
0 17 7 2
1
end_operator
begin_operator
load c1 v2 q3
1
0 5
1
0 17 8 2
1
end_operator
begin_operator
load c1 v2 q4
1
0 6
1
0 17 9 2
1
end_operator
begin_operator
load c1 v2 q5
1
0 7
1
0 17 10 2
1
end_operator
begin_operator
load c1 v2 q6
1
0 8
1
0 17 11 2
1
end_operator
begin_operator
load c1 v2 q7
1
0 9
1
0 17 12 2
1
end_operator
begin_operator
load c1 v2 q8
1
0 10
1
0 17 13 2
1
end_operator
begin_operator
load c1 v2 q9
1
0 11
1
0 17 14 2
1
end_operator
begin_operator
load c10 v0 q0
1
2 0
1
0 16 3 0
1
end_operator
begin_operator
load c10 v0 q1
1
2 1
1
0 16 4 0
1
end_operator
begin_operator
load c10 v0 q10
1
2 2
1
0 16 5 0
1
end_operator
begin_operator
load c10 v0 q11
1
2 3
1
0 16 6 0
1
end_operator
begin_operator
load c10 v0 q2
1
2 4
1
0 16 7 0
1
end_operator
begin_operator
load c10 v0 q3
1
2 5
1
0 16 8 0
1
end_operator
begin_operator
load c10 v0 q4
1
2 6
1
0 16 9 0
1
end_operator
begin_operator
load c10 v0 q5
1
2 7
1
0 16 10 0
1
end_operator
begin_operator
load c10 v0 q6
1
2 8
1
0 16 11 0
1
end_operator
begin_operator
load c10 v0 q7
1
2 9
1
0 16 12 0
1
end_operator
begin_operator
load c10 v0 q8
1
2 10
1
0 16 13 0
1
end_operator
begin_operator
load c10 v0 q9
1
2 11
1
0 16 14 0
1
end_operator
begin_operator
load c10 v1 q0
1
1 0
1
0 16 3 1
1
end_operator
begin_operator
load c10 v1 q1
1
1 1
1
0 16 4 1
1
end_operator
begin_operator
load c10 v1 q10
1
1 2
1
0 16 5 1
1
end_operator
begin_operator
load c10 v1 q11
1
1 3
1
0 16 6 1
1
end_operator
begin_operator
load c10 v1 q2
1
1 4
1
0 16 7 1
1
end_operator
begin_operator
load c10 v1 q3
1
1 5
1
0 16 8 1
1
end_operator
begin_operator
load c10 v1 q4
1
1 6
1
0 16 9 1
1
end_operator
begin_operator
load c10 v1 q5
1
1 7
1
0 16 10 1
1
end_operator
begin_operator
load c10 v1 q6
1
1 8
1
0 16 11 1
1
end_operator
begin_operator
load c10 v1 q7
1
1 9
1
0 16 12 1
1
end_operator
begin_operator
load c10 v1 q8
1
1 10
1
0 16 13 1
1
end_operator
begin_operator
load c10 v1 q9
1
1 11
1
0 16 14 1
1
end_operator
begin_operator
load c10 v2 q0
1
0 0
1
0 16 3 2
1
end_operator
begin_operator
load c10 v2 q1
1
0 1
1
0 16 4 2
1
end_operator
begin_operator
load c10 v2 q10
1
0 2
1
0 16 5 2
1
end_operator
begin_operator
load c10 v2 q11
1
0 3
1
0 16 6 2
1
end_operator
begin_operator
load c10 v2 q2
1
0 4
1
0 16 7 2
1
end_operator
begin_operator
load c10 v2 q3
1
0 5
1
0 16 8 2
1
end_operator
begin_operator
load c10 v2 q4
1
0 6
1
0 16 9 2
1
end_operator
begin_operator
load c10 v2 q5
1
0 7
1
0 16 10 2
1
end_operator
begin_operator
load c10 v2 q6
1
0 8
1
0 16 11 2
1
end_operator
begin_operator
load c10 v2 q7
1
0 9
1
0 16 12 2
1
end_operator
begin_operator
load c10 v2 q8
1
0 10
1
0 16 13 2
1
end_operator
begin_operator
load c10 v2 q9
1
0 11
1
0 16 14 2
1
end_operator
begin_operator
load c11 v0 q0
1
2 0
1
0 15 3 0
1
end_operator
begin_operator
load c11 v0 q1
1
2 1
1
0 15 4 0
1
end_operator
begin_operator
load c11 v0 q10
1
2 2
1
0 15 5 0
1
end_operator
begin_operator
load c11 v0 q11
1
2 3
1
0 15 6 0
1
end_operator
begin_operator
load c11 v0 q2
1
2 4
1
0 15 7 0
1
end_operator
begin_operator
load c11 v0 q3
1
2 5
1
0 15 8 0
1
end_operator
begin_operator
load c11 v0 q4
1
2 6
1
0 15 9 0
1
end_operator
begin_operator
load c11 v0 q5
1
2 7
1
0 15 10 0
1
end_operator
begin_operator
load c11 v0 q6
1
2 8
1
0 15 11 0
1
end_operator
begin_operator
load c11 v0 q7
1
2 9
1
0 15 12 0
1
end_operator
begin_operator
load c11 v0 q8
1
2 10
1
0 15 13 0
1
end_operator
begin_operator
load c11 v0 q9
1
2 11
1
0 15 14 0
1
end_operator
begin_operator
load c11 v1 q0
1
1 0
1
0 15 3 1
1
end_operator
begin_operator
load c11 v1 q1
1
1 1
1
0 15 4 1
1
end_operator
begin_operator
load c11 v1 q10
1
1 2
1
0 15 5 1
1
end_operator
begin_operator
load c11 v1 q11
1
1 3
1
0 15 6 1
1
end_operator
begin_operator
load c11 v1 q2
1
1 4
1
0 15 7 1
1
end_operator
begin_operator
load c11 v1 q3
1
1 5
1
0 15 8 1
1
end_operator
begin_operator
load c11 v1 q4
1
1 6
1
0 15 9 1
1
end_operator
begin_operator
load c11 v1 q5
1
1 7
1
0 15 10 1
1
end_operator
begin_operator
load c11 v1 q6
1
1 8
1
0 15 11 1
1
end_operator
begin_operator
load c11 v1 q7
1
1 9
1
0 15 12 1
1
end_operator
begin_operator
load c11 v1 q8
1
1 10
1
0 15 13 1
1
end_operator
begin_operator
load c11 v1 q9
1
1 11
1
0 15 14 1
1
end_operator
begin_operator
load c11 v2 q0
1
0 0
1
0 15 3 2
1
end_operator
begin_operator
load c11 v2 q1
1
0 1
1
0 15 4 2
1
end_operator
begin_operator
load c11 v2 q10
1
0 2
1
0 15 5 2
1
end_operator
begin_operator
load c11 v2 q11
1
0 3
1
0 15 6 2
1
end_operator
begin_operator
load c11 v2 q2
1
0 4
1
0 15 7 2
1
end_operator
begin_operator
load c11 v2 q3
1
0 5
1
0 15 8 2
1
end_operator
begin_operator
load c11 v2 q4
1
0 6
1
0 15 9 2
1
end_operator
begin_operator
load c11 v2 q5
1
0 7
1
0 15 10 2
1
end_operator
begin_operator
load c11 v2 q6
1
0 8
1
0 15 11 2
1
end_operator
begin_operator
load c11 v2 q7
1
0 9
1
0 15 12 2
1
end_operator
begin_operator
load c11 v2 q8
1
0 10
1
0 15 13 2
1
end_operator
begin_operator
load c11 v2 q9
1
0 11
1
0 15 14 2
1
end_operator
begin_operator
load c12 v0 q0
1
2 0
1
0 14 3 0
1
end_operator
begin_operator
load c12 v0 q1
1
2 1
1
0 14 4 0
1
end_operator
begin_operator
load c12 v0 q10
1
2 2
1
0 14 5 0
1
end_operator
begin_operator
load c12 v0 q11
1
2 3
1
0 14 6 0
1
end_operator
begin_operator
load c12 v0 q2
1
2 4
1
0 14 7 0
1
end_operator
begin_operator
load c12 v0 q3
1
2 5
1
0 14 8 0
1
end_operator
begin_operator
load c12 v0 q4
1
2 6
1
0 14 9 0
1
end_operator
begin_operator
load c12 v0 q5
1
2 7
1
0 14 10 0
1
end_operator
begin_operator
load c12 v0 q6
1
2 8
1
0 14 11 0
1
end_operator
begin_operator
load c12 v0 q7
1
2 9
1
0 14 12 0
1
end_operator
begin_operator
load c12 v0 q8
1
2 10
1
0 14 13 0
1
end_operator
begin_operator
load c12 v0 q9
1
2 11
1
0 14 14 0
1
end_operator
begin_operator
load c12 v1 q0
1
1 0
1
0 14 3 1
1
end_operator
begin_operator
load c12 v1 q1
1
1 1
1
0 14 4 1
1
end_operator
begin_operator
load c12 v1 q10
1
1 2
1
0 14 5 1
1
end_operator
begin_operator
load c12 v1 q11
1
1 3
1
0 14 6 1
1
end_operator
begin_operator
load c12 v1 q2
1
1 4
1
0 14 7 1
1
end_operator
begin_operator
load c12 v1 q3
1
1 5
1
0 14 8 1
1
end_operator
begin_operator
load c12 v1 q4
1
1 6
1
0 14 9 1
1
end_operator
begin_operator
load c12 v1 q5
1
1 7
1
0 14 10 1
1
end_operator
begin_operator
load c12 v1 q6
1
1 8
1
0 14 11 1
1
end_operator
begin_operator
load c12 v1 q7
1
1 9
1
0 14 12 1
1
end_operator
begin_operator
load c12 v1 q8
1
1 10
1
0 14 13 1
1
end_operator
begin_operator
load c12 v1 q9
1
1 11
1
0 14 14 1
1
end_operator
begin_operator
load c12 v2 q0
1
0 0
1
0 14 3 2
1
end_operator
begin_operator
load c12 v2 q1
1
0 1
1
0 14 4 2
1
end_operator
begin_operator
load c12 v2 q10
1
0 2
1
0 14 5 2
1
end_operator
begin_operator
load c12 v2 q11
1
0 3
1
0 14 6 2
1
end_operator
begin_operator
load c12 v2 q2
1
0 4
1
0 14 7 2
1
end_operator
begin_operator
load c12 v2 q3
1
0 5
1
0 14 8 2
1
end_operator
begin_operator
load c12 v2 q4
1
0 6
1
0 14 9 2
1
end_operator
begin_operator
load c12 v2 q5
1
0 7
1
0 14 10 2
1
end_operator
begin_operator
load c12 v2 q6
1
0 8
1
0 14 11 2
1
end_operator
begin_operator
load c12 v2 q7
1
0 9
1
0 14 12 2
1
end_operator
begin_operator
load c12 v2 q8
1
0 10
1
0 14 13 2
1
end_operator
begin_operator
load c12 v2 q9
1
0 11
1
0 14 14 2
1
end_operator
begin_operator
load c13 v0 q0
1
2 0
1
0 13 3 0
1
end_operator
begin_operator
load c13 v0 q1
1
2 1
1
0 13 4 0
1
end_operator
begin_operator
load c13 v0 q10
1
2 2
1
0 13 5 0
1
end_operator
begin_operator
load c13 v0 q11
1
2 3
1
0 13 6 0
1
end_operator
begin_operator
load c13 v0 q2
1
2 4
1
0 13 7 0
1
end_operator
begin_operator
load c13 v0 q3
1
2 5
1
0 13 8 0
1
end_operator
begin_operator
load c13 v0 q4
1
2 6
1
0 13 9 0
1
end_operator
begin_operator
load c13 v0 q5
1
2 7
1
0 13 10 0
1
end_operator
begin_operator
load c13 v0 q6
1
2 8
1
0 13 11 0
1
end_operator
begin_operator
load c13 v0 q7
1
2 9
1
0 13 12 0
1
end_operator
begin_operator
load c13 v0 q8
1
2 10
1
0 13 13 0
1
end_operator
begin_operator
load c13 v0 q9
1
2 11
1
0 13 14 0
1
end_operator
begin_operator
load c13 v1 q0
1
1 0
1
0 13 3 1
1
end_operator
begin_operator
load c13 v1 q1
1
1 1
1
0 13 4 1
1
end_operator
begin_operator
load c13 v1 q10
1
1 2
1
0 13 5 1
1
end_operator
begin_operator
load c13 v1 q11
1
1 3
1
0 13 6 1
1
end_operator
begin_operator
load c13 v1 q2
1
1 4
1
0 13 7 1
1
end_operator
begin_operator
load c13 v1 q3
1
1 5
1
0 13 8 1
1
end_operator
begin_operator
load c13 v1 q4
1
1 6
1
0 13 9 1
1
end_operator
begin_operator
load c13 v1 q5
1
1 7
1
0 13 10 1
1
end_operator
begin_operator
load c13 v1 q6
1
1 8
1
0 13 11 1
1
end_operator
begin_operator
load c13 v1 q7
1
1 9
1
0 13 12 1
1
end_operator
begin_operator
load c13 v1 q8
1
1 10
1
0 13 13 1
1
end_operator
begin_operator
load c13 v1 q9
1
1 11
1
0 13 14 1
1
end_operator
begin_operator
load c13 v2 q0
1
0 0
1
0 13 3 2
1
end_operator
begin_operator
load c13 v2 q1
1
0 1
1
0 13 4 2
1
end_operator
begin_operator
load c13 v2 q10
1
0 2
1
0 13 5 2
1
end_operator
begin_operator
load c13 v2 q11
1
0 3
1
0 13 6 2
1
end_operator
begin_operator
load c13 v2 q2
1
0 4
1
0 13 7 2
1
end_operator
begin_operator
load c13 v2 q3
1
0 5
1
0 13 8 2
1
end_operator
begin_operator
load c13 v2 q4
1
0 6
1
0 13 9 2
1
end_operator
begin_operator
load c13 v2 q5
1
0 7
1
0 13 10 2
1
end_operator
begin_operator
load c13 v2 q6
1
0 8
1
0 13 11 2
1
end_operator
begin_operator
load c13 v2 q7
1
0 9
1
0 13 12 2
1
end_operator
begin_operator
load c13 v2 q8
1
0 10
1
0 13 13 2
1
end_operator
begin_operator
load c13 v2 q9
1
0 11
1
0 13 14 2
1
end_operator
begin_operator
load c14 v0 q0
1
2 0
1
0 12 3 0
1
end_operator
begin_operator
load c14 v0 q1
1
2 1
1
0 12 4 0
1
end_operator
begin_operator
load c14 v0 q10
1
2 2
1
0 12 5 0
1
end_operator
begin_operator
load c14 v0 q11
1
2 3
1
0 12 6 0
1
end_operator
begin_operator
load c14 v0 q2
1
2 4
1
0 12 7 0
1
end_operator
begin_operator
load c14 v0 q3
1
2 5
1
0 12 8 0
1
end_operator
begin_operator
load c14 v0 q4
1
2 6
1
0 12 9 0
1
end_operator
begin_operator
load c14 v0 q5
1
2 7
1
0 12 10 0
1
end_operator
begin_operator
load c14 v0 q6
1
2 8
1
0 12 11 0
1
end_operator
begin_operator
load c14 v0 q7
1
2 9
1
0 12 12 0
1
end_operator
begin_operator
load c14 v0 q8
1
2 10
1
0 12 13 0
1
end_operator
begin_operator
load c14 v0 q9
1
2 11
1
0 12 14 0
1
end_operator
begin_operator
load c14 v1 q0
1
1 0
1
0 12 3 1
1
end_operator
begin_operator
load c14 v1 q1
1
1 1
1
0 12 4 1
1
end_operator
begin_operator
load c14 v1 q10
1
1 2
1
0 12 5 1
1
end_operator
begin_operator
load c14 v1 q11
1
1 3
1
0 12 6 1
1
end_operator
begin_operator
load c14 v1 q2
1
1 4
1
0 12 7 1
1
end_operator
begin_operator
load c14 v1 q3
1
1 5
1
0 12 8 1
1
end_operator
begin_operator
load c14 v1 q4
1
1 6
1
0 12 9 1
1
end_operator
begin_operator
load c14 v1 q5
1
1 7
1
0 12 10 1
1
end_operator
begin_operator
load c14 v1 q6
1
1 8
1
0 12 11 1
1
end_operator
begin_operator
load c14 v1 q7
1
1 9
1
0 12 12 1
1
end_operator
begin_operator
load c14 v1 q8
1
1 10
1
0 12 13 1
1
end_operator
begin_operator
load c14 v1 q9
1
1 11
1
0 12 14 1
1
end_operator
begin_operator
load c14 v2 q0
1
0 0
1
0 12 3 2
1
end_operator
begin_operator
load c14 v2 q1
1
0 1
1
0 12 4 2
1
end_operator
begin_operator
load c14 v2 q10
1
0 2
1
0 12 5 2
1
end_operator
begin_operator
load c14 v2 q11
1
0 3
1
0 12 6 2
1
end_operator
begin_operator
load c14 v2 q2
1
0 4
1
0 12 7 2
1
end_operator
begin_operator
load c14 v2 q3
1
0 5
1
0 12 8 2
1
end_operator
begin_operator
load c14 v2 q4
1
0 6
1
0 12 9 2
1
end_operator
begin_operator
load c14 v2 q5
1
0 7
1
0 12 10 2
1
end_operator
begin_operator
load c14 v2 q6
1
0 8
1
0 12 11 2
1
end_operator
begin_operator
load c14 v2 q7
1
0 9
1
0 12 12 2
1
end_operator
begin_operator
load c14 v2 q8
1
0 10
1
0 12 13 2
1
end_operator
begin_operator
load c14 v2 q9
1
0 11
1
0 12 14 2
1
end_operator
begin_operator
load c15 v0 q0
1
2 0
1
0 11 3 0
1
end_operator
begin_operator
load c15 v0 q1
1
2 1
1
0 11 4 0
1
end_operator
begin_operator
load c15 v0 q10
1
2 2
1
0 11 5 0
1
end_operator
begin_operator
load c15 v0 q11
1
2 3
1
0 11 6 0
1
end_operator
begin_operator
load c15 v0 q2
1
2 4
1
0 11 7 0
1
end_operator
begin_operator
load c15 v0 q3
1
2 5
1
0 11 8 0
1
end_operator
begin_operator
load c15 v0 q4
1
2 6
1
0 11 9 0
1
end_operator
begin_operator
load c15 v0 q5
1
2 7
1
0 11 10 0
1
end_operator
begin_operator
load c15 v0 q6
1
2 8
1
0 11 11 0
1
end_operator
begin_operator
load c15 v0 q7
1
2 9
1
0 11 12 0
1
end_operator
begin_operator
load c15 v0 q8
1
2 10
1
0 11 13 0
1
end_operator
begin_operator
load c15 v0 q9
1
2 11
1
0 11 14 0
1
end_operator
begin_operator
load c15 v1 q0
1
1 0
1
0 11 3 1
1
end_operator
begin_operator
load c15 v1 q1
1
1 1
1
0 11 4 1
1
end_operator
begin_operator
load c15 v1 q10
1
1 2
1
0 11 5 1
1
end_operator
begin_operator
load c15 v1 q11
1
1 3
1
0 11 6 1
1
end_operator
begin_operator
load c15 v1 q2
1
1 4
1
0 11 7 1
1
end_operator
begin_operator
load c15 v1 q3
1
1 5
1
0 11 8 1
1
end_operator
begin_operator
load c15 v1 q4
1
1 6
1
0 11 9 1
1
end_operator
begin_operator
load c15 v1 q5
1
1 7
1
0 11 10 1
1
end_operator
begin_operator
load c15 v1 q6
1
1 8
1
0 11 11 1
1
end_operator
begin_operator
load c15 v1 q7
1
1 9
1
0 11 12 1
1
end_operator
begin_operator
load c15 v1 q8
1
1 10
1
0 11 13 1
1
end_operator
begin_operator
load c15 v1 q9
1
1 11
1
0 11 14 1
1
end_operator
begin_operator
load c15 v2 q0
1
0 0
1
0 11 3 2
1
end_operator
begin_operator
load c15 v2 q1
1
0 1
1
0 11 4 2
1
end_operator
begin_operator
load c15 v2 q10
1
0 2
1
0 11 5 2
1
end_operator
begin_operator
load c15 v2 q11
1
0 3
1
0 11 6 2
1
end_operator
begin_operator
load c15 v2 q2
1
0 4
1
0 11 7 2
1
end_operator
begin_operator
load c15 v2 q3
1
0 5
1
0 11 8 2
1
end_operator
begin_operator
load c15 v2 q4
1
0 6
1
0 11 9 2
1
end_operator
begin_operator
load c15 v2 q5
1
0 7
1
0 11 10 2
1
end_operator
begin_operator
load c15 v2 q6
1
0 8
1
0 11 11 2
1
end_operator
begin_operator
load c15 v2 q7
1
0 9
1
0 11 12 2
1
end_operator
begin_operator
load c15 v2 q8
1
0 10
1
0 11 13 2
1
end_operator
begin_operator
load c15 v2 q9
1
0 11
1
0 11 14 2
1
end_operator
begin_operator
load c2 v0 q0
1
2 0
1
0 10 3 0
1
end_operator
begin_operator
load c2 v0 q1
1
2 1
1
0 10 4 0
1
end_operator
begin_operator
load c2 v0 q10
1
2 2
1
0 10 5 0
1
end_operator
begin_operator
load c2 v0 q11
1
2 3
1
0 10 6 0
1
end_operator
begin_operator
load c2 v0 q2
1
2 4
1
0 10 7 0
1
end_operator
begin_operator
load c2 v0 q3
1
2 5
1
0 10 8 0
1
end_operator
begin_operator
load c2 v0 q4
1
2 6
1
0 10 9 0
1
end_operator
begin_operator
load c2 v0 q5
1
2 7
1
0 10 10 0
1
end_operator
begin_operator
load c2 v0 q6
1
2 8
1
0 10 11 0
1
end_operator
begin_operator
load c2 v0 q7
1
2 9
1
0 10 12 0
1
end_operator
begin_operator
load c2 v0 q8
1
2 10
1
0 10 13 0
1
end_operator
begin_operator
load c2 v0 q9
1
2 11
1
0 10 14 0
1
end_operator
begin_operator
load c2 v1 q0
1
1 0
1
0 10 3 1
1
end_operator
begin_operator
load c2 v1 q1
1
1 1
1
0 10 4 1
1
end_operator
begin_operator
load c2 v1 q10
1
1 2
1
0 10 5 1
1
end_operator
begin_operator
load c2 v1 q11
1
1 3
1
0 10 6 1
1
end_operator
begin_operator
load c2 v1 q2
1
1 4
1
0 10 7 1
1
end_operator
begin_operator
load c2 v1 q3
1
1 5
1
0 10 8 1
1
end_operator
begin_operator
load c2 v1 q4
1
1 6
1
0 10 9 1
1
end_operator
begin_operator
load c2 v1 q5
1
1 7
1
0 10 10 1
1
end_operator
begin_operator
load c2 v1 q6
1
1 8
1
0 10 11 1
1
end_operator
begin_operator
load c2 v1 q7
1
1 9
1
0 10 12 1
1
end_operator
begin_operator
load c2 v1 q8
1
1 10
1
0 10 13 1
1
end_operator
begin_operator
load c2 v1 q9
1
1 11
1
0 10 14 1
1
end_operator
begin_operator
load c2 v2 q0
1
0 0
1
0 10 3 2
1
end_operator
begin_operator
load c2 v2 q1
1
0 1
1
0 10 4 2
1
end_operator
begin_operator
load c2 v2 q10
1
0 2
1
0 10 5 2
1
end_operator
begin_operator
load c2 v2 q11
1
0 3
1
0 10 6 2
1
end_operator
begin_operator
load c2 v2 q2
1
0 4
1
0 10 7 2
1
end_operator
begin_operator
load c2 v2 q3
1
0 5
1
0 10 8 2
1
end_operator
begin_operator
load c2 v2 q4
1
0 6
1
0 10 9 2
1
end_operator
begin_operator
load c2 v2 q5
1
0 7
1
0 10 10 2
1
end_operator
begin_operator
load c2 v2 q6
1
0 8
1
0 10 11 2
1
end_operator
begin_operator
load c2 v2 q7
1
0 9
1
0 10 12 2
1
end_operator
begin_operator
load c2 v2 q8
1
0 10
1
0 10 13 2
1
end_operator
begin_operator
load c2 v2 q9
1
0 11
1
0 10 14 2
1
end_operator
begin_operator
load c3 v0 q0
1
2 0
1
0 9 3 0
1
end_operator
begin_operator
load c3 v0 q1
1
2 1
1
0 9 4 0
1
end_operator
begin_operator
load c3 v0 q10
1
2 2
1
0 9 5 0
1
end_operator
begin_operator
load c3 v0 q11
1
2 3
1
0 9 6 0
1
end_operator
begin_operator
load c3 v0 q2
1
2 4
1
0 9 7 0
1
end_operator
begin_operator
load c3 v0 q3
1
2 5
1
0 9 8 0
1
end_operator
begin_operator
load c3 v0 q4
1
2 6
1
0 9 9 0
1
end_operator
begin_operator
load c3 v0 q5
1
2 7
1
0 9 10 0
1
end_operator
begin_operator
load c3 v0 q6
1
2 8
1
0 9 11 0
1
end_operator
begin_operator
load c3 v0 q7
1
2 9
1
0 9 12 0
1
end_operator
begin_operator
load c3 v0 q8
1
2 10
1
0 9 13 0
1
end_operator
begin_operator
load c3 v0 q9
1
2 11
1
0 9 14 0
1
end_operator
begin_operator
load c3 v1 q0
1
1 0
1
0 9 3 1
1
end_operator
begin_operator
load c3 v1 q1
1
1 1
1
0 9 4 1
1
end_operator
begin_operator
load c3 v1 q10
1
1 2
1
0 9 5 1
1
end_operator
begin_operator
load c3 v1 q11
1
1 3
1
0 9 6 1
1
end_operator
begin_operator
load c3 v1 q2
1
1 4
1
0 9 7 1
1
end_operator
begin_operator
load c3 v1 q3
1
1 5
1
0 9 8 1
1
end_operator
begin_operator
load c3 v1 q4
1
1 6
1
0 9 9 1
1
end_operator
begin_operator
load c3 v1 q5
1
1 7
1
0 9 10 1
1
end_operator
begin_operator
load c3 v1 q6
1
1 8
1
0 9 11 1
1
end_operator
begin_operator
load c3 v1 q7
1
1 9
1
0 9 12 1
1
end_operator
begin_operator
load c3 v1 q8
1
1 10
1
0 9 13 1
1
end_operator
begin_operator
load c3 v1 q9
1
1 11
1
0 9 14 1
1
end_operator
begin_operator
load c3 v2 q0
1
0 0
1
0 9 3 2
1
end_operator
begin_operator
load c3 v2 q1
1
0 1
1
0 9 4 2
1
end_operator
begin_operator
load c3 v2 q10
1
0 2
1
0 9 5 2
1
end_operator
begin_operator
load c3 v2 q11
1
0 3
1
0 9 6 2
1
end_operator
begin_operator
load c3 v2 q2
1
0 4
1
0 9 7 2
1
end_operator
begin_operator
load c3 v2 q3
1
0 5
1
0 9 8 2
1
end_operator
begin_operator
load c3 v2 q4
1
0 6
1
0 9 9 2
1
end_operator
begin_operator
load c3 v2 q5
1
0 7
1
0 9 10 2
1
end_operator
begin_operator
load c3 v2 q6
1
0 8
1
0 9 11 2
1
end_operator
begin_operator
load c3 v2 q7
1
0 9
1
0 9 12 2
1
end_operator
begin_operator
load c3 v2 q8
1
0 10
1
0 9 13 2
1
end_operator
begin_operator
load c3 v2 q9
1
0 11
1
0 9 14 2
1
end_operator
begin_operator
load c4 v0 q0
1
2 0
1
0 8 3 0
1
end_operator
begin_operator
load c4 v0 q1
1
2 1
1
0 8 4 0
1
end_operator
begin_operator
load c4 v0 q10
1
2 2
1
0 8 5 0
1
end_operator
begin_operator
load c4 v0 q11
1
2 3
1
0 8 6 0
1
end_operator
begin_operator
load c4 v0 q2
1
2 4
1
0 8 7 0
1
end_operator
begin_operator
load c4 v0 q3
1
2 5
1
0 8 8 0
1
end_operator
begin_operator
load c4 v0 q4
1
2 6
1
0 8 9 0
1
end_operator
begin_operator
load c4 v0 q5
1
2 7
1
0 8 10 0
1
end_operator
begin_operator
load c4 v0 q6
1
2 8
1
0 8 11 0
1
end_operator
begin_operator
load c4 v0 q7
1
2 9
1
0 8 12 0
1
end_operator
begin_operator
load c4 v0 q8
1
2 10
1
0 8 13 0
1
end_operator
begin_operator
load c4 v0 q9
1
2 11
1
0 8 14 0
1
end_operator
begin_operator
load c4 v1 q0
1
1 0
1
0 8 3 1
1
end_operator
begin_operator
load c4 v1 q1
1
1 1
1
0 8 4 1
1
end_operator
begin_operator
load c4 v1 q10
1
1 2
1
0 8 5 1
1
end_operator
begin_operator
load c4 v1 q11
1
1 3
1
0 8 6 1
1
end_operator
begin_operator
load c4 v1 q2
1
1 4
1
0 8 7 1
1
end_operator
begin_operator
load c4 v1 q3
1
1 5
1
0 8 8 1
1
end_operator
begin_operator
load c4 v1 q4
1
1 6
1
0 8 9 1
1
end_operator
begin_operator
load c4 v1 q5
1
1 7
1
0 8 10 1
1
end_operator
begin_operator
load c4 v1 q6
1
1 8
1
0 8 11 1
1
end_operator
begin_operator
load c4 v1 q7
1
1 9
1
0 8 12 1
1
end_operator
begin_operator
load c4 v1 q8
1
1 10
1
0 8 13 1
1
end_operator
begin_operator
load c4 v1 q9
1
1 11
1
0 8 14 1
1
end_operator
begin_operator
load c4 v2 q0
1
0 0
1
0 8 3 2
1
end_operator
begin_operator
load c4 v2 q1
1
0 1
1
0 8 4 2
1
end_operator
begin_operator
load c4 v2 q10
1
0 2
1
0 8 5 2
1
end_operator
begin_operator
load c4 v2 q11
1
0 3
1
0 8 6 2
1
end_operator
begin_operator
load c4 v2 q2
1
0 4
1
0 8 7 2
1
end_operator
begin_operator
load c4 v2 q3
1
0 5
1
0 8 8 2
1
end_operator
begin_operator
load c4 v2 q4
1
0 6
1
0 8 9 2
1
end_operator
begin_operator
load c4 v2 q5
1
0 7
1
0 8 10 2
1
end_operator
begin_operator
load c4 v2 q6
1
0 8
1
0 8 11 2
1
end_operator
begin_operator
load c4 v2 q7
1
0 9
1
0 8 12 2
1
end_operator
begin_operator
load c4 v2 q8
1
0 10
1
0 8 13 2
1
end_operator
begin_operator
load c4 v2 q9
1
0 11
1
0 8 14 2
1
end_operator
begin_operator
load c5 v0 q0
1
2 0
1
0 7 3 0
1
end_operator
begin_operator
load c5 v0 q1
1
2 1
1
0 7 4 0
1
end_operator
begin_operator
load c5 v0 q10
1
2 2
1
0 7 5 0
1
end_operator
begin_operator
load c5 v0 q11
1
2 3
1
0 7 6 0
1
end_operator
begin_operator
load c5 v0 q2
1
2 4
1
0 7 7 0
1
end_operator
begin_operator
load c5 v0 q3
1
2 5
1
0 7 8 0
1
end_operator
begin_operator
load c5 v0 q4
1
2 6
1
0 7 9 0
1
end_operator
begin_operator
load c5 v0 q5
1
2 7
1
0 7 10 0
1
end_operator
begin_operator
load c5 v0 q6
1
2 8
1
0 7 11 0
1
end_operator
begin_operator
load c5 v0 q7
1
2 9
1
0 7 12 0
1
end_operator
begin_operator
load c5 v0 q8
1
2 10
1
0 7 13 0
1
end_operator
begin_operator
load c5 v0 q9
1
2 11
1
0 7 14 0
1
end_operator
begin_operator
load c5 v1 q0
1
1 0
1
0 7 3 1
1
end_operator
begin_operator
load c5 v1 q1
1
1 1
1
0 7 4 1
1
end_operator
begin_operator
load c5 v1 q10
1
1 2
1
0 7 5 1
1
end_operator
begin_operator
load c5 v1 q11
1
1 3
1
0 7 6 1
1
end_operator
begin_operator
load c5 v1 q2
1
1 4
1
0 7 7 1
1
end_operator
begin_operator
load c5 v1 q3
1
1 5
1
0 7 8 1
1
end_operator
begin_operator
load c5 v1 q4
1
1 6
1
0 7 9 1
1
end_operator
begin_operator
load c5 v1 q5
1
1 7
1
0 7 10 1
1
end_operator
begin_operator
load c5 v1 q6
1
1 8
1
0 7 11 1
1
end_operator
begin_operator
load c5 v1 q7
1
1 9
1
0 7 12 1
1
end_operator
begin_operator
load c5 v1 q8
1
1 10
1
0 7 13 1
1
end_operator
begin_operator
load c5 v1 q9
1
1 11
1
0 7 14 1
1
end_operator
begin_operator
load c5 v2 q0
1
0 0
1
0 7 3 2
1
end_operator
begin_operator
load c5 v2 q1
1
0 1
1
0 7 4 2
1
end_operator
begin_operator
load c5 v2 q10
1
0 2
1
0 7 5 2
1
end_operator
begin_operator
load c5 v2 q11
1
0 3
1
0 7 6 2
1
end_operator
begin_operator
load c5 v2 q2
1
0 4
1
0 7 7 2
1
end_operator
begin_operator
load c5 v2 q3
1
0 5
1
0 7 8 2
1
end_operator
begin_operator
load c5 v2 q4
1
0 6
1
0 7 9 2
1
end_operator
begin_operator
load c5 v2 q5
1
0 7
1
0 7 10 2
1
end_operator
begin_operator
load c5 v2 q6
1
0 8
1
0 7 11 2
1
end_operator
begin_operator
load c5 v2 q7
1
0 9
1
0 7 12 2
1
end_operator
begin_operator
load c5 v2 q8
1
0 10
1
0 7 13 2
1
end_operator
begin_operator
load c5 v2 q9
1
0 11
1
0 7 14 2
1
end_operator
begin_operator
load c6 v0 q0
1
2 0
1
0 6 3 0
1
end_operator
begin_operator
load c6 v0 q1
1
2 1
1
0 6 4 0
1
end_operator
begin_operator
load c6 v0 q10
1
2 2
1
0 6 5 0
1
end_operator
begin_operator
load c6 v0 q11
1
2 3
1
0 6 6 0
1
end_operator
begin_operator
load c6 v0 q2
1
2 4
1
0 6 7 0
1
end_operator
begin_operator
load c6 v0 q3
1
2 5
1
0 6 8 0
1
end_operator
begin_operator
load c6 v0 q4
1
2 6
1
0 6 9 0
1
end_operator
begin_operator
load c6 v0 q5
1
2 7
1
0 6 10 0
1
end_operator
begin_operator
load c6 v0 q6
1
2 8
1
0 6 11 0
1
end_operator
begin_operator
load c6 v0 q7
1
2 9
1
0 6 12 0
1
end_operator
begin_operator
load c6 v0 q8
1
2 10
1
0 6 13 0
1
end_operator
begin_operator
load c6 v0 q9
1
2 11
1
0 6 14 0
1
end_operator
begin_operator
load c6 v1 q0
1
1 0
1
0 6 3 1
1
end_operator
begin_operator
load c6 v1 q1
1
1 1
1
0 6 4 1
1
end_operator
begin_operator
load c6 v1 q10
1
1 2
1
0 6 5 1
1
end_operator
begin_operator
load c6 v1 q11
1
1 3
1
0 6 6 1
1
end_operator
begin_operator
load c6 v1 q2
1
1 4
1
0 6 7 1
1
end_operator
begin_operator
load c6 v1 q3
1
1 5
1
0 6 8 1
1
end_operator
begin_operator
load c6 v1 q4
1
1 6
1
0 6 9 1
1
end_operator
begin_operator
load c6 v1 q5
1
1 7
1
0 6 10 1
1
end_operator
begin_operator
load c6 v1 q6
1
1 8
1
0 6 11 1
1
end_operator
begin_operator
load c6 v1 q7
1
1 9
1
0 6 12 1
1
end_operator
begin_operator
load c6 v1 q8
1
1 10
1
0 6 13 1
1
end_operator
begin_operator
load c6 v1 q9
1
1 11
1
0 6 14 1
1
end_operator
begin_operator
load c6 v2 q0
1
0 0
1
0 6 3 2
1
end_operator
begin_operator
load c6 v2 q1
1
0 1
1
0 6 4 2
1
end_operator
begin_operator
load c6 v2 q10
1
0 2
1
0 6 5 2
1
end_operator
begin_operator
load c6 v2 q11
1
0 3
1
0 6 6 2
1
end_operator
begin_operator
load c6 v2 q2
1
0 4
1
0 6 7 2
1
end_operator
begin_operator
load c6 v2 q3
1
0 5
1
0 6 8 2
1
end_operator
begin_operator
load c6 v2 q4
1
0 6
1
0 6 9 2
1
end_operator
begin_operator
load c6 v2 q5
1
0 7
1
0 6 10 2
1
end_operator
begin_operator
load c6 v2 q6
1
0 8
1
0 6 11 2
1
end_operator
begin_operator
load c6 v2 q7
1
0 9
1
0 6 12 2
1
end_operator
begin_operator
load c6 v2 q8
1
0 10
1
0 6 13 2
1
end_operator
begin_operator
load c6 v2 q9
1
0 11
1
0 6 14 2
1
end_operator
begin_operator
load c7 v0 q0
1
2 0
1
0 5 3 0
1
end_operator
begin_operator
load c7 v0 q1
1
2 1
1
0 5 4 0
1
end_operator
begin_operator
load c7 v0 q10
1
2 2
1
0 5 5 0
1
end_operator
begin_operator
load c7 v0 q11
1
2 3
1
0 5 6 0
1
end_operator
begin_operator
load c7 v0 q2
1
2 4
1
0 5 7 0
1
end_operator
begin_operator
load c7 v0 q3
1
2 5
1
0 5 8 0
1
end_operator
begin_operator
load c7 v0 q4
1
2 6
1
0 5 9 0
1
end_operator
begin_operator
load c7 v0 q5
1
2 7
1
0 5 10 0
1
end_operator
begin_operator
load c7 v0 q6
1
2 8
1
0 5 11 0
1
end_operator
begin_operator
load c7 v0 q7
1
2 9
1
0 5 12 0
1
end_operator
begin_operator
load c7 v0 q8
1
2 10
1
0 5 13 0
1
end_operator
begin_operator
load c7 v0 q9
1
2 11
1
0 5 14 0
1
end_operator
begin_operator
load c7 v1 q0
1
1 0
1
0 5 3 1
1
end_operator
begin_operator
load c7 v1 q1
1
1 1
1
0 5 4 1
1
end_operator
begin_operator
load c7 v1 q10
1
1 2
1
0 5 5 1
1
end_operator
begin_operator
load c7 v1 q11
1
1 3
1
0 5 6 1
1
end_operator
begin_operator
load c7 v1 q2
1
1 4
1
0 5 7 1
1
end_operator
begin_operator
load c7 v1 q3
1
1 5
1
0 5 8 1
1
end_operator
begin_operator
load c7 v1 q4
1
1 6
1
0 5 9 1
1
end_operator
begin_operator
load c7 v1 q5
1
1 7
1
0 5 10 1
1
end_operator
begin_operator
load c7 v1 q6
1
1 8
1
0 5 11 1
1
end_operator
begin_operator
load c7 v1 q7
1
1 9
1
0 5 12 1
1
end_operator
begin_operator
load c7 v1 q8
1
1 10
1
0 5 13 1
1
end_operator
begin_operator
load c7 v1 q9
1
1 11
1
0 5 14 1
1
end_operator
begin_operator
load c7 v2 q0
1
0 0
1
0 5 3 2
1
end_operator
begin_operator
load c7 v2 q1
1
0 1
1
0 5 4 2
1
end_operator
begin_operator
load c7 v2 q10
1
0 2
1
0 5 5 2
1
end_operator
begin_operator
load c7 v2 q11
1
0 3
1
0 5 6 2
1
end_operator
begin_operator
load c7 v2 q2
1
0 4
1
0 5 7 2
1
end_operator
begin_operator
load c7 v2 q3
1
0 5
1
0 5 8 2
1
end_operator
begin_operator
load c7 v2 q4
1
0 6
1
0 5 9 2
1
end_operator
begin_operator
load c7 v2 q5
1
0 7
1
0 5 10 2
1
end_operator
begin_operator
load c7 v2 q6
1
0 8
1
0 5 11 2
1
end_operator
begin_operator
load c7 v2 q7
1
0 9
1
0 5 12 2
1
end_operator
begin_operator
load c7 v2 q8
1
0 10
1
0 5 13 2
1
end_operator
begin_operator
load c7 v2 q9
1
0 11
1
0 5 14 2
1
end_operator
begin_operator
load c8 v0 q0
1
2 0
1
0 4 3 0
1
end_operator
begin_operator
load c8 v0 q1
1
2 1
1
0 4 4 0
1
end_operator
begin_operator
load c8 v0 q10
1
2 2
1
0 4 5 0
1
end_operator
begin_operator
load c8 v0 q11
1
2 3
1
0 4 6 0
1
end_operator
begin_operator
load c8 v0 q2
1
2 4
1
0 4 7 0
1
end_operator
begin_operator
load c8 v0 q3
1
2 5
1
0 4 8 0
1
end_operator
begin_operator
load c8 v0 q4
1
2 6
1
0 4 9 0
1
end_operator
begin_operator
load c8 v0 q5
1
2 7
1
0 4 10 0
1
end_operator
begin_operator
load c8 v0 q6
1
2 8
1
0 4 11 0
1
end_operator
begin_operator
load c8 v0 q7
1
2 9
1
0 4 12 0
1
end_operator
begin_operator
load c8 v0 q8
1
2 10
1
0 4 13 0
1
end_operator
begin_operator
load c8 v0 q9
1
2 11
1
0 4 14 0
1
end_operator
begin_operator
load c8 v1 q0
1
1 0
1
0 4 3 1
1
end_operator
begin_operator
load c8 v1 q1
1
1 1
1
0 4 4 1
1
end_operator
begin_operator
load c8 v1 q10
1
1 2
1
0 4 5 1
1
end_operator
begin_operator
load c8 v1 q11
1
1 3
1
0 4 6 1
1
end_operator
begin_operator
load c8 v1 q2
1
1 4
1
0 4 7 1
1
end_operator
begin_operator
load c8 v1 q3
1
1 5
1
0 4 8 1
1
end_operator
begin_operator
load c8 v1 q4
1
1 6
1
0 4 9 1
1
end_operator
begin_operator
load c8 v1 q5
1
1 7
1
0 4 10 1
1
end_operator
begin_operator
load c8 v1 q6
1
1 8
1
0 4 11 1
1
end_operator
begin_operator
load c8 v1 q7
1
1 9
1
0 4 12 1
1
end_operator
begin_operator
load c8 v1 q8
1
1 10
1
0 4 13 1
1
end_operator
begin_operator
load c8 v1 q9
1
1 11
1
0 4 14 1
1
end_operator
begin_operator
load c8 v2 q0
1
0 0
1
0 4 3 2
1
end_operator
begin_operator
load c8 v2 q1
1
0 1
1
0 4 4 2
1
end_operator
begin_operator
load c8 v2 q10
1
0 2
1
0 4 5 2
1
end_operator
begin_operator
load c8 v2 q11
1
0 3
1
0 4 6 2
1
end_operator
begin_operator
load c8 v2 q2
1
0 4
1
0 4 7 2
1
end_operator
begin_operator
load c8 v2 q3
1
0 5
1
0 4 8 2
1
end_operator
begin_operator
load c8 v2 q4
1
0 6
1
0 4 9 2
1
end_operator
begin_operator
load c8 v2 q5
1
0 7
1
0 4 10 2
1
end_operator
begin_operator
load c8 v2 q6
1
0 8
1
0 4 11 2
1
end_operator
begin_operator
load c8 v2 q7
1
0 9
1
0 4 12 2
1
end_operator
begin_operator
load c8 v2 q8
1
0 10
1
0 4 13 2
1
end_operator
begin_operator
load c8 v2 q9
1
0 11
1
0 4 14 2
1
end_operator
begin_operator
load c9 v0 q0
1
2 0
1
0 3 3 0
1
end_operator
begin_operator
load c9 v0 q1
1
2 1
1
0 3 4 0
1
end_operator
begin_operator
load c9 v0 q10
1
2 2
1
0 3 5 0
1
end_operator
begin_operator
load c9 v0 q11
1
2 3
1
0 3 6 0
1
end_operator
begin_operator
load c9 v0 q2
1
2 4
1
0 3 7 0
1
end_operator
begin_operator
load c9 v0 q3
1
2 5
1
0 3 8 0
1
end_operator
begin_operator
load c9 v0 q4
1
2 6
1
0 3 9 0
1
end_operator
begin_operator
load c9 v0 q5
1
2 7
1
0 3 10 0
1
end_operator
begin_operator
load c9 v0 q6
1
2 8
1
0 3 11 0
1
end_operator
begin_operator
load c9 v0 q7
1
2 9
1
0 3 12 0
1
end_operator
begin_operator
load c9 v0 q8
1
2 10
1
0 3 13 0
1
end_operator
begin_operator
load c9 v0 q9
1
2 11
1
0 3 14 0
1
end_operator
begin_operator
load c9 v1 q0
1
1 0
1
0 3 3 1
1
end_operator
begin_operator
load c9 v1 q1
1
1 1
1
0 3 4 1
1
end_operator
begin_operator
load c9 v1 q10
1
1 2
1
0 3 5 1
1
end_operator
begin_operator
load c9 v1 q11
1
1 3
1
0 3 6 1
1
end_operator
begin_operator
load c9 v1 q2
1
1 4
1
0 3 7 1
1
end_operator
begin_operator
load c9 v1 q3
1
1 5
1
0 3 8 1
1
end_operator
begin_operator
load c9 v1 q4
1
1 6
1
0 3 9 1
1
end_operator
begin_operator
load c9 v1 q5
1
1 7
1
0 3 10 1
1
end_operator
begin_operator
load c9 v1 q6
1
1 8
1
0 3 11 1
1
end_operator
begin_operator
load c9 v1 q7
1
1 9
1
0 3 12 1
1
end_operator
begin_operator
load c9 v1 q8
1
1 10
1
0 3 13 1
1
end_operator
begin_operator
load c9 v1 q9
1
1 11
1
0 3 14 1
1
end_operator
begin_operator
load c9 v2 q0
1
0 0
1
0 3 3 2
1
end_operator
begin_operator
load c9 v2 q1
1
0 1
1
0 3 4 2
1
end_operator
begin_operator
load c9 v2 q10
1
0 2
1
0 3 5 2
1
end_operator
begin_operator
load c9 v2 q11
1
0 3
1
0 3 6 2
1
end_operator
begin_operator
load c9 v2 q2
1
0 4
1
0 3 7 2
1
end_operator
begin_operator
load c9 v2 q3
1
0 5
1
0 3 8 2
1
end_operator
begin_operator
load c9 v2 q4
1
0 6
1
0 3 9 2
1
end_operator
begin_operator
load c9 v2 q5
1
0 7
1
0 3 10 2
1
end_operator
begin_operator
load c9 v2 q6
1
0 8
1
0 3 11 2
1
end_operator
begin_operator
load c9 v2 q7
1
0 9
1
0 3 12 2
1
end_operator
begin_operator
load c9 v2 q8
1
0 10
1
0 3 13 2
1
end_operator
begin_operator
load c9 v2 q9
1
0 11
1
0 3 14 2
1
end_operator
begin_operator
unload c0 v0 q0
1
2 0
1
0 18 0 3
1
end_operator
begin_operator
unload c0 v0 q1
1
2 1
1
0 18 0 4
1
end_operator
begin_operator
unload c0 v0 q10
1
2 2
1
0 18 0 5
1
end_operator
begin_operator
unload c0 v0 q11
1
2 3
1
0 18 0 6
1
end_operator
begin_operator
unload c0 v0 q2
1
2 4
1
0 18 0 7
1
end_operator
begin_operator
unload c0 v0 q3
1
2 5
1
0 18 0 8
1
end_operator
begin_operator
unload c0 v0 q4
1
2 6
1
0 18 0 9
1
end_operator
begin_operator
unload c0 v0 q5
1
2 7
1
0 18 0 10
1
end_operator
begin_operator
unload c0 v0 q6
1
2 8
1
0 18 0 11
1
end_operator
begin_operator
unload c0 v0 q7
1
2 9
1
0 18 0 12
1
end_operator
begin_operator
unload c0 v0 q8
1
2 10
1
0 18 0 13
1
end_operator
begin_operator
unload c0 v0 q9
1
2 11
1
0 18 0 14
1
end_operator
begin_operator
unload c0 v1 q0
1
1 0
1
0 18 1 3
1
end_operator
begin_operator
unload c0 v1 q1
1
1 1
1
0 18 1 4
1
end_operator
begin_operator
unload c0 v1 q10
1
1 2
1
0 18 1 5
1
end_operator
begin_operator
unload c0 v1 q11
1
1 3
1
0 18 1 6
1
end_operator
begin_operator
unload c0 v1 q2
1
1 4
1
0 18 1 7
1
end_operator
begin_operator
unload c0 v1 q3
1
1 5
1
0 18 1 8
1
end_operator
begin_operator
unload c0 v1 q4
1
1 6
1
0 18 1 9
1
end_operator
begin_operator
unload c0 v1 q5
1
1 7
1
0 18 1 10
1
end_operator
begin_operator
unload c0 v1 q6
1
1 8
1
0 18 1 11
1
end_operator
begin_operator
unload c0 v1 q7
1
1 9
1
0 18 1 12
1
end_operator
begin_operator
unload c0 v1 q8
1
1 10
1
0 18 1 13
1
end_operator
begin_operator
unload c0 v1 q9
1
1 11
1
0 18 1 14
1
end_operator
begin_operator
unload c0 v2 q0
1
0 0
1
0 18 2 3
1
end_operator
begin_operator
unload c0 v2 q1
1
0 1
1
0 18 2 4
1
end_operator
begin_operator
unload c0 v2 q10
1
0 2
1
0 18 2 5
1
end_operator
begin_operator
unload c0 v2 q11
1
0 3
1
0 18 2 6
1
end_operator
begin_operator
unload c0 v2 q2
1
0 4
1
0 18 2 7
1
end_operator
begin_operator
unload c0 v2 q3
1
0 5
1
0 18 2 8
1
end_operator
begin_operator
unload c0 v2 q4
1
0 6
1
0 18 2 9
1
end_operator
begin_operator
unload c0 v2 q5
1
0 7
1
0 18 2 10
1
end_operator
begin_operator
unload c0 v2 q6
1
0 8
1
0 18 2 11
1
end_operator
begin_operator
unload c0 v2 q7
1
0 9
1
0 18 2 12
1
end_operator
begin_operator
unload c0 v2 q8
1
0 10
1
0 18 2 13
1
end_operator
begin_operator
unload c0 v2 q9
1
0 11
1
0 18 2 14
1
end_operator
begin_operator
unload c1 v0 q0
1
2 0
1
0 17 0 3
1
end_operator
begin_operator
unload c1 v0 q1
1
2 1
1
0 17 0 4
1
end_operator
begin_operator
unload c1 v0 q10
1
2 2
1
0 17 0 5
1
end_operator
begin_operator
unload c1 v0 q11
1
2 3
1
0 17 0 6
1
end_operator
begin_operator
unload c1 v0 q2
1
2 4
1
0 17 0 7
1
end_operator
begin_operator
unload c1 v0 q3
1
2 5
1
0 17 0 8
1
end_operator
begin_operator
unload c1 v0 q4
1
2 6
1
0 17 0 9
1
end_operator
begin_operator
unload c1 v0 q5
1
2 7
1
0 17 0 10
1
end_operator
begin_operator
unload c1 v0 q6
1
2 8
1
0 17 0 11
1
end_operator
begin_operator
unload c1 v0 q7
1
2 9
1
0 17 0 12
1
end_operator
begin_operator
unload c1 v0 q8
1
2 10
1
0 17 0 13
1
end_operator
begin_operator
unload c1 v0 q9
1
2 11
1
0 17 0 14
1
end_operator
begin_operator
unload c1 v1 q0
1
1 0
1
0 17 1 3
1
end_operator
begin_operator
unload c1 v1 q1
1
1 1
1
0 17 1 4
1
end_operator
begin_operator
unload c1 v1 q10
1
1 2
1
0 17 1 5
1
end_operator
begin_operator
unload c1 v1 q11
1
1 3
1
0 17 1 6
1
end_operator
begin_operator
unload c1 v1 q2
1
1 4
1
0 17 1 7
1
end_operator
begin_operator
unload c1 v1 q3
1
1 5
1
0 17 1 8
1
end_operator
begin_operator
unload c1 v1 q4
1
1 6
1
0 17 1 9
1
end_operator
begin_operator
unload c1 v1 q5
1
1 7
1
0 17 1 10
1
end_operator
begin_operator
unload c1 v1 q6
1
1 8
1
0 17 1 11
1
end_operator
begin_operator
unload c1 v1 q7
1
1 9
1
0 17 1 12
1
end_operator
begin_operator
unload c1 v1 q8
1
1 10
1
0 17 1 13
1
end_operator
begin_operator
unload c1 v1 q9
1
1 11
1
0 17 1 14
1
end_operator
begin_operator
unload c1 v2 q0
1
0 0
1
0 17 2 3
1
end_operator
begin_operator
unload c1 v2 q1
1
0 1
1
0 17 2 4
1
end_operator
begin_operator
unload c1 v2 q10
1
0 2
1
0 17 2 5
1
end_operator
begin_operator
unload c1 v2 q11
1
0 3
1
0 17 2 6
1
end_operator
begin_operator
unload c1 v2 q2
1
0 4
1
0 17 2 7
1
end_operator
begin_operator
unload c1 v2 q3
1
0 5
1
0 17 2 8
1
end_operator
begin_operator
unload c1 v2 q4
1
0 6
1
0 17 2 9
1
end_operator
begin_operator
unload c1 v2 q5
1
0 7
1
0 17 2 10
1
end_operator
begin_operator
unload c1 v2 q6
1
0 8
1
0 17 2 11
1
end_operator
begin_operator
unload c1 v2 q7
1
0 9
1
0 17 2 12
1
end_operator
begin_operator
unload c1 v2 q8
1
0 10
1
0 17 2 13
1
end_operator
begin_operator
unload c1 v2 q9
1
0 11
1
0 17 2 14
1
end_operator
begin_operator
unload c10 v0 q0
1
2 0
1
0 16 0 3
1
end_operator
begin_operator
unload c10 v0 q1
1
2 1
1
0 16 0 4
1
end_operator
begin_operator
unload c10 v0 q10
1
2 2
1
0 16 0 5
1
end_operator
begin_operator
unload c10 v0 q11
1
2 3
1
0 16 0 6
1
end_operator
begin_operator
unload c10 v0 q2
1
2 4
1
0 16 0 7
1
end_operator
begin_operator
unload c10 v0 q3
1
2 5
1
0 16 0 8
1
end_operator
begin_operator
unload c10 v0 q4
1
2 6
1
0 16 0 9
1
end_operator
begin_operator
unload c10 v0 q5
1
2 7
1
0 16 0 10
1
end_operator
begin_operator
unload c10 v0 q6
1
2 8
1
0 16 0 11
1
end_operator
begin_operator
unload c10 v0 q7
1
2 9
1
0 16 0 12
1
end_operator
begin_operator
unload c10 v0 q8
1
2 10
1
0 16 0 13
1
end_operator
begin_operator
unload c10 v0 q9
1
2 11
1
0 16 0 14
1
end_operator
begin_operator
unload c10 v1 q0
1
1 0
1
0 16 1 3
1
end_operator
begin_operator
unload c10 v1 q1
1
1 1
1
0 16 1 4
1
end_operator
begin_operator
unload c10 v1 q10
1
1 2
1
0 16 1 5
1
end_operator
begin_operator
unload c10 v1 q11
1
1 3
1
0 16 1 6
1
end_operator
begin_operator
unload c10 v1 q2
1
1 4
1
0 16 1 7
1
end_operator
begin_operator
unload c10 v1 q3
1
1 5
1
0 16 1 8
1
end_operator
begin_operator
unload c10 v1 q4
1
1 6
1
0 16 1 9
1
end_operator
begin_operator
unload c10 v1 q5
1
1 7
1
0 16 1 10
1
end_operator
begin_operator
unload c10 v1 q6
1
1 8
1
0 16 1 11
1
end_operator
begin_operator
unload c10 v1 q7
1
1 9
1
0 16 1 12
1
end_operator
begin_operator
unload c10 v1 q8
1
1 10
1
0 16 1 13
1
end_operator
begin_operator
unload c10 v1 q9
1
1 11
1
0 16 1 14
1
end_operator
begin_operator
unload c10 v2 q0
1
0 0
1
0 16 2 3
1
end_operator
begin_operator
unload c10 v2 q1
1
0 1
1
0 16 2 4
1
end_operator
begin_operator
unload c10 v2 q10
1
0 2
1
0 16 2 5
1
end_operator
begin_operator
unload c10 v2 q11
1
0 3
1
0 16 2 6
1
end_operator
begin_operator
unload c10 v2 q2
1
0 4
1
0 16 2 7
1
end_operator
begin_operator
unload c10 v2 q3
1
0 5
1
0 16 2 8
1
end_operator
begin_operator
unload c10 v2 q4
1
0 6
1
0 16 2 9
1
end_operator
begin_operator
unload c10 v2 q5
1
0 7
1
0 16 2 10
1
end_operator
begin_operator
unload c10 v2 q6
1
0 8
1
0 16 2 11
1
end_operator
begin_operator
unload c10 v2 q7
1
0 9
1
0 16 2 12
1
end_operator
begin_operator
unload c10 v2 q8
1
0 10
1
0 16 2 13
1
end_operator
begin_operator
unload c10 v2 q9
1
0 11
1
0 16 2 14
1
end_operator
begin_operator
unload c11 v0 q0
1
2 0
1
0 15 0 3
1
end_operator
begin_operator
unload c11 v0 q1
1
2 1
1
0 15 0 4
1
end_operator
begin_operator
unload c11 v0 q10
1
2 2
1
0 15 0 5
1
end_operator
begin_operator
unload c11 v0 q11
1
2 3
1
0 15 0 6
1
end_operator
begin_operator
unload c11 v0 q2
1
2 4
1
0 15 0 7
1
end_operator
begin_operator
unload c11 v0 q3
1
2 5
1
0 15 0 8
1
end_operator
begin_operator
unload c11 v0 q4
1
2 6
1
0 15 0 9
1
end_operator
begin_operator
unload c11 v0 q5
1
2 7
1
0 15 0 10
1
end_operator
begin_operator
unload c11 v0 q6
1
2 8
1
0 15 0 11
1
end_operator
begin_operator
unload c11 v0 q7
1
2 9
1
0 15 0 12
1
end_operator
begin_operator
unload c11 v0 q8
1
2 10
1
0 15 0 13
1
end_operator
begin_operator
unload c11 v0 q9
1
2 11
1
0 15 0 14
1
end_operator
begin_operator
unload c11 v1 q0
1
1 0
1
0 15 1 3
1
end_operator
begin_operator
unload c11 v1 q1
1
1 1
1
0 15 1 4
1
end_operator
begin_operator
unload c11 v1 q10
1
1 2
1
0 15 1 5
1
end_operator
begin_operator
unload c11 v1 q11
1
1 3
1
0 15 1 6
1
end_operator
begin_operator
unload c11 v1 q2
1
1 4
1
0 15 1 7
1
end_operator
begin_operator
unload c11 v1 q3
1
1 5
1
0 15 1 8
1
end_operator
begin_operator
unload c11 v1 q4
1
1 6
1
0 15 1 9
1
end_operator
begin_operator
unload c11 v1 q5
1
1 7
1
0 15 1 10
1
end_operator
begin_operator
unload c11 v1 q6
1
1 8
1
0 15 1 11
1
end_operator
begin_operator
unload c11 v1 q7
1
1 9
1
0 15 1 12
1
end_operator
begin_operator
unload c11 v1 q8
1
1 10
1
0 15 1 13
1
end_operator
begin_operator
unload c11 v1 q9
1
1 11
1
0 15 1 14
1
end_operator
begin_operator
unload c11 v2 q0
1
0 0
1
0 15 2 3
1
end_operator
begin_operator
unload c11 v2 q1
1
0 1
1
0 15 2 4
1
end_operator
begin_operator
unload c11 v2 q10
1
0 2
1
0 15 2 5
1
end_operator
begin_operator
unload c11 v2 q11
1
0 3
1
0 15 2 6
1
end_operator
begin_operator
unload c11 v2 q2
1
0 4
1
0 15 2 7
1
end_operator
begin_operator
unload c11 v2 q3
1
0 5
1
0 15 2 8
1
end_operator
begin_operator
unload c11 v2 q4
1
0 6
1
0 15 2 9
1
end_operator
begin_operator
unload c11 v2 q5
1
0 7
1
0 15 2 10
1
end_operator
begin_operator
unload c11 v2 q6
1
0 8
1
0 15 2 11
1
end_operator
begin_operator
unload c11 v2 q7
1
0 9
1
0 15 2 12
1
end_operator
begin_operator
unload c11 v2 q8
1
0 10
1
0 15 2 13
1
end_operator
begin_operator
unload c11 v2 q9
1
0 11
1
0 15 2 14
1
end_operator
begin_operator
unload c12 v0 q0
1
2 0
1
0 14 0 3
1
end_operator
begin_operator
unload c12 v0 q1
1
2 1
1
0 14 0 4
1
end_operator
begin_operator
unload c12 v0 q10
1
2 2
1
0 14 0 5
1
end_operator
begin_operator
unload c12 v0 q11
1
2 3
1
0 14 0 6
1
end_operator
begin_operator
unload c12 v0 q2
1
2 4
1
0 14 0 7
1
end_operator
begin_operator
unload c12 v0 q3
1
2 5
1
0 14 0 8
1
end_operator
begin_operator
unload c12 v0 q4
1
2 6
1
0 14 0 9
1
end_operator
begin_operator
unload c12 v0 q5
1
2 7
1
0 14 0 10
1
end_operator
begin_operator
unload c12 v0 q6
1
2 8
1
0 14 0 11
1
end_operator
begin_operator
unload c12 v0 q7
1
2 9
1
0 14 0 12
1
end_operator
begin_operator
unload c12 v0 q8
1
2 10
1
0 14 0 13
1
end_operator
begin_operator
unload c12 v0 q9
1
2 11
1
0 14 0 14
1
end_operator
begin_operator
unload c12 v1 q0
1
1 0
1
0 14 1 3
1
end_operator
begin_operator
unload c12 v1 q1
1
1 1
1
0 14 1 4
1
end_operator
begin_operator
unload c12 v1 q10
1
1 2
1
0 14 1 5
1
end_operator
begin_operator
unload c12 v1 q11
1
1 3
1
0 14 1 6
1
end_operator
begin_operator
unload c12 v1 q2
1
1 4
1
0 14 1 7
1
end_operator
begin_operator
unload c12 v1 q3
1
1 5
1
0 14 1 8
1
end_operator
begin_operator
unload c12 v1 q4
1
1 6
1
0 14 1 9
1
end_operator
begin_operator
unload c12 v1 q5
1
1 7
1
0 14 1 10
1
end_operator
begin_operator
unload c12 v1 q6
1
1 8
1
0 14 1 11
1
end_operator
begin_operator
unload c12 v1 q7
1
1 9
1
0 14 1 12
1
end_operator
begin_operator
unload c12 v1 q8
1
1 10
1
0 14 1 13
1
end_operator
begin_operator
unload c12 v1 q9
1
1 11
1
0 14 1 14
1
end_operator
begin_operator
unload c12 v2 q0
1
0 0
1
0 14 2 3
1
end_operator
begin_operator
unload c12 v2 q1
1
0 1
1
0 14 2 4
1
end_operator
begin_operator
unload c12 v2 q10
1
0 2
1
0 14 2 5
1
end_operator
begin_operator
unload c12 v2 q11
1
0 3
1
0 14 2 6
1
end_operator
begin_operator
unload c12 v2 q2
1
0 4
1
0 14 2 7
1
end_operator
begin_operator
unload c12 v2 q3
1
0 5
1
0 14 2 8
1
end_operator
begin_operator
unload c12 v2 q4
1
0 6
1
0 14 2 9
1
end_operator
begin_operator
unload c12 v2 q5
1
0 7
1
0 14 2 10
1
end_operator
begin_operator
unload c12 v2 q6
1
0 8
1
0 14 2 11
1
end_operator
begin_operator
unload c12 v2 q7
1
0 9
1
0 14 2 12
1
end_operator
begin_operator
unload c12 v2 q8
1
0 10
1
0 14 2 13
1
end_operator
begin_operator
unload c12 v2 q9
1
0 11
1
0 14 2 14
1
end_operator
begin_operator
unload c13 v0 q0
1
2 0
1
0 13 0 3
1
end_operator
begin_operator
unload c13 v0 q1
1
2 1
1
0 13 0 4
1
end_operator
begin_operator
unload c13 v0 q10
1
2 2
1
0 13 0 5
1
end_operator
begin_operator
unload c13 v0 q11
1
2 3
1
0 13 0 6
1
end_operator
begin_operator
unload c13 v0 q2
1
2 4
1
0 13 0 7
1
end_operator
begin_operator
unload c13 v0 q3
1
2 5
1
0 13 0 8
1
end_operator
begin_operator
unload c13 v0 q4
1
2 6
1
0 13 0 9
1
end_operator
begin_operator
unload c13 v0 q5
1
2 7
1
0 13 0 10
1
end_operator
begin_operator
unload c13 v0 q6
1
2 8
1
0 13 0 11
1
end_operator
begin_operator
unload c13 v0 q7
1
2 9
1
0 13 0 12
1
end_operator
begin_operator
unload c13 v0 q8
1
2 10
1
0 13 0 13
1
end_operator
begin_operator
unload c13 v0 q9
1
2 11
1
0 13 0 14
1
end_operator
begin_operator
unload c13 v1 q0
1
1 0
1
0 13 1 3
1
end_operator
begin_operator
unload c13 v1 q1
1
1 1
1
0 13 1 4
1
end_operator
begin_operator
unload c13 v1 q10
1
1 2
1
0 13 1 5
1
end_operator
begin_operator
unload c13 v1 q11
1
1 3
1
0 13 1 6
1
end_operator
begin_operator
unload c13 v1 q2
1
1 4
1
0 13 1 7
1
end_operator
begin_operator
unload c13 v1 q3
1
1 5
1
0 13 1 8
1
end_operator
begin_operator
unload c13 v1 q4
1
1 6
1
0 13 1 9
1
end_operator
begin_operator
unload c13 v1 q5
1
1 7
1
0 13 1 10
1
end_operator
begin_operator
unload c13 v1 q6
1
1 8
1
0 13 1 11
1
end_operator
begin_operator
unload c13 v1 q7
1
1 9
1
0 13 1 12
1
end_operator
begin_operator
unload c13 v1 q8
1
1 10
1
0 13 1 13
1
end_operator
begin_operator
unload c13 v1 q9
1
1 11
1
0 13 1 14
1
end_operator
begin_operator
unload c13 v2 q0
1
0 0
1
0 13 2 3
1
end_operator
begin_operator
unload c13 v2 q1
1
0 1
1
0 13 2 4
1
end_operator
begin_operator
unload c13 v2 q10
1
0 2
1
0 13 2 5
1
end_operator
begin_operator
unload c13 v2 q11
1
0 3
1
0 13 2 6
1
end_operator
begin_operator
unload c13 v2 q2
1
0 4
1
0 13 2 7
1
end_operator
begin_operator
unload c13 v2 q3
1
0 5
1
0 13 2 8
1
end_operator
begin_operator
unload c13 v2 q4
1
0 6
1
0 13 2 9
1
end_operator
begin_operator
unload c13 v2 q5
1
0 7
1
0 13 2 10
1
end_operator
begin_operator
unload c13 v2 q6
1
0 8
1
0 13 2 11
1
end_operator
begin_operator
unload c13 v2 q7
1
0 9
1
0 13 2 12
1
end_operator
begin_operator
unload c13 v2 q8
1
0 10
1
0 13 2 13
1
end_operator
begin_operator
unload c13 v2 q9
1
0 11
1
0 13 2 14
1
end_operator
begin_operator
unload c14 v0 q0
1
2 0
1
0 12 0 3
1
end_operator
begin_operator
unload c14 v0 q1
1
2 1
1
0 12 0 4
1
end_operator
begin_operator
unload c14 v0 q10
1
2 2
1
0 12 0 5
1
end_operator
begin_operator
unload c14 v0 q11
1
2 3
1
0 12 0 6
1
end_operator
begin_operator
unload c14 v0 q2
1
2 4
1
0 12 0 7
1
end_operator
begin_operator
unload c14 v0 q3
1
2 5
1
0 12 0 8
1
end_operator
begin_operator
unload c14 v0 q4
1
2 6
1
0 12 0 9
1
end_operator
begin_operator
unload c14 v0 q5
1
2 7
1
0 12 0 10
1
end_operator
begin_operator
unload c14 v0 q6
1
2 8
1
0 12 0 11
1
end_operator
begin_operator
unload c14 v0 q7
1
2 9
1
0 12 0 12
1
end_operator
begin_operator
unload c14 v0 q8
1
2 10
1
0 12 0 13
1
end_operator
begin_operator
unload c14 v0 q9
1
2 11
1
0 12 0 14
1
end_operator
begin_operator
unload c14 v1 q0
1
1 0
1
0 12 1 3
1
end_operator
begin_operator
unload c14 v1 q1
1
1 1
1
0 12 1 4
1
end_operator
begin_operator
unload c14 v1 q10
1
1 2
1
0 12 1 5
1
end_operator
begin_operator
unload c14 v1 q11
1
1 3
1
0 12 1 6
1
end_operator
begin_operator
unload c14 v1 q2
1
1 4
1
0 12 1 7
1
end_operator
begin_operator
unload c14 v1 q3
1
1 5
1
0 12 1 8
1
end_operator
begin_operator
unload c14 v1 q4
1
1 6
1
0 12 1 9
1
end_operator
begin_operator
unload c14 v1 q5
1
1 7
1
0 12 1 10
1
end_operator
begin_operator
unload c14 v1 q6
1
1 8
1
0 12 1 11
1
end_operator
begin_operator
unload c14 v1 q7
1
1 9
1
0 12 1 12
1
end_operator
begin_operator
unload c14 v1 q8
1
1 10
1
0 12 1 13
1
end_operator
begin_operator
unload c14 v1 q9
1
1 11
1
0 12 1 14
1
end_operator
begin_operator
unload c14 v2 q0
1
0 0
1
0 12 2 3
1
end_operator
begin_operator
unload c14 v2 q1
1
0 1
1
0 12 2 4
1
end_operator
begin_operator
unload c14 v2 q10
1
0 2
1
0 12 2 5
1
end_operator
begin_operator
unload c14 v2 q11
1
0 3
1
0 12 2 6
1
end_operator
begin_operator
unload c14 v2 q2
1
0 4
1
0 12 2 7
1
end_operator
begin_operator
unload c14 v2 q3
1
0 5
1
0 12 2 8
1
end_operator
begin_operator
unload c14 v2 q4
1
0 6
1
0 12 2 9
1
end_operator
begin_operator
unload c14 v2 q5
1
0 7
1
0 12 2 10
1
end_operator
begin_operator
unload c14 v2 q6
1
0 8
1
0 12 2 11
1
end_operator
begin_operator
unload c14 v2 q7
1
0 9
1
0 12 2 12
1
end_operator
begin_operator
unload c14 v2 q8
1
0 10
1
0 12 2 13
1
end_operator
begin_operator
unload c14 v2 q9
1
0 11
1
0 12 2 14
1
end_operator
begin_operator
unload c15 v0 q0
1
2 0
1
0 11 0 3
1
end_operator
begin_operator
unload c15 v0 q1
1
2 1
1
0 11 0 4
1
end_operator
begin_operator
unload c15 v0 q10
1
2 2
1
0 11 0 5
1
end_operator
begin_operator
unload c15 v0 q11
1
2 3
1
0 11 0 6
1
end_operator
begin_operator
unload c15 v0 q2
1
2 4
1
0 11 0 7
1
end_operator
begin_operator
unload c15 v0 q3
1
2 5
1
0 11 0 8
1
end_operator
begin_operator
unload c15 v0 q4
1
2 6
1
0 11 0 9
1
end_operator
begin_operator
unload c15 v0 q5
1
2 7
1
0 11 0 10
1
end_operator
begin_operator
unload c15 v0 q6
1
2 8
1
0 11 0 11
1
end_operator
begin_operator
unload c15 v0 q7
1
2 9
1
0 11 0 12
1
end_operator
begin_operator
unload c15 v0 q8
1
2 10
1
0 11 0 13
1
end_operator
begin_operator
unload c15 v0 q9
1
2 11
1
0 11 0 14
1
end_operator
begin_operator
unload c15 v1 q0
1
1 0
1
0 11 1 3
1
end_operator
begin_operator
unload c15 v1 q1
1
1 1
1
0 11 1 4
1
end_operator
begin_operator
unload c15 v1 q10
1
1 2
1
0 11 1 5
1
end_operator
begin_operator
unload c15 v1 q11
1
1 3
1
0 11 1 6
1
end_operator
begin_operator
unload c15 v1 q2
1
1 4
1
0 11 1 7
1
end_operator
begin_operator
unload c15 v1 q3
1
1 5
1
0 11 1 8
1
end_operator
begin_operator
unload c15 v1 q4
1
1 6
1
0 11 1 9
1
end_operator
begin_operator
unload c15 v1 q5
1
1 7
1
0 11 1 10
1
end_operator
begin_operator
unload c15 v1 q6
1
1 8
1
0 11 1 11
1
end_operator
begin_operator
unload c15 v1 q7
1
1 9
1
0 11 1 12
1
end_operator
begin_operator
unload c15 v1 q8
1
1 10
1
0 11 1 13
1
end_operator
begin_operator
unload c15 v1 q9
1
1 11
1
0 11 1 14
1
end_operator
begin_operator
unload c15 v2 q0
1
0 0
1
0 11 2 3
1
end_operator
begin_operator
unload c15 v2 q1
1
0 1
1
0 11 2 4
1
end_operator
begin_operator
unload c15 v2 q10
1
0 2
1
0 11 2 5
1
end_operator
begin_operator
unload c15 v2 q11
1
0 3
1
0 11 2 6
1
end_operator
begin_operator
unload c15 v2 q2
1
0 4
1
0 11 2 7
1
end_operator
begin_operator
unload c15 v2 q3
1
0 5
1
0 11 2 8
1
end_operator
begin_operator
unload c15 v2 q4
1
0 6
1
0 11 2 9
1
end_operator
begin_operator
unload c15 v2 q5
1
0 7
1
0 11 2 10
1
end_operator
begin_operator
unload c15 v2 q6
1
0 8
1
0 11 2 11
1
end_operator
begin_operator
unload c15 v2 q7
1
0 9
1
0 11 2 12
1
end_operator
begin_operator
unload c15 v2 q8
1
0 10
1
0 11 2 13
1
end_operator
begin_operator
unload c15 v2 q9
1
0 11
1
0 11 2 14
1
end_operator
begin_operator
unload c2 v0 q0
1
2 0
1
0 10 0 3
1
end_operator
begin_operator
unload c2 v0 q1
1
2 1
1
0 10 0 4
1
end_operator
begin_operator
unload c2 v0 q10
1
2 2
1
0 10 0 5
1
end_operator
begin_operator
unload c2 v0 q11
1
2 3
1
0 10 0 6
1
end_operator
begin_operator
unload c2 v0 q2
1
2 4
1
0 10 0 7
1
end_operator
begin_operator
unload c2 v0 q3
1
2 5
1
0 10 0 8
1
end_operator
begin_operator
unload c2 v0 q4
1
2 6
1
0 10 0 9
1
end_operator
begin_operator
unload c2 v0 q5
1
2 7
1
0 10 0 10
1
end_operator
begin_operator
unload c2 v0 q6
1
2 8
1
0 10 0 11
1
end_operator
begin_operator
unload c2 v0 q7
1
2 9
1
0 10 0 12
1
end_operator
begin_operator
unload c2 v0 q8
1
2 10
1
0 10 0 13
1
end_operator
begin_operator
unload c2 v0 q9
1
2 11
1
0 10 0 14
1
end_operator
begin_operator
unload c2 v1 q0
1
1 0
1
0 10 1 3
1
end_operator
begin_operator
unload c2 v1 q1
1
1 1
1
0 10 1 4
1
end_operator
begin_operator
unload c2 v1 q10
1
1 2
1
0 10 1 5
1
end_operator
begin_operator
unload c2 v1 q11
1
1 3
1
0 10 1 6
1
end_operator
begin_operator
unload c2 v1 q2
1
1 4
1
0 10 1 7
1
end_operator
begin_operator
unload c2 v1 q3
1
1 5
1
0 10 1 8
1
end_operator
begin_operator
unload c2 v1 q4
1
1 6
1
0 10 1 9
1
end_operator
begin_operator
unload c2 v1 q5
1
1 7
1
0 10 1 10
1
end_operator
begin_operator
unload c2 v1 q6
1
1 8
1
0 10 1 11
1
end_operator
begin_operator
unload c2 v1 q7
1
1 9
1
0 10 1 12
1
end_operator
begin_operator
unload c2 v1 q8
1
1 10
1
0 10 1 13
1
end_operator
begin_operator
unload c2 v1 q9
1
1 11
1
0 10 1 14
1
end_operator
begin_operator
unload c2 v2 q0
1
0 0
1
0 10 2 3
1
end_operator
begin_operator
unload c2 v2 q1
1
0 1
1
0 10 2 4
1
end_operator
begin_operator
unload c2 v2 q10
1
0 2
1
0 10 2 5
1
end_operator
begin_operator
unload c2 v2 q11
1
0 3
1
0 10 2 6
1
end_operator
begin_operator
unload c2 v2 q2
1
0 4
1
0 10 2 7
1
end_operator
begin_operator
unload c2 v2 q3
1
0 5
1
0 10 2 8
1
end_operator
begin_operator
unload c2 v2 q4
1
0 6
1
0 10 2 9
1
end_operator
begin_operator
unload c2 v2 q5
1
0 7
1
0 10 2 10
1
end_operator
begin_operator
unload c2 v2 q6
1
0 8
1
0 10 2 11
1
end_operator
begin_operator
unload c2 v2 q7
1
0 9
1
0 10 2 12
1
end_operator
begin_operator
unload c2 v2 q8
1
0 10
1
0 10 2 13
1
end_operator
begin_operator
unload c2 v2 q9
1
0 11
1
0 10 2 14
1
end_operator
begin_operator
unload c3 v0 q0
1
2 0
1
0 9 0 3
1
end_operator
begin_operator
unload c3 v0 q1
1
2 1
1
0 9 0 4
1
end_operator
begin_operator
unload c3 v0 q10
1
2 2
1
0 9 0 5
1
end_operator
begin_operator
unload c3 v0 q11
1
2 3
1
0 9 0 6
1
end_operator
begin_operator
unload c3 v0 q2
1
2 4
1
0 9 0 7
1
end_operator
begin_operator
unload c3 v0 q3
1
2 5
1
0 9 0 8
1
end_operator
begin_operator
unload c3 v0 q4
1
2 6
1
0 9 0 9
1
end_operator
begin_operator
unload c3 v0 q5
1
2 7
1
0 9 0 10
1
end_operator
begin_operator
unload c3 v0 q6
1
2 8
1
0 9 0 11
1
end_operator
begin_operator
unload c3 v0 q7
1
2 9
1
0 9 0 12
1
end_operator
begin_operator
unload c3 v0 q8
1
2 10
1
0 9 0 13
1
end_operator
begin_operator
unload c3 v0 q9
1
2 11
1
0 9 0 14
1
end_operator
begin_operator
unload c3 v1 q0
1
1 0
1
0 9 1 3
1
end_operator
begin_operator
unload c3 v1 q1
1
1 1
1
0 9 1 4
1
end_operator
begin_operator
unload c3 v1 q10
1
1 2
1
0 9 1 5
1
end_operator
begin_operator
unload c3 v1 q11
1
1 3
1
0 9 1 6
1
end_operator
begin_operator
unload c3 v1 q2
1
1 4
1
0 9 1 7
1
end_operator
begin_operator
unload c3 v1 q3
1
1 5
1
0 9 1 8
1
end_operator
begin_operator
unload c3 v1 q4
1
1 6
1
0 9 1 9
1
end_operator
begin_operator
unload c3 v1 q5
1
1 7
1
0 9 1 10
1
end_operator
begin_operator
unload c3 v1 q6
1
1 8
1
0 9 1 11
1
end_operator
begin_operator
unload c3 v1 q7
1
1 9
1
0 9 1 12
1
end_operator
begin_operator
unload c3 v1 q8
1
1 10
1
0 9 1 13
1
end_operator
begin_operator
unload c3 v1 q9
1
1 11
1
0 9 1 14
1
end_operator
begin_operator
unload c3 v2 q0
1
0 0
1
0 9 2 3
1
end_operator
begin_operator
unload c3 v2 q1
1
0 1
1
0 9 2 4
1
end_operator
begin_operator
unload c3 v2 q10
1
0 2
1
0 9 2 5
1
end_operator
begin_operator
unload c3 v2 q11
1
0 3
1
0 9 2 6
1
end_operator
begin_operator
unload c3 v2 q2
1
0 4
1
0 9 2 7
1
end_operator
begin_operator
unload c3 v2 q3
1
0 5
1
0 9 2 8
1
end_operator
begin_operator
unload c3 v2 q4
1
0 6
1
0 9 2 9
1
end_operator
begin_operator
unload c3 v2 q5
1
0 7
1
0 9 2 10
1
end_operator
begin_operator
unload c3 v2 q6
1
0 8
1
0 9 2 11
1
end_operator
begin_operator
unload c3 v2 q7
1
0 9
1
0 9 2 12
1
end_operator
begin_operator
unload c3 v2 q8
1
0 10
1
0 9 2 13
1
end_operator
begin_operator
unload c3 v2 q9
1
0 11
1
0 9 2 14
1
end_operator
begin_operator
unload c4 v0 q0
1
2 0
1
0 8 0 3
1
end_operator
begin_operator
unload c4 v0 q1
1
2 1
1
0 8 0 4
1
end_operator
begin_operator
unload c4 v0 q10
1
2 2
1
0 8 0 5
1
end_operator
begin_operator
unload c4 v0 q11
1
2 3
1
0 8 0 6
1
end_operator
begin_operator
unload c4 v0 q2
1
2 4
1
0 8 0 7
1
end_operator
begin_operator
unload c4 v0 q3
1
2 5
1
0 8 0 8
1
end_operator
begin_operator
unload c4 v0 q4
1
2 6
1
0 8 0 9
1
end_operator
begin_operator
unload c4 v0 q5
1
2 7
1
0 8 0 10
1
end_operator
begin_operator
unload c4 v0 q6
1
2 8
1
0 8 0 11
1
end_operator
begin_operator
unload c4 v0 q7
1
2 9
1
0 8 0 12
1
end_operator
begin_operator
unload c4 v0 q8
1
2 10
1
0 8 0 13
1
end_operator
begin_operator
unload c4 v0 q9
1
2 11
1
0 8 0 14
1
end_operator
begin_operator
unload c4 v1 q0
1
1 0
1
0 8 1 3
1
end_operator
begin_operator
unload c4 v1 q1
1
1 1
1
0 8 1 4
1
end_operator
begin_operator
unload c4 v1 q10
1
1 2
1
0 8 1 5
1
end_operator
begin_operator
unload c4 v1 q11
1
1 3
1
0 8 1 6
1
end_operator
begin_operator
unload c4 v1 q2
1
1 4
1
0 8 1 7
1
end_operator
begin_operator
unload c4 v1 q3
1
1 5
1
0 8 1 8
1
end_operator
begin_operator
unload c4 v1 q4
1
1 6
1
0 8 1 9
1
end_operator
begin_operator
unload c4 v1 q5
1
1 7
1
0 8 1 10
1
end_operator
begin_operator
unload c4 v1 q6
1
1 8
1
0 8 1 11
1
end_operator
begin_operator
unload c4 v1 q7
1
1 9
1
0 8 1 12
1
end_operator
begin_operator
unload c4 v1 q8
1
1 10
1
0 8 1 13
1
end_operator
begin_operator
unload c4 v1 q9
1
1 11
1
0 8 1 14
1
end_operator
begin_operator
unload c4 v2 q0
1
0 0
1
0 8 2 3
1
end_operator
begin_operator
unload c4 v2 q1
1
0 1
1
0 8 2 4
1
end_operator
begin_operator
unload c4 v2 q10
1
0 2
1
0 8 2 5
1
end_operator
begin_operator
unload c4 v2 q11
1
0 3
1
0 8 2 6
1
end_operator
begin_operator
unload c4 v2 q2
1
0 4
1
0 8 2 7
1
end_operator
begin_operator
unload c4 v2 q3
1
0 5
1
0 8 2 8
1
end_operator
begin_operator
unload c4 v2 q4
1
0 6
1
0 8 2 9
1
end_operator
begin_operator
unload c4 v2 q5
1
0 7
1
0 8 2 10
1
end_operator
begin_operator
unload c4 v2 q6
1
0 8
1
0 8 2 11
1
end_operator
begin_operator
unload c4 v2 q7
1
0 9
1
0 8 2 12
1
end_operator
begin_operator
unload c4 v2 q8
1
0 10
1
0 8 2 13
1
end_operator
begin_operator
unload c4 v2 q9
1
0 11
1
0 8 2 14
1
end_operator
begin_operator
unload c5 v0 q0
1
2 0
1
0 7 0 3
1
end_operator
begin_operator
unload c5 v0 q1
1
2 1
1
0 7 0 4
1
end_operator
begin_operator
unload c5 v0 q10
1
2 2
1
0 7 0 5
1
end_operator
begin_operator
unload c5 v0 q11
1
2 3
1
0 7 0 6
1
end_operator
begin_operator
unload c5 v0 q2
1
2 4
1
0 7 0 7
1
end_operator
begin_operator
unload c5 v0 q3
1
2 5
1
0 7 0 8
1
end_operator
begin_operator
unload c5 v0 q4
1
2 6
1
0 7 0 9
1
end_operator
begin_operator
unload c5 v0 q5
1
2 7
1
0 7 0 10
1
end_operator
begin_operator
unload c5 v0 q6
1
2 8
1
0 7 0 11
1
end_operator
begin_operator
unload c5 v0 q7
1
2 9
1
0 7 0 12
1
end_operator
begin_operator
unload c5 v0 q8
1
2 10
1
0 7 0 13
1
end_operator
begin_operator
unload c5 v0 q9
1
2 11
1
0 7 0 14
1
end_operator
begin_operator
unload c5 v1 q0
1
1 0
1
0 7 1 3
1
end_operator
begin_operator
unload c5 v1 q1
1
1 1
1
0 7 1 4
1
end_operator
begin_operator
unload c5 v1 q10
1
1 2
1
0 7 1 5
1
end_operator
begin_operator
unload c5 v1 q11
1
1 3
1
0 7 1 6
1
end_operator
begin_operator
unload c5 v1 q2
1
1 4
1
0 7 1 7
1
end_operator
begin_operator
unload c5 v1 q3
1
1 5
1
0 7 1 8
1
end_operator
begin_operator
unload c5 v1 q4
1
1 6
1
0 7 1 9
1
end_operator
begin_operator
unload c5 v1 q5
1
1 7
1
0 7 1 10
1
end_operator
begin_operator
unload c5 v1 q6
1
1 8
1
0 7 1 11
1
end_operator
begin_operator
unload c5 v1 q7
1
1 9
1
0 7 1 12
1
end_operator
begin_operator
unload c5 v1 q8
1
1 10
1
0 7 1 13
1
end_operator
begin_operator
unload c5 v1 q9
1
1 11
1
0 7 1 14
1
end_operator
begin_operator
unload c5 v2 q0
1
0 0
1
0 7 2 3
1
end_operator
begin_operator
unload c5 v2 q1
1
0 1
1
0 7 2 4
1
end_operator
begin_operator
unload c5 v2 q10
1
0 2
1
0 7 2 5
1
end_operator
begin_operator
unload c5 v2 q11
1
0 3
1
0 7 2 6
1
end_operator
begin_operator
unload c5 v2 q2
1
0 4
1
0 7 2 7
1
end_operator
begin_operator
unload c5 v2 q3
1
0 5
1
0 7 2 8
1
end_operator
begin_operator
unload c5 v2 q4
1
0 6
1
0 7 2 9
1
end_operator
begin_operator
unload c5 v2 q5
1
0 7
1
0 7 2 10
1
end_operator
begin_operator
unload c5 v2 q6
1
0 8
1
0 7 2 11
1
end_operator
begin_operator
unload c5 v2 q7
1
0 9
1
0 7 2 12
1
end_operator
begin_operator
unload c5 v2 q8
1
0 10
1
0 7 2 13
1
end_operator
begin_operator
unload c5 v2 q9
1
0 11
1
0 7 2 14
1
end_operator
begin_operator
unload c6 v0 q0
1
2 0
1
0 6 0 3
1
end_operator
begin_operator
unload c6 v0 q1
1
2 1
1
0 6 0 4
1
end_operator
begin_operator
unload c6 v0 q10
1
2 2
1
0 6 0 5
1
end_operator
begin_operator
unload c6 v0 q11
1
2 3
1
0 6 0 6
1
end_operator
begin_operator
unload c6 v0 q2
1
2 4
1
0 6 0 7
1
end_operator
begin_operator
unload c6 v0 q3
1
2 5
1
0 6 0 8
1
end_operator
begin_operator
unload c6 v0 q4
1
2 6
1
0 6 0 9
1
end_operator
begin_operator
unload c6 v0 q5
1
2 7
1
0 6 0 10
1
end_operator
begin_operator
unload c6 v0 q6
1
2 8
1
0 6 0 11
1
end_operator
begin_operator
unload c6 v0 q7
1
2 9
1
0 6 0 12
1
end_operator
begin_operator
unload c6 v0 q8
1
2 10
1
0 6 0 13
1
end_operator
begin_operator
unload c6 v0 q9
1
2 11
1
0 6 0 14
1
end_operator
begin_operator
unload c6 v1 q0
1
1 0
1
0 6 1 3
1
end_operator
begin_operator
unload c6 v1 q1
1
1 1
1
0 6 1 4
1
end_operator
begin_operator
unload c6 v1 q10
1
1 2
1
0 6 1 5
1
end_operator
begin_operator
unload c6 v1 q11
1
1 3
1
0 6 1 6
1
end_operator
begin_operator
unload c6 v1 q2
1
1 4
1
0 6 1 7
1
end_operator
begin_operator
unload c6 v1 q3
1
1 5
1
0 6 1 8
1
end_operator
begin_operator
unload c6 v1 q4
1
1 6
1
0 6 1 9
1
end_operator
begin_operator
unload c6 v1 q5
1
1 7
1
0 6 1 10
1
end_operator
begin_operator
unload c6 v1 q6
1
1 8
1
0 6 1 11
1
end_operator
begin_operator
unload c6 v1 q7
1
1 9
1
0 6 1 12
1
end_operator
begin_operator
unload c6 v1 q8
1
1 10
1
0 6 1 13
1
end_operator
begin_operator
unload c6 v1 q9
1
1 11
1
0 6 1 14
1
end_operator
begin_operator
unload c6 v2 q0
1
0 0
1
0 6 2 3
1
end_operator
begin_operator
unload c6 v2 q1
1
0 1
1
0 6 2 4
1
end_operator
begin_operator
unload c6 v2 q10
1
0 2
1
0 6 2 5
1
end_operator
begin_operator
unload c6 v2 q11
1
0 3
1
0 6 2 6
1
end_operator
begin_operator
unload c6 v2 q2
1
0 4
1
0 6 2 7
1
end_operator
begin_operator
unload c6 v2 q3
1
0 5
1
0 6 2 8
1
end_operator
begin_operator
unload c6 v2 q4
1
0 6
1
0 6 2 9
1
end_operator
begin_operator
unload c6 v2 q5
1
0 7
1
0 6 2 10
1
end_operator
begin_operator
unload c6 v2 q6
1
0 8
1
0 6 2 11
1
end_operator
begin_operator
unload c6 v2 q7
1
0 9
1
0 6 2 12
1
end_operator
begin_operator
unload c6 v2 q8
1
0 10
1
0 6 2 13
1
end_operator
begin_operator
unload c6 v2 q9
1
0 11
1
0 6 2 14
1
end_operator
begin_operator
unload c7 v0 q0
1
2 0
1
0 5 0 3
1
end_operator
begin_operator
unload c7 v0 q1
1
2 1
1
0 5 0 4
1
end_operator
begin_operator
unload c7 v0 q10
1
2 2
1
0 5 0 5
1
end_operator
begin_operator
unload c7 v0 q11
1
2 3
1
0 5 0 6
1
end_operator
begin_operator
unload c7 v0 q2
1
2 4
1
0 5 0 7
1
end_operator
begin_operator
unload c7 v0 q3
1
2 5
1
0 5 0 8
1
end_operator
begin_operator
unload c7 v0 q4
1
2 6
1
0 5 0 9
1
end_operator
begin_operator
unload c7 v0 q5
1
2 7
1
0 5 0 10
1
end_operator
begin_operator
unload c7 v0 q6
1
2 8
1
0 5 0 11
1
end_operator
begin_operator
unload c7 v0 q7
1
2 9
1
0 5 0 12
1
end_operator
begin_operator
unload c7 v0 q8
1
2 10
1
0 5 0 13
1
end_operator
begin_operator
unload c7 v0 q9
1
2 11
1
0 5 0 14
1
end_operator
begin_operator
unload c7 v1 q0
1
1 0
1
0 5 1 3
1
end_operator
begin_operator
unload c7 v1 q1
1
1 1
1
0 5 1 4
1
end_operator
begin_operator
unload c7 v1 q10
1
1 2
1
0 5 1 5
1
end_operator
begin_operator
unload c7 v1 q11
1
1 3
1
0 5 1 6
1
end_operator
begin_operator
unload c7 v1 q2
1
1 4
1
0 5 1 7
1
end_operator
begin_operator
unload c7 v1 q3
1
1 5
1
0 5 1 8
1
end_operator
begin_operator
unload c7 v1 q4
1
1 6
1
0 5 1 9
1
end_operator
begin_operator
unload c7 v1 q5
1
1 7
1
0 5 1 10
1
end_operator
begin_operator
unload c7 v1 q6
1
1 8
1
0 5 1 11
1
end_operator
begin_operator
unload c7 v1 q7
1
1 9
1
0 5 1 12
1
end_operator
begin_operator
unload c7 v1 q8
1
1 10
1
0 5 1 13
1
end_operator
begin_operator
unload c7 v1 q9
1
1 11
1
0 5 1 14
1
end_operator
begin_operator
unload c7 v2 q0
1
0 0
1
0 5 2 3
1
end_operator
begin_operator
unload c7 v2 q1
1
0 1
1
0 5 2 4
1
end_operator
begin_operator
unload c7 v2 q10
1
0 2
1
0 5 2 5
1
end_operator
begin_operator
unload c7 v2 q11
1
0 3
1
0 5 2 6
1
end_operator
begin_operator
unload c7 v2 q2
1
0 4
1
0 5 2 7
1
end_operator
begin_operator
unload c7 v2 q3
1
0 5
1
0 5 2 8
1
end_operator
begin_operator
unload c7 v2 q4
1
0 6
1
0 5 2 9
1
end_operator
begin_operator
unload c7 v2 q5
1
0 7
1
0 5 2 10
1
end_operator
begin_operator
unload c7 v2 q6
1
0 8
1
0 5 2 11
1
end_operator
begin_operator
unload c7 v2 q7
1
0 9
1
0 5 2 12
1
end_operator
begin_operator
unload c7 v2 q8
1
0 10
1
0 5 2 13
1
end_operator
begin_operator
unload c7 v2 q9
1
0 11
1
0 5 2 14
1
end_operator
begin_operator
unload c8 v0 q0
1
2 0
1
0 4 0 3
1
end_operator
begin_operator
unload c8 v0 q1
1
2 1
1
0 4 0 4
1
end_operator
begin_operator
unload c8 v0 q10
1
2 2
1
0 4 0 5
1
end_operator
begin_operator
unload c8 v0 q11
1
2 3
1
0 4 0 6
1
end_operator
begin_operator
unload c8 v0 q2
1
2 4
1
0 4 0 7
1
end_operator
begin_operator
unload c8 v0 q3
1
2 5
1
0 4 0 8
1
end_operator
begin_operator
unload c8 v0 q4
1
2 6
1
0 4 0 9
1
end_operator
begin_operator
unload c8 v0 q5
1
2 7
1
0 4 0 10
1
end_operator
begin_operator
unload c8 v0 q6
1
2 8
1
0 4 0 11
1
end_operator
begin_operator
unload c8 v0 q7
1
2 9
1
0 4 0 12
1
end_operator
begin_operator
unload c8 v0 q8
1
2 10
1
0 4 0 13
1
end_operator
begin_operator
unload c8 v0 q9
1
2 11
1
0 4 0 14
1
end_operator
begin_operator
unload c8 v1 q0
1
1 0
1
0 4 1 3
1
end_operator
begin_operator
unload c8 v1 q1
1
1 1
1
0 4 1 4
1
end_operator
begin_operator
unload c8 v1 q10
1
1 2
1
0 4 1 5
1
end_operator
begin_operator
unload c8 v1 q11
1
1 3
1
0 4 1 6
1
end_operator
begin_operator
unload c8 v1 q2
1
1 4
1
0 4 1 7
1
end_operator
begin_operator
unload c8 v1 q3
1
1 5
1
0 4 1 8
1
end_operator
begin_operator
unload c8 v1 q4
1
1 6
1
0 4 1 9
1
end_operator
begin_operator
unload c8 v1 q5
1
1 7
1
0 4 1 10
1
end_operator
begin_operator
unload c8 v1 q6
1
1 8
1
0 4 1 11
1
end_operator
begin_operator
unload c8 v1 q7
1
1 9
1
0 4 1 12
1
end_operator
begin_operator
unload c8 v1 q8
1
1 10
1
0 4 1 13
1
end_operator
begin_operator
unload c8 v1 q9
1
1 11
1
0 4 1 14
1
end_operator
begin_operator
unload c8 v2 q0
1
0 0
1
0 4 2 3
1
end_operator
begin_operator
unload c8 v2 q1
1
0 1
1
0 4 2 4
1
end_operator
begin_operator
unload c8 v2 q10
1
0 2
1
0 4 2 5
1
end_operator
begin_operator
unload c8 v2 q11
1
0 3
1
0 4 2 6
1
end_operator
begin_operator
unload c8 v2 q2
1
0 4
1
0 4 2 7
1
end_operator
begin_operator
unload c8 v2 q3
1
0 5
1
0 4 2 8
1
end_operator
begin_operator
unload c8 v2 q4
1
0 6
1
0 4 2 9
1
end_operator
begin_operator
unload c8 v2 q5
1
0 7
1
0 4 2 10
1
end_operator
begin_operator
unload c8 v2 q6
1
0 8
1
0 4 2 11
1
end_operator
begin_operator
unload c8 v2 q7
1
0 9
1
0 4 2 12
1
end_operator
begin_operator
unload c8 v2 q8
1
0 10
1
0 4 2 13
1
end_operator
begin_operator
unload c8 v2 q9
1
0 11
1
0 4 2 14
1
end_operator
begin_operator
unload c9 v0 q0
1
2 0
1
0 3 0 3
1
end_operator
begin_operator
unload c9 v0 q1
1
2 1
1
0 3 0 4
1
end_operator
begin_operator
unload c9 v0 q10
1
2 2
1
0 3 0 5
1
end_operator
begin_operator
unload c9 v0 q11
1
2 3
1
0 3 0 6
1
end_operator
begin_operator
unload c9 v0 q2
1
2 4
1
0 3 0 7
1
end_operator
begin_operator
unload c9 v0 q3
1
2 5
1
0 3 0 8
1
end_operator
begin_operator
unload c9 v0 q4
1
2 6
1
0 3 0 9
1
end_operator
begin_operator
unload c9 v0 q5
1
2 7
1
0 3 0 10
1
end_operator
begin_operator
unload c9 v0 q6
1
2 8
1
0 3 0 11
1
end_operator
begin_operator
unload c9 v0 q7
1
2 9
1
0 3 0 12
1
end_operator
begin_operator
unload c9 v0 q8
1
2 10
1
0 3 0 13
1
end_operator
begin_operator
unload c9 v0 q9
1
2 11
1
0 3 0 14
1
end_operator
begin_operator
unload c9 v1 q0
1
1 0
1
0 3 1 3
1
end_operator
begin_operator
unload c9 v1 q1
1
1 1
1
0 3 1 4
1
end_operator
begin_operator
unload c9 v1 q10
1
1 2
1
0 3 1 5
1
end_operator
begin_operator
unload c9 v1 q11
1
1 3
1
0 3 1 6
1
end_operator
begin_operator
unload c9 v1 q2
1
1 4
1
0 3 1 7
1
end_operator
begin_operator
unload c9 v1 q3
1
1 5
1
0 3 1 8
1
end_operator
begin_operator
unload c9 v1 q4
1
1 6
1
0 3 1 9
1
end_operator
begin_operator
unload c9 v1 q5
1
1 7
1
0 3 1 10
1
end_operator
begin_operator
unload c9 v1 q6
1
1 8
1
0 3 1 11
1
end_operator
begin_operator
unload c9 v1 q7
1
1 9
1
0 3 1 12
1
end_operator
begin_operator
unload c9 v1 q8
1
1 10
1
0 3 1 13
1
end_operator
begin_operator
unload c9 v1 q9
1
1 11
1
0 3 1 14
1
end_operator
begin_operator
unload c9 v2 q0
1
0 0
1
0 3 2 3
1
end_operator
begin_operator
unload c9 v2 q1
1
0 1
1
0 3 2 4
1
end_operator
begin_operator
unload c9 v2 q10
1
0 2
1
0 3 2 5
1
end_operator
begin_operator
unload c9 v2 q11
1
0 3
1
0 3 2 6
1
end_operator
begin_operator
unload c9 v2 q2
1
0 4
1
0 3 2 7
1
end_operator
begin_operator
unload c9 v2 q3
1
0 5
1
0 3 2 8
1
end_operator
begin_operator
unload c9 v2 q4
1
0 6
1
0 3 2 9
1
end_operator
begin_operator
unload c9 v2 q5
1
0 7
1
0 3 2 10
1
end_operator
begin_operator
unload c9 v2 q6
1
0 8
1
0 3 2 11
1
end_operator
begin_operator
unload c9 v2 q7
1
0 9
1
0 3 2 12
1
end_operator
begin_operator
unload c9 v2 q8
1
0 10
1
0 3 2 13
1
end_operator
begin_operator
unload c9 v2 q9
1
0 11
1
0 3 2 14
1
end_operator
0
