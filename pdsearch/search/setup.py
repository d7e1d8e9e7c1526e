"""From names to a task: heuristic and distribution are looked up, built and, where they ask for it, given a sample."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from pdsearch.comm.parcel import packed, unpacked
from pdsearch.distribution import Distribution, make_distribution
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError
from pdsearch.heuristics import Heuristic, check_admissible, make_heuristic, shares_arrays
from pdsearch.search.best_first.sampling import ShortSearch
from pdsearch.search.run import Run
from pdsearch.search.task import Task


def make_task(
    domain: Domain,
    heuristic: str | Heuristic | None = None,
    distribution: str | Distribution | None = None,
    n_ranks: int | None = None,
    *,
    seed: int = 0,
    inadmissible: bool = False,
    memory_bytes: int | None = None,
) -> Task:
    """Return the task of one rank alone, or of ``n_ranks`` among which a distribution shares the nodes out.

    Parameters
    ----------
    domain : Domain
        The instance.
    heuristic : str or Heuristic, optional
        By name, or built before; the domain's default when left out.
    distribution : str or Distribution, optional
        By name, or built before; the best known one when left out.
    n_ranks : int, optional
        None makes a task without owners. A wrong ``distribution`` is wrong then, too.
    seed : int
        Of the distribution's random words.
    inadmissible : bool
        Allow a heuristic that is no lower bound.
    memory_bytes : int, optional
        The most that the short search which some distributions sample may take.

    Raises
    ------
    UnknownNameError, BadInputError
        If heuristic or distribution do not exist or do not fit.

    Examples
    --------
    >>> from pdsearch.domains.tiles import Tiles
    >>> make_task(Tiles.korf(79), "manhattan", "zobrist", 4).distribution.name
    'zobrist'
    """
    check_domain(domain)
    if seed < 0:
        raise BadInputError(f"seed {seed} makes no sense; give 0 or more")
    chosen = heuristic if isinstance(heuristic, Heuristic) else make_heuristic(domain, heuristic)
    if not inadmissible:
        check_admissible(chosen, "choose another, or allow it with --inadmissible")
    if isinstance(distribution, Distribution):
        return Task(domain, chosen, distribution, distribution.n_ranks if n_ranks is None else n_ranks)
    if n_ranks is None:
        if distribution is not None:
            make_distribution(domain, distribution, 1, seed, lambda _: [domain.initial])
        return Task(domain, chosen)
    short = ShortSearch(Task(domain, chosen), memory_bytes)
    began = time.perf_counter()
    built = make_distribution(domain, distribution, n_ranks, seed, short.states)
    return Task(domain, chosen, built, n_ranks, time.perf_counter() - began, short.expanded)


def check_domain(domain: Domain) -> None:
    """Raise BadInputError, in one line, where a domain's declarations would corrupt memory."""
    if domain.is_plain:
        return
    words, n_words = domain.initial, domain.n_words
    if len(words) != n_words or not all(isinstance(word, int) and 0 <= word < 2**64 for word in words):
        raise BadInputError(
            f"initial state {words!r:.60} of domain {domain.name!r} is not {n_words} words of 0 to 2**64 - 1; "
            "correct pack() or constants(...)"
        )
    for name in ("max_moves", "max_cost"):
        value = getattr(domain, name, None)
        if not isinstance(value, int | np.integer) or value < 0:
            raise BadInputError(f"{name} of domain {domain.name!r} is {value!r:.40}; need a whole number from 0 on")


def task_of_ranks(
    carrier: Any,
    run: Run,
    domain: Domain,
    heuristic: str | Heuristic | None,
    distribution: str | Distribution | None,
    n_ranks: int | None = None,
    inadmissible: bool = False,
) -> Task:
    """Return the same task on every rank of ``carrier``.

    Large arrays of the heuristic are built once a machine; the distribution is made on rank 0 and sent to the others.

    Parameters
    ----------
    carrier : Carrier or None
        All its ranks must call. None stands for one rank.
    domain, heuristic, distribution, n_ranks, inadmissible
        As of :func:`make_task`.

    Raises
    ------
    UnknownNameError, BadInputError
        On all ranks, if any of them does.
    """
    with run.phase("heuristic"):
        chosen = heuristic if isinstance(heuristic, Heuristic) else _heuristic_of_ranks(carrier, domain, heuristic)

    def make() -> Task:
        return make_task(
            domain,
            chosen,
            distribution,
            n_ranks,
            seed=run.seed,
            inadmissible=inadmissible,
            memory_bytes=run.limits.memory_bytes,
        )

    with run.phase("distribution"):
        if carrier is None:
            return make()
        is_made = n_ranks is not None and not isinstance(distribution, Distribution)
        return _sent(carrier, domain, chosen, make) if is_made else carrier.together(make)


def _heuristic_of_ranks(carrier: Any, domain: Domain, name: str | None) -> Heuristic:
    if carrier is None:
        return make_heuristic(domain, name)
    is_shared = carrier.together(lambda: shares_arrays(domain, name))
    built = carrier.together if is_shared else carrier.in_turn
    heuristic: Heuristic = built(lambda: make_heuristic(domain, name, carrier.share))
    return heuristic


def _sent(carrier: Any, domain: Domain, heuristic: Heuristic, make: Callable[[], Task]) -> Task:
    """Return what rank 0 makes, sent to the others; what cannot be sent these make themselves."""
    own = {"domain": domain, "heuristic": heuristic}
    made: list[Task] = []

    def pack() -> bytes | None:
        made.append(make())
        return packed(made[0], own)

    data = carrier.once(pack)
    if data is None:
        task: Task = carrier.together(lambda: made[0] if made else make())
        return task
    return made[0] if made else cast("Task", unpacked(data, own))
