"""One search task: an instance, its heuristic, and how its nodes are shared out. Plain data, the same on every rank."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from pdsearch.distribution import Distribution
from pdsearch.distribution.alone import Alone
from pdsearch.domains import Domain
from pdsearch.heuristics import Heuristic
from pdsearch.kernels import layout
from pdsearch.kernels.protocol import INFINITY


@dataclass(frozen=True)
class Task:
    """What every rank knows before the search begins; :func:`pdsearch.search.setup.make_task` makes one from names.

    Attributes
    ----------
    kind : str
        Of the search: what a checkpoint of it holds.
    domain, heuristic : Domain, Heuristic
        The instance and its lower bound.
    distribution : Distribution or None
        Who owns a state; None when one rank searches alone.
    n_ranks : int
        At least 1.
    upper_bound : int
        A plan of this cost is known, and only cheaper ones are searched for; INFINITY without one.
    setup_s, sampled : float, int
        Seconds it took to build the distribution, with compilation where the disk cache has no kernels yet, and
        the expansions of the short search in them.
    """

    kind: ClassVar[str] = "best-first search"
    domain: Domain
    heuristic: Heuristic
    distribution: Distribution | None = None
    n_ranks: int = 1
    setup_s: float = 0.0
    sampled: int = 0
    upper_bound: int = INFINITY

    @property
    def sharing(self) -> Any:
        """Return the tables that answer for ``owner``."""
        return Alone(0) if self.distribution is None else self.distribution.tables

    @property
    def n_words(self) -> int:
        """Return the 64-bit words of a state."""
        return len(self.domain.initial)

    @property
    def has_owners(self) -> bool:
        """Say whether equal states always have the same owner."""
        return self.distribution is None or self.distribution.is_function

    @cached_property
    def table_bytes(self) -> int:
        """Return the memory that the tables of domain, heuristic and distribution take."""
        return _bytes_of((self.domain.space, self.heuristic.tables, self.heuristic.held, self.sharing))

    def owner_of(self, state: tuple[int, ...]) -> int:
        """Return the rank that owns a state."""
        return 0 if self.distribution is None else self.distribution.owner_of(state)

    @cached_property
    def layout(self) -> layout.Layout:
        """Return how nodes lie in memory."""
        return layout.layout_of(self.n_words, self.domain.is_wide, self.domain.is_linked)

    @cached_property
    def node_words(self) -> int:
        """Return the 32-bit words of a stored node."""
        return layout.node_words(self.n_words, self.domain.is_wide)

    @cached_property
    def record_words(self) -> int:
        """Return the 32-bit words of a node in a message."""
        return layout.record_words(self.n_words, self.domain.is_wide)

    @cached_property
    def no_origin(self) -> int:
        """Return what stands for the way to the initial state."""
        return layout.no_origin(self.domain.is_wide, self.domain.is_linked)


def _bytes_of(tables: Any) -> int:
    if isinstance(tables, tuple):
        return sum(map(_bytes_of, tables))
    return tables.nbytes if isinstance(tables, np.ndarray) else 0
