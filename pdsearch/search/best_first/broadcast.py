"""What a rank has learnt is told to ranks that do not share its tables: those of other machines.

An order of saturated cost partitioning travels as the state that it was made for, some dozens of bytes: who hears of it
makes the same order of it, and the same table, by a lesson of its own, and keeps them if that state gains there, too.
Tables never travel. Where machines have made unlike abstractions, for the time they had was not the same, each makes
the order that fits its own: a lower bound whatever state it is for.

One rank of each other machine is told, for different ranks different ones. It hears at the moments at which lessons are
given, one state at each. :mod:`pdsearch.comm.termination` says why these messages need not be counted.

Source: Seipp (2021), "Online saturated cost partitioning for classical planning", ICAPS, on one machine; the rest is
ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from pdsearch.comm.protocol import Messenger
from pdsearch.domains import State
from pdsearch.search.best_first.lessons import Others
from pdsearch.search.best_first.local_search import LocalSearch


class OtherMachines(Others):
    """Those of other machines whom a rank tells what it has learnt.

    Parameters
    ----------
    comm : Messenger
        Carries words.
    machines : list of int
        For each rank the lowest one with which it shares its tables.
    n_words : int
        64-bit words of a state.
    """

    def __init__(self, comm: Messenger, machines: list[int], n_words: int) -> None:
        self._comm, self._n_words = comm, n_words
        self._to = receivers(machines, comm.rank)

    def tell(self, state: State) -> None:
        """Send a state to one rank of each other machine."""
        self._comm.tell(self._to, np.array(state, np.uint64).view(np.uint32))

    def told(self) -> State | None:
        """Return a state that was sent to this rank; what has another length is none."""
        words = self._comm.told()
        if words is None or len(words) != 2 * self._n_words:
            return None
        return tuple(words.view(np.uint64).tolist())


def receivers(machines: list[int], rank: int) -> list[int]:
    """Return one rank of each other machine.

    >>> [receivers([0, 0, 0, 3, 3], rank) for rank in range(5)]
    [[3], [4], [3], [0], [1]]
    """
    ranks_of: dict[int, list[int]] = {}
    for one, first in enumerate(machines):
        ranks_of.setdefault(first, []).append(one)
    place = ranks_of.pop(machines[rank]).index(rank)
    return [ranks[place % len(ranks)] for ranks in ranks_of.values()]


@contextmanager
def telling(rank: LocalSearch, comm: Any) -> Iterator[None]:
    """Let a rank tell other machines, if there are any, what it learns while the block lasts; all must enter it."""
    machines = comm.machines()
    if len(set(machines)) == 1:
        yield
        return
    rank.tell_lessons_to(OtherMachines(comm, machines, rank.task.n_words))
    yield
    rank.tell_lessons_to(Others())
    comm.settle()
