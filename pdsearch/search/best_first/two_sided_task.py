"""A task and the way back: what a search from both ends is given, and what it refuses."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numba

from pdsearch.domains import Domain, State
from pdsearch.errors import BadInputError
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.kernels import sides
from pdsearch.search.task import Task


class BothWays(Heuristic):
    """A consistent heuristic towards the goal, and the same towards the initial state.

    Parameters
    ----------
    forward, backward : Heuristic
        Their tables have the same type.
    """

    name = "both-ways"
    source = "Sadhukhan (2012), SoCS"
    admissible = consistent = True

    def __init__(self, forward: Heuristic, backward: Heuristic, domain: Domain) -> None:
        self.forward, self.backward = forward, backward
        self.tables = sides.Pair(forward.tables, backward.tables)
        self.label, self.batch = forward.label, forward.batch  # type: ignore[misc]
        self.max_h = max(forward.max_h, backward.max_h)
        self.max_rise = 4 * domain.max_cost  # of b
        self.f_step = math.gcd(forward.f_step, backward.f_step)

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit nothing by name."""
        return False

    def value(self, state: State) -> int:
        """Return what the forward side is told."""
        return self.forward.value(state)


@dataclass(frozen=True)
class TwoSidedTask(Task):
    """A task and the way back; :func:`two_sided` makes one.

    Attributes
    ----------
    back : Domain
        The instance from the goal to the initial state.
    """

    kind = "search from both ends"
    back: Any = None

    @property
    def heuristics(self) -> tuple[Heuristic, Heuristic]:
        """Return the one towards the goal and the one towards the initial state."""
        assert isinstance(self.heuristic, BothWays)
        return self.heuristic.forward, self.heuristic.backward

    @property
    def node_words(self) -> int:
        """Return the 32-bit words of a node with two parts."""
        layout = self.layout
        return 2 * self.n_words + 2 * sides.part_words(layout)

    @property
    def record_words(self) -> int:
        """Return the 32-bit words of a record with two h."""
        layout = self.layout
        return 2 * self.n_words + sides.part_words(layout) + 2 * sides.h_words(layout)


def two_sided(task: Task, algorithm: str) -> TwoSidedTask:
    """Return a task with the way back.

    Raises
    ------
    BadInputError
        If the domain has none, or the heuristic is not consistent, or knows the way to the goal only.
    """
    domain, heuristic = task.domain, task.heuristic
    back = domain.backwards()
    if back is None:
        raise BadInputError(
            f"algorithm {algorithm!r} searches from the goal, too, and domain {domain.name!r} has no moves that lead "
            "back or not one goal; use astar or hdastar"
        )
    towards = heuristic.towards(back) if heuristic.consistent else None
    if towards is None:
        missing = "knows the way to the goal only" if heuristic.consistent else "is not consistent"
        fitting = ", ".join(name for name in HEURISTICS if _may_serve(domain, name))
        raise BadInputError(
            f"algorithm {algorithm!r} needs a consistent heuristic for both ways, and {heuristic.name!r} {missing}; "
            f"those of domain {domain.name!r} that serve: {fitting}"
        )
    if not task.has_owners:
        raise BadInputError(
            f"algorithm {algorithm!r} needs one owner for each state, and distribution "
            f"{task.distribution.name if task.distribution else ''!r} may have several; choose another"
        )
    forward = heuristic
    if numba.typeof(heuristic.tables) != numba.typeof(towards.tables):
        forward = heuristic.towards(domain) or heuristic
    pair = BothWays(forward, towards, domain)
    pair.label = heuristic.label or heuristic.name
    known = {field.name: getattr(task, field.name) for field in dataclasses.fields(task)}
    return TwoSidedTask(**known | {"heuristic": pair}, back=back)


def _may_serve(domain: Domain, name: str) -> bool:
    """Say whether a heuristic of a name fits, is consistent and knows other goals."""
    cls = HEURISTICS[name]
    return cls.fits(domain) and cls.consistent and cls.towards is not Heuristic.towards
