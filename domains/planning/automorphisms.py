"""Symmetries of a task: permutations of its variables, facts and operators under which it stays the same.

A task is a coloured graph: a vertex for each variable, fact and operator; a fact is joined to its variable, an operator
to what it needs and to what it makes true, by edges of different kinds. Facts of the goal have a colour of their own,
and operators that of their cost. An effect with conditions is a vertex of its own, joined to its operator, its
conditions and what it makes true; where two of an operator set one variable to different values, and both conditions
may hold, an edge says which comes first. An axiom is a vertex like an operator. Derived variables have the colour of
their stratum, their default values one of their own. An automorphism of the graph maps plans to plans of equal cost;
the initial state is free to move.

Colours are refined by those of the neighbours, as 64-bit hashes, so that two refinements can be compared without
numbering colours anew. To map u to v, refine once with u marked and once with v; where both have the same colours,
vertices of one colour are matched, those that lie in a class on both sides with themselves, for a symmetry that moves
little is cheap to use. What comes out is checked edge by edge, so that a hash that collides loses a symmetry, never
an answer. Where it fails, one more vertex is marked on both sides. The work is bounded by a count of the edges looked
at, not by a clock: all ranks find the same.

Source: Pochter, Zohar and Rosenschein (2011), "Exploiting problem symmetries in state-based planners", AAAI; Shleyfman,
Katz, Helmert, Sievers and Wehrle (2015), "Heuristics and symmetries in classical planning", AAAI (the graph); Darga,
Liffiton, Sakallah and Markov (2004), "Exploiting structure in symmetry detection for CNF", DAC (matching classes with
themselves).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.domains.planning.arrays import Integers
from pdsearch.domains.planning.sas import Axiom, Effect, Facts, Operator, SasTask
from pdsearch.kernels.mixing import mix
from pdsearch.limits import NO_DEADLINE, Deadline

Colours = npt.NDArray[np.uint64]

MOST_WORK = 2_000_000_000  # edges looked at: some seconds
_IS_OF, _NEEDS, _MAKES, _BEFORE, _AFTER = range(5)
_EFFECT, _AXIOM, _DEFAULT, _DEFAULT_GOAL, _DERIVED = range(2**64 - 1, 2**64 - 6, -1)  # colours; less one per stratum
_MOST_MARKS = 40  # on the way to one symmetry
_TRIED = 4  # vertices that one is mapped to, before its match is given up
_MOST_PARTNERS = 16  # orbits of its class that a vertex is tried with


class Automorphism(NamedTuple):
    """One symmetry.

    Attributes
    ----------
    facts : int64[n_facts]
        Where each fact goes; facts are numbered variable by variable.
    operators : int64[n_operators]
        Where each operator goes.
    """

    facts: Integers
    operators: Integers


class _Graph(NamedTuple):
    """The coloured graph of a task: variables, facts, operators, then effects with conditions and axioms.

    Each edge is there in both directions; ``_AFTER`` is ``_BEFORE`` seen from the other end.
    """

    first: Integers  # (n + 1,) of each vertex's edges
    other: Integers
    kind: Integers
    colour: Colours  # (n,)
    keys: Integers  # (n_edges,) sorted numbers of (kind, vertex, other)
    n_variables: int
    n_facts: int


def automorphisms(task: SasTask, most_work: int = MOST_WORK, deadline: Deadline = NO_DEADLINE) -> list[Automorphism]:
    """Return symmetries that move facts: as many as are found, not always enough to make all.

    Parameters
    ----------
    task : SasTask
        Any.
    most_work : int
        Edges to be looked at.
    deadline : Deadline
        When it must be done.

    Raises
    ------
    TimeLimitError
        If the deadline passes.

    Examples
    --------
    >>> from pdsearch.domains.planning.sas import EXAMPLE, parse_sas
    >>> automorphisms(parse_sas(EXAMPLE, "lamp.sas"))
    []
    """
    graph = _graph(task, deadline)
    end = graph.n_variables + graph.n_facts
    operators = slice(end, end + len(task.operators))
    maps = _Search(graph, most_work, deadline).all()
    moved = [one for one in maps if (one[:end] != np.arange(end)).any()]
    return [Automorphism(one[graph.n_variables : end] - graph.n_variables, one[operators] - end) for one in moved]


def _graph(task: SasTask, deadline: Deadline = NO_DEADLINE) -> _Graph:
    drawing = _Drawing(task, deadline)
    one_way = np.array(drawing.edges, np.int64).reshape(-1, 3)
    back = one_way[:, [1, 0, 2]]
    back[back[:, 2] == _BEFORE, 2] = _AFTER
    both = np.concatenate([one_way, back])
    both = both[np.argsort(both[:, 0], kind="stable")]
    n = len(drawing.colours)
    first = np.searchsorted(both[:, 0], np.arange(n + 1))
    keys = np.sort((both[:, 2] * n + both[:, 0]) * n + both[:, 1])
    colours = np.array(drawing.colours, np.uint64)
    return _Graph(first, both[:, 1].copy(), both[:, 2].copy(), colours, keys, len(task.variables), drawing.n_facts)


class _Drawing:
    """The vertices and edges of a task's graph."""

    def __init__(self, task: SasTask, deadline: Deadline) -> None:
        self._deadline = deadline
        sizes = [len(variable.values) for variable in task.variables]
        self._first = (len(sizes) + np.concatenate([[0], np.cumsum(sizes)])).tolist()
        self._mutex: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
        for number, group in enumerate(task.mutexes):
            for fact in group:
                self._mutex[fact].add(number)
        self.n_facts = sum(sizes)
        self.colours = [0 if variable.layer < 0 else _DERIVED - variable.layer for variable in task.variables]
        self.edges: list[tuple[int, int, int]] = []  # vertex, other, kind
        goal = set(task.goal)
        for var, variable in enumerate(task.variables):
            for value in range(sizes[var]):
                is_goal, is_default = (var, value) in goal, variable.layer >= 0 and value == task.initial[var]
                self.colours.append((_DEFAULT_GOAL if is_goal else _DEFAULT) if is_default else 1 + is_goal)
                self.edges.append((var, self._vertex((var, value)), _IS_OF))
        at = len(self.colours)
        self.colours += [3 + operator.cost for operator in task.operators]
        for number, operator in enumerate(task.operators, start=at):
            deadline.check("symmetries")
            self._operator(number, operator)
        for axiom in task.axioms:
            self._rule(_AXIOM, axiom)

    def _vertex(self, fact: tuple[int, int]) -> int:
        return int(self._first[fact[0]]) + fact[1]

    def _operator(self, vertex: int, operator: Operator) -> None:
        """Draw what an operator needs and does; of its effects on a variable those that the last sure one leaves."""
        self.edges += [(vertex, self._vertex(fact), _NEEDS) for fact in operator.preconditions]
        by_variable: defaultdict[int, list[tuple[int, Effect]]] = defaultdict(list)
        for effect in operator.effects:
            some = by_variable[effect.variable]
            if not effect.conditions:
                some[:] = [(vertex, effect)]
            elif _may_hold((*operator.preconditions, *effect.conditions)):
                some.append((self._rule(_EFFECT, effect), effect))
                self.edges.append((some[-1][0], vertex, _IS_OF))
        for some in by_variable.values():
            if some and some[0][0] == vertex:
                self.edges.append((vertex, self._vertex(some.pop(0)[1][1:]), _MAKES))
            self._order(some)

    def _order(self, some: Sequence[tuple[int, Effect]]) -> None:
        """Draw which of the effects on a variable come first, where that may matter."""
        groups = [set[int]().union(*(self._mutex[fact] for fact in effect.conditions)) for _, effect in some]
        for i, (one, before) in enumerate(some):
            self._deadline.check("symmetries")
            for (other, after), excluding in zip(some[i + 1 :], groups[i + 1 :], strict=True):
                if before.value != after.value and _may_both_hold(before, after, not groups[i].isdisjoint(excluding)):
                    self.edges.append((one, other, _BEFORE))

    def _rule(self, colour: int, rule: Effect | Axiom) -> int:
        """Draw an effect or an axiom; return its vertex."""
        vertex = len(self.colours)
        self.colours.append(colour)
        self.edges += [(vertex, self._vertex(fact), _NEEDS) for fact in sorted(set(rule.conditions))]
        self.edges.append((vertex, self._vertex((rule.variable, rule.value)), _MAKES))
        return vertex


def _may_both_hold(one: Effect, other: Effect, share_group: bool) -> bool:
    """Say whether the conditions of two effects may hold in one state: no mutex group has facts of both."""
    if share_group and set(one.conditions).isdisjoint(other.conditions):
        return False
    return _may_hold((*one.conditions, *other.conditions))


def _may_hold(facts: Facts) -> bool:
    """Say whether no variable is to have two values."""
    return len(dict(facts)) == len(set(facts))


@kernel
def _refine(first, other, kind, colour, fresh, rounds):
    """Hash into each vertex's colour those of its neighbours, so many times; the last colours are in ``colour``."""
    for _ in range(rounds):
        for v in range(len(colour)):
            total = mix(colour[v])
            for i in range(first[v], first[v + 1]):
                total += mix(colour[other[i]] + np.uint64(kind[i] + 1))
            fresh[v] = total
        for v in range(len(colour)):
            colour[v] = fresh[v]


class _Search:
    """Looks for automorphisms of one graph."""

    def __init__(self, graph: _Graph, most_work: int, deadline: Deadline) -> None:
        self._graph, self._left, self._deadline = graph, most_work, deadline
        self._fresh = np.empty_like(graph.colour)
        self._stable, _ = self._refined(graph.colour, None)
        from networkx.utils import UnionFind  # takes time that only who looks for symmetries is to wait for

        self._orbits: Any = UnionFind()

    def all(self) -> list[Integers]:
        """Return maps of vertices: a few that join each orbit, as far as they are found."""
        found = []
        for left, right in self._pairs():
            if self._left <= 0:
                break
            self._deadline.check("symmetries")
            one = self._map(left, right)
            if one is not None:
                found.append(one)
                self._join(one)
        return found

    def _pairs(self) -> Iterator[tuple[int, int]]:
        """Yield vertices of the same colour that are not known to be in one orbit; those of variables first."""
        graph = self._graph
        for start, end in ((0, graph.n_variables), (graph.n_variables, graph.n_variables + graph.n_facts)):
            colour = self._stable[start:end]
            order = np.argsort(colour, kind="stable")
            for members in np.split(order, np.flatnonzero(np.diff(colour[order])) + 1):
                for i in range(1, len(members)):
                    yield from self._partners((start + members[: i + 1]).tolist())

    def _partners(self, members: list[int]) -> Iterator[tuple[int, int]]:
        """Yield the last of some vertices with one of each other orbit, that of its neighbour first."""
        last, seen = members[-1], {self._orbits[members[-1]]}
        for other in members[-2::-1]:
            if self._orbits[other] not in seen:
                seen.add(self._orbits[other])
                yield other, last
                if self._orbits[other] == self._orbits[last] or len(seen) > _MOST_PARTNERS:
                    return

    def _join(self, one: Integers) -> None:
        """Put each vertex and its image into one orbit."""
        for vertex in np.flatnonzero(one != np.arange(len(one))).tolist():
            self._orbits.union(vertex, int(one[vertex]))

    def _refined(self, colour: Colours, mark: int | None, rounds: int | None = None) -> tuple[Colours, int]:
        """Return the colours once they are stable, or after so many rounds, and the rounds."""
        colour = colour.copy()
        if mark is not None:
            colour[mark] = ~colour[mark]
        graph, done, n = self._graph, 0, 0
        while rounds is None or done < rounds:
            step = 2 if rounds is None else rounds
            _refine(graph.first, graph.other, graph.kind, colour, self._fresh, step)
            self._left -= step * len(graph.other)
            done += step
            before, n = n, len(np.unique(colour)) if rounds is None else 0
            if rounds is None and n <= before:
                break
        return colour, done

    def _map(self, left: int, right: int) -> Integers | None:
        """Return a map of vertices that takes one to another; None if there is none, or it is too hard to find."""
        stack = [(self._stable, self._stable, left, right)]
        for _ in range(_MOST_MARKS):
            if not stack or self._left <= 0:
                return None
            colours, images, u, v = stack.pop()
            colours, rounds = self._refined(colours, u)
            images, _ = self._refined(images, v, rounds)
            order, matched = np.argsort(colours, kind="stable"), np.argsort(images, kind="stable")
            if (colours[order] != images[matched]).any():
                continue
            one = self._matching(colours, order, images, matched)
            if self._is_automorphism(one):
                return one
            marks = self._next_marks(colours, order, images)
            stack += [(colours, images, *pair) for pair in marks]
        return None

    def _matching(self, colours: Colours, order: Integers, images: Colours, matched: Integers) -> Integers:
        """Match vertices of equal colour, with themselves where that can be."""
        one = np.empty_like(order)
        stays = colours == images
        one[stays] = np.flatnonzero(stays)
        one[order[~stays[order]]] = matched[~stays[matched]]
        return one

    def _next_marks(self, colours: Colours, order: Integers, images: Colours) -> list[tuple[int, int]]:
        """Return which vertex to map next, and to what, the likeliest last: one of a class that is not settled."""
        ordered = colours[order]
        alone = np.ones(len(order), np.bool_)
        alone[1:] &= ordered[1:] != ordered[:-1]
        alone[:-1] &= ordered[1:] != ordered[:-1]
        open_ones = order[~alone]
        if not len(open_ones):
            return []
        moving = open_ones[colours[open_ones] != images[open_ones]]
        u = int(moving.min() if len(moving) else open_ones.min())
        candidates = np.flatnonzero(images == colours[u])
        candidates = candidates[colours[candidates] != colours[u]] if len(moving) else candidates
        return [(u, int(v)) for v in candidates[:_TRIED][::-1]]

    def _is_automorphism(self, one: Integers) -> bool:
        graph, n = self._graph, len(one)
        if (graph.colour[one] != graph.colour).any():
            return False
        source = np.repeat(one, np.diff(graph.first))
        keys = (graph.kind * n + source) * n + one[graph.other]
        self._left -= 8 * len(keys)  # a sort
        return bool((np.sort(keys) == graph.keys).all())
