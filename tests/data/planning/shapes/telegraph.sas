begin_version
3
end_version
begin_metric
0
end_metric
17
begin_variable
var0
-1
2
Atom talks(s1, s2)
NegatedAtom talks(s1, s2)
end_variable
begin_variable
var1
-1
2
Atom talks(s3, s1)
NegatedAtom talks(s3, s1)
end_variable
begin_variable
var2
0
2
Atom busy(s1)
NegatedAtom busy(s1)
end_variable
begin_variable
var3
-1
2
Atom idle(s1)
NegatedAtom idle(s1)
end_variable
begin_variable
var4
-1
2
Atom asks(s1)
NegatedAtom asks(s1)
end_variable
begin_variable
var5
-1
2
Atom talks(s2, s3)
NegatedAtom talks(s2, s3)
end_variable
begin_variable
var6
0
2
Atom busy(s2)
NegatedAtom busy(s2)
end_variable
begin_variable
var7
0
2
Atom busy(s3)
NegatedAtom busy(s3)
end_variable
begin_variable
var8
-1
2
Atom idle(s2)
NegatedAtom idle(s2)
end_variable
begin_variable
var9
-1
2
Atom idle(s3)
NegatedAtom idle(s3)
end_variable
begin_variable
var10
-1
2
Atom asks(s2)
NegatedAtom asks(s2)
end_variable
begin_variable
var11
1
2
Atom can-talk(s1, s2)
NegatedAtom can-talk(s1, s2)
end_variable
begin_variable
var12
-1
2
Atom asks(s3)
NegatedAtom asks(s3)
end_variable
begin_variable
var13
1
2
Atom can-talk(s2, s3)
NegatedAtom can-talk(s2, s3)
end_variable
begin_variable
var14
1
2
Atom can-talk(s3, s1)
NegatedAtom can-talk(s3, s1)
end_variable
begin_variable
var15
1
2
Atom new-axiom@0()
NegatedAtom new-axiom@0()
end_variable
begin_variable
var16
2
2
Atom stuck()
NegatedAtom stuck()
end_variable
0
begin_state
1
1
1
0
1
0
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
end_state
begin_goal
1
16 0
end_goal
9
begin_operator
ask s1
1
2 1
2
0 4 -1 0
0 3 0 1
1
end_operator
begin_operator
ask s2
1
6 1
2
0 10 -1 0
0 8 0 1
1
end_operator
begin_operator
ask s3
1
7 1
2
0 12 -1 0
0 9 0 1
1
end_operator
begin_operator
finish s1 s2
0
3
0 4 -1 1
0 3 -1 0
0 0 0 1
1
end_operator
begin_operator
finish s2 s3
0
3
0 10 -1 1
0 8 -1 0
0 5 0 1
1
end_operator
begin_operator
finish s3 s1
0
3
0 12 -1 1
0 9 -1 0
0 1 0 1
1
end_operator
begin_operator
talk s1 s2
1
11 0
1
0 0 -1 0
1
end_operator
begin_operator
talk s2 s3
1
13 0
1
0 5 -1 0
1
end_operator
begin_operator
talk s3 s1
1
14 0
1
0 1 -1 0
1
end_operator
16
begin_rule
4
4 0
2 1
6 1
8 0
11 1 0
end_rule
begin_rule
1
4 1
15 1 0
end_rule
begin_rule
4
10 0
6 1
7 1
9 0
13 1 0
end_rule
begin_rule
1
10 1
15 1 0
end_rule
begin_rule
4
12 0
2 1
7 1
3 0
14 1 0
end_rule
begin_rule
1
12 1
15 1 0
end_rule
begin_rule
1
11 0
15 1 0
end_rule
begin_rule
1
13 0
15 1 0
end_rule
begin_rule
1
14 0
15 1 0
end_rule
begin_rule
1
15 1
16 1 0
end_rule
begin_rule
1
0 0
2 1 0
end_rule
begin_rule
1
0 0
6 1 0
end_rule
begin_rule
1
5 0
6 1 0
end_rule
begin_rule
1
5 0
7 1 0
end_rule
begin_rule
1
1 0
2 1 0
end_rule
begin_rule
1
1 0
7 1 0
end_rule
