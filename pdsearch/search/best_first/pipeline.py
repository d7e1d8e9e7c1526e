"""Which passes a search needs, and how they are compiled beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import types

from pdsearch._jit import Compiled, compiling, expect
from pdsearch.kernels import growth, insertion, opening, passes, successors
from pdsearch.kernels.frame import FRAME_TYPE
from pdsearch.kernels.layout import Layout
from pdsearch.kernels.protocol import shape_of
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.arrays import new_open_list
from pdsearch.search.task import Task

_INDEX = types.Array(types.uint32, 1, "C")


def pipeline(task: Task, layout: Layout, opened: Any) -> Iterator[tuple[int, Compiled]]:
    """Yield each pass of a search with an open list, and its place in the arrays of addresses."""
    space, tables = task.domain.space, task.heuristic.tables
    yield kernels.POP, opening.pop.made_for(opened)
    yield kernels.PUSH, opening.push_all.made_for(opened)
    yield kernels.EXPAND, successors.expand_all.made_for(space)
    yield kernels.ESTIMATE, successors.estimate_all.made_for(tables, space)
    if task.n_ranks > 1:
        yield kernels.OWNER, successors.owner_all.made_for(task.sharing, space)
    if task.heuristic.is_lazy:
        yield kernels.EVALUATE, successors.evaluate_all.made_for(tables, space)
    for slot, one in [
        (kernels.LOAD, successors.load),
        (kernels.KEEP, insertion.keep if task.n_ranks > 1 else insertion.keep_alone),
        (kernels.UNPACK, insertion.unpack),
        (kernels.INSERT, insertion.insert),
        (kernels.SPLIT, growth.split),
    ]:
        yield slot, one.made_for(layout)


def addresses(task: Task, layout: Layout, opened: Any) -> npt.NDArray[np.int64]:
    """Return where the passes are: int64[N_PASSES], 0 where none is needed; compile what is not compiled yet."""
    return addresses_of(pipeline(task, layout, opened))


def addresses_of(passes: Iterable[tuple[int, Compiled]]) -> npt.NDArray[np.int64]:
    """Return where some passes are, as :func:`addresses` does."""
    found = np.zeros(kernels.N_PASSES, np.int64)
    for slot, compiled in passes:
        found[slot] = compiled.address
    return found


def compile_kernels(task: Task, batch: int | None = None, open_list: str = "auto") -> None:
    """Compile every kernel of a search, or load it from the disk cache.

    Raises
    ------
    BadInputError
        In one line, if a function of the domain, the heuristic or the distribution is missing or cannot be compiled.
    """
    with compiling(f"domain {task.domain.name!r} or heuristic {task.heuristic.name!r}"):
        opened, _ = new_open_list(task, open_list, 1)
        compile_passes(task, pipeline(task, task.layout, opened))


def compile_passes(task: Task, passes_of_search: Iterable[tuple[int, Compiled]]) -> None:
    """Compile some passes and what drives them."""
    missing = [one for _, one in passes_of_search if not one.is_kept]
    expect(len(missing))
    for one in missing:
        one.address  # noqa: B018  # compiles it
    for driver in (kernels.step, kernels.absorb, kernels.split_index):
        driver.compile((FRAME_TYPE, FRAME_TYPE))
    growth.lines_to_copy.compile((_INDEX,))
    if task.n_ranks > 1:
        outbox = numba.typeof(passes.NO_OUTBOX)
        kernels.collect.compile((types.int64, outbox, FRAME_TYPE, _INDEX))


def fault_of(task: Task, fault: int) -> str:
    """Return what domain or heuristic did that they declare they never do, in a line."""
    domain, heuristic = task.domain, task.heuristic
    largest_operator = "126" if not shape_of(domain.space).is_wide else "2147483646"
    told = {
        passes.TOO_MANY_MOVES: f"domain {domain.name!r} has states with more than max_moves = {domain.max_moves} moves",
        passes.COST_OUT_OF_RANGE: f"domain {domain.name!r} has moves that cost less than 0 or more than max_cost = "
        f"{domain.max_cost}",
        passes.OPERATOR_OUT_OF_RANGE: f"domain {domain.name!r} has operators outside 0 .. {largest_operator}, which "
        "nodes without is_wide cannot hold",
        passes.H_OUT_OF_RANGE: f"heuristic {heuristic.name!r} has values below 0 or above max_h = {heuristic.max_h}",
        passes.F_ROSE: f"heuristic {heuristic.name!r} lets f rise by more than max_rise = {heuristic.max_rise}",
    }
    first = next(what for bit, what in sorted(told.items(), reverse=True) if fault & bit)
    return f"{first}; correct what it declares, or its compiled functions"
