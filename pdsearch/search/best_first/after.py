"""What follows when memory is full: who does it together, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from pdsearch.comm import Records
from pdsearch.comm.termination import Round
from pdsearch.domains import State
from pdsearch.kernels.layout import parent_of
from pdsearch.kernels.protocol import NO_OPERATOR
from pdsearch.result import Status
from pdsearch.search.best_first.dealt import Dealt
from pdsearch.search.best_first.layered import Layered
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.trace import Ask, operators_between, states_to, way_to
from pdsearch.search.run import Run
from pdsearch.search.task import Task

Save = Callable[[list[Records], bool], None]


class Crew(Protocol):
    """The ranks of a search that was cut, those of this process among them, and what they do together.

    Attributes
    ----------
    ranks : sequence of LocalSearch
        Those of this process.
    unsent : sequence of lists of records
        Of each: records that are in no table, because they arrived too late or were not sent.
    memory : int
        What each may take.
    """

    @property
    def ranks(self) -> Sequence[LocalSearch]: ...

    @property
    def unsent(self) -> Sequence[list[Records]]: ...

    @property
    def memory(self) -> int: ...

    def in_turn(self, make: Callable[[], Any]) -> Any:
        """Return what is made, on the first rank before the others."""

    def exchange(self, mine: list[Any]) -> list[Any]:
        """Return what all ranks say, in their order; all must call."""

    def drive(self, ranks: Sequence[Layered] | Sequence[Dealt], run: Run, save: Save | None = None) -> Round:
        """Search to the end, and return the last round; all must call.

        With ``save``, where one rank is in each process, the search pauses for checkpoints: ``save(records, goes_on)``
        is called at each pause, and once more with False when the search ends early; the records are in no table.
        """


class Found(NamedTuple):
    """A goal below an open node.

    Attributes
    ----------
    state : tuple of int
        The node's.
    origin : int
        The way to it: the operator, or where its parent is.
    node : (int, int) or None
        Rank and number; None where it is in no table.
    below : list of int
        Operators that go on from it.
    rest : (tuple of int, int) or None
        The state that these lead to, if not to a goal, and the cost from there.
    """

    state: State
    origin: int
    node: tuple[int, int] | None
    below: list[int]
    rest: tuple[State, int] | None = None


class After(NamedTuple):
    """How it ended.

    Attributes
    ----------
    bound : int
        No plan costs less; where one was found, it costs as much.
    found : Found or None
        A goal below an open node, cheaper than the incumbent.
    incumbent : int
        The cost of the cheapest plan known, INFINITY without one.
    stop : Status or None
        Why it ended early.
    ranks : list of (int, int)
        Generated and expanded by each rank.
    expanded : list of (int, int)
        Bound and expansions of all ranks in it.
    how : str
        What was done, for a user.
    notes : list of str
        What else a user should know.
    """

    bound: int
    found: Found | None
    incumbent: int
    stop: Status | None
    ranks: list[tuple[int, int]]
    expanded: list[tuple[int, int]]
    how: str
    notes: list[str]

    @property
    def note(self) -> str:
        """Return what a user should know."""
        n = sum(expanded for _, expanded in self.ranks)
        return f"memory was full: {n:,} of the expansions were made by {self.how} below the open nodes"


def way_through(task: Task, found: Found, ask: Ask) -> list[int]:
    """Return the operators to an open node, and those known to go on from it."""
    return _way_to(task, found, ask) + found.below


def _way_to(task: Task, found: Found, ask: Ask) -> list[int]:
    if task.domain.is_linked:
        if found.node is not None:
            return operators_between(task, states_to(task, *found.node, ask))
        parent = parent_of(found.origin)
        states = [] if parent is None else states_to(task, *parent, ask)
        return operators_between(task, [*states, found.state])
    if found.node is not None:
        return way_to(task, found.state, ask)
    if found.origin in (NO_OPERATOR, task.no_origin):
        return []
    return [*way_to(task, task.domain.undo(found.state, found.origin), ask), found.origin]
