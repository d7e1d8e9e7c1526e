"""The domains: what a state is, what it leads to, and how it is read and shown.

A domain is one file or folder here. Its class derives from :class:`Domain` and registers
itself with ``@DOMAINS.add("name")``; its compiled part is a NamedTuple of tables that
answers for ``width``, ``is_goal`` and ``expand`` of :mod:`pdsearch.kernels.protocol`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pdsearch.domains.hashing import GroundOperator as GroundOperator
from pdsearch.domains.hashing import Hashing
from pdsearch.domains.hashing import TransitionGraph as TransitionGraph
from pdsearch.domains.instances import Instances
from pdsearch.domains.sharing import Once, Share, build_here, make_here
from pdsearch.errors import WrongPlanError
from pdsearch.kernels.protocol import shape_of
from pdsearch.limits import NO_DEADLINE, Deadline
from pdsearch.registry import Registry

if __name__ == "domains":  # found as a top-level folder, not as part of the package
    raise ImportError("import pdsearch.domains, not domains: this folder is pdsearch.domains")

State = tuple[int, ...]  # the words of a packed state, each below 2**64


class Domain(Instances, Hashing):
    """One instance of a state-space problem: its states and moves, besides how it is read and how it is hashed.

    Attributes
    ----------
    name, source : str
        What the registry calls it, and where it is described.
    default_heuristic : str
        The heuristic used when none is named.
    default_algorithm : str or None
        The algorithm used when neither this nor a heuristic is named; A* or HDA* unless told.
    candidates : tuple of str
        The heuristics that a portfolio chooses from, those that are cheapest to have first.
    cost_words : str
        What a plan file says of costs behind the cost of the plan; nothing by default.
    move_words : str
        What the names of moves mean, for who reads a plan on the screen; nothing by default.
    has_picture : bool
        True where :meth:`show` is short and plain enough to be printed with a plan: for its first state and its last.
    is_plain : bool
        True where there are no compiled functions, see :mod:`pdsearch.domains.plain`.
    stand_ins : mapping of str to str
        Algorithms that take the place of others for this domain.
    space : NamedTuple
        Tables of the compiled domain.
    initial : tuple of int
        The initial state, packed.
    max_moves, max_cost, least_cost : int
        Most successors of a state, the most one of them costs, and the least (0 when not known).
    n_words, n_changes, is_wide, is_linked : int, int, bool, bool
        What :func:`pdsearch.kernels.protocol.constants` was told for the type of ``space``; not stated again.
    deadline : Deadline
        When what is built for the instance, tables of heuristics and the like, must be done; by default never.
    phases : mapping of str to float
        Seconds that the making of the instance took, by what was done.
    """

    name: ClassVar[str]
    source: ClassVar[str]
    default_heuristic: str = "blind"
    default_algorithm: ClassVar[str | None] = None
    candidates: tuple[str, ...] = ()
    is_plain: ClassVar[bool] = False
    stand_ins: ClassVar[Mapping[str, str]] = {}
    space: Any
    cost_words: str = ""
    move_words: str = ""
    has_picture: bool = False
    initial: State
    max_moves: int
    max_cost: int
    least_cost: int = 0
    deadline: Deadline = NO_DEADLINE
    phases: Mapping[str, float] = {}

    @property
    def n_words(self) -> int:
        """Return the 64-bit words of a state."""
        return shape_of(self.space).n_words

    @property
    def n_changes(self) -> int:
        """Return the most features that one move changes."""
        return shape_of(self.space).n_changes

    @property
    def is_wide(self) -> bool:
        """Say whether nodes have the wide layout."""
        return shape_of(self.space).is_wide

    @property
    def is_linked(self) -> bool:
        """Say whether nodes keep their parent, for operators have no inverse."""
        return shape_of(self.space).is_linked

    @property
    def leaves_out_plans(self) -> bool:
        """Say whether moves are left out that some plans take, as prunings do: one optimal plan is left at least."""
        return False

    @property
    def leaves_reachable(self) -> bool:
        """Say whether states are searched that the initial one may not reach: no table may take them for dead."""
        return False

    @property
    def pruning_is_off(self) -> bool:
        """Say whether what leaves out moves has found that it does not pay."""
        return False

    @property
    def made_by(self) -> dict[str, str]:
        """Return the options that make the instance what it is, besides its text."""
        return {}

    def for_long_search(self, seconds: float, once: Once = make_here) -> Domain:
        """Return the same instance prepared for a search that takes long; this one where that changes nothing.

        Parameters
        ----------
        seconds : float
            What this may take, about.
        once : callable
            Has one of the ranks that search together make what they all must have alike, and returns it on all.
        """
        return self

    def pruned(self, share: Share = build_here) -> list[Domain]:
        """Return the same instance with each way of leaving out moves that may pay.

        Parameters
        ----------
        share : callable
            Builds arrays that are only read once for all ranks of a machine.
        """
        return []

    def without_pruning(self) -> Domain:
        """Return the instance that this one was made of by :meth:`pruned`; else this one."""
        return self

    def why_unsolvable(self) -> str | None:
        """Return a proof, in words, that no plan exists; None when only a search can tell."""
        return None

    def check_result(self, cost: int | None, is_unsolvable: bool, expanded: int) -> list[str]:
        """Return what a user should know of the numbers of a search, a line each; refuse those that are not exact.

        Parameters
        ----------
        cost : int or None
            Of the plan that was found.
        is_unsolvable : bool
            The search ended without a plan.
        expanded : int
            Expansions of the search, summed over ranks.

        Raises
        ------
        BadInputError
            If the search cannot be sure of them, because costs were too large to be added up.
        """
        return []

    def notes(self) -> list[str]:
        """Return what a user should know of how the instance was dealt with, a line each."""
        return []

    @abstractmethod
    def is_goal(self, state: State) -> bool:
        """Say whether a state is a goal."""

    @abstractmethod
    def apply(self, state: State, operator: int) -> tuple[State, int]:
        """Return the successor and the cost; ValueError where the operator does not apply."""

    def undo(self, state: State, operator: int) -> State:
        """Return the state from which ``operator`` leads to ``state``; not asked where nodes keep their parent."""
        raise NotImplementedError(f"operators of domain {self.name!r} have no inverse")

    def backwards(self) -> Domain | None:
        """Return the instance that leads from the goal to the initial state; None where there is none.

        It has the same states and moves. So there must be one goal, and for each move one that leads back at the same
        cost: what :func:`~pdsearch.kernels.protocol.expand` writes for a state is what it can be reached from.
        """
        return None

    @abstractmethod
    def operators(self, state: State) -> list[int]:
        """Return the applicable operators."""

    def operator_between(self, state: State, successor: State) -> int:
        """Return a cheapest operator that leads from a state to a successor of it."""
        ways = [(self.apply(state, operator), operator) for operator in self.operators(state)]
        return min((cost, operator) for (reached, cost), operator in ways if reached == successor)[1]

    def real_plan(self, plan: Sequence[int]) -> list[int]:
        """Return a plan as it is executed: not as it is searched for where states stand for others."""
        return list(plan)

    @abstractmethod
    def operator_name(self, operator: int) -> str:
        """Return an operator as a plan shows it."""

    def plan_names(self, plan: Sequence[int]) -> list[str]:
        """Return the operators of a plan as the plan shows them."""
        return [self.operator_name(operator) for operator in plan]

    @abstractmethod
    def show(self, state: State) -> str:
        """Return a state as a user reads it."""

    def show_plan(self, plan: Sequence[str]) -> str | None:
        """Return a plan (names of operators) in the domain's own notation; None where its operators say all."""
        return None

    def replay(self, plan: Sequence[int]) -> int:
        """Return the cost of a plan; WrongPlanError unless it leads from the initial state to a goal."""
        state, total = self.initial, 0
        for step, operator in enumerate(plan):
            try:
                state, cost = self.apply(state, operator)
            except ValueError as error:
                raise WrongPlanError(f"step {step} of the plan does not apply: {error}") from error
            total += cost
        if not self.is_goal(state):
            raise WrongPlanError(f"the plan of {len(plan)} steps does not reach a goal")
        return total


DOMAINS: Registry[type[Domain]] = Registry("domain", "pdsearch.domains")
