"""A domain for tests: random directed graphs with any costs, and heuristics that are admissible but not consistent.

Two types of tables serve the same graphs: one has the lean node layout, the other the wide one.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import naive
import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements
from pdsearch.distribution.zobrist import Zobrist
from pdsearch.domains import Domain, State
from pdsearch.heuristics import Heuristic
from pdsearch.kernels.protocol import constants, estimate, expand, is_goal
from pdsearch.search.task import Task


class LeanGraph(NamedTuple):
    """Edges sorted by the node they leave; an operator is the number of an edge."""

    goal: npt.NDArray[np.bool_]  # (n_nodes,)
    first: npt.NDArray[np.int64]  # (n_nodes + 1,)
    to: npt.NDArray[np.int64]  # (n_edges,)
    cost: npt.NDArray[np.int64]  # (n_edges,)


class WideGraph(NamedTuple):
    """The same arrays."""

    goal: npt.NDArray[np.bool_]
    first: npt.NDArray[np.int64]
    to: npt.NDArray[np.int64]
    cost: npt.NDArray[np.int64]


class Table(NamedTuple):
    """The heuristic of each node."""

    h: npt.NDArray[np.int64]  # (n_nodes,)


constants(LeanGraph, n_words=1)
constants(WideGraph, n_words=1, is_wide=True)


@implements(is_goal, LeanGraph)
@implements(is_goal, WideGraph)
def _is_goal(space, state):
    return space.goal[np.int64(state[0])]


@implements(expand, LeanGraph)
@implements(expand, WideGraph)
def _expand(space, created_by, moves, n):
    node = np.int64(moves.parent[0])
    for edge in range(space.first[node], space.first[node + 1]):
        moves.states[n] = np.uint64(space.to[edge])
        moves.operator[n] = edge
        moves.cost[n] = space.cost[edge]
        moves.removed[n] = node
        moves.added[n] = space.to[edge]
        n += 1
    return n


@implements(estimate, Table)
def _estimate(heuristic, space, parent_h, moves, c):
    return heuristic.h[np.int64(moves.states[c])]


class Graph(Domain):
    """From node 0 to any of some goals."""

    name = "graph"
    source = "these tests"
    n_variables = 1

    def __init__(self, edges: list[tuple[int, int, int]], n_nodes: int, goals: set[int], wide: bool) -> None:
        self.edges = sorted(edges)
        sources = np.array([edge[0] for edge in self.edges], np.int64)
        self.space = (WideGraph if wide else LeanGraph)(
            np.array([node in goals for node in range(n_nodes)]),
            np.searchsorted(sources, np.arange(n_nodes + 1)).astype(np.int64),
            np.array([edge[1] for edge in self.edges], np.int64),
            np.array([edge[2] for edge in self.edges], np.int64),
        )
        self.instance = f"{n_nodes} nodes, {len(edges)} edges"
        self.initial = (0,)
        self.n_values = n_nodes
        self.max_moves = int(np.diff(self.space.first).max())
        self.max_cost = int(self.space.cost.max())

    @classmethod
    def parse(cls, text: str, **options: Any) -> Graph:
        raise NotImplementedError

    def is_goal(self, state: State) -> bool:
        return bool(self.space.goal[state[0]])

    def operators(self, state: State) -> list[int]:
        return list(range(self.space.first[state[0]], self.space.first[state[0] + 1]))

    def apply(self, state: State, operator: int) -> tuple[State, int]:
        if operator not in self.operators(state):
            raise ValueError(f"edge {operator} does not leave node {state[0]}")
        return (self.edges[operator][1],), self.edges[operator][2]

    def undo(self, state: State, operator: int) -> State:
        return (self.edges[operator][0],)

    def operator_name(self, operator: int) -> str:
        return str(operator)

    def features(self, state: State) -> npt.NDArray[np.int64]:
        return np.array(state, np.int64)

    def show(self, state: State) -> str:
        return str(state[0])


class Shaky(Heuristic):
    """A random share of the exact distance: admissible, and far from consistent."""

    name = "shaky"
    source = "these tests"
    admissible = True
    consistent = False

    def __init__(self, graph: Graph, rng: np.random.Generator) -> None:
        exact = naive.distances_to_goal(graph)
        self.h = [int(exact.get((node,), 0) * rng.choice([0.0, 0.3, 0.9, 1.0])) for node in range(graph.n_values)]
        self.tables = Table(np.array(self.h, np.int64))
        self.max_h = max(self.h)
        self.max_rise = max(0, *(cost + self.h[to] - self.h[source] for source, to, cost in graph.edges))

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        return isinstance(domain, Graph)

    def value(self, state: State) -> int:
        return self.h[state[0]]


def random_problem(seed: int, max_cost: int, n_ranks: int = 1, wide: bool = False, least_cost: int = 1) -> Task:
    """Return a search from node 0 of a random graph, in which cheap detours and expensive shortcuts are common."""
    rng = np.random.default_rng([seed, max_cost])
    n_nodes = int(rng.integers(5, 30))
    edges = {}
    for _ in range(int(rng.integers(n_nodes, 4 * n_nodes))):
        source, to = rng.integers(n_nodes, size=2).tolist()
        edges[source, to] = int(rng.integers(least_cost, max_cost + 1)) * (
            1 if rng.random() < 0.5 else max(1, abs(source - to))
        )
    edges[0, 1] = max_cost
    goals = set(rng.integers(1, n_nodes, size=2).tolist())
    graph = Graph([(s, t, cost) for (s, t), cost in edges.items()][:120], n_nodes, goals, wide)
    distribution = Zobrist(graph, n_ranks, seed) if n_ranks > 1 else None
    return Task(graph, Shaky(graph, rng), distribution, n_ranks)
