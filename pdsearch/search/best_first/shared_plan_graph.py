"""The graph of all plans up to a cost, read from the tables of several ranks.

Each rank writes the moves out of its closed nodes and asks the owners of the states that they lead to for their numbers
and g, some nodes at a time. It keeps the moves that may be on a plan, as
:mod:`pdsearch.search.best_first.plan_graph` says, and, of targets that others own, copies of their distances to the
goal. Distances are lowered along the moves of each rank until nothing changes, then the owners tell those who keep
copies what has changed, until nobody has anything to tell: Bellman and Ford's algorithm, a part at a time. What is on
plans is then gathered on rank 0, a piece at a time, where it must fit: 64 bytes for each state and 96 for each move.

Source: Bellman (1958), "On a routing problem", Quarterly of Applied Mathematics 16 (distances in rounds).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.errors import MemoryLimitError
from pdsearch.kernels.layout import is_closed, load_g, load_state
from pdsearch.kernels.mixing import mix_state
from pdsearch.kernels.protocol import INFINITY, NO_OPERATOR, expand, is_goal, new_moves, width
from pdsearch.kernels.store import LINE, find, new_table
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.plan_graph import (
    AT_ONCE,
    NODE_BYTES,
    Integers,
    PlanGraph,
    Read,
    StoppedError,
    closed_nodes,
    compile_for,
    compile_graph,
    sweep,
)
from pdsearch.search.best_first.plans_rank import PlansCrew
from pdsearch.search.task import Task

_STATE_BYTES, _MOVE_BYTES = 64, 96  # of the graph, on rank 0
_COPY_BYTES = 48  # of a state that somebody else owns, and of a move
_FEWEST = 256  # nodes at once

Question = tuple[npt.NDArray[np.uint64], Integers]  # states, a row each, and their g on the way of the move
Answer = tuple[Integers, Integers]  # the numbers of closed nodes, -1: there is none, and their g


def shared_graph(crew: PlansCrew, least: int, within: int, stops: Callable[[], bool]) -> Read:
    """Read the graph; all ranks must call.

    Parameters
    ----------
    crew : PlansCrew
        They have expanded all of f at most ``within``.
    least, within : int
        What the best plan costs, and the most that others may.
    stops : callable
        Asked now and then; true on any rank ends the work of all.

    Raises
    ------
    StoppedError, MemoryLimitError
        On all ranks.
    """
    reading = _Reading(crew, least, within, stops)
    reading.find_moves()
    reading.find_distances()
    return reading.gathered()


def compile_shared_graph(task: Task) -> None:
    """Compile what reads the moves, or load it from the disk cache."""
    compile_graph(task)
    domain, layout, size = task.domain, task.layout, task.node_words
    table, moves = new_table(size, 1, LINE), new_moves(task.n_words, domain.max_moves, domain.n_changes)
    flags, numbers, words = np.zeros(1, np.bool_), np.zeros(1, np.int64), np.zeros(1, np.uint64)
    moved = (layout, domain.space, table, size, moves, 0, numbers, numbers, flags, numbers[None], words)
    asked = (layout, table, size, words, task.n_words, numbers, numbers)
    compile_for(domain, (_moves_to, moved), (_look_up, asked))


class _Part:
    """What one rank reads."""

    def __init__(self, rank: LocalSearch, within: int, detour: int) -> None:
        self.rank, self.task, self.within, self.detour = rank, rank.task, within, detour
        self._check(NODE_BYTES * rank.n_nodes, f"the distances of {rank.n_nodes:,} states to the goal")
        self.nodes, self.g = closed_nodes(rank)
        self.ends = np.zeros(rank.n_nodes, np.bool_)
        self.others_cost = INFINITY
        self._at, self._rows = 0, list[Integers]()
        domain = self.task.domain
        self._moves = new_moves(self.task.n_words, domain.max_moves, domain.n_changes)
        self._at_once = max(_FEWEST, AT_ONCE // self.task.n_ranks)
        self._asked, self._order = np.empty((0, 0), np.int64), np.empty(0, np.int64)

    def _check(self, n_bytes: int, what: str) -> None:
        if self.rank.granted_bytes + n_bytes > self.rank.memory_limit:
            raise MemoryLimitError(f"memory limit of rank {self.rank.rank} reached by {what}")

    # --- moves ---

    @property
    def is_read(self) -> bool:
        """Say whether the moves out of all nodes are known."""
        return self._at == len(self.nodes)

    def ask(self) -> list[Question]:
        """Write the moves out of some more nodes; return for each rank which states of its they lead to."""
        domain, n_words = self.task.domain, self.task.n_words
        out = np.empty((4, max(self._at_once, 2 * domain.max_moves)), np.int64)
        states = np.empty(out.shape[1] * n_words, np.uint64)
        n_kept = sum(row.shape[1] for row in self._rows)
        self._check(_COPY_BYTES * n_kept + 4 * out.nbytes + 4 * states.nbytes, f"{n_kept:,} moves of plans")
        some = self.nodes[self._at : self._at + self._at_once]
        table, size = self.rank.table, self.task.node_words
        done, n = _moves_to(
            *(self.task.layout, domain.space, table, size, self._moves, NO_OPERATOR),
            *(some, self.g, self.ends, out, states),
        )
        self._at += int(done)
        targets, distribution = states[: n * n_words].reshape(n, n_words), self.task.distribution
        owners = np.zeros(n, np.int64) if distribution is None else distribution.owners_of(targets)
        self._order = np.argsort(owners, kind="stable")
        self._asked = np.concatenate([out[:, :n], owners[None]])[:, self._order]
        ends = np.searchsorted(self._asked[4], np.arange(self.task.n_ranks + 1))
        targets = targets[self._order]
        return [(targets[start:end], self._asked[3, start:end]) for start, end in pairwise(ends.tolist())]

    def answer(self, asked: Sequence[Question]) -> list[Answer]:
        """Look up the states that each rank asks for."""
        answers = []
        for states, _ in asked:
            nodes, g = np.empty((2, len(states)), np.int64)
            words = np.ascontiguousarray(states).reshape(-1)
            _look_up(self.task.layout, self.rank.table, self.task.node_words, words, self.task.n_words, nodes, g)
            answers.append((nodes, g))
        return answers

    def keep(self, answers: Sequence[Answer]) -> None:
        """Keep the moves that may be on plans: those to closed nodes, by a detour that is small enough."""
        nodes, g = (np.concatenate(arrays) for arrays in zip(*answers, strict=True))
        source, operator, cost, reached, owner = self._asked
        longer = np.where(nodes >= 0, reached - g, INFINITY)
        more = longer[(nodes >= 0) & (longer > self.detour)]
        self.others_cost = min(self.others_cost, self.within - self.detour + int(more.min(initial=INFINITY)))
        kept = self._in_order(longer <= self.detour)
        self._rows.append(np.array([source, owner, nodes, operator, cost])[:, kept])

    def _in_order(self, chosen: npt.NDArray[np.bool_]) -> Integers:
        """Return which of the moves are chosen, in the order in which they were written."""
        return np.flatnonzero(chosen)[np.argsort(self._order[chosen])]

    # --- distances ---

    def copies(self) -> list[Integers]:
        """Make room for distances of nodes that others own; return for each rank which of its are needed."""
        rows = np.concatenate([np.empty((5, 0), np.int64), *self._rows], axis=1)
        self._rows.clear()
        self.source, owner, node, self.operator, self.cost = rows
        far = owner != self.rank.rank
        keys, copy = np.unique(owner[far] << 40 | node[far], return_inverse=True)
        self._check(_COPY_BYTES * (rows.shape[1] + len(keys)), f"{rows.shape[1]:,} moves of plans")
        self.target = node.copy()
        self.target[far] = self.rank.n_nodes + copy
        self.rest = np.full(self.rank.n_nodes + len(keys), INFINITY, np.int64)
        self.rest[: self.rank.n_nodes][self.ends] = 0
        ends = np.searchsorted(keys >> 40, np.arange(self.task.n_ranks + 1))
        self._copies = [slice(self.rank.n_nodes + a, self.rank.n_nodes + b) for a, b in pairwise(ends.tolist())]
        return [keys[a:b] & (1 << 40) - 1 for a, b in pairwise(ends.tolist())]

    def promise(self, needed: Sequence[Integers]) -> None:
        """Remember of which nodes each rank keeps copies."""
        self._needed = list(needed)
        self._told = [np.full(len(nodes), INFINITY, np.int64) for nodes in needed]

    def lower(self, stops: Callable[[], bool]) -> list[Answer]:
        """Lower the distances here as far as they go; return for each rank which of its copies change, and to what."""
        while sweep(self.source, self.target, self.cost, self.rest):
            if stops():
                raise StoppedError
        news = []
        for nodes, told in zip(self._needed, self._told, strict=True):
            now = self.rest[nodes]
            changed = np.flatnonzero(now != told)
            told[:] = now
            news.append((changed, now[changed]))
        return news

    def hear(self, news: Sequence[Answer]) -> None:
        """Take over what changed elsewhere."""
        for copies, (changed, now) in zip(self._copies, news, strict=True):
            self.rest[copies][changed] = now

    # --- what is on plans ---

    def choose(self) -> tuple[int, int, int, int]:
        """Keep what is on plans; return how many states and moves, the least cost of other plans, and the room."""
        own = self.rest[: self.rank.n_nodes]
        self._kept = self.nodes[self.g[self.nodes] + own[self.nodes] <= self.within]
        through = self.g[self.source] + self.cost + self.rest[self.target]
        on_plan = through <= self.within
        self.others_cost = min(self.others_cost, int(through[~on_plan].min(initial=INFINITY)))
        self.source, self.target, self.operator, self.cost = (
            part[on_plan] for part in (self.source, self.target, self.operator, self.cost)
        )
        return len(self._kept), len(self.source), self.others_cost, self.rank.memory_limit - self.rank.granted_bytes

    def number(self, first: int) -> list[Integers]:
        """Number the states from ``first`` on; return for each rank the numbers of those it keeps copies of."""
        self._number = np.full(len(self.rest), -1, np.int64)
        self._number[self._kept] = first + np.arange(len(self._kept))
        return [self._number[nodes] for nodes in self._needed]

    def read_numbers(self, numbers: Sequence[Integers]) -> None:
        """Take over the numbers of states that others own."""
        for copies, theirs in zip(self._copies, numbers, strict=True):
            self._number[copies] = theirs

    @property
    def first_number(self) -> int:
        """Return the number of the node stored first, which is the initial state on the rank that owns it."""
        return int(self._number[0]) if len(self._number) else -1

    def states(self, start: int) -> tuple[Integers, npt.NDArray[np.bool_]]:
        """Return distance and goals of some states."""
        kept = self._kept[start : start + AT_ONCE]
        return self.rest[kept], self.ends[kept]

    def moves(self, start: int) -> Integers:
        """Return source, target, operator and cost of some moves."""
        some = slice(start, start + AT_ONCE)
        source, target = self._number[self.source[some]], self._number[self.target[some]]
        return np.array([source, target, self.operator[some], self.cost[some]])


class _Reading:
    """What all ranks do, one step after the other."""

    def __init__(self, crew: PlansCrew, least: int, within: int, stops: Callable[[], bool]) -> None:
        self._crew, self._within, self._stops = crew, within, stops
        self._parts: list[_Part] = []
        self._all([partial(self._begin, rank, within - least) for rank in crew.ranks])

    def _begin(self, rank: LocalSearch, detour: int) -> None:
        self._parts.append(_Part(rank, self._within, detour))

    def _all(self, acts: Sequence[Callable[[], Any]]) -> list[Any]:
        """Do something on each rank; return what all ranks have to say."""
        mine: list[tuple[Any, MemoryLimitError | None, bool]] = []
        for act in acts:
            try:
                mine.append((act(), None, self._stops()))
            except StoppedError:
                mine.append((None, None, True))
            except MemoryLimitError as error:
                mine.append((None, error, False))
        everywhere = self._crew.exchange(mine)
        for _, why, stops in everywhere:
            if why is not None:
                raise why
            if stops:
                raise StoppedError
        return [value for value, _, _ in everywhere]

    def _each(self, act: Callable[[_Part], Any]) -> list[Any]:
        return self._all([partial(act, part) for part in self._parts])

    def _for(self, part: _Part, everywhere: Sequence[Sequence[Any]]) -> list[Any]:
        """Return what each rank has to say to one."""
        return [said[part.rank.rank] for said in everywhere]

    def find_moves(self) -> None:
        """Find the moves between closed nodes that may be on plans."""
        is_complete = False
        while not is_complete:
            asked = self._each(lambda part: (part.ask(), part.is_read))
            is_complete = all(is_read for _, is_read in asked)
            self._find_some([questions for questions, _ in asked])

    def _find_some(self, asked: Sequence[list[Question]]) -> None:
        answers = self._each(lambda part: part.answer(self._for(part, asked)))
        for part in self._parts:
            part.keep(self._for(part, answers))

    def find_distances(self) -> None:
        """Find the least cost from each node to a goal."""
        needed = self._each(_Part.copies)
        for part in self._parts:
            part.promise(self._for(part, needed))
        changes = True
        while changes:
            news = self._each(lambda part: part.lower(self._stops))
            changes = any(len(changed) for said in news for changed, _ in said)
            for part in self._parts:
                part.hear(self._for(part, news))

    def gathered(self) -> Read:
        """Return the graph."""
        counts = self._each(_Part.choose)
        states, moves, others, room = (list(column) for column in zip(*counts, strict=True))
        needed = _STATE_BYTES * sum(states) + _MOVE_BYTES * sum(moves)
        if needed > room[0]:
            raise MemoryLimitError(
                f"memory limit of rank 0 reached by {sum(states):,} states on plans and {sum(moves):,} moves, which "
                f"take {needed:,} bytes and have {max(0, room[0]):,}; give --memory more, or ask for plans of less cost"
            )
        first = np.concatenate([[0], np.cumsum(states)]).tolist()
        numbers = self._each(lambda part: part.number(first[part.rank.rank]))
        for part in self._parts:
            part.read_numbers(self._for(part, numbers))
        task = self._parts[0].task
        start = self._each(lambda part: part.first_number)[task.owner_of(task.domain.initial)]
        rest = self._gather(max(states), lambda part, at: part.states(at)[0])
        ends = self._gather(max(states), lambda part, at: part.states(at)[1])
        rows = self._gather(max(moves), _Part.moves)
        graph = None if rest is None else _graph(self._within, start, rest, ends, rows, min(others))
        return (sum(states), sum(moves), min(others)), graph

    def _gather(self, most: int, piece: Callable[[_Part, int], Any]) -> npt.NDArray[Any] | None:
        """Return the pieces of all ranks, those of the first before the others, where rank 0 is."""
        pieces: list[list[npt.NDArray[Any]]] = []
        for at in range(0, max(1, most), AT_ONCE):
            gathered = self._crew.gather([piece(part, at) for part in self._parts])
            if gathered is not None:
                pieces.append(gathered)
        if not pieces:
            return None
        return np.concatenate([one for of_one in zip(*pieces, strict=True) for one in of_one], axis=-1)


def _graph(within: int, start: int, rest: Integers, ends: Any, rows: Any, others_cost: int) -> PlanGraph:
    order = np.argsort(rows[0], kind="stable")
    source, target, operator, cost = (cast("Integers", row[order]) for row in rows)
    first = np.searchsorted(source, np.arange(len(rest) + 1))
    return PlanGraph(within, start, rest, ends, first, target, operator, cost, others_cost)


@kernel
def _moves_to(layout, space, table, size, moves, none, nodes, g, ends, out, states):
    """Write the moves out of nodes as (source, operator, cost, g there), and the states they lead to.

    As long as there is room. Returns how many nodes are done, and how many moves are written.
    """
    n_words, most = width(space), len(moves.operator)
    done, n = 0, 0
    while done < len(nodes) and n + most <= out.shape[1]:
        node = nodes[done]
        load_state(table.nodes, node * size, moves.parent, 0, n_words)
        ends[node] = is_goal(space, moves.parent)
        for c in range(expand(space, none, moves, 0)):
            reached = g[node] + moves.cost[c]
            out[0, n], out[1, n], out[2, n], out[3, n] = node, moves.operator[c], moves.cost[c], reached
            for word in range(n_words):
                states[n * n_words + word] = moves.states[c * n_words + word]
            n += 1
        done += 1
    return done, n


@kernel
def _look_up(layout, table, size, states, n_words, nodes, g):
    """Write the number of the closed node of each state, -1 where there is none, and its g."""
    for i in range(len(nodes)):
        hashed = mix_state(states, i * n_words, n_words)
        node, _ = find(table.nodes, table.index, states, i * n_words, hashed, size, n_words)
        nodes[i], g[i] = -1, 0
        if node >= 0 and is_closed(table.nodes, node * size, size) != 0:
            nodes[i], g[i] = node, load_g(layout, table.nodes, node * size)
