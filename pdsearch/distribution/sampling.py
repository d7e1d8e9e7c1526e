"""What a short search says of a domain: which values states have, and which moves they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.domains import Domain, State
from pdsearch.kernels.mixing import mix
from pdsearch.kernels.protocol import NO_OPERATOR, changes, expand, new_moves, width

Sampler = Callable[[int], list[State]]  # number of states -> states as a search meets them


@dataclass(frozen=True)
class Sample:
    """States and the moves out of them.

    Attributes
    ----------
    values, successors : int64[n_states, n_variables]
        Value of each variable in each state, and in one successor of it drawn at random; -1 where it takes
        no part in hashing. A state without successors is its own.
    moves : int64[n_variables, n_values, n_values]
        How many moves change a variable from one value to another.
    """

    values: npt.NDArray[np.int64]
    successors: npt.NDArray[np.int64]
    moves: npt.NDArray[np.int64]

    @classmethod
    def of(cls, domain: Domain, states: list[State]) -> Sample:
        """Look at states' features, and expand them."""
        packed = np.array(states, np.uint64).reshape(len(states), -1)
        features = domain.features_of(packed)
        rows, columns = np.nonzero(features >= 0)
        hashed = features[rows, columns]
        values = np.full((len(states), domain.n_variables), -1, np.int64)
        values[rows, hashed // domain.n_values] = hashed % domain.n_values
        moves = np.zeros((domain.n_variables, domain.n_values, domain.n_values), np.int64)
        successors = values.copy()
        scratch = new_moves(len(domain.initial), domain.max_moves, domain.n_changes)
        _expand_all(domain.space, packed.reshape(-1), scratch, NO_OPERATOR, moves, successors)
        return cls(values, successors, moves)


@kernel
def _expand_all(space, states, scratch, created_by, counts, successors):
    """Add the changes of every move out of every state to ``counts``; make one of them in ``successors``."""
    n_words = width(space)
    n_values = counts.shape[1]
    most = changes(space)
    for row in range(len(successors)):
        for word in range(n_words):
            scratch.parent[word] = states[row * n_words + word]
        n = expand(space, created_by, scratch, 0)
        chosen = np.int64(mix(np.uint64(row + 1)) % np.uint64(max(1, n)))
        for move in range(n):
            for i in range(move * most, (move + 1) * most):
                added, removed = scratch.added[i], scratch.removed[i]
                if added < 0:
                    break
                counts[added // n_values, removed % n_values, added % n_values] += 1
                if move == chosen:
                    successors[row, added // n_values] = added % n_values
