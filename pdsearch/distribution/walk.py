"""A seeded random walk through a domain: on which it is seen whether every rank owns states.

Variables are not independent: tiles exclude each other from cells, rows of a map have few free
columns. So what a distribution reaches is counted on states, the same on every rank.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError
from pdsearch.kernels.mixing import mix
from pdsearch.kernels.protocol import NO_OPERATOR, changes, expand, new_moves, width

STATES_PER_RANK = 128  # a rank with a tenth of its share is missed once in e**12.8 times
FEWEST, MOST = 1 << 12, 1 << 23  # states, and features of all of them
_LEG = 32  # states until a walk begins again where operators cannot be undone: it may have come into a corner
_MOVES = 64  # looked at between two states on average: far-apart states where a state has few moves


class Walk(NamedTuple):
    """States met on a random walk, which begins again where no move is left.

    Where moves cannot be undone it begins again now and then, too.

    Attributes
    ----------
    states : uint64[n_states, n_words]
        Packed states; some may be there twice.
    features : int64[n_states, n_variables]
        The feature of each variable, -1 where it takes no part in hashing.
    """

    states: npt.NDArray[np.uint64]
    features: npt.NDArray[np.int64]

    @classmethod
    def through(cls, domain: Domain, n_states: int, seed: int = 0) -> Walk:
        """Walk until ``n_states`` states are seen."""
        walk = cls(
            np.zeros((n_states, len(domain.initial)), np.uint64),
            np.full((n_states, domain.n_variables), -1, np.int64),
        )
        walk.states[:] = domain.initial
        first = domain.features(domain.initial)
        walk.features[:, first // domain.n_values] = first
        scratch = new_moves(len(domain.initial), domain.max_moves, domain.n_changes)
        apart = max(1, 2 * _MOVES // domain.max_moves)
        leg = _LEG if domain.is_linked else n_states
        _walk(domain.space, NO_OPERATOR, scratch, apart, leg, seed, domain.n_values, walk.states, walk.features)
        return walk

    @classmethod
    def for_ranks(cls, domain: Domain, n_ranks: int) -> Walk:
        """Walk until there are enough states to see an idle rank."""
        n_states = min(STATES_PER_RANK * n_ranks, MOST // domain.n_variables)
        return cls.through(domain, max(FEWEST, n_states))

    def sums(self, words: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the sum over its features of each state's words: int64[n_states]."""
        return sums(words, self.features)


def sums(words: npt.NDArray[np.int64], features: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the sum of the words of each row of features, of which -1 adds nothing: int64[n_states]."""
    total: npt.NDArray[np.int64] = np.append(words, 0)[features].sum(axis=1)
    return total


def check_reached(name: str, owners: npt.NDArray[np.int64], n_ranks: int) -> None:
    """BadInputError unless every rank is among the owners of a walk's states."""
    count = len(np.unique(owners))
    if count < n_ranks:
        raise BadInputError(
            f"distribution {name!r} gives states to {count} of {n_ranks} ranks on this instance; "
            "use fewer ranks or 'zobrist'"
        )


@kernel
def _walk(space, none, scratch, apart, leg, seed, n_values, states, features):
    """Fill rows 1, 2 ..., each 1 to ``apart`` steps after the last; all hold the initial state when called.

    Row ``leg`` and its multiples come after the initial state again.
    A fixed number of steps would, where it is even, only meet states of one parity.
    """
    n_words, most = width(space), changes(space)
    n_variables = features.shape[1]
    created_by, draw = none, np.uint64(seed) << np.uint64(40)
    for row in range(1, len(states)):
        before = row - 1
        if row % leg == 0:
            created_by, before = none, 0
        for word in range(n_words):
            scratch.parent[word] = states[before, word]
        for variable in range(n_variables):
            features[row, variable] = features[before, variable]
        draw += np.uint64(1)
        for _ in range(1 + np.int64(mix(draw) % np.uint64(apart))):
            n = expand(space, created_by, scratch, 0)
            if n == 0:  # begin again
                created_by = none
                for word in range(n_words):
                    scratch.parent[word] = states[0, word]
                for variable in range(n_variables):
                    features[row, variable] = features[0, variable]
                continue
            draw += np.uint64(1)
            c = np.int64(mix(draw) % np.uint64(n))
            created_by = scratch.operator[c]
            for word in range(n_words):
                scratch.parent[word] = scratch.states[c * n_words + word]
            for i in range(c * most, (c + 1) * most):
                if scratch.added[i] < 0:
                    break
                features[row, scratch.added[i] // n_values] = scratch.added[i]
        for word in range(n_words):
            states[row, word] = scratch.parent[word]
