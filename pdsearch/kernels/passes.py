"""A batch of nodes as a pipeline of passes over its arrays.

======== ============================================== ====================================== =============
pass     what it does                                   compiled for                            in
======== ============================================== ====================================== =============
pop      take nodes of one f from the open list         open list                               opening.py
load     load them, drop those that are stale           node layout                             successors.py
expand   goal test, successors, their hashes            domain                                  successors.py
estimate h of each successor, bounds that were declared heuristic, domain                       successors.py
owner    who owns each successor (not on one rank)      distribution, domain                    successors.py
keep     close the parents; keep rows, post the others  node layout                             insertion.py
unpack   rows from records that were received           node layout                             insertion.py
insert   probe, insert or improve                       node layout                             insertion.py
evaluate h of what is new, by an expensive heuristic    heuristic, domain                       successors.py
push     enter what is new into the open list           open list                               opening.py
split    spread the index after it was doubled          node layout                             growth.py
======== ============================================== ====================================== =============

All rows of a batch stay in the first-level cache between two passes. What a pass needs lies in the frame
(:mod:`pdsearch.kernels.frame`); scalars that change with every row live in local variables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from pdsearch._jit import Compiled, chosen
from pdsearch.errors import BadInputError
from pdsearch.kernels.frame import FRAME_TYPE, NO_KIND, Kind, KindType
from pdsearch.kernels.layout import (
    load_g,
    load_h,
    load_operator,
    load_origin,
    node_size,
    origin_from,
    record_size,
    store_h,
    store_origin,
    width,
)
from pdsearch.kernels.protocol import new_moves, rows_apart
from pdsearch.kernels.store import LINE, new_table

# statistics, in this order in the frame from STATISTICS on
EXPANDED, GENERATED, REOPENED, DUPLICATES, EVALUATED, GOAL_NODE, GOAL_COST = range(7)
N_STATISTICS = 7

# faults of a domain or heuristic, bits
F_ROSE, H_OUT_OF_RANGE, COST_OUT_OF_RANGE, OPERATOR_OUT_OF_RANGE, TOO_MANY_MOVES = 1, 2, 4, 8, 16
SLACK = 256  # rows behind those that are needed: what a domain writes beyond its max_moves before that is seen


class Batch(NamedTuple):
    """What is known of the nodes that are expanded together, and of their successors."""

    nodes: npt.NDArray[np.int64]  # (batch,) numbers of the parents; -1 once a parent turns out a goal
    hs: npt.NDArray[np.int64]  # (batch,)
    gs: npt.NDArray[np.int64]  # (batch,)
    bounds: npt.NDArray[np.int64]  # (batch,) successors of f from here on are dropped
    operators: npt.NDArray[np.int64]  # (batch,) that led to the parents, or NO_OPERATOR
    parents: npt.NDArray[np.uint64]  # (batch * n_words,) their states
    parent_of: npt.NDArray[np.uint64]  # (n_rows,) which of the nodes each successor comes from
    owners: npt.NDArray[np.int64]  # (n_rows,) of each successor; -1: dropped
    opened: npt.NDArray[np.uint64]  # (n_rows,) rows of the successors that are new or improved
    stored: npt.NDArray[np.int64]  # (n_rows,) nodes of those


class Outbox(NamedTuple):
    """Records waiting for other ranks: one pool of slots, chained by destination.

    A buffer for each destination would take memory by the square of the number of ranks.
    """

    records: npt.NDArray[np.uint32]  # (n_slots * record_words,)
    link: npt.NDArray[np.int64]  # (n_slots,) the slot filled before for the same rank, or the next free one; -1 ends
    newest: npt.NDArray[np.int64]  # (n_ranks,) slot filled last, -1 when nothing waits
    waiting: npt.NDArray[np.int64]  # (n_ranks,) records
    message_size: npt.NDArray[np.int64]  # (n_ranks,) records that make a message worth sending
    least_f: npt.NDArray[np.int64]  # (n_ranks,)
    free: npt.NDArray[np.int64]  # (first free slot, number of free slots)


def new_batch(n_words: int, batch: int, n_rows: int) -> Batch:
    """Return arrays for ``batch`` parents with ``n_rows`` successors."""
    sizes = [batch] * 5 + [batch * n_words, n_rows, n_rows, n_rows, n_rows]
    # numba looks whether a signed index is negative, each time; those that are read from arrays are unsigned
    unsigned = [Batch._fields.index(name) for name in ("parents", "parent_of", "opened")]
    arrays = [array if i in unsigned else array.view(np.int64) for i, array in enumerate(rows_apart(sizes))]
    return Batch(*arrays)  # type: ignore[arg-type]


def _zeros(n: int, kind: Any = np.int64) -> Any:
    return np.zeros(n, kind)


MOVES_KIND, BATCH_KIND = Kind(new_moves(1, 1)), Kind(new_batch(1, 1, 1))
TABLE_KIND, RECORDS_KIND = Kind(new_table(1, 1, LINE)), Kind(_zeros(1, np.uint32))
NO_OUTBOX = Outbox(_zeros(1, np.uint32), *(_zeros(1) for _ in range(6)))
OUTBOX_KIND = Kind(NO_OUTBOX)


class Pass:
    """One pass, to be compiled for the types of the tables it asks.

    Parameters
    ----------
    function : callable
        Takes two kinds (the second may be unused) and a frame, and returns an integer.
    asked : tuple of sets
        The stubs that the first kind answers, and those of the second.
    """

    def __init__(self, function: Callable[..., Any], *asked: tuple[Callable[..., Any], ...]) -> None:
        self.function, self.asked = function, asked
        self._made: dict[Any, Compiled] = {}

    def made_for(self, *tables: Any) -> Compiled:
        """Return the pass for tables, not compiled yet."""
        kinds = tuple(KindType(numba.typeof(value)) for value in tables)
        if kinds not in self._made:
            implements = {}
            for stubs, value in zip(self.asked, tables, strict=True):
                for stub in stubs:
                    answer = chosen(stub, type(value))
                    if answer is None:
                        raise BadInputError(
                            f"nothing answers {stub.__name__!r} for {type(value).__name__}; "
                            f"decorate a function with @answers({stub.__name__}, {type(value).__name__})"
                        )
                    implements[stub] = answer
            signature = (*kinds, *[NO_KIND] * (2 - len(kinds)), FRAME_TYPE)
            self._made[kinds] = Compiled(self.function, implements, signature)
        return self._made[kinds]


def batch_pass(*asked: tuple[Callable[..., Any], ...]) -> Callable[[Callable[..., Any]], Pass]:
    """Make a pass of the decorated function; see :class:`Pass`."""
    return lambda function: Pass(function, *asked)


# what the node layout answers
LAYOUT = (
    width,
    node_size,
    record_size,
    load_g,
    load_h,
    load_origin,
    load_operator,
    origin_from,
    store_origin,
    store_h,
)
