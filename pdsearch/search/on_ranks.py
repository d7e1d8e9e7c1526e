"""A search on ranks of this machine that are started for it: what :func:`pdsearch.search.solve` does with ``ranks``."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pdsearch.comm import child
from pdsearch.comm.launch import LOOK_S, call_on_ranks
from pdsearch.comm.world import world
from pdsearch.domains import Domain
from pdsearch.result import Result
from pdsearch.search.run import OnProgress, Progress


def solve_on_ranks(
    ranks: int,
    search: Callable[..., Result],
    domain: Domain,
    given: dict[str, Any],
    interrupted: Callable[[], bool] | None = None,
    on_progress: OnProgress | None = None,
) -> Result:
    """Return what ``search(domain, **given)`` returns on so many new ranks.

    Parameters
    ----------
    ranks : int
        Processes.
    search : callable
        :func:`pdsearch.search.solve`.
    domain : Domain
        The instance.
    given : dict
        Arguments of :func:`pdsearch.search.solve`, picklable.
    interrupted, on_progress : callable, optional
        Called in this process.
    """

    def tell(progress: Progress) -> None:
        if on_progress is not None:
            on_progress(progress)

    wants_end = interrupted or (lambda: False)
    call = (search, domain, given, on_progress is not None)
    result: Result = call_on_ranks(ranks, _solve_here, *call, heard=tell, wants_end=wants_end)
    return result


def _solve_here(search: Callable[..., Result], domain: Domain, given: dict[str, Any], tells: bool) -> Result:
    """Search as one of the ranks."""
    on_progress = _Teller() if tells else None
    return search(domain, comm=world(), interrupted=child.is_asked_to_end, on_progress=on_progress, **given)


class _Teller:
    """Tells the launcher of progress, not more often than it looks."""

    def __init__(self) -> None:
        self._told_s = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._told_s >= LOOK_S:
            self._told_s = now
            child.say(progress)
