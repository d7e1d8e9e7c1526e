"""The searches, and the one function that runs them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

from pdsearch.domains import Domain
from pdsearch.errors import BadInputError
from pdsearch.limits import Limits
from pdsearch.result import Result, Status
from pdsearch.search.outcome import OnProgress as OnProgress
from pdsearch.search.outcome import Progress as Progress


def solve(
    domain: Domain,
    heuristic: str | None = None,
    *,
    distribution: str | None = None,
    comm: Any = None,
    seed: int = 0,
    limits: Limits | None = None,
    interrupted: Callable[[], bool] | None = None,
    on_progress: OnProgress | None = None,
    check_solvable: bool = True,
    message: int | None = None,
    inadmissible: bool = False,
) -> Result:
    """Find an optimal plan.

    Parameters
    ----------
    domain : Domain
        The instance.
    heuristic : str, optional
        A name from ``pdsearch.heuristics.HEURISTICS``; the domain's default when left out.
    distribution : str, optional
        Who owns a state, by a name from ``pdsearch.distribution.DISTRIBUTIONS``; the best known one when left out.
    comm : mpi4py.MPI.Comm, optional
        Run HDA* on its ranks, all of which must call with the same arguments and all of which
        get the result. Without it, A* on one rank.
    seed : int
        Of the distribution's random words.
    limits : Limits, optional
        When to stop early.
    interrupted : callable, optional
        Asked many times a second; true stops the search with status INTERRUPTED.
    on_progress : callable, optional
        Called with a :class:`Progress` now and then, on rank 0.
    check_solvable : bool
        Use the domain's own proof of unsolvability, where it has one, before searching.
    message : int, optional
        Records per message between ranks; chosen while running when left out.
    inadmissible : bool
        Allow a heuristic that is no lower bound; the result then proves nothing of costs.

    Returns
    -------
    Result
        Its plan has been replayed.

    Raises
    ------
    UnknownNameError, BadInputError
        If heuristic or distribution do not exist or do not fit the domain.

    Examples
    --------
    >>> from pdsearch.domains.tiles import Tiles
    >>> result = solve(Tiles.korf(79))
    >>> result.status.words, result.cost, len(result.plan)
    ('solved', 42, 42)
    """
    from pdsearch.search import astar
    from pdsearch.search.problem import Problem

    limits = limits or Limits()
    interrupted = interrupted or _never
    if comm is None:
        problem = Problem.of(domain, heuristic, distribution, 1, seed, True, inadmissible)
        return _unsolvable(problem, domain, check_solvable, seed) or _checked(
            domain, astar.search(problem, limits, interrupted, on_progress, seed)
        )
    from pdsearch.comm.mpi import MpiCommunicator
    from pdsearch.search import hdastar

    carrier = MpiCommunicator(comm)
    problem = _shared_problem(carrier, domain, heuristic, distribution, seed, inadmissible, limits.memory_bytes)
    result = _unsolvable(problem, domain, check_solvable, seed) or _checked(
        domain, hdastar.search(problem, carrier, limits, interrupted, on_progress, seed, message)
    )
    carrier.close()  # not when a rank raised: closing waits for all
    return result


def _shared_problem(
    carrier: Any,
    domain: Domain,
    heuristic: str | None,
    distribution: str | None,
    seed: int,
    inadmissible: bool,
    memory_bytes: int | None,
) -> Any:
    """Return the same problem on every rank, with the heuristic's arrays built once a machine."""
    from pdsearch.heuristics import make_heuristic, shares_arrays
    from pdsearch.search.problem import Problem

    built = carrier.together if shares_arrays(domain, heuristic) else carrier.in_turn
    estimator = built(lambda: make_heuristic(domain, heuristic, carrier.share))
    make = partial(Problem.of, domain, estimator, distribution, carrier.size, seed, False, inadmissible, memory_bytes)
    return carrier.in_turn(make)


def _checked(domain: Domain, result: Result) -> Result:
    """Return the result of a search, which is the same on all ranks, with the domain's notes unless it refuses it."""
    try:
        more = domain.check_result(result.cost, result.status is Status.UNSOLVABLE, result.expanded)
    except BadInputError as error:
        error.is_shared = True
        raise
    return dataclasses.replace(result, notes=[*result.notes, *more])


def _never() -> bool:
    return False


def _unsolvable(problem: Any, domain: Domain, check: bool, seed: int) -> Result | None:
    """Return the result of a search that the domain's own proof makes needless."""
    reason = domain.why_unsolvable() if check else None
    if reason is None:
        return None
    from pdsearch.search.outcome import Clock, Ending, assemble

    result = assemble(problem, "none", Ending(Status.UNSOLVABLE, None, None, None), [], 0.0, Clock.start(), seed)
    return dataclasses.replace(result, reason=reason)
