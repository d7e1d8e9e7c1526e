"""Lower bounds on the cost to a goal. General ones live here, those of a domain beside it.

A heuristic is one class in one file. It registers with ``@HEURISTICS.add("name")``, and its
tables answer for ``estimate`` of :mod:`pdsearch.kernels.protocol`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from pdsearch.domains import Domain, State
from pdsearch.errors import BadInputError
from pdsearch.registry import Registry


class Heuristic(ABC):
    """A lower bound for the states of one instance.

    Attributes
    ----------
    tables : NamedTuple
        Arrays of the compiled heuristic.
    max_h : int
        No state's h is larger.
    max_rise : int
        f of a successor exceeds f of its parent by at most this.
    is_late : bool
        True when the owner evaluates a state once it is known to be new: see
        :func:`pdsearch.kernels.protocol.evaluates`.
    batch : int
        Nodes expanded together: many hide cache misses, few keep to the order of A*.
    """

    name: ClassVar[str]
    source: ClassVar[str]
    admissible: ClassVar[bool]
    consistent: ClassVar[bool]
    is_late: ClassVar[bool] = False
    batch: ClassVar[int] = 32  # enough to hide a cache miss, few enough to stay in the first-level cache
    tables: Any
    max_h: int
    max_rise: int

    def __init__(self, domain: Domain) -> None:
        if not self.fits(domain):
            raise BadInputError(f"heuristic {self.name!r} does not fit domain {domain.name!r}")

    @classmethod
    @abstractmethod
    def fits(cls, domain: Domain) -> bool:
        """Say whether the heuristic is defined for the instance."""

    @abstractmethod
    def value(self, state: State) -> int:
        """Return h of a state, computed from scratch."""


HEURISTICS: Registry[type[Heuristic]] = Registry("heuristic", "pdsearch.heuristics", "pdsearch.domains")


def make_heuristic(domain: Domain, name: str | None) -> Heuristic:
    """Return the named heuristic (or the domain's default) for an instance.

    Raises
    ------
    UnknownNameError, BadInputError
        If there is none of that name, or it does not fit; the message lists those that do.
    """
    cls = HEURISTICS[name or domain.default_heuristic]
    if not cls.fits(domain):
        fitting = ", ".join(other for other in HEURISTICS if HEURISTICS[other].fits(domain))
        raise BadInputError(
            f"heuristic {name!r} does not fit domain {domain.name!r} ({domain.instance}); those that do: {fitting}"
        )
    return cls(domain)
