"""LM-cut: the sum of the costs of disjunctive action landmarks, found as cuts of the justification graph.

Each round: the operators that enter the *goal zone*, the facts from which the goal follows by operators of remaining
cost 0, are a cut, one of which every plan must use (:mod:`.goal_cuts`). Their least remaining cost is added to h and
taken off all of them, until the goal costs nothing. h^max, which the cuts follow, is only known as far as it is less
than the goal's, and after a cut it is repaired from the cut's operators on (:mod:`.costs_below_goal`).

A conditional effect is a relaxed operator of its own, but all parts of one operator share its cost: what a cut takes
off one of them is taken off all. A plan makes some effect of the cut happen, so it pays for the operator that the
effect is a part of; no operator pays more than its cost for all cuts together, so h is admissible. It may then be
less than h^max, for an operator that is needed twice, for two of its effects, pays once; h is the larger of the two.
Axioms are relaxed operators of cost 0, which are in no cut.

Source: Helmert and Domshlak (2009), "Landmarks, critical paths and abstractions: what's the difference
anyway?", ICAPS, section 5. For shared costs, and what they lose: Keyder,
Hoffmann and Haslum (2012), "Semi-relaxed plan heuristics", ICAPS; Röger, Pommerening and Helmert (2014), "Optimal
planning in the presence of conditional effects: extending LM-cut with context splitting", ECAI.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.domains import Domain, State
from pdsearch.domains.planning.costs_below_goal import begin, make_cheaper, reach_goal
from pdsearch.domains.planning.goal_cuts import find_cut
from pdsearch.domains.planning.relaxed import Relaxed, most_h, relaxed
from pdsearch.domains.planning.relevant import relevant
from pdsearch.domains.planning.task import Planning
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.kernels.protocol import INFINITY, evaluates
from pdsearch.kernels.radix import RadixQueue, new_radix_queue
from pdsearch.kernels.scratch import scratch

Integers = npt.NDArray[np.int32]


@scratch(
    *("queue", "reached", "taken", "status", "left", "support", "n_free"),
    *("zone", "stack", "progress", "marked", "cut", "in_cut"),
)
class LmcutTables(NamedTuple):
    """The relaxed task, and scratch for one state."""

    task: Relaxed
    first_status: Integers  # (n_operators,) in the beginning
    first_free: Integers  # (n_propositions,) operators of cost 0 that add each
    queue: RadixQueue
    reached: npt.NDArray[np.int64]  # (n_propositions,) what each costs at most
    taken: npt.NDArray[np.bool_]  # (n_propositions,) whether it was taken from the queue
    status: Integers  # (n_operators,) less the number of preconditions not taken yet; supporter where all are
    left: npt.NDArray[np.int64]  # (n_operators,) remaining cost
    support: npt.NDArray[np.int64]  # (n_operators,) what the supporter costs at most
    n_free: Integers  # (n_propositions,) operators of remaining cost 0 that add each
    zone: npt.NDArray[np.int8]  # (n_propositions,) see goal_cuts.py; OUTSIDE between two cuts
    stack: npt.NDArray[np.uint32]  # (n_propositions,)
    progress: npt.NDArray[np.uint32]  # (n_propositions,) by stack: which achiever to look at next
    marked: npt.NDArray[np.uint32]  # (n_propositions,) those that are not OUTSIDE
    cut: npt.NDArray[np.uint32]  # (n_operators,)
    in_cut: npt.NDArray[np.bool_]  # (n_operators,) false between two cuts


@kernel
def lmcut(tables, space, states, at):
    """Return h^LM-cut of the state at ``states[at]``, INFINITY if a goal cannot be reached even without deletes."""
    task = tables.task
    begin(tables, space, states, at)
    reach_goal(tables)
    hmax = tables.reached[task.goal]
    if hmax >= INFINITY:
        return np.int64(INFINITY)
    has_parts = len(task.first_part) <= len(task.cost)
    total = np.int64(0)
    while tables.reached[task.goal] > 0:
        n_cut = find_cut(tables)
        if has_parts:
            n_cut = _with_all_parts(tables, n_cut)
        least = np.int64(INFINITY)
        for i in range(n_cut):
            least = min(least, tables.left[tables.cut[i]])
        total += least
        make_cheaper(tables, n_cut, least)
    return max(total, hmax)


@kernel(no_cpython_wrapper=True)
def _with_all_parts(tables, n_cut):
    """Add to a cut the other parts of its operators; return how many it has then."""
    task, cut, in_cut = tables.task, tables.cut, tables.in_cut
    for i in range(n_cut):
        in_cut[cut[i]] = True
    n = n_cut
    for i in range(n_cut):
        origin = task.origin[cut[i]]
        for part in range(task.first_part[origin], task.first_part[origin + 1]):
            if not in_cut[part]:
                in_cut[part] = True
                cut[n] = part
                n += 1
    for i in range(n):
        in_cut[cut[i]] = False
    return n


@evaluates(LmcutTables)
def _evaluate(heuristic, space, states, at):
    return lmcut(heuristic, space, states, at)


@HEURISTICS.add("lmcut")
class Lmcut(Heuristic):
    """Cuts of the justification graph, each counted at its least cost."""

    name = "lmcut"
    source = "Helmert and Domshlak (2009), ICAPS, section 5"
    admissible = True
    consistent = False
    is_lazy = True
    batch = 1  # an evaluation takes a hundred times as long as a cache miss

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        assert isinstance(domain, Planning)
        self.planning = domain
        self.tables = _tables(relevant(relaxed(domain.task)))
        self.max_h = most_h(domain.task)
        self.max_rise = domain.max_cost + self.max_h

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every planning task."""
        return isinstance(domain, Planning)

    def value(self, state: State) -> int:
        """Run the compiled code."""
        return int(lmcut(self.tables, self.planning.space, np.array(state, np.uint64), 0))


def _tables(task: Relaxed) -> LmcutTables:
    n_propositions, n_operators = task.goal + 1, len(task.cost)
    # between two cuts an operator reaches its effects at most once for each precondition, besides those of the cut
    entries = int((np.diff(task.needs.first) + 1) @ np.diff(task.adds.first)) + n_propositions
    costs = np.repeat(task.cost, np.diff(task.adds.first))
    return LmcutTables(
        task,
        first_status=-np.diff(task.needs.first).astype(np.int32),
        first_free=np.bincount(task.adds.items[costs == 0], minlength=n_propositions).astype(np.int32),
        queue=new_radix_queue(entries),
        reached=np.zeros(n_propositions, np.int64),
        taken=np.zeros(n_propositions, np.bool_),
        status=np.zeros(n_operators, np.int32),
        left=np.zeros(n_operators, np.int64),
        support=np.zeros(n_operators, np.int64),
        n_free=np.zeros(n_propositions, np.int32),
        zone=np.zeros(n_propositions, np.int8),
        stack=np.zeros(n_propositions, np.uint32),
        progress=np.zeros(n_propositions, np.uint32),
        marked=np.zeros(n_propositions, np.uint32),
        cut=np.zeros(n_operators, np.uint32),
        in_cut=np.zeros(n_operators, np.bool_),
    )
