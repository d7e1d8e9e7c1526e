"""Work distribution: which rank owns a state.

A method is one class in one file. It registers with ``@DISTRIBUTIONS.add("name")``, is built
on one rank, which sends it to the others (where it cannot be pickled: on every rank, from the same
seed), and its tables answer for ``owner`` of :mod:`pdsearch.kernels.protocol`. A name may carry an
option after a colon, ``abstract-zobrist:rows``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.domains import Domain, State
from pdsearch.errors import BadInputError
from pdsearch.registry import Registry


class Distribution(ABC):
    """Maps states to ranks; equal states always map to the same rank.

    Attributes
    ----------
    tables : NamedTuple
        Arrays of the compiled method.
    is_function : bool
        False when equal states may have different owners; then every rank is asked for a state.
    is_seeded : bool
        False when the seed makes no difference.
    is_sampled : bool
        True when the constructor takes a ``sampler`` of states, which a short search provides.
    option_help : str
        What the option says, and its default; empty when there is none.
    only_made_with : tuple of str
        Attributes that nobody asks for once it is made: they are not sent to the ranks that did not make it.
    """

    name: ClassVar[str]
    source: ClassVar[str]
    is_function: ClassVar[bool] = True
    is_seeded: ClassVar[bool] = True
    is_sampled: ClassVar[bool] = False
    option_help: ClassVar[str] = ""
    only_made_with: ClassVar[tuple[str, ...]] = ()
    tables: Any

    def __init__(self, domain: Domain, n_ranks: int, seed: int = 0, option: str | None = None) -> None:
        if not self.fits(domain):
            raise BadInputError(f"distribution {self.name!r} does not fit domain {domain.name!r}")
        if option is not None and not self.option_help:
            raise BadInputError(f"distribution {self.name!r} has no option; leave out ':{option}'")
        self.domain = domain
        self.n_ranks = n_ranks
        self.seed = seed
        self.option = option

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in self.only_made_with}

    @classmethod
    @abstractmethod
    def fits(cls, domain: Domain) -> bool:
        """Say whether the method is defined for the instance."""

    @abstractmethod
    def owner_of(self, state: State) -> int:
        """Return the rank that owns a state, computed from scratch."""

    def owners_of(self, states: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """Return the owners of many states, uint64[n_states, n_words]: int64[n_states]."""
        return np.fromiter((self.owner_of(tuple(state)) for state in states.tolist()), np.int64, len(states))


MANY_RANKS = 8  # from here on the default is another
DISTRIBUTIONS: Registry[type[Distribution]] = Registry("distribution", "pdsearch.distribution", "pdsearch.domains")


def make_distribution(
    domain: Domain,
    name: str | None,
    n_ranks: int,
    seed: int = 0,
    sampler: Callable[[int], list[State]] | None = None,
) -> Distribution:
    """Return the method named ``name`` or ``name:option`` (or the best one that fits) for an instance.

    Raises
    ------
    UnknownNameError, BadInputError
        If there is none of that name, or it does not fit; the message lists those that do.
    """
    if name is None:
        return _default(domain, n_ranks, seed, sampler)
    name, colon, option = name.partition(":")
    cls = DISTRIBUTIONS[name]
    if not cls.fits(domain):
        fitting = ", ".join(other for other in DISTRIBUTIONS if DISTRIBUTIONS[other].fits(domain))
        raise BadInputError(
            f"distribution {name!r} does not fit domain {domain.name!r} ({domain.instance}); those that do: {fitting}"
        )
    return _made(cls, domain, n_ranks, seed, option if colon else None, sampler)


def _made(
    cls: type[Distribution],
    domain: Domain,
    n_ranks: int,
    seed: int,
    option: str | None,
    sampler: Callable[[int], list[State]] | None,
) -> Distribution:
    """Make a distribution, with the sampler if it wants one."""
    sampled: dict[str, Any] = {"sampler": sampler} if cls.is_sampled else {}
    return cls(domain, n_ranks, seed, option, **sampled)


def _default(domain: Domain, n_ranks: int, seed: int, sampler: Callable[[int], list[State]] | None) -> Distribution:
    """Return the best method known that fits and tells so many ranks apart: docs/distribution.md has the figures."""
    names = [domain.default_distribution]
    if n_ranks >= MANY_RANKS:
        names.insert(0, domain.many_ranks_distribution)
    for best in map(DISTRIBUTIONS.__getitem__, names):
        if best.fits(domain):
            try:
                return _made(best, domain, n_ranks, seed, None, sampler)
            except BadInputError:  # too coarse for so many ranks
                pass
    return DISTRIBUTIONS["zobrist"](domain, n_ranks, seed)
