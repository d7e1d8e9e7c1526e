"""Lower bounds on the cost to a goal. General ones live here, those of a domain beside it.

A heuristic is one class in one file. It registers with ``@HEURISTICS.add("name")``, and its
tables answer for ``estimate`` of :mod:`pdsearch.kernels.protocol`, or for ``evaluate`` if it is expensive.
A name may carry an option after a colon, ``merge-and-shrink:50000``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from pdsearch.domains import Domain, State
from pdsearch.domains.sharing import Arrays as Arrays
from pdsearch.domains.sharing import Share as Share
from pdsearch.domains.sharing import build_here as build_here
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
    is_lazy : bool
        True when the owner evaluates a state once it is known to be new: see
        :func:`pdsearch.kernels.protocol.evaluates`.
    batch : int
        Nodes expanded together: many hide cache misses, few keep to the order of A*.
    is_shared : bool
        True when the constructor takes ``share``, which builds large read-only arrays once per machine.
    option_help : str
        What the option says, and its default; empty when there is none. With one, the constructor takes ``option``.
    lesson_every : int
        A search shows the heuristic a state after so many evaluations, see :meth:`learn`; 0: never.
    held : tuple of arrays
        What it keeps besides ``tables``.
    f_step : int
        A move changes f by a multiple of this: all plans cost h of the initial state and a multiple more.
    """

    name: ClassVar[str]
    source: ClassVar[str]
    admissible: ClassVar[bool]
    consistent: ClassVar[bool]
    is_lazy: ClassVar[bool] = False
    is_shared: ClassVar[bool] = False
    option_help: ClassVar[str] = ""
    batch: ClassVar[int] = 32  # enough to hide a cache miss, few enough to stay in the first-level cache
    label: str = ""  # the name as it was given, with its option
    tables: Any
    max_h: int
    max_rise: int
    f_step: int = 1
    lesson_every: int = 0
    held: Any = ()

    def __init__(self, domain: Domain) -> None:
        if not self.fits(domain):
            raise BadInputError(f"heuristic {self.name!r} does not fit domain {domain.name!r}")
        self.label = self.name

    @classmethod
    @abstractmethod
    def fits(cls, domain: Domain) -> bool:
        """Say whether the heuristic is defined for the instance."""

    @abstractmethod
    def value(self, state: State) -> int:
        """Return h of a state, computed from scratch."""

    def learn(self, state: State) -> bool:
        """Raise h where a state of a search shows a way to; say whether it did.

        Only what ``tables`` hold may change, and no h may fall or exceed ``max_h``. Ranks of one machine may share the
        tables, and learn at the same time.

        Parameters
        ----------
        state : State
            One that was evaluated lately, here or on another machine, to whose ranks a gain is told.
        """
        return False

    def notes(self) -> list[str]:
        """Return what a user should know of how it was built, a line each: what found no memory, say."""
        return []

    def towards(self, instance: Domain) -> Heuristic | None:
        """Return the same heuristic towards the goal of another instance; None where it knows but one goal.

        Parameters
        ----------
        instance : Domain
            The heuristic's own one, or what its :meth:`~pdsearch.domains.Domain.backwards` returned: tables have the
            same type for both.
        """
        return None


HEURISTICS: Registry[type[Heuristic]] = Registry("heuristic", "pdsearch.heuristics", "pdsearch.domains")


def make_heuristic(domain: Domain, name: str | None, share: Share = build_here) -> Heuristic:
    """Return the heuristic ``name`` or ``name:option`` (or the domain's default) for an instance.

    Raises
    ------
    UnknownNameError, BadInputError
        If there is none of that name, or it does not fit; the message lists those that do.
    """
    full = name or domain.default_heuristic
    name, colon, option = full.partition(":")
    cls = _named(domain, name)
    if colon and not cls.option_help:
        raise BadInputError(f"heuristic {name!r} has no option; leave out ':{option}'")
    if not cls.fits(domain):
        fitting = ", ".join(other for other in HEURISTICS if HEURISTICS[other].fits(domain))
        raise BadInputError(
            f"heuristic {name!r} does not fit domain {domain.name!r} ({domain.instance}); those that do: {fitting}"
        )
    given: dict[str, Any] = {"option": option if colon else None} if cls.option_help else {}
    heuristic = cls(domain, **given, **({"share": share} if cls.is_shared else {}))
    heuristic.label = full
    return heuristic


def check_admissible(heuristic: Heuristic, instead: str = "choose another") -> None:
    """BadInputError, which says what to do instead, unless the heuristic is a lower bound."""
    if not heuristic.admissible:
        raise BadInputError(f"heuristic {heuristic.label!r} is not admissible: plans need not be cheapest; {instead}")


def shares_arrays(domain: Domain, name: str | None) -> bool:
    """Say whether the ranks of a machine build the heuristic's arrays once for all."""
    return _named(domain, (name or domain.default_heuristic).partition(":")[0]).is_shared


def _named(domain: Domain, name: str) -> type[Heuristic]:
    """Return the domain's own heuristic of a name, ``planning-pdb`` for ``pdb``, before a general one."""
    own = f"{domain.name}-{name}"
    return HEURISTICS[own if own in list(HEURISTICS) else name]
