"""All plans up to a cost as a graph: the states on them, and the moves between these.

It is read from the table of a search that has expanded every state of f = g + h up to a bound B, goals included. For an
admissible h each state on a plan of cost at most B has g*(n) + h(n) <= B, so that it is closed, and g of a closed state
is g* at the end of such a search. Let d(n) be the least cost from n to a goal. Then

    a move from n to m of cost c is on a plan of cost at most B  if and only if  g*(n) + c + d(m) <= B,

and c + d(m) - d(n), its detour, says by how much more a plan through it costs than the best from n on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from pdsearch._jit import compiling, kernel
from pdsearch.domains import Domain
from pdsearch.errors import MemoryLimitError
from pdsearch.kernels.layout import g_of, is_closed, load_g, load_state
from pdsearch.kernels.protocol import INFINITY, NO_OPERATOR, expand, is_goal, new_moves, width
from pdsearch.kernels.store import LINE, find, hash_row, new_table
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.task import Task

Integers = npt.NDArray[np.int64]
AT_ONCE = 1 << 16  # nodes looked at between two looks at the clock, or fewer where moves are many
NODE_BYTES = 64  # of what is kept of each node meanwhile
Moves = tuple[Integers, Integers, Integers, Integers]  # source, target, operator, cost of each


class StoppedError(Exception):
    """A limit was met, or a signal came."""


@dataclass(frozen=True)
class PlanGraph:
    """The states on plans of cost at most ``within``, numbered from 0, and the moves between them.

    Attributes
    ----------
    within : int
        The bound B.
    start : int
        The number of the initial state.
    rest : int64[n_states]
        d: the least cost from a state to a goal; 0 is a goal, or leads to one without cost.
    is_goal : bool[n_states]
        Which are goals.
    first : int64[n_states + 1]
        Where the moves out of a state begin.
    target, operator, cost : int64[n_moves]
        Where each leads, by which operator, and at what cost.
    others_cost : int
        No plan through another move between closed states costs less; INFINITY where there is none.
    """

    within: int
    start: int
    rest: Integers
    is_goal: npt.NDArray[np.bool_]
    first: Integers
    target: Integers
    operator: Integers
    cost: Integers
    others_cost: int

    @property
    def n_states(self) -> int:
        """Return the number of states."""
        return len(self.rest)

    @property
    def n_moves(self) -> int:
        """Return the number of moves."""
        return len(self.target)

    @classmethod
    def of(cls, rank: LocalSearch, least: int, within: int, stops: Callable[[], bool]) -> PlanGraph:
        """Read the graph from a search, on one rank, through goals.

        Parameters
        ----------
        rank : LocalSearch
            It has expanded all of f at most ``within``.
        least, within : int
            What the best plan costs, and the most that others may.
        stops : callable
            Asked now and then; true ends the work.

        Raises
        ------
        StoppedError
            If it said so.
        MemoryLimitError
            If the moves take more than memory allows.
        """
        if rank.granted_bytes + NODE_BYTES * rank.n_nodes > rank.memory_limit:
            raise MemoryLimitError(f"memory limit reached by the distances of {rank.n_nodes:,} states to the goal")
        nodes, g = closed_nodes(rank)
        ends = np.zeros(rank.n_nodes, np.bool_)
        moves, longer = _moves_among(rank, nodes, g, ends, within - least, stops)
        sources, targets, _, costs = moves
        rest = np.where(ends, 0, INFINITY)
        while sweep(sources, targets, costs, rest):
            if stops():
                raise StoppedError
        return _of_arrays(within, nodes, g, rest, ends, moves, least + longer)


def compile_graph(task: Task) -> None:
    """Compile what reads the moves, or load it from the disk cache."""
    domain, layout, size = task.domain, task.layout, task.node_words
    table, moves = new_table(size, 1, LINE), new_moves(task.n_words, domain.max_moves, domain.n_changes)
    flags, numbers = np.zeros(1, np.bool_), np.zeros(1, np.int64)
    given = (layout, domain.space, table, size, moves, 0, numbers, numbers, 0, flags, numbers[None])
    compile_for(domain, (_moves_out, given), (sweep, (numbers,) * 4))


def compile_for(domain: Domain, *calls: tuple[Any, tuple[Any, ...]]) -> None:
    """Compile kernels for arguments like those given, or load them from the disk cache; keep to the deadline."""
    with compiling(f"domain {domain.name!r}"):
        for function, arguments in calls:
            function.compile(tuple(map(numba.typeof, arguments)))
            domain.deadline.check("compiling")


def closed_nodes(rank: LocalSearch) -> tuple[Integers, Integers]:
    """Return the closed nodes, those of large g first, and g of all nodes."""
    stride = rank.task.node_words
    rows = rank.table.nodes[: rank.n_nodes * stride].reshape(-1, stride)
    g, nodes = g_of(rank.task.layout, rows), np.flatnonzero(rows[:, -1] & 1)
    return nodes[np.argsort(-g[nodes], kind="stable")], g


def _moves_among(
    rank: LocalSearch, nodes: Integers, g: Integers, ends: npt.NDArray[np.bool_], detour: int, stops: Callable[[], bool]
) -> tuple[Moves, int]:
    """Return the moves that make the way to their target at most so much longer, and the least that another one does.

    Goals are marked in ``ends``.
    """
    task, domain = rank.task, rank.task.domain
    moves = new_moves(len(domain.initial), domain.max_moves, domain.n_changes)
    parts: list[Integers] = []
    least_more = INFINITY
    at, room = 0, max(AT_ONCE, 2 * domain.max_moves)
    while at < len(nodes):
        out = np.empty((4, room), np.int64)
        if rank.granted_bytes + sum(part.nbytes for part in parts) + 4 * out.nbytes > rank.memory_limit:
            raise MemoryLimitError(f"memory limit reached by {sum(part.shape[1] for part in parts):,} moves of plans")
        some = nodes[at : at + AT_ONCE]
        done, n, more = _moves_out(
            task.layout, domain.space, rank.table, task.node_words, moves, NO_OPERATOR, some, g, detour, ends, out
        )
        parts.append(out[:, :n].copy())
        at, least_more = at + int(done), min(least_more, int(more))
        if stops():
            raise StoppedError
    sources, targets, operators, costs = np.concatenate([np.empty((4, 0), np.int64), *parts], axis=1)
    return (sources, targets, operators, costs), least_more


def _of_arrays(
    within: int,
    nodes: Integers,
    g: Integers,
    rest: Integers,
    ends: npt.NDArray[np.bool_],
    moves: Moves,
    others_cost: int,
) -> PlanGraph:
    """Keep the states and moves on plans, and number them anew; the initial state is node 0."""
    sources, targets, operators, costs = moves
    kept = nodes[g[nodes] + rest[nodes] <= within]
    number = np.full(len(g), -1, np.int64)
    number[kept] = np.arange(len(kept))
    through = g[sources] + costs + rest[targets]
    on_plan = through <= within
    others_cost = min(others_cost, int(through[~on_plan].min(initial=INFINITY)))
    sources, targets, operators, costs = (
        part[on_plan] for part in (number[sources], number[targets], operators, costs)
    )
    order = np.argsort(sources, kind="stable")
    first = np.searchsorted(sources[order], np.arange(len(kept) + 1))
    ordered = targets[order], operators[order], costs[order]
    return PlanGraph(within, int(number[0]), rest[kept], ends[kept], first, *ordered, others_cost)


Read = tuple[tuple[int, int, int], PlanGraph | None]  # states, moves, others_cost; the graph where rank 0 is


@kernel
def _moves_out(layout, space, table, size, moves, none, nodes, g, detour, ends, out):
    """Write the moves out of nodes to closed ones as (source, target, operator, cost), as long as there is room.

    Left out are those that make the way longer by more than ``detour``. Returns how many nodes are done, how many moves
    are written, and by how much the least of those left out makes the way longer.
    """
    n_words, most, least_more = width(space), len(moves.operator), np.int64(INFINITY)
    done, n = 0, 0
    while done < len(nodes) and n + most <= out.shape[1]:
        node = nodes[done]
        load_state(table.nodes, node * size, moves.parent, 0, n_words)
        ends[node] = is_goal(space, moves.parent)
        for c in range(expand(space, none, moves, 0)):
            hash_row(table.index, moves.states, c, n_words, moves.hashed)
            target, _ = find(table.nodes, table.index, moves.states, c * n_words, moves.hashed[c], size, n_words)
            if target < 0 or is_closed(table.nodes, target * size, size) == 0:
                continue
            longer = g[node] + moves.cost[c] - load_g(layout, table.nodes, target * size)
            if longer > detour:
                least_more = min(least_more, longer)
            else:
                out[0, n], out[1, n], out[2, n], out[3, n] = node, target, moves.operator[c], moves.cost[c]
                n += 1
        done += 1
    return done, n, least_more


@kernel
def sweep(sources, targets, costs, rest):
    """Lower each node's distance by its moves, once, those of nodes of large g first; say whether any was lowered.

    Plans nearly always go to larger g, so that few sweeps are needed.
    """
    lowered = False
    for i in range(len(sources)):
        through = costs[i] + rest[targets[i]]
        if through < rest[sources[i]]:
            rest[sources[i]] = through
            lowered = True
    return lowered
