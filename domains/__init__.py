"""The domains: what a state is, what it leads to, and how it is read and shown.

A domain is one file or folder here. Its class derives from :class:`Domain` and registers
itself with ``@DOMAINS.add("name")``; its compiled part is a NamedTuple of tables that
answers for ``width``, ``is_goal`` and ``expand`` of :mod:`pdsearch.kernels.protocol`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains.numbered import numbers_in
from pdsearch.errors import WrongPlanError
from pdsearch.kernels.protocol import shape_of
from pdsearch.limits import NO_DEADLINE, Deadline
from pdsearch.options import Option
from pdsearch.registry import Registry

if __name__ == "domains":  # found as a top-level folder, not as part of the package
    raise ImportError("import pdsearch.domains, not domains: this folder is pdsearch.domains")

State = tuple[int, ...]  # the words of a packed state, each below 2**64


class TransitionGraph(NamedTuple):
    """How moves change one variable: the graph that a partition of its values cuts.

    Attributes
    ----------
    variable : int
        Which variable of the domain.
    values : int64[n_values]
        The values it can take, ascending.
    edges : int64[n_edges, 2]
        Pairs (u, v) of values, u < v, between which some move changes the variable.
    weights : int64[n_edges]
        Moves of the domain that change u to v or v to u, in one direction or the other, counted
        without regard to the other variables unless the domain says otherwise.
    """

    variable: int
    values: npt.NDArray[np.int64]
    edges: npt.NDArray[np.int64]
    weights: npt.NDArray[np.int64]

    @classmethod
    def of(cls, variable: int, values: Iterable[int], changes: Iterable[tuple[int, int]]) -> TransitionGraph:
        """Return the graph of the changes (u, v), each named once per move that makes it.

        >>> graph = TransitionGraph.of(0, range(3), [(0, 1), (1, 0), (2, 1)])
        >>> graph.edges.tolist(), graph.weights.tolist()
        ([[0, 1], [1, 2]], [2, 1])
        """
        counts = Counter((min(u, v), max(u, v)) for u, v in changes if u != v)
        edges = sorted(counts)
        return cls(
            variable,
            np.array(sorted(values), np.int64),
            np.array(edges, np.int64).reshape(-1, 2),
            np.array([counts[edge] for edge in edges], np.int64),
        )


class GroundOperator(NamedTuple):
    """What an operator asks for and changes, in features.

    Attributes
    ----------
    preconditions : tuple of int
        Features that must hold, those that are removed included.
    removed, added : tuple of int
        Features that it changes, one of each for each variable. An effect whose old value is not
        known is in ``added`` alone.
    """

    preconditions: tuple[int, ...]
    removed: tuple[int, ...]
    added: tuple[int, ...]


class Domain(ABC):
    """One instance of a state-space problem.

    Attributes
    ----------
    name, source : str
        What the registry calls it, and where it is described.
    default_heuristic, default_distribution : str
        The heuristic and the distribution used when none is named.
    cost_words : str
        What a plan file says of costs behind the cost of the plan; nothing by default.
    has_coordinates : bool
        True when the values of variables are coordinates, such as positions in sequences.
    is_permutation : bool
        True when the values of variables are places, each taken by one variable.
    instances_help : str
        How instances are written on a command line, in a few words.
    options : tuple of Option
        What a command line may say of an instance; :meth:`parse` takes their values as keywords.
    numbered : mapping of str to int
        Sets of numbered instances, and how many each has: ``{"korf": 100}`` for ``korf:1`` to ``korf:100``.
    has_lines : bool
        True when a file may hold one instance a line.
    is_plain : bool
        True where there are no compiled functions, see :mod:`pdsearch.domains.plain`.
    stand_ins : mapping of str to str
        Algorithms that take the place of others for this domain.
    space : NamedTuple
        Tables of the compiled domain.
    instance : str
        How the user named the instance.
    initial : tuple of int
        The initial state, packed.
    max_moves, max_cost, least_cost : int
        Most successors of a state, the most one of them costs, and the least (0 when not known).
    n_words, n_changes, is_wide, is_linked : int, int, bool, bool
        What :func:`pdsearch.kernels.protocol.constants` was told for the type of ``space``; not stated again.
    deadline : Deadline
        When what is built for the instance, tables of heuristics and the like, must be done; by default never.
    n_variables, n_values : int
        A feature is the number ``variable * n_values + value``.
    """

    name: ClassVar[str]
    source: ClassVar[str]
    default_heuristic: str = "blind"
    default_distribution: ClassVar[str] = "abstract-zobrist"
    has_coordinates: ClassVar[bool] = False
    is_permutation: ClassVar[bool] = False
    instances_help: ClassVar[str] = "a file"
    options: ClassVar[tuple[Option, ...]] = ()
    numbered: ClassVar[Mapping[str, int]] = {}
    has_lines: ClassVar[bool] = False
    is_plain: ClassVar[bool] = False
    stand_ins: ClassVar[Mapping[str, str]] = {}
    space: Any
    instance: str
    cost_words: str = ""
    initial: State
    max_moves: int
    max_cost: int
    least_cost: int = 0
    deadline: Deadline = NO_DEADLINE
    n_variables: int
    n_values: int

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

    @classmethod
    def fetch(cls, text: str, **options: Any) -> Any:
        """Return what one rank reads of an instance for all, to be given to :meth:`parse` as ``fetched``, or None."""
        return None

    @classmethod
    @abstractmethod
    def parse(cls, text: str, **options: Any) -> Domain:
        """Return the instance a user named; BadInputError when it makes no sense."""

    @classmethod
    def instance_set(cls, text: str) -> list[str]:
        """Return the names of the instances of a set, ``korf:1-20``; of a single instance, its name."""
        kind, _, rest = text.partition(":")
        if kind not in cls.numbered:
            return [text]
        return [f"{kind}:{number}" for number in numbers_in(rest, kind, cls.numbered[kind])]

    @classmethod
    def of_size(cls, text: str, **options: Any) -> Domain:
        """Return the instance of a size, such as ``4x4``, whose initial state is the goal."""
        return cls.parse(text, **options)

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

    @abstractmethod
    def operators(self, state: State) -> list[int]:
        """Return the applicable operators."""

    def operator_between(self, state: State, successor: State) -> int:
        """Return a cheapest operator that leads from a state to a successor of it."""
        ways = [(self.apply(state, operator), operator) for operator in self.operators(state)]
        return min((cost, operator) for (reached, cost), operator in ways if reached == successor)[1]

    @abstractmethod
    def operator_name(self, operator: int) -> str:
        """Return an operator as a plan shows it."""

    def plan_names(self, plan: Sequence[int]) -> list[str]:
        """Return the operators of a plan as the plan shows them."""
        return [self.operator_name(operator) for operator in plan]

    @abstractmethod
    def features(self, state: State) -> npt.NDArray[np.int64]:
        """Return the features of a state, those that never take part in hashing left out."""

    @abstractmethod
    def show(self, state: State) -> str:
        """Return a state as a user reads it."""

    def projections(self) -> dict[str, npt.NDArray[np.int64]]:
        """Return hand-made projections for abstract Zobrist hashing, the default first.

        Each maps a feature to its group: int64[n_variables * n_values], -1 = not hashed.
        """
        return {}

    def abstractions(self) -> dict[str, tuple[int, ...]]:
        """Return the variables that hand-made state abstractions keep, by name, the default first."""
        return {}

    def ground_operators(self) -> list[GroundOperator]:
        """Return all operators of the instance; an empty list where there are too many, or none are known.

        Methods that need them make do with :meth:`transition_graphs` instead.
        """
        return []

    def transition_graphs(self) -> list[TransitionGraph]:
        """Return a graph for each variable that takes part in hashing; an empty list where none are known.

        Methods that partition each variable's values, so that few moves lead from one part to
        another, need nothing else from a domain (Jinnai and Fukunaga (2017), "A Graph-Partitioning
        Based Approach for Parallel Best-First Search", HSDIP, section 5).
        """
        return []

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
