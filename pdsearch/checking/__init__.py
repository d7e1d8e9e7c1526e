"""Holding what a domain, its heuristics and its distributions declare and compile against plain Python.

Random walks and, where the space is small, all states: the first state on which something is wrong is named.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pdsearch.checking.probes import Probe
from pdsearch.distribution import DISTRIBUTIONS, make_distribution
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError
from pdsearch.heuristics import HEURISTICS, Heuristic, make_heuristic
from pdsearch.kernels.protocol import INFINITY, NO_OPERATOR
from pdsearch.search.setup import check_domain

LEAN_OPERATORS = 126  # see pdsearch.kernels.layout
_SHOWN = 120  # characters of a state


@dataclass
class Sample:
    """States to check on.

    Attributes
    ----------
    visits : list of (state, operator)
        Each with the operator that led to it, NO_OPERATOR for none.
    edges : dict of state to list of (operator, successor, cost)
        Of each state visited, by the domain's Python methods.
    is_whole : bool
        Whether these are all states that can be reached.
    """

    visits: list[tuple[Any, int]] = field(default_factory=list)
    edges: dict[Any, list[tuple[int, Any, int]]] = field(default_factory=dict)
    is_whole: bool = False


def sample(domain: Domain, most: int = 2000, walks: int = 8, steps: int = 60, seed: int = 0) -> Sample:
    """Return all reachable states if they are at most ``most``, else those of random walks from the initial state."""
    found = Sample(visits=[(domain.initial, NO_OPERATOR)])
    known = {domain.initial}
    for state, _ in found.visits:  # grows meanwhile
        found.edges[state] = _edges(domain, state)
        for operator, successor, _ in found.edges[state]:
            if successor not in known:
                known.add(successor)
                found.visits.append((successor, operator))
        if len(known) > most:
            break
    else:
        found.is_whole = True
        return found
    return _walks(domain, walks, steps, seed)


def _walks(domain: Domain, walks: int, steps: int, seed: int) -> Sample:
    rng, found = np.random.default_rng(seed), Sample()
    for _ in range(walks):
        state, operator = domain.initial, NO_OPERATOR
        for _ in range(steps):
            found.visits.append((state, operator))
            if state not in found.edges:
                found.edges[state] = _edges(domain, state)
            if not found.edges[state]:
                break
            operator, state, _ = found.edges[state][int(rng.integers(len(found.edges[state])))]
    return found


def _edges(domain: Domain, state: Any) -> list[tuple[int, Any, int]]:
    return [(operator, *domain.apply(state, operator)) for operator in domain.operators(state)]


def findings(
    domain: Domain, heuristics: list[str] | None = None, n_ranks: int = 3, seed: int = 0, most: int = 2000
) -> Iterator[str]:
    """Yield what is wrong with a domain, a line each; each kind of mistake is told once.

    Parameters
    ----------
    domain : Domain
        The instance.
    heuristics : list of str, optional
        By name; all that fit when left out.
    n_ranks : int
        For the distributions.
    seed : int
        Of the walks.
    most : int
        A space of at most so many states is looked at as a whole.

    Examples
    --------
    >>> from pdsearch.domains.tiles import Tiles
    >>> list(findings(Tiles.parse("2x2: 3 2 1 0"), ["manhattan"]))
    []
    """
    try:
        check_domain(domain)
    except BadInputError as error:
        yield str(error)
        return
    states = sample(domain, most, seed=seed)
    told: set[str] = set()
    names = [name for name in HEURISTICS if HEURISTICS[name].fits(domain)] if heuristics is None else heuristics
    checks = [_moves(domain, states), _way_back(domain, states), _heuristics(domain, states, names)]
    if not domain.is_plain:
        checks.append(_distributions(domain, states, n_ranks))
    for check in checks:
        try:
            for kind, words in check:
                if kind not in told:
                    told.add(kind)
                    yield words
        except BadInputError as error:  # a function is missing or cannot be compiled: it says which
            if str(error) not in told:
                told.add(str(error))
                yield str(error)


_Findings = Iterator[tuple[str, str]]


def _moves(domain: Domain, states: Sample) -> _Findings:
    """Compare compiled moves and goals with the Python methods."""
    probe = None if domain.is_plain else Probe(domain)
    for state, created_by in states.visits:
        edges = states.edges.get(state) or []
        where = f"in state {_shown(domain, state)}"
        yield from _declared(domain, edges, where)
        if not (domain.is_plain or domain.is_linked):
            yield from _undoing(domain, state, edges, where)
        if probe is None:
            continue
        if probe.is_goal(state) != domain.is_goal(state):
            yield "goal", f"compiled is_goal and Python's is_goal of {domain.name} differ {where}"
        moves, n = probe.expand(state)
        rows = probe.rows(moves, n)
        if sorted(rows) != sorted(edges):
            yield "moves", _difference(domain, rows, edges, where)
        yield from _features(domain, state, moves, rows, where)
        if created_by != NO_OPERATOR:
            yield from _left_out(domain, probe, state, created_by, rows, where)


def _declared(domain: Domain, edges: list[tuple[int, Any, int]], where: str) -> _Findings:
    if domain.is_plain:
        return
    if len(edges) > domain.max_moves:
        yield "max_moves", f"{domain.name} has {len(edges)} moves {where}; max_moves says {domain.max_moves}"
    for operator, _, cost in edges:
        if not domain.least_cost <= cost <= domain.max_cost or cost < 0:
            bounds = f"{max(0, domain.least_cost)} to {domain.max_cost}"
            yield "cost", f"operator {operator} of {domain.name} costs {cost} {where}; declared are {bounds}"
        if not domain.is_wide and not 0 <= operator <= LEAN_OPERATORS:
            yield "operator", f"{domain.name} has operator {operator}; without is_wide they are 0 to {LEAN_OPERATORS}"


def _undoing(domain: Domain, state: Any, edges: list[tuple[int, Any, int]], where: str) -> _Findings:
    for operator, successor, _ in edges:
        if domain.undo(successor, operator) != state:
            yield "undo", f"undo of {domain.name} does not take operator {operator} back {where}"


def _difference(domain: Domain, rows: list[Any], edges: list[Any], where: str) -> str:
    """Say how the moves differ."""
    compiled, plain = set(rows), set(edges)
    for one, other, words in ((compiled, plain, "compiled expand"), (plain, compiled, "Python's apply")):
        for operator, successor, cost in sorted(one - other):
            shown = _shown(domain, successor)
            return f"{words} of {domain.name} alone has operator {operator} to {shown} at cost {cost} {where}"
    return f"compiled expand of {domain.name} writes a move twice {where}"


def _features(domain: Domain, state: Any, moves: Any, rows: list[Any], where: str) -> _Findings:
    """Take the features that are removed from those of the state, add the others, and compare with the successor's."""
    n_changes = domain.n_changes
    before = set(domain.features(state).tolist())
    for c, (operator, successor, _) in enumerate(rows):
        removed, added = (row[c * n_changes : (c + 1) * n_changes].tolist() for row in (moves.removed, moves.added))
        used = added.index(-1) if -1 in added else n_changes
        after = (before - set(removed[:used])) | set(added[:used])
        hashed = set(domain.features(successor).tolist())
        if not hashed <= after:
            yield "features", f"operator {operator} of {domain.name} names other features than it changes {where}"


def _left_out(domain: Domain, probe: Probe, state: Any, created_by: int, rows: list[Any], where: str) -> _Findings:
    """What is left out after an operator may only lead back."""
    moves, n = probe.expand(state, created_by)
    fewer = set(probe.rows(moves, n))
    if not fewer <= set(rows):
        yield "created_by", f"compiled expand of {domain.name} has other moves after operator {created_by} {where}"
    for operator, successor, _ in set(rows) - fewer:
        if domain.is_linked or domain.undo(state, created_by) != successor:
            yield "left out", f"compiled expand of {domain.name} leaves out {operator} after {created_by} {where}"


def _heuristics(domain: Domain, states: Sample, names: list[str]) -> _Findings:
    for name in names:
        try:
            heuristic = make_heuristic(domain, name)
        except BadInputError:  # it cannot take what this instance has, or its database is not built
            continue
        yield from ((f"{name} {kind}", words) for kind, words in _heuristic(domain, states, heuristic))
        back = domain.backwards() if heuristic.consistent else None
        towards = None if back is None else heuristic.towards(back)
        if back is not None and towards is not None:
            found = _heuristic(back, states, towards)
            yield from ((f"{name} towards {kind}", f"backwards, {words}") for kind, words in found)


def _way_back(domain: Domain, states: Sample) -> _Findings:
    """For each move one must lead back at the same cost, where a domain says that it can be searched backwards."""
    back = domain.backwards()
    if back is None:
        return
    if not (domain.is_goal(back.initial) and back.is_goal(domain.initial)):
        yield "backwards", f"backwards() of {domain.name} does not swap the initial state and the goal"
    for state, edges in states.edges.items():
        for operator, successor, cost in edges:
            if (state, cost) not in [(to, price) for _, to, price in _edges(back, successor)]:
                shown = _shown(domain, state)
                yield "way back", f"no move of {domain.name} backwards undoes operator {operator} in state {shown}"
        if domain.is_goal(state) and state != back.initial:
            yield "one goal", f"{domain.name} has several goals, and backwards() begins at one: {_shown(domain, state)}"


def _heuristic(domain: Domain, states: Sample, heuristic: Heuristic) -> _Findings:
    """Compare compiled with plain values, bounds with what is declared, and h with the true distances."""
    probe = None if domain.is_plain else Probe(domain)
    told = f"heuristic {heuristic.name}"
    known: dict[Any, int] = {}

    def h_of(state: Any) -> int:
        if state not in known:
            known[state] = heuristic.value(state)
        return known[state]

    for state, _ in states.visits:
        where, h = f"in state {_shown(domain, state)}", h_of(state)
        if h < 0 or (not domain.is_plain and heuristic.max_h < h < INFINITY):
            yield "max_h", f"{told} is {h} {where}; need 0 to max_h = {heuristic.max_h}"
        if heuristic.admissible and domain.is_goal(state) and h != 0:
            yield "goal", f"{told} is {h} at the goal {where}"
        for operator, successor, cost in states.edges[state]:
            after = h_of(successor)
            if heuristic.consistent and h < INFINITY and h > cost + after:
                yield "consistent", f"{told} falls from {h} to {after} by operator {operator} of cost {cost} {where}"
            if (cost + after - h) % heuristic.f_step and INFINITY not in (h, after):
                rise = cost + after - h
                yield "f_step", f"{told} changes f by {rise} {where}; f_step says multiples of {heuristic.f_step}"
            if not domain.is_plain and after < INFINITY and cost + after - h > heuristic.max_rise:
                rise = cost + after - h
                yield "max_rise", f"{told} lets f rise by {rise} {where}; max_rise says {heuristic.max_rise}"
        if probe is not None and h < INFINITY:
            moves, n = probe.expand(state)
            values = probe.h(heuristic, h, moves, n).tolist()
            for (operator, successor, _), value in zip(probe.rows(moves, n), values, strict=True):
                if value != h_of(successor):
                    yield (
                        "value",
                        f"compiled {told} is {value} after operator {operator} {where}, value() is {h_of(successor)}",
                    )
    if states.is_whole and heuristic.admissible:
        yield from _admissible(domain, states, h_of, told)


def _admissible(domain: Domain, states: Sample, h_of: Any, told: str) -> _Findings:
    """Hold h against the cost of the cheapest way to a goal, by Dijkstra's algorithm from the goals backwards."""
    before: dict[Any, list[tuple[Any, int]]] = {}
    for state, edges in states.edges.items():
        for _, successor, cost in edges:
            before.setdefault(successor, []).append((state, cost))
    order = {state: i for i, state in enumerate(states.edges)}  # states of plain domains need not be comparable
    heap = [(0, order[state], state) for state in states.edges if domain.is_goal(state)]
    distance: dict[Any, int] = {}
    while heap:
        d, _, state = heapq.heappop(heap)
        if state in distance:
            continue
        distance[state] = d
        for previous, cost in before.get(state, []):
            if previous not in distance:
                heapq.heappush(heap, (d + cost, order[previous], previous))
    for state, d in distance.items():
        if h_of(state) > d:
            yield "admissible", f"{told} is {h_of(state)} in state {_shown(domain, state)}, whose distance is {d}"


def _distributions(domain: Domain, states: Sample, n_ranks: int) -> _Findings:
    """Compare compiled owners with those from scratch."""
    probe = Probe(domain)
    for name in DISTRIBUTIONS:
        if not DISTRIBUTIONS[name].fits(domain):
            continue
        try:
            distribution = make_distribution(domain, name, n_ranks, 0, lambda n: [s for s, _ in states.visits[:n]])
        except BadInputError:  # too coarse for so many ranks, say
            continue
        for state, _ in states.visits[:200]:
            if not distribution.is_function:
                break
            moves, n = probe.expand(state)
            owners = probe.owners(distribution, distribution.owner_of(state), moves, n).tolist()
            for (operator, successor, _), owner in zip(probe.rows(moves, n), owners, strict=True):
                right = distribution.owner_of(successor)
                if owner != right or not 0 <= owner < n_ranks:
                    where = f"in state {_shown(domain, state)}"
                    yield (
                        name,
                        f"distribution {name}: owner {owner} after operator {operator} {where}, owner_of says {right}",
                    )


def _shown(domain: Domain, state: Any) -> str:
    """Return a state in one short line."""
    try:
        text = domain.show(state)
    except Exception:  # a domain under construction
        text = str(state)
    line = " / ".join(text.split("\n"))
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "..."
