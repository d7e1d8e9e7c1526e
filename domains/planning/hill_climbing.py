"""Patterns that grow where that raises h: hill climbing over collections of patterns, by random walks.

The collection begins with each variable of the goal alone. Its neighbours have one pattern more: one of those that are
there with another variable, which an arc or an operator links to it. Patterns of which no operator changes variables of
two may be added; h of a collection is the largest sum of such patterns, the *canonical* heuristic. The neighbour
that raises h at most of the sampled states is next, until it does so at fewer than one in a hundred, or room, effort or
time are spent.

Source: Haslum, Botea, Helmert, Bonet and Koenig (2007), "Domain-independent construction of pattern database heuristics
for cost-optimal planning", AAAI.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from pdsearch.domains.planning.abstraction import Integers
from pdsearch.domains.planning.cost_partitioning import DEAD, goal_distances
from pdsearch.domains.planning.patterns import Pattern, grown
from pdsearch.domains.planning.projections import Projection, Projector
from pdsearch.domains.planning.task import Planning
from pdsearch.domains.planning.walks import sampled_states

_N_SAMPLES = 1000
_WORTH_ONE_IN = 100  # samples
_MOST_STEPS = 300  # of a walk on average
_EFFORT = 1 << 25  # transitions and states looked at in all: the same on every machine, unlike seconds
_OF_PATTERN = 5000  # what a pattern takes besides, in the same unit
_MOST_STATES = 1 << 17  # of one pattern
_MOST_SETS = 1000  # sets of patterns to be added that are looked at for one pattern
_SHARE = 0.2  # of the time that is left


def _graph() -> Any:
    from networkx import Graph  # a fifth of a second, which only who climbs hills is to wait for

    return Graph()


class _Candidate(NamedTuple):
    """A pattern, its h at the samples, and how large its projection is."""

    pattern: Pattern
    h: Integers
    n_states: int
    n_moves: int


def climbed_projections(task: Planning, projector: Projector, most_states: int, most_moves: int) -> list[Projection]:
    """Return the projections of the collection that is found.

    Parameters
    ----------
    task : Planning
        Its deadline is kept, and a fifth of the time that is left.
    projector : Projector
        Of this task.
    most_states, most_moves : int
        More states and transitions, of all projections together, have no place.
    """
    climb = _Climb(task, projector, most_states, most_moves)
    while climb.steps():
        pass
    made = (projector.project(one.pattern) for one in climb.collection)
    return [one for one in made if one is not None]


class _Climb:
    """A collection of patterns, and what might be added to it."""

    def __init__(self, task: Planning, projector: Projector, most_states: int, most_moves: int) -> None:
        self._task, self._projector = task, projector
        self._states_left, self._moves_left, self._effort = most_states, most_moves, _EFFORT
        self._end_s = time.monotonic() + _SHARE * task.deadline.left_s
        self._touched: defaultdict[int, set[int]] = defaultdict(set)  # what is changed together with each variable
        for operator in task.task.operators:
            changed = {effect.variable for effect in operator.effects}
            for var in changed:
                self._touched[var] |= changed
        self._samples = np.array([task.unpack(task.initial)])
        self._together = _graph()  # patterns that may be added
        self._candidates: dict[Pattern, _Candidate | None] = {}
        self.collection: list[_Candidate] = []
        goals = [(var,) for var, _ in task.task.goal if task.task.variables[var].layer < 0]
        found = [one for one in map(self._made, sorted(goals)) if one is not None and self._take(one)]
        self._samples = self._sampled(int(sum(int(one.h[0]) for one in found if one.h[0] < DEAD)))
        self._together, self.collection = _graph(), []
        self._states_left, self._moves_left = most_states, most_moves
        self._h = np.zeros(len(self._samples), np.int64)
        for one in (self._made(one.pattern) for one in found):
            if one is not None and self._take(one):
                self._h = np.maximum(self._h, self._with(one))

    def _sampled(self, h: int) -> Integers:
        """Return states of random walks by the values of all variables: int64[n_samples, n_variables]."""
        task, costs = self._task, self._task.space.cost
        length = 2 * h / max(float(costs.mean()), 1e-9) if len(costs) else 0
        states = sampled_states(task, min(length, _MOST_STEPS), _N_SAMPLES).reshape(-1, len(task.initial))
        return np.array([task.unpack(tuple(state)) for state in states.tolist()])

    def _made(self, pattern: Pattern) -> _Candidate | None:
        """Return what a pattern tells of the samples; None if it has no room."""
        task = self._task
        task.deadline.check("choosing patterns")
        self._effort -= _OF_PATTERN
        if np.prod([float(task.sizes[var]) for var in pattern]) > min(_MOST_STATES, self._states_left):
            return None
        one = self._projector.project(pattern, self._moves_left)
        if one is None:
            return None
        self._effort -= len(one.live) + len(one.source)
        h = goal_distances(one, task.space.cost)[self._samples[:, list(pattern)] @ one.multiplier]
        return _Candidate(pattern, h, len(one.live), len(one.source))

    def _take(self, one: _Candidate) -> bool:
        """Add a pattern to the collection, if it has room."""
        if one.n_states > self._states_left or one.n_moves > self._moves_left:
            return False
        self._states_left, self._moves_left = self._states_left - one.n_states, self._moves_left - one.n_moves
        self._together.add_edges_from([(one.pattern, other) for other in self._added_to(one)])
        self._together.add_node(one.pattern)
        self.collection.append(one)
        return True

    def _added_to(self, one: _Candidate) -> list[Pattern]:
        """Return the patterns of the collection that may be added to another."""
        touched = set[int]().union(*(self._touched[var] for var in one.pattern))
        return [other.pattern for other in self.collection if touched.isdisjoint(other.pattern)]

    def _with(self, one: _Candidate) -> Integers:
        """Return, at each sample, the largest sum with a pattern."""
        h = {other.pattern: other.h for other in self.collection}
        best = np.zeros_like(one.h)
        from networkx import find_cliques

        beside = self._together.subgraph(set(self._added_to(one)) - {one.pattern})
        for clique in islice(find_cliques(beside), _MOST_SETS):
            best = np.maximum(best, sum(h[pattern] for pattern in clique))
        return one.h + best

    def _neighbours(self) -> Iterator[_Candidate]:
        """Yield what may be added, as far as effort and time go."""
        chosen = {one.pattern for one in self.collection}
        for pattern in grown(self._task.task, [one.pattern for one in self.collection]):
            if pattern in chosen:
                continue
            self._task.deadline.check("choosing patterns")
            if self._effort <= 0 or time.monotonic() > self._end_s:
                return
            self._effort -= len(self._samples)
            if pattern not in self._candidates:
                self._candidates[pattern] = self._made(pattern)
            one = self._candidates[pattern]
            if one is not None and one.n_states <= self._states_left and one.n_moves <= self._moves_left:
                yield one

    def steps(self) -> bool:
        """Add the pattern that raises h at most samples; say whether there is one that is worth it."""
        if self._effort <= 0 or time.monotonic() > self._end_s:
            return False
        raised = [(int(np.count_nonzero(self._with(one) > self._h)), one) for one in self._neighbours()]
        gain, best = max(raised, key=lambda pair: pair[0], default=(0, None))
        if best is None or gain * _WORTH_ONE_IN < len(self._samples) or not self._take(best):
            return False
        self._h = np.maximum(self._h, self._with(best))
        return True
