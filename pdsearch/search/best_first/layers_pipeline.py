"""The passes of a search by layers of g, and what compiles them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numba
import numpy as np
from numba import types

from pdsearch._jit import Compiled, compiling
from pdsearch.kernels import insertion, layers, layout
from pdsearch.kernels.bucket import new_bucket_open
from pdsearch.kernels.heap import new_heap_open
from pdsearch.kernels.naming import name_nodes
from pdsearch.kernels.passes import Pass
from pdsearch.kernels.protocol import INFINITY
from pdsearch.kernels.store import LINE
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.layered_task import layered
from pdsearch.search.best_first.pipeline import compile_passes, pipeline
from pdsearch.search.task import Task


def layered_pipeline(task: Task, how: layout.Layout, opened: Any) -> Iterator[tuple[int, Compiled]]:
    """Yield each pass of a search by layers, and its place in the arrays of addresses."""
    own = {
        kernels.LOAD: layers.load.made_for(how),
        kernels.KEEP: layers.keep.made_for(how),
        kernels.UNPACK: layers.unpack.made_for(how),
        kernels.PUSH: layers.push_all.made_for(opened),
    }
    for slot, one in pipeline(task, how, opened):
        yield slot, own.get(slot, one)


def compile_layers(task: Task, of_layout: Sequence[Pass] = ()) -> None:
    """Compile every kernel of such a search, and other passes for its node layout, or load it from the disk cache.

    Raises
    ------
    BadInputError
        As :func:`pdsearch.search.best_first.pipeline.compile_kernels` does.
    """
    below = layered(task, 4 * task.heuristic.value(task.domain.initial) + 64, INFINITY)
    opened = new_heap_open(1) if below.needs_heap else new_bucket_open(1, 1, 1)
    more = [layers.look.made_for(task.layout), *(one.made_for(below.layout) for one in (insertion.unpack, *of_layout))]
    with compiling(f"domain {task.domain.name!r} or heuristic {task.heuristic.name!r}"):
        passes = layered_pipeline(below, below.layout, opened)
        compile_passes(below, [*passes, *((kernels.SPLIT, one) for one in more)])
        lists, integers = numba.typeof(opened), types.Array(types.int64, 1, "C")
        kernels.take.compile((lists, integers, integers))
        opened.mark(np.zeros(1, np.uint32))
        nothing = np.zeros(LINE, np.uint32)
        name_nodes(below.layout, nothing, nothing, np.zeros(1, np.uint64), 0, 0)
