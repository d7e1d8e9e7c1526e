"""What the tests of simulated schedules share: short problems with known answers, and what must hold of every run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import naive
import numpy as np
import pytest
from searches import astar

from pdsearch import Result, Status
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.limits import Limits
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.simulation import Schedule, Simulation, simulate
from pdsearch.search.run import Run
from pdsearch.search.setup import make_task
from pdsearch.search.task import Task

LIMITS = Limits(memory_bytes=2**28)
_EXPAND = LocalSearch.expand
MAX_TURNS = 3_000_000  # ten times what the slowest of these schedules takes


class Short(NamedTuple):
    """An instance that any rank count solves in milliseconds."""

    puzzle: Tiles
    heuristic: str
    cost: int | None  # of a cheapest plan, None when there is no plan
    expanded: int  # by A* before the last layer, one node at a time


def short(kind: str, heuristic: str, seed: int) -> Short:
    """Return an instance of a kind: its shape, then the moves of a random walk from the goal, ``any`` or ``odd``."""
    shape, _, how = kind.partition(" ")
    goal = ("blank-first", "blank-last")[seed % 2]
    if how in ("any", "odd"):
        puzzle = Tiles.parse(f"random:{shape}", goal=goal, seed=seed)
        if how == "odd":
            board = list(puzzle.board)
            one, two = (board.index(tile) for tile in (1, 2))
            board[one], board[two] = board[two], board[one]
            puzzle = Tiles(board, puzzle.width, puzzle.height, goal)
    else:
        puzzle = walked(shape, goal, int(how), seed)
    return Short(puzzle, heuristic, *_answer(puzzle.board, puzzle.width, puzzle.height, goal, heuristic))


def walked(shape: str, goal: str, steps: int, seed: int) -> Tiles:
    """Return the board some random moves away from the goal, none of which undoes the one before."""
    puzzle = Tiles.parse(f"random:{shape}", goal=goal)
    rng = np.random.default_rng(seed)
    state, before = puzzle.pack(puzzle.goal_board()), -1
    for _ in range(steps):
        operator = int(rng.choice([o for o in puzzle.operators(state) if o != 3 - before]))
        state, before = puzzle.apply(state, operator)[0], operator
    return Tiles(puzzle.unpack(state), puzzle.width, puzzle.height, goal)


@cache
def _answer(board: tuple[int, ...], width: int, height: int, goal: str, heuristic: str) -> tuple[int | None, int]:
    """Return the cost by the plainest A*, and what compiled A* expands before the last layer."""
    puzzle = Tiles(board, width, height, goal)
    alone = make_task(puzzle, heuristic)
    with pytest.MonkeyPatch.context() as undone:
        undone.setattr(LocalSearch, "expand", _EXPAND)  # a test may have let its memory become full: this is kept
        counted = astar(alone, LIMITS, batch=1)
    return naive.astar(puzzle, HEURISTICS["manhattan"](puzzle).value), counted.expanded_before_last_layer


def run(
    task: Task, schedule: Schedule, limits: Limits = LIMITS, machines: Sequence[Heuristic] = (), **options
) -> tuple[Result, Simulation]:
    """Simulate, and check what holds however a search ends."""
    result, simulation = simulate(task, schedule, Run(limits, **options), max_turns=MAX_TURNS, machines=machines)
    workers = simulation.workers
    assert all(worker.agreement.over for worker in workers)
    assert len({(m.agreement.last.incumbent, m.agreement.last.least_f, m.agreement.last.stop) for m in workers}) == 1
    assert simulation.network.under_way == 0
    assert result.sent == result.received == sum(worker.received for worker in workers)
    if task.has_owners:
        for worker in workers:
            for state in worker.local.stored_states():
                assert task.owner_of(state) == worker.local.rank
        stored = [state for worker in workers for state in worker.local.stored_states()]
        assert len(set(stored)) == len(stored)
    return result, simulation


def shared(puzzle: Tiles, heuristic: str, distribution: str, n_ranks: int, seed: int) -> Task:
    """Return the problem on as many ranks, halved from ``n_ranks`` on, as the distribution has states for."""
    try:
        return make_task(puzzle, heuristic, distribution, n_ranks, seed=seed)
    except BadInputError:
        if n_ranks <= 2:
            raise
    return shared(puzzle, heuristic, distribution, n_ranks // 2, seed)


def check(instance: Short, distribution: str, n_ranks: int, schedule: Schedule) -> None:
    """Run one schedule to its end; AssertionError unless the answer is right and no node was lost."""
    task = shared(instance.puzzle, instance.heuristic, distribution, n_ranks, schedule.seed)
    result, simulation = run(task, schedule)
    if instance.cost is None:
        assert result.status is Status.UNSOLVABLE
        assert not task.has_owners or sum(rank.stored for rank in result.ranks) == instance.expanded
    else:
        assert result.status is Status.SOLVED
        assert result.cost == result.lower_bound == instance.cost
        assert result.plan is not None
        assert len(result.plan) == instance.cost
    assert all(worker.local.unsent == 0 for worker in simulation.workers)
    # every node that A* must expand was expanded, and more only where a node was opened again
    if task.has_owners:
        assert result.expanded_before_last_layer >= instance.expanded
        assert instance.expanded >= result.expanded_before_last_layer - result.reopened
