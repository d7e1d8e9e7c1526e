"""HWD: hyperplane work distribution, for domains whose variables are coordinates that grow along a path.

A state lies on the plane of the sum of its coordinates. d planes together go to a rank, or,
where there are more ranks than planes are worth, each plane is shared by m ranks by Zobrist
hashing:

    owner = floor(sum / d) mod p,   or   (m * sum + Zobrist(s) mod m) mod p.

Successors of a plane meet at the same few owners, so fewer nodes are reopened. With
t = lambda * (sum of the extents) / log2 p and lambda = 0.003, d = floor(t) where t >= 1, else
m = floor(1 / t), at most p. As m is at most p, a rank's own number and the sum of a parent
say what the parent's Zobrist hash is, and that of a successor is a few look-ups away.

Source: Kobayashi, Kishimoto and Watanabe (2011), "Evaluations of Hash Distributed A* in Optimal
Sequence Alignment", IJCAI, through Fukunaga et al. (2017), "A Survey of Parallel A*", section
6.6; the choice of d and m from the published code of Jinnai and Fukunaga (2016), AAAI.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements
from pdsearch.distribution import DISTRIBUTIONS, Distribution
from pdsearch.distribution.walk import Walk, check_reached
from pdsearch.domains import Domain, State
from pdsearch.domains.coordinates import coordinate_sum
from pdsearch.errors import BadInputError
from pdsearch.kernels.protocol import changes, owner, width

LAMBDA = 0.003


class HyperplaneTables(NamedTuple):
    """Words by feature, and how planes and ranks are matched."""

    words: npt.NDArray[np.int64]  # (n_variables * n_values,) below n_sharing
    n_ranks: int
    thickness: int  # planes together on a rank
    n_sharing: int  # ranks that share a plane; 1 where thickness is more


@implements(owner, HyperplaneTables)
def _owner(distribution, rank, space, moves, c):
    plane = coordinate_sum(space, moves.states, c * width(space)) // distribution.thickness
    if distribution.n_sharing == 1:
        return plane % distribution.n_ranks
    word = (rank - distribution.n_sharing * coordinate_sum(space, moves.parent, 0)) % distribution.n_ranks
    most = changes(space)
    for i in range(c * most, (c + 1) * most):
        if most > 1 and moves.added[i] < 0:
            break
        word += distribution.words[moves.added[i]] - distribution.words[moves.removed[i]]
    return (distribution.n_sharing * plane + word % distribution.n_sharing) % distribution.n_ranks


@DISTRIBUTIONS.add("hyperplane")
class Hyperplane(Distribution):
    """Planes of equal coordinate sum, dealt round; the option is lambda (default 0.003)."""

    name = "hyperplane"
    source = "Kobayashi, Kishimoto and Watanabe (2011), IJCAI"
    option_help = "lambda, as hyperplane:0.03 (default 0.003)"

    def __init__(self, domain: Domain, n_ranks: int, seed: int = 0, option: str | None = None) -> None:
        super().__init__(domain, n_ranks, seed, option)
        thickness, n_sharing = self._planes_to_ranks()
        shape = (domain.n_variables, domain.n_values)
        words = np.random.default_rng([seed, n_ranks]).integers(n_sharing, size=shape, dtype=np.int64)
        self.tables = HyperplaneTables(words.reshape(-1), n_ranks, thickness, n_sharing)
        walk = Walk.for_ranks(domain, n_ranks)
        coordinates = walk.sums(np.tile(np.arange(domain.n_values), domain.n_variables))
        check_reached(self.name, self._owners(coordinates, walk.sums(words)), n_ranks)

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit domains whose values are coordinates."""
        return domain.has_coordinates

    def _planes_to_ranks(self) -> tuple[int, int]:
        """Return how many planes a rank has together, and how many ranks share one."""
        try:
            factor = LAMBDA if self.option is None else float(self.option)
        except ValueError:
            factor = 0.0
        if not 0 < factor < math.inf:
            raise BadInputError(f"distribution hyperplane:{self.option} is not understood; give hyperplane:{LAMBDA}")
        extent = sum(int(graph.values.max()) for graph in self.domain.transition_graphs())
        if self.n_ranks == 1:
            return 1, 1
        thickness = factor * extent / math.log2(self.n_ranks)
        if thickness >= 1:
            return math.floor(thickness), 1
        return 1, math.floor(min(1 / thickness, self.n_ranks)) if thickness > 0 else self.n_ranks

    def _owners(self, coordinates: npt.NDArray[np.int64], words: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the owners of states from the sums of their coordinates and words."""
        tables = self.tables
        planes = tables.n_sharing * (coordinates // tables.thickness)
        owners: npt.NDArray[np.int64] = (planes + words % tables.n_sharing) % tables.n_ranks
        return owners

    def owner_of(self, state: State) -> int:
        """Add up the coordinates and the words."""
        features = self.domain.features(state)
        coordinates, words = (features % self.domain.n_values).sum(), self.tables.words[features].sum()
        return int(self._owners(coordinates, words))
