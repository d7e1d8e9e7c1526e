"""What a short search says of a domain: which values states have, and which moves they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.domains import Domain, State
from pdsearch.kernels.layout import no_way
from pdsearch.kernels.protocol import changes, expand, new_moves, width

Sampler = Callable[[int], list[State]]  # number of states -> states as a search meets them


@dataclass(frozen=True)
class Sample:
    """States and the moves out of them.

    Attributes
    ----------
    values : int64[n_states, n_variables]
        Value of each variable in each state, -1 where it takes no part in hashing.
    moves : int64[n_variables, n_values, n_values]
        How many moves change a variable from one value to another.
    n_moves : int
        Moves in all; one may change several variables.
    """

    values: npt.NDArray[np.int64]
    moves: npt.NDArray[np.int64]
    n_moves: int

    @classmethod
    def of(cls, domain: Domain, states: list[State]) -> Sample:
        """Look at states' features, and expand them."""
        values = np.full((len(states), domain.n_variables), -1, np.int64)
        for row, state in zip(values, states, strict=True):
            features = domain.features(state)
            row[features // domain.n_values] = features % domain.n_values
        moves = np.zeros((domain.n_variables, domain.n_values, domain.n_values), np.int64)
        packed = np.array(states, np.uint64).reshape(-1)
        scratch = new_moves(len(domain.initial), domain.max_moves, domain.n_changes)
        n_moves = _count_moves(domain.space, packed, scratch, no_way(domain.is_wide, domain.is_linked), moves)
        return cls(values, moves, n_moves)


@kernel
def _count_moves(space, states, scratch, came_by, counts):
    """Add the changes of every move out of every state to ``counts``; return the number of moves."""
    n_words = width(space)
    n_values = counts.shape[1]
    most = changes(space)
    total = 0
    for at in range(0, len(states), n_words):
        for word in range(n_words):
            scratch.parent[word] = states[at + word]
        n = expand(space, came_by, scratch, 0)
        total += n
        for move in range(n):
            for i in range(move * most, (move + 1) * most):
                added, removed = scratch.added[i], scratch.removed[i]
                if added < 0:
                    break
                counts[added // n_values, removed % n_values, added % n_values] += 1
    return total
