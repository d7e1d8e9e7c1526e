"""A cut of the justification graph: the operators by which a plan may enter the goal zone.

H is the goal's h^max. The *goal zone* are the propositions from which the goal follows by operators of remaining cost
0. Each of them costs H or more: an operator of cost 0 that adds one has a precondition that costs as much. One of
these, its supporter, is in the zone, too, so that no such operator is the first to enter the zone. It is one that is in
the zone already, else the dearest one that is known, else one that no operator of cost 0 adds, else the last; the
operator's own variables come last.

The cut are the operators of positive cost that add something in the zone and whose preconditions may all hold before
the zone is entered: those that cost less than H may, those in the zone may not, and another may if an operator adds it
that does not enter the zone and needs nothing in it. Whatever is left out cannot be the first of a plan to enter the
zone. The goal is in it, and the state's facts, which cost 0, are not: so every plan has an operator of the cut.

Source: Helmert and Domshlak (2009), ICAPS, section 5. That it is a landmark whichever preconditions are the supporters:
Bonet and Helmert (2010), "Strengthening landmark heuristics via hitting sets", ECAI, section 3. Zones that end early:
Fast Downward's documentation of ``lmcut()``.
"""

from __future__ import annotations

import numpy as np

from pdsearch._jit import inlined, kernel

OUTSIDE, GOAL_ZONE, BEFORE, BEHIND = range(4)


@kernel(no_cpython_wrapper=True)
def find_cut(tables):
    """Write a cut to ``tables.cut``; return how many operators it has."""
    cut, in_cut, zone, marked = tables.cut, tables.in_cut, tables.zone, tables.marked
    goal_cost = tables.reached[tables.task.goal]
    n_entering, n_marked = _mark_goal_zone(tables)
    n = 0
    for i in range(n_entering):
        operator = cut[i]
        may_be_first = True
        if tables.support[operator] >= goal_cost:
            may_be_first, n_marked = _may_be_first(tables, operator, goal_cost, n_marked)
        if may_be_first:
            cut[n], cut[i] = operator, cut[n]
            n += 1
    for i in range(n_entering):
        in_cut[cut[i]] = False
    for i in range(n_marked):
        zone[marked[i]] = OUTSIDE
    return n


@kernel(no_cpython_wrapper=True)
def _mark_goal_zone(tables):
    """Go back from the goal, depth first; return how many operators of positive cost enter, and how many are marked."""
    task, zone, stack, progress = tables.task, tables.zone, tables.stack, tables.progress
    marked, left, entering, enters = tables.marked, tables.left, tables.cut, tables.in_cut
    goal_cost = tables.reached[task.goal]
    zone[task.goal] = GOAL_ZONE
    marked[0] = stack[0] = task.goal
    progress[0] = task.added_by.first[task.goal]
    n = n_marked = 1
    n_entering = 0
    while n > 0:
        n -= 1
        proposition = stack[n]
        i, end = progress[n], task.added_by.first[proposition + 1]
        while i < end:
            operator = task.added_by.items[i]
            i += np.uint32(1)
            if left[operator] > 0:
                if not enters[operator]:
                    enters[operator] = True
                    entering[n_entering] = operator
                    n_entering += 1
                continue
            chosen = _supporter(tables, operator, goal_cost)
            if zone[chosen] != GOAL_ZONE:
                zone[chosen] = GOAL_ZONE
                marked[n_marked] = chosen
                n_marked += 1
                progress[n] = i
                stack[n + 1] = chosen
                progress[n + 1] = task.added_by.first[chosen]
                n += 2
                break
    return n_entering, n_marked


@inlined
def _supporter(tables, operator, goal_cost):
    """Return the supporter of an operator that costs nothing more and adds something in the zone."""
    task = tables.task
    best, most = task.goal, np.int64(-1)
    for i in range(task.needs.first[operator], task.needs.first[operator + 1]):
        needed = task.needs.items[i]
        if tables.reached[needed] >= goal_cost:
            if tables.zone[needed] == GOAL_ZONE:
                best = np.int64(needed)
                break
            rank = 2 * tables.reached[needed] + (1 if tables.n_free[needed] == 0 else 0)
            if rank >= most:
                best, most = np.int64(needed), rank
    return best


@inlined
def _may_be_first(tables, operator, goal_cost, n_marked):
    """Say whether all preconditions may hold before the zone is entered; mark those that were asked for."""
    task, zone = tables.task, tables.zone
    may = True
    for i in range(task.needs.first[operator], task.needs.first[operator + 1]):
        needed = task.needs.items[i]
        if tables.reached[needed] >= goal_cost:
            if zone[needed] == OUTSIDE:
                zone[needed] = BEFORE if _may_be_before(tables, needed, goal_cost) else BEHIND
                tables.marked[n_marked] = needed
                n_marked += 1
            if zone[needed] != BEFORE:
                may = False
                break
    return may, n_marked


@inlined
def _may_be_before(tables, proposition, goal_cost):
    """Say whether an operator adds a proposition that does not enter the zone and needs nothing in it."""
    task = tables.task
    may = False
    for i in range(task.added_by.first[proposition], task.added_by.first[proposition + 1]):
        operator = task.added_by.items[i]
        if not tables.in_cut[operator]:
            may = True
            if tables.support[operator] >= goal_cost:
                for j in range(task.needs.first[operator], task.needs.first[operator + 1]):
                    if tables.zone[task.needs.items[j]] == GOAL_ZONE:
                        may = False
                        break
            if may:
                break
    return may
