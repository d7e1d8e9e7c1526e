"""One search task: an instance, its heuristic, and how its nodes are shared out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.distribution import Distribution, make_distribution
from pdsearch.distribution.alone import Alone
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError
from pdsearch.heuristics import Heuristic, check_admissible, make_heuristic
from pdsearch.kernels import layout
from pdsearch.kernels.protocol import shape_of


@dataclass(frozen=True)
class Problem:
    """What every rank knows before the search begins.

    Attributes
    ----------
    domain, heuristic : Domain, Heuristic
        The instance and its lower bound.
    distribution : Distribution or None
        Who owns a state; None when one rank searches alone.
    n_ranks : int
        At least 1.
    setup_s, sampled : float, int
        Seconds it took to build the distribution, with compilation where the disk cache has no kernels yet, and
        the expansions of the short search in them.
    """

    domain: Domain
    heuristic: Heuristic
    distribution: Distribution | None
    n_ranks: int
    setup_s: float = 0.0
    sampled: int = 0

    @classmethod
    def of(
        cls,
        domain: Domain,
        heuristic: str | Heuristic | None,
        distribution: str | None,
        n_ranks: int,
        seed: int,
        alone: bool,
        inadmissible: bool = False,
        memory_bytes: int | None = None,
    ) -> Problem:
        """Look up heuristic and distribution by name; ``alone`` leaves the distribution out.

        Parameters
        ----------
        heuristic : str or Heuristic, optional
            Its name, or the heuristic itself where its arrays were built already.
        inadmissible : bool
            Allow a heuristic that is no lower bound.
        memory_bytes : int, optional
            The most that the short search which some distributions sample may take.

        Raises
        ------
        UnknownNameError, BadInputError
            If heuristic or distribution do not exist or do not fit.
        """
        from pdsearch.search.sampling import ShortSearch  # a search needs a problem first

        if seed < 0:
            raise BadInputError(f"seed {seed} makes no sense; give 0 or more")
        estimator = heuristic if isinstance(heuristic, Heuristic) else make_heuristic(domain, heuristic)
        if not inadmissible:
            check_admissible(estimator, "choose another, or allow it with --inadmissible")
        if alone:
            if distribution is not None:  # a wrong name is wrong alone, too
                make_distribution(domain, distribution, n_ranks, seed, lambda _: [domain.initial])
            return cls(domain, estimator, None, n_ranks)
        short = ShortSearch(cls(domain, estimator, None, 1), memory_bytes)
        began = time.perf_counter()
        sharing = make_distribution(domain, distribution, n_ranks, seed, short.states)
        return cls(domain, estimator, sharing, n_ranks, time.perf_counter() - began, short.expanded)

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
        return _bytes_of((self.domain.space, self.heuristic.tables, self.sharing))

    def owner_of(self, state: tuple[int, ...]) -> int:
        """Return the rank that owns a state."""
        return 0 if self.distribution is None else self.distribution.owner_of(state)

    @property
    def node_words(self) -> int:
        """Return the 32-bit words of a stored node."""
        return layout.node_words(self.n_words, self.domain.is_wide)

    @property
    def record_words(self) -> int:
        """Return the 32-bit words of a node in a message."""
        return layout.record_words(self.n_words, self.domain.is_wide)

    @property
    def no_way(self) -> int:
        """Return what stands for the way to the initial state."""
        return layout.no_way(self.domain.is_wide, self.domain.is_linked)

    def initial_record(self) -> npt.NDArray[np.uint32]:
        """Return the initial state as a message of one record: uint32[record_words]."""
        shape = shape_of(self.domain.space)
        nodes = layout.layout_of(shape.n_words, shape.is_wide, shape.is_linked)
        return layout.new_record(nodes, self.domain.initial, 0, self.no_way, self.heuristic.value(self.domain.initial))


def _bytes_of(tables: Any) -> int:
    if isinstance(tables, tuple):
        return sum(map(_bytes_of, tables))
    return tables.nbytes if isinstance(tables, np.ndarray) else 0
