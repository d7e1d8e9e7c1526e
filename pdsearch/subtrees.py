"""Subtrees of iterative deepening: their roots, and who searches below them.

An iteration is cut into subtrees in depth-first order. Searching them in any order and adding
up gives the counts of the whole; searching them in order gives the counts of a search that
stops at its first solution. A domain with faster compiled code than the general one
(:mod:`pdsearch.search.depth_first.tree`) registers a :class:`Subtrees` class beside itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.domains import Domain
from pdsearch.heuristics import Heuristic
from pdsearch.kernels.protocol import NO_OPERATOR
from pdsearch.pruning.pruner import NO_PRUNER, Pruner
from pdsearch.registry import Registry

Integers = npt.NDArray[np.int64]

# columns of the counts of a subtree
GENERATED, EXPANDED, GOALS, LEAST_PRUNED = range(4)
TOO_LARGE = -1  # in GOALS: given up, to be split


@dataclass(frozen=True)
class Roots:
    """Roots of subtrees in depth-first order, all within the bound.

    Attributes
    ----------
    words : uint64[n, n_words]
        Packed states.
    g, h, created_by : int64[n]
        Cost so far, estimate, and the operator that led here.
    state : int64[n]
        Of the automaton that prunes, see :class:`pdsearch.pruning.pruner.Pruner`; 0 without one.
    generated_before, expanded_before : int64[n]
        Nodes above the roots that a depth-first search counts before it enters this subtree;
        the root itself is generated, not yet expanded.
    paths : int32[n, depth]
        Operators from the node that was cut up; -1 behind the end.
    """

    words: npt.NDArray[np.uint64]
    g: Integers
    h: Integers
    created_by: Integers
    state: Integers
    generated_before: Integers
    expanded_before: Integers
    paths: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.g)

    def one(self, i: int) -> Roots:
        """Return the subtree ``i`` alone, as a tree of its own."""
        zero, part = np.zeros(1, np.int64), slice(i, i + 1)
        g, h, created_by, state = (column[part] for column in (self.g, self.h, self.created_by, self.state))
        return Roots(self.words[part], g, h, created_by, state, zero, zero, np.empty((1, 0), np.int32))

    def part(self, which: slice) -> Roots:
        """Return some of the subtrees."""
        return Roots(*(getattr(self, field.name)[which] for field in fields(self)))

    def path(self, i: int) -> list[int]:
        """Return the operators that lead to root ``i``."""
        return [int(operator) for operator in self.paths[i] if operator != NO_OPERATOR]

    @classmethod
    def initial(cls, domain: Domain, heuristic: Heuristic, pruner: Pruner = NO_PRUNER) -> Roots:
        """Return the whole tree as the only subtree."""
        zero = np.zeros(1, np.int64)
        words = np.array([domain.initial], np.uint64)
        h = np.array([heuristic.value(domain.initial)], np.int64)
        state = pruner.states(words)
        return cls(words, zero, h, zero + NO_OPERATOR, state, zero, zero, np.empty((1, 0), np.int32))


class Subtrees(ABC):
    """Compiled search below roots; each thread has its own.

    Attributes
    ----------
    name : str
        What results call it.
    outruns_astar : bool
        It is through with an iteration sooner than A* with the layer of the same f, for it passes some thirty nodes or
        more while A* expands one: with ``when_full="early"`` A* hands over to it before its memory is full.
    """

    name: ClassVar[str]
    outruns_astar: ClassVar[bool] = False

    def __init__(self, domain: Domain, heuristic: Heuristic, pruner: Pruner = NO_PRUNER) -> None:
        self.domain, self.heuristic, self.pruner = domain, heuristic, pruner

    def fresh(self) -> Subtrees:
        """Return another search of the same kind."""
        return type(self)(self.domain, self.heuristic, self.pruner)

    @classmethod
    @abstractmethod
    def fits(cls, domain: Domain, heuristic: Heuristic) -> bool:
        """Say whether it searches this domain with this heuristic."""

    @abstractmethod
    def prepare(self, roots: Roots, bound: int, first: bool = False) -> None:
        """Take the roots of an iteration that looks no further than f = ``bound``.

        ``first``: a root with a goal below it is the last of interest; ``last`` is lowered to it.
        """

    @abstractmethod
    def run(self, at: int, end: int, limit: int, last: Integers, counts: Integers) -> int:
        """Search whole subtrees from root ``at`` on and return the first root not finished.

        Parameters
        ----------
        at, end : int
            Roots to search.
        limit : int
            Return after about as many generated nodes.
        last : int64[1]
            Return when the next root is beyond this one; other threads lower it.
        counts : int64[n, 4]
            Filled in. ``TOO_LARGE`` in column ``GOALS`` asks to split the root that is returned.
        """


SUBTREES: Registry[type[Subtrees]] = Registry("subtree search", "pdsearch.domains", plural="subtree searches")


def fastest(domain: Domain, heuristic: Heuristic) -> type[Subtrees] | None:
    """Return the compiled search made for a domain and heuristic, if there is one."""
    return next((cls for cls in SUBTREES.values() if cls.fits(domain, heuristic)), None)
