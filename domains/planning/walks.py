"""States that a search may meet: the ends of random walks from the initial state.

Source: Haslum, Botea, Helmert, Bonet and Koenig (2007), "Domain-independent construction of pattern database
heuristics for cost-optimal planning", AAAI, section 4.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.domains import Domain
from pdsearch.kernels.mixing import mix
from pdsearch.kernels.protocol import expand, new_moves, width


def sampled_states(task: Domain, length: float, n: int, seed: int = 0) -> npt.NDArray[np.uint64]:
    """Return the initial state and the ends of ``n - 1`` walks of ``length`` steps on average: uint64[n * n_words].

    Lengths are binomial, up to twice the average. A walk that comes to a dead end stays there.
    """
    rng = np.random.default_rng(seed)
    lengths = np.append(0, rng.binomial(max(1, round(2 * length)), 0.5, n - 1))
    states = np.tile(np.array(task.initial, np.uint64), n)
    walk(task.space, new_moves(len(task.initial), task.max_moves, task.n_changes), states, lengths, np.uint64(seed))
    return states


@kernel
def walk(space, moves, states, lengths, random):
    """Walk so many steps from each state and write down where that leads."""
    n_words = width(space)
    for i in range(len(lengths)):
        for word in range(n_words):
            moves.parent[word] = states[i * n_words + word]
        for step in range(lengths[i]):
            n = expand(space, -1, moves, 0)
            if n == 0:
                break
            random = mix(random + np.uint64(step + 1))
            chosen = np.int64(random % np.uint64(n))
            for word in range(n_words):
                moves.parent[word] = moves.states[chosen * n_words + word]
        for word in range(n_words):
            states[i * n_words + word] = moves.parent[word]
