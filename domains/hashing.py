"""What distributions ask of a domain: the features of a state, and how moves change them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt


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


class Hashing(ABC):
    """The part of a domain by which states are shared out among ranks.

    Attributes
    ----------
    default_distribution, many_ranks_distribution : str
        The distribution used when none is named, on fewer than eight ranks and from eight on.
    ignored_share : float
        Share of the variables, those that most operators change, that GRAZHDA* leaves out unless told otherwise.
    has_coordinates : bool
        True when the values of variables are coordinates, such as positions in sequences.
    is_permutation : bool
        True when the values of variables are places, each taken by one variable.
    n_variables, n_values : int
        A feature is the number ``variable * n_values + value``.
    """

    default_distribution: ClassVar[str] = "abstract-zobrist"
    many_ranks_distribution: ClassVar[str] = "sampled-cut"
    ignored_share: ClassVar[float] = 0.0
    has_coordinates: ClassVar[bool] = False
    is_permutation: ClassVar[bool] = False
    n_variables: int
    n_values: int

    @abstractmethod
    def features(self, state: Any) -> npt.NDArray[np.int64]:
        """Return the features of a state, those that never take part in hashing left out."""

    def features_of(self, states: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """Return the features of many states, in a row each; -1 stands for none.

        Parameters
        ----------
        states : uint64[n_states, n_words]
            Packed. A domain whose ``unpack`` takes columns of words as it takes words answers for all at once.
        """
        found = np.full((len(states), self.n_variables), -1, np.int64)
        for row, state in zip(found, states.tolist(), strict=True):
            features = self.features(tuple(state))
            row[: len(features)] = features
        return found

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
