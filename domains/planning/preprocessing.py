"""What may be done to a task before it is searched: one class in one file for each way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from pdsearch._compile_watch import watched
from pdsearch.domains.planning.sas import SasTask
from pdsearch.limits import NO_DEADLINE, Deadline
from pdsearch.registry import Registry


@dataclass(frozen=True)
class Prepared:
    """A task to search in place of the one that was given.

    Attributes
    ----------
    task : SasTask
        Its cheapest plans cost what those of the given task cost.
    operators : tuple of int
        For each of its operators, the number of the same operator in the given task.
    note : str
        What was done, in a few words; empty when nothing was asked for.
    unsolvable : str or None
        A proof, in words, that no plan exists, if one was found.
    """

    task: SasTask
    operators: tuple[int, ...]
    note: str = ""
    unsolvable: str | None = None

    @classmethod
    def unchanged(cls, task: SasTask, note: str = "") -> Prepared:
        """Return the task as it was given."""
        return cls(task, tuple(range(len(task.operators))), note)


class Preprocessor(ABC):
    """A way to make tasks smaller.

    Every rank of a search must come to the same, so none may look at a clock, but to give up at the deadline.
    """

    name: ClassVar[str]
    source: ClassVar[str]

    @classmethod
    @abstractmethod
    def prepare(cls, task: SasTask, deadline: Deadline = NO_DEADLINE) -> Prepared:
        """Return the task to search; the given one where this does not pay or does not fit.

        Raises
        ------
        TimeLimitError
            If the deadline passes.
        """


PREPROCESSORS: Registry[type[Preprocessor]] = Registry("preprocessor", "pdsearch.domains.planning")


def prepare(task: SasTask, name: str | None, deadline: Deadline = NO_DEADLINE) -> Prepared:
    """Return the task to search.

    Raises
    ------
    UnknownNameError
        If no preprocessor is called ``name``; None stands for none.
    TimeLimitError
        If the deadline passes.
    """
    if name is None:
        return Prepared.unchanged(task)
    with watched(deadline.check):
        return PREPROCESSORS[name].prepare(task, deadline)
