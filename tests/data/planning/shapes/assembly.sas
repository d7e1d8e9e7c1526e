begin_version
3
end_version
begin_metric
0
end_metric
13
begin_variable
var0
-1
5
Atom free(clamp)
Atom held(clamp, base)
Atom held(clamp, bulb)
Atom held(clamp, jig)
Atom held(clamp, lamp)
end_variable
begin_variable
var1
0
2
Atom new-axiom@0(lamp)
NegatedAtom new-axiom@0(lamp)
end_variable
begin_variable
var2
0
2
Atom new-axiom@0(base)
NegatedAtom new-axiom@0(base)
end_variable
begin_variable
var3
-1
2
Atom available(jig)
NegatedAtom available(jig)
end_variable
begin_variable
var4
-1
2
Atom in(jig, lamp)
NegatedAtom in(jig, lamp)
end_variable
begin_variable
var5
-1
2
Atom available(bulb)
NegatedAtom available(bulb)
end_variable
begin_variable
var6
-1
2
Atom in(bulb, lamp)
NegatedAtom in(bulb, lamp)
end_variable
begin_variable
var7
0
2
Atom new-axiom@1(lamp, base)
NegatedAtom new-axiom@1(lamp, base)
end_variable
begin_variable
var8
-1
2
Atom available(base)
NegatedAtom available(base)
end_variable
begin_variable
var9
-1
2
Atom in(base, lamp)
NegatedAtom in(base, lamp)
end_variable
begin_variable
var10
0
2
Atom new-axiom@1(lamp, jig)
NegatedAtom new-axiom@1(lamp, jig)
end_variable
begin_variable
var11
0
2
Atom new-axiom@1(lamp, bulb)
NegatedAtom new-axiom@1(lamp, bulb)
end_variable
begin_variable
var12
-1
2
Atom complete(lamp)
NegatedAtom complete(lamp)
end_variable
0
begin_state
0
1
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
2
0 0
12 0
end_goal
13
begin_operator
commit clamp base
0
1
0 0 0 1
1
end_operator
begin_operator
commit clamp bulb
0
1
0 0 0 2
1
end_operator
begin_operator
commit clamp jig
0
1
0 0 0 3
1
end_operator
begin_operator
commit clamp lamp
0
1
0 0 0 4
1
end_operator
begin_operator
put base lamp
1
1 1
3
0 8 0 1
1 7 1 12 -1 0
0 9 -1 0
1
end_operator
begin_operator
put bulb lamp
1
1 1
3
0 5 0 1
1 11 1 12 -1 0
0 6 -1 0
1
end_operator
begin_operator
put jig base
1
2 1
2
0 8 -1 0
0 3 0 1
1
end_operator
begin_operator
put jig lamp
1
1 1
3
0 3 0 1
1 10 1 12 -1 0
0 4 -1 0
1
end_operator
begin_operator
release clamp base
0
1
0 0 1 0
1
end_operator
begin_operator
release clamp bulb
0
1
0 0 2 0
1
end_operator
begin_operator
release clamp jig
0
1
0 0 3 0
1
end_operator
begin_operator
release clamp lamp
0
1
0 0 4 0
1
end_operator
begin_operator
remove jig lamp
0
2
0 3 -1 0
0 4 0 1
1
end_operator
12
begin_rule
1
0 0
2 1 0
end_rule
begin_rule
1
0 0
1 1 0
end_rule
begin_rule
1
0 1
1 1 0
end_rule
begin_rule
1
0 2
2 1 0
end_rule
begin_rule
1
0 2
1 1 0
end_rule
begin_rule
1
0 3
2 1 0
end_rule
begin_rule
1
0 3
1 1 0
end_rule
begin_rule
1
0 4
2 1 0
end_rule
begin_rule
1
9 1
11 1 0
end_rule
begin_rule
1
9 1
10 1 0
end_rule
begin_rule
1
6 1
7 1 0
end_rule
begin_rule
1
6 1
10 1 0
end_rule
