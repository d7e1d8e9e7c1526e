"""What may leave out successors during the search: one class in one file for each way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from pdsearch._compile_watch import watched
from pdsearch.domains.planning.sas import SasTask
from pdsearch.domains.planning.semantics import Values
from pdsearch.domains.planning.space import PlanningSpace
from pdsearch.domains.sharing import Share, build_here
from pdsearch.errors import BadInputError
from pdsearch.limits import NO_DEADLINE, Deadline
from pdsearch.registry import Registry


class Pruning(ABC):
    """A way to expand states.

    Parameters
    ----------
    task : SasTask
        Which :meth:`misfit` finds fit.
    plain : PlanningSpace
        Its tables.
    max_moves : int
        Operators that apply in one state, at most.
    deadline : Deadline, optional
        When it must be ready.
    share : callable, optional
        Builds arrays that are only read once for all ranks of a machine; where ``is_shared`` says so. What may fail, or
        takes long, is best done in one call of it.

    Attributes
    ----------
    is_shared : bool
        True when the constructor takes ``share``.
    space : NamedTuple
        Tables that answer for ``expand`` and its like of :mod:`pdsearch.kernels.protocol`. They have the fields of
        ``plain``, for heuristics to read.
    """

    name: ClassVar[str]
    source: ClassVar[str]
    is_shared: ClassVar[bool] = False
    space: Any

    @abstractmethod
    def __init__(
        self, task: SasTask, plain: PlanningSpace, max_moves: int, deadline: Deadline = NO_DEADLINE
    ) -> None: ...

    @classmethod
    @abstractmethod
    def misfit(cls, task: SasTask) -> str | None:
        """Return what of a task the pruning is not defined for, in a few words; None if it fits."""

    @property
    def is_off(self) -> bool:
        """Say whether it has found that it does not pay."""
        return False

    @property
    def leaves_reachable(self) -> bool:
        """Say whether states are searched that the initial one may not reach."""
        return False

    @property
    @abstractmethod
    def note(self) -> str:
        """Return what it has done so far, in a few words."""

    def stored(self, values: Values) -> Values:
        """Return the state that is searched in place of another."""
        return values

    def real_plan(self, plan: Sequence[int], initial: Values) -> list[int]:
        """Return the plan whose steps lead from each state that is searched to the next, as it is executed."""
        return list(plan)


PRUNINGS: Registry[type[Pruning]] = Registry("pruning", "pdsearch.domains.planning")


def make_pruning(
    name: str,
    task: SasTask,
    plain: PlanningSpace,
    max_moves: int,
    deadline: Deadline = NO_DEADLINE,
    share: Share = build_here,
) -> Pruning:
    """Return a pruning for a task; large tables are built by ``share``.

    Raises
    ------
    UnknownNameError, BadInputError
        If there is none of that name, or it does not fit.
    TimeLimitError
        If the deadline passes.
    """
    misfit = PRUNINGS[name].misfit(task)
    if misfit is not None:
        raise BadInputError(f"pruning {name!r} is not defined for {misfit}, which the task has; leave out --pruning")
    shared: dict[str, Any] = {"share": share} if PRUNINGS[name].is_shared else {}
    with watched(deadline.check):
        return PRUNINGS[name](task, plain, max_moves, deadline, **shared)
