"""The searches, and the one function that runs them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from numbers import Real
from os import PathLike
from typing import TYPE_CHECKING, Any

from pdsearch.comm.alike import compare
from pdsearch.comm.guard import abort_on_uncaught, ending_the_job
from pdsearch.comm.together import together
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError, MemoryLimitError, TimeLimitError, shown
from pdsearch.limits import Limits, bytes_, seconds
from pdsearch.result import Result
from pdsearch.search.checkpoint.checkpoints import EVERY_S, Checkpoints
from pdsearch.search.run import OnProgress as OnProgress
from pdsearch.search.run import Progress as Progress
from pdsearch.search.run import Run
from pdsearch.search.watchdog import Watchdog

abort_on_uncaught()

if TYPE_CHECKING:  # compiled modules, imported when a search begins
    from pdsearch.distribution import Distribution
    from pdsearch.heuristics import Heuristic
    from pdsearch.search.algorithms import Algorithm
    from pdsearch.search.finish import Outcome
    from pdsearch.search.task import Task


def solve(
    domain: Domain,
    heuristic: str | Heuristic | None = None,
    *,
    distribution: str | Distribution | None = None,
    algorithm: str | Algorithm | None = None,
    comm: Any = None,
    ranks: int = 1,
    seed: int = 0,
    limits: Limits | None = None,
    time_limit: float | str | None = None,
    memory: int | str | None = None,
    interrupted: Callable[[], bool] | None = None,
    on_progress: OnProgress | None = None,
    check_solvable: bool = True,
    inadmissible: bool = False,
    checkpoint: str | PathLike[str] | None = None,
    every: float | str = EVERY_S,
    resume: bool = False,
    **options: Any,
) -> Result:
    """Find an optimal plan.

    Parameters
    ----------
    domain : Domain
        The instance.
    heuristic : str or Heuristic, optional
        A name from ``pdsearch.heuristics.HEURISTICS``, or one built for the instance; the domain's default when
        left out, and for planning tasks the one that does best in short searches, unless an algorithm is named.
    distribution : str or Distribution, optional
        Who owns a state, by a name from ``pdsearch.distribution.DISTRIBUTIONS``, or one built for the instance and
        the ranks; the best known one when left out.
    algorithm : str or Algorithm, optional
        A name from ``pdsearch.search.algorithms.ALGORITHMS``, or an algorithm with its options; A* on one rank and
        HDA* on the ranks of ``comm`` when left out.
    comm : mpi4py.MPI.Comm, optional
        Search on its ranks, all of which must call with the same arguments and all of which get the result. An
        exception on one of them, in the domain or in ``on_progress``, ends the whole job after a line that names the
        rank; start scripts by ``python -m mpi4py`` so that what is raised outside of this function does, too.
    ranks : int
        Processes that search together, started on this machine and ended with the call; no MPI is needed. What is
        given is pickled. A script that defines a domain of its own calls under ``if __name__ == "__main__":``.
    seed : int
        Of the distribution's random words.
    limits : Limits, optional
        When to stop early.
    time_limit, memory : float, int or str, optional
        Seconds, and bytes of each rank, or text as commands take it, ``"10m"`` and ``"2G"``: short for ``limits``.
    interrupted : callable, optional
        Asked many times a second; true stops the search with status INTERRUPTED.
    on_progress : callable, optional
        Called with a :class:`Progress` now and then, on rank 0.
    check_solvable : bool
        Use the domain's own proof of unsolvability, where it has one, before searching.
    inadmissible : bool
        Allow a heuristic that is no lower bound; the result then proves nothing of costs.
    checkpoint : path, optional
        A folder to write the search to: every so many seconds, and when a limit or an interruption ends it early.
    every : float or str
        Seconds between two checkpoints, or text as ``"10m"``.
    resume : bool
        Go on from the newest checkpoint in that folder, which must be of the same instance and heuristic; the number
        of ranks may be another.
    **options
        Of the algorithm: ``mode="all"`` or ``threads=2`` for ``"idastar"``, ``message_size=100`` for ``"hdastar"``.

    Returns
    -------
    Result
        Its plan has been replayed.

    Raises
    ------
    UnknownNameError, BadInputError
        If heuristic, distribution or algorithm do not exist or do not fit, or an option is unknown.
    RankLostError
        If one of ``ranks`` was ended from outside.

    Examples
    --------
    >>> from pdsearch.domains.tiles import Tiles
    >>> result = solve(Tiles.korf(79))
    >>> result.status.words, result.cost, len(result.plan)
    ('solved', 42, 42)
    >>> solve(Tiles.korf(79), "linear-conflict", algorithm="idastar", mode="all").mode
    'all'
    >>> solve(Tiles.korf(79), ranks=2).algorithm
    'HDA*'
    """
    if ranks != 1 and _simulates_ranks(algorithm):
        options["ranks"] = ranks
    elif ranks != 1:
        from pdsearch.search.on_ranks import solve_on_ranks

        if comm is not None:
            raise BadInputError(f"ranks of comm and {ranks} ranks of this machine are given; leave out one of them")
        named = {"heuristic": heuristic, "distribution": distribution, "algorithm": algorithm, "seed": seed}
        how = {"limits": _limits(limits, time_limit, memory), "inadmissible": inadmissible}
        saved = {"checkpoint": checkpoint, "every": every, "resume": resume}
        given = {**named, **how, **saved, "check_solvable": check_solvable, **options}
        return solve_on_ranks(ranks, solve, domain, given, interrupted, on_progress)
    run = Run(_limits(limits, time_limit, memory), interrupted or _never, on_progress, seed)
    if checkpoint is not None:
        run.checkpoints = Checkpoints(checkpoint, _read(every, seconds), resume)
    names = heuristic, distribution, algorithm
    (result,) = solve_all([domain], run, *names, comm, check_solvable, inadmissible, **options)
    return result


def _simulates_ranks(algorithm: str | Algorithm | None) -> bool:
    """Say whether the number of ranks is an option of the algorithm, which runs on one."""
    if not isinstance(algorithm, str):
        return False
    from pdsearch.search.algorithms import ALGORITHMS

    return "ranks" in {option.name for option in ALGORITHMS[algorithm].options}


def solve_all(
    domains: Sequence[Domain],
    run: Run,
    heuristic: str | Heuristic | None = None,
    distribution: str | Distribution | None = None,
    algorithm: str | Algorithm | None = None,
    comm: Any = None,
    check_solvable: bool = True,
    inadmissible: bool = False,
    **options: Any,
) -> Iterator[Result]:
    """Yield the result of each instance, in order; the parameters are those of :func:`solve`.

    Algorithms that search several instances at once get those of one kind together. Each search has a run of its
    own, with the same limits.
    """
    with ending_the_job(comm):
        given = heuristic, distribution, check_solvable, inadmissible
        compare(comm, _given(domains, run, algorithm, options, given))
        chosen = together(comm, lambda: _algorithm(domains, algorithm, comm, options, heuristic))
        if chosen.chooses_heuristic:
            chosen.distribution = distribution
            given = "blind", distribution, check_solvable, inadmissible
        together(comm, lambda: _check_checkpoints(domains, run, chosen))
        if run.checkpoints is not None:
            run.checkpoints.begin(comm)
        carrier = _carrier(chosen, comm)
        for _, group in groupby(domains, chosen.kind_of):
            yield from _solve_group(list(group), run.fresh(), chosen, carrier, *given)
        if carrier is not None:
            carrier.close()  # not when a rank raised: closing waits for all


def _given(
    domains: Sequence[Domain], run: Run, algorithm: Any, options: Mapping[str, Any], given: tuple[Any, ...]
) -> dict[str, tuple[str, Any]]:
    """Return what all ranks must have been given alike, for :func:`pdsearch.comm.alike.compare`."""
    heuristic, distribution, *flags = given
    instances = [(one.name, one.instance, one.initial, getattr(one, "space", None)) for one in domains]
    return {
        "instances": (", ".join(one.instance for one in domains), instances),
        "heuristics": (_name(heuristic), _name(heuristic)),
        "distributions": (_name(distribution), (_name(distribution), getattr(distribution, "tables", None))),
        "algorithms": (f"{_name(algorithm)} {options or ''}".strip(), (_name(algorithm), options)),
        "limits": (str(run.limits), dataclasses.astuple(run.limits)),
        "seeds or flags": (f"seed {run.seed}, {flags}", (run.seed, *flags)),
    }


def _name(chosen: Any) -> str:
    if chosen is None or isinstance(chosen, str):
        return chosen or "default"
    return str(getattr(chosen, "label", "") or chosen.name)


def _algorithm(domains: Sequence[Domain], name: Any, comm: Any, options: dict[str, Any], heuristic: Any) -> Algorithm:
    """Return the algorithm that was chosen, once it is known to search all the instances."""
    from pdsearch.search.algorithms import make_algorithm

    if name is None and heuristic is None and domains:
        name = domains[0].default_algorithm
    name = name or ("astar" if comm is None else "hdastar")
    if isinstance(name, str) and domains:
        name = domains[0].stand_ins.get(name, name)
    chosen = make_algorithm(name, **options)
    for domain in domains:
        chosen.check(domain)
    if chosen.chooses_heuristic and heuristic is not None:
        raise BadInputError(
            f"algorithm {chosen.name!r} chooses the heuristic, and {_name(heuristic)!r} is named; leave out one of them"
        )
    if comm is not None and chosen.max_ranks == 1 and comm.Get_size() > 1:
        raise BadInputError(
            f"algorithm {chosen.name!r} runs on one rank, and there are {comm.Get_size()}; leave out one of them"
        )
    return chosen


def _check_checkpoints(domains: Sequence[Domain], run: Run, chosen: Algorithm) -> None:
    """Refuse checkpoints of what cannot go on from them."""
    if run.checkpoints is None:
        return
    if not chosen.writes_checkpoints:
        from pdsearch.search.algorithms import ALGORITHMS

        able = ", ".join(name for name in ALGORITHMS if ALGORITHMS[name].writes_checkpoints)
        raise BadInputError(f"algorithm {chosen.name!r} writes no checkpoints; leave them out, or use one of {able}")
    if len(domains) > 1:
        raise BadInputError(f"{len(domains)} instances and one folder for checkpoints; give one instance")


def _solve_group(
    domains: list[Domain],
    run: Run,
    algorithm: Algorithm,
    carrier: Any,
    heuristic: str | Heuristic | None,
    distribution: str | Distribution | None,
    check_solvable: bool,
    inadmissible: bool,
) -> list[Result]:
    """Solve instances that the algorithm searches together: most algorithms search one at a time."""
    from pdsearch.search.finish import not_begun
    from pdsearch.search.setup import task_of_ranks

    n_ranks = algorithm.n_ranks or (1 if carrier is None else carrier.size)
    owners = n_ranks if algorithm.is_distributed and (n_ranks > 1 or algorithm.needs_comm) else None
    names = heuristic, distribution, owners, inadmissible
    tasks: list[Task] = []
    try:
        for domain in domains:
            domain.deadline = run.deadline()
        with _watchdog(carrier, run, domains, tasks, heuristic):
            tasks += [task_of_ranks(carrier, run, one, *names) for one in domains]
            _compare_owners(carrier, tasks)
            return _searched(tasks, run, algorithm, carrier, check_solvable)
    except (TimeLimitError, MemoryLimitError) as error:
        return [not_begun(domain, run, heuristic, error) for domain in domains]


def _watchdog(carrier: Any, run: Run, domains: list[Domain], tasks: list[Task], heuristic: Any) -> Watchdog:
    """Return what ends the job where some rank does not answer after the time limit; ``tasks`` are filled later."""
    from pdsearch.search.finish import finish, not_begun, not_searched

    def known() -> str:
        said = [f"no plan costs less than {task.heuristic.value(task.domain.initial)}" for task in tasks[:1]]
        if run.tell is not None:
            so_far = run.tell()
            found = "no plan" if so_far.incumbent is None else f"a plan of cost {so_far.incumbent} that is not proved"
            said.append(f"found {found}, f reached {so_far.least_f}, {so_far.expanded:,} expanded")
        return "; ".join(said) or "nothing was searched"

    def save(line: str) -> None:
        if run.on_lost is None or len(domains) > 1:
            return
        error = TimeLimitError(line)
        label = "none" if run.tell is None else "stopped"
        lost = (finish(task, run, not_searched(task, label, error), line) for task in tasks)
        run.on_lost(next(lost, None) or not_begun(domains[0], run, heuristic, error))

    def is_busy() -> bool:
        return run.checkpoints is not None and run.checkpoints.is_writing

    return Watchdog(getattr(carrier, "raw", None), run.deadline().left_s, known, save, is_busy)


def _compare_owners(carrier: Any, tasks: list[Task]) -> None:
    """Refuse ranks that would share nodes out differently, for a domain that says of one state two things."""
    shared = [task for task in tasks if task.distribution is not None]
    names = ", ".join(task.distribution.name for task in shared if task.distribution is not None)
    owners = [(task.sharing, task.owner_of(task.domain.initial)) for task in shared]
    compare(getattr(carrier, "raw", None), {"owners of states": (names, owners)})


def _searched(tasks: list[Task], run: Run, algorithm: Algorithm, carrier: Any, check_solvable: bool) -> list[Result]:
    """Search what a domain does not prove to have no plan."""
    from pdsearch.search.finish import finish

    domains = [task.domain for task in tasks]
    reasons = [domain.why_unsolvable() if check_solvable else None for domain in domains]
    searched = [task for task, reason in zip(tasks, reasons, strict=True) if reason is None]
    outcomes = iter(_outcomes(searched, run, algorithm, carrier))
    return [
        finish(task, run, next(outcomes)) if reason is None else algorithm.without_search(task, run, reason)
        for task, reason in zip(tasks, reasons, strict=True)
    ]


def _outcomes(tasks: list[Task], run: Run, algorithm: Algorithm, carrier: Any) -> list[Outcome]:
    """Search; where a limit ends what comes before, the heuristic of the initial state is the bound."""
    from pdsearch.search.finish import not_searched

    if not tasks:
        return []
    try:
        return algorithm.search_all(tasks, run, carrier)
    except (TimeLimitError, MemoryLimitError) as error:
        why = [str(error)]
        return [dataclasses.replace(not_searched(task, algorithm.label, error), notes=why) for task in tasks]


def _carrier(algorithm: Algorithm, comm: Any) -> Any:
    """Return what carries the messages of an algorithm on several ranks; None for one that runs on this rank alone."""
    if comm is not None and algorithm.max_ranks == 1:
        return None
    if comm is None and not algorithm.needs_comm:
        return None
    from pdsearch.comm.world import carrier_of

    return carrier_of(comm)


def _limits(limits: Limits | None, time_limit: float | str | None, memory: int | str | None) -> Limits:
    """Return the limits given either way."""
    if limits is not None:
        if time_limit is not None or memory is not None:
            raise BadInputError("limits are given twice; give limits=Limits(...), or time_limit and memory")
        return limits
    time_s = float("inf") if time_limit is None else _read(time_limit, seconds)
    return Limits(time_s=time_s, memory_bytes=None if memory is None else _read(memory, bytes_))


def _read(given: float | str, read: Callable[[str], float]) -> Any:
    """Return a number that is given as one, or as text."""
    if isinstance(given, str):
        return read(given)
    if isinstance(given, Real):
        return given
    raise BadInputError(f"{shown(given)} is no limit; give a number, or text as in '10m' and '2G'")


def _never() -> bool:
    return False
