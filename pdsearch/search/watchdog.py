"""What ends a job when the time limit is over and some rank does not answer: it was stopped, or its link is dead.

The time limit itself is agreed upon by all ranks, who then report together. Where one of them cannot, each of the
others would wait for ever; a thread of each ends the job some seconds later, with what is known.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

from pdsearch.comm.guard import end_job, say_from
from pdsearch.result import Status

GRACE_S = 10.0  # after the time limit; rank 0, which can write results, is first
_OTHERS_S = 5.0  # later than rank 0
_TICK_S = 0.2


class Watchdog:
    """Entered while a search runs on several ranks; ends the job if it is not left in time.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm or None
        The ranks; with None, or one rank, nothing is watched.
    left_s : float
        Seconds to the time limit; infinite without one.
    known : callable
        Returns in words what is known of the search.
    save : callable
        Called on rank 0 with the line of the watchdog before the job ends.
    is_busy : callable
        Whether this rank does what may take long after the limit: the time does not count.
    """

    def __init__(
        self,
        comm: Any,
        left_s: float,
        known: Callable[[], str],
        save: Callable[[str], None],
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._comm, self._known, self._save, self._is_busy = comm, known, save, is_busy
        self._rank = 0 if comm is None else comm.Get_rank()
        self._left_s = left_s + GRACE_S + (_OTHERS_S if self._rank else 0.0)
        self._done = threading.Event()
        self._is_on = comm is not None and comm.Get_size() > 1 and left_s < threading.TIMEOUT_MAX

    def __enter__(self) -> Watchdog:
        if self._is_on:
            threading.Thread(target=self._watch, daemon=True, name="pdsearch watchdog").start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()

    def _watch(self) -> None:
        """Wait; time in which the whole job was stopped counts for a tick."""
        waited, last = 0.0, time.monotonic()
        while waited < self._left_s:
            if self._done.wait(_TICK_S):
                return
            now = time.monotonic()
            waited += 0.0 if self._is_busy() else min(now - last, 5 * _TICK_S)
            last = now
        self._end()

    def _end(self) -> None:
        line = f"the time limit is over and some rank does not answer: the job is ended; {self._known()}"
        say_from(self._rank, line)
        try:
            if self._rank == 0:
                self._save(line)
        finally:
            threading.Timer(GRACE_S, os._exit, (Status.TIME_LIMIT.value,)).start()  # should MPI not end it
            end_job(self._comm, Status.TIME_LIMIT.value)
