"""The algorithms: each is one file of ``best_first`` or ``depth_first`` and ends in an Outcome."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import Any, ClassVar

from pdsearch.distribution import Distribution
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError
from pdsearch.kernels.protocol import INFINITY
from pdsearch.options import Option
from pdsearch.registry import Registry
from pdsearch.result import Result
from pdsearch.search.finish import Outcome, finish
from pdsearch.search.run import Run
from pdsearch.search.task import Task


class Algorithm(ABC):
    """A way to search a task. The constructor takes the options that the class declares, as keywords.

    Attributes
    ----------
    name, source : str
        What the registry calls it, and where it is described.
    label : str
        What results call it.
    options : tuple of Option
        What a command line may say of it; Python may say more.
    named_by : tuple of Option
        Those of them that choose the algorithm where none is named.
    is_distributed : bool
        Whether ranks share nodes out, so that the task needs a distribution.
    needs_comm : bool
        Whether it sends messages even on one rank.
    max_ranks : int or None
        The most ranks that can take part; None is any number.
    n_ranks : int or None
        How many ranks share the nodes, where that is not the number of those that take part.
    writes_checkpoints : bool
        Whether it can be written to a folder and go on from there.
    chooses_heuristic : bool
        Whether it makes the heuristic, and the owners of states, itself: none may be named then.
    distribution : str or Distribution or None
        What was named to it in that case.
    is_plain : bool
        Whether it searches domains in plain Python, and these only.
    result : type of Result
        The class of its results.
    label_without_search : str
        What results call it when they were decided without a search.
    """

    name: ClassVar[str]
    source: ClassVar[str]
    label: ClassVar[str]
    options: ClassVar[tuple[Option, ...]] = ()
    named_by: ClassVar[tuple[Option, ...]] = ()
    is_distributed: ClassVar[bool] = False
    needs_comm: ClassVar[bool] = False
    max_ranks: ClassVar[int | None] = None
    n_ranks: int | None = None
    writes_checkpoints: ClassVar[bool] = False
    chooses_heuristic: ClassVar[bool] = False
    distribution: str | Distribution | None = None
    is_plain: ClassVar[bool] = False
    result: ClassVar[type[Result]] = Result
    label_without_search: ClassVar[str] = "none"

    def check(self, domain: Domain) -> None:
        """Raise BadInputError unless the algorithm searches a domain."""
        if self.is_plain and not domain.is_plain:
            raise BadInputError(f"algorithm {self.name!r} is for domains in plain Python; {domain.name} is compiled")
        if domain.is_plain and not self.is_plain:
            raise BadInputError(
                f"algorithm {self.name!r} needs compiled functions and domain {domain.name!r} is in plain Python; "
                f"use one of {', '.join(domain.stand_ins)}, or write it as docs/extending.md says"
            )

    @abstractmethod
    def search(self, task: Task, run: Run, comm: Any = None) -> Outcome:
        """Search until there is a proof or a reason to stop.

        Parameters
        ----------
        task, run : Task, Run
            What is searched, and under which conditions. The clock of the search is started here, after compiling.
        comm : Carrier, optional
            All its ranks must call, and all get the same outcome.
        """

    def search_all(self, tasks: Sequence[Task], run: Run, comm: Any = None) -> list[Outcome]:
        """Search the tasks of one kind, together or one after the other."""
        return [self.search(task, run, comm) for task in tasks]

    def kind_of(self, domain: Domain) -> Hashable:
        """Return what instances that are searched together have in common; by default each is searched alone."""
        return id(domain)

    def solve(self, task: Task, run: Run | None = None, comm: Any = None) -> Result:
        """Search, check the plan, and return the result."""
        run = run or Run()
        return finish(task, run, self.search(task, run, comm))

    def details(self, task: Task) -> dict[str, Any]:
        """Return what results say of a task that was decided without a search."""
        return {}

    def without_search(self, task: Task, run: Run, reason: str) -> Result:
        """Return the result of a task that has no plan, for a reason that needs no search."""
        label = self.label_without_search
        outcome = Outcome(label, INFINITY, totals={"evaluated": 1}, result=self.result, details=self.details(task))
        return finish(task, run, outcome, reason)


ALGORITHMS: Registry[type[Algorithm]] = Registry(
    "algorithm", "pdsearch.search.best_first", "pdsearch.search.depth_first"
)


def make_algorithm(name: str | Algorithm, **options: Any) -> Algorithm:
    """Return the algorithm of a name with some options, or the object that was given.

    Raises
    ------
    UnknownNameError, BadInputError
        If there is none of the name, or it has no such option.

    Examples
    --------
    >>> make_algorithm("idastar", mode="all").label
    'IDA*'
    """
    if isinstance(name, Algorithm):
        if options:
            raise BadInputError(f"{', '.join(options)}: give options to the constructor of {type(name).__name__}")
        return name
    cls = ALGORITHMS[name]
    known = list(inspect.signature(cls).parameters)
    for option in options:
        if option not in known:
            raise BadInputError(f"{option!r} is no option of algorithm {name!r}; its options: {', '.join(known)}")
    return cls(**options)
