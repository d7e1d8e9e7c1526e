"""HWD: hyperplane work distribution, for domains whose variables are coordinates that grow along a path.

A state lies on the plane of the sum of its coordinates. Whole planes go to a rank, or, where
there are more ranks than planes are worth, each plane is shared by m ranks by Zobrist hashing:

    owner = (m * (sum of the coordinates) + Zobrist(s) mod m) mod p.

Successors of a plane meet at the same few owners, so fewer nodes are reopened. The published
thickness is d = lambda * (sum of the extents) / log2 p with lambda = 0.003; here m is the
largest divisor of p that is at most 1 / d, and 1 when d is larger: a divisor, because then a
rank's number tells both parts of the sum, and the owner of a successor is two look-ups away.

Source: Kobayashi, Kishimoto and Watanabe (2011), "Evaluations of Hash Distributed A* in Optimal
Sequence Alignment", IJCAI, through Fukunaga et al. (2017), "A Survey of Parallel A*", section 6.6.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import answers
from pdsearch.distribution import DISTRIBUTIONS, Distribution
from pdsearch.domains import Domain, State
from pdsearch.errors import BadInputError
from pdsearch.kernels.protocol import changes, owner

LAMBDA = 0.003


class HyperplaneTables(NamedTuple):
    """Words by feature, for the place within a plane and for the plane."""

    within: npt.NDArray[np.int64]  # (n_variables * n_values,) below n_within
    plane: npt.NDArray[np.int64]  # (n_variables * n_values,) the coordinate modulo n_planes
    n_within: int
    n_planes: int


@answers(owner, HyperplaneTables)
def _owner(sharing, rank, space, moves, c):
    within, plane = rank % sharing.n_within, rank // sharing.n_within
    most = changes(space)
    for i in range(c * most, (c + 1) * most):
        if most > 1 and moves.added[i] < 0:
            break
        within += sharing.within[moves.added[i]] - sharing.within[moves.removed[i]]
        plane += sharing.plane[moves.added[i]] - sharing.plane[moves.removed[i]]
    return (plane % sharing.n_planes) * sharing.n_within + within % sharing.n_within


@DISTRIBUTIONS.add("hyperplane")
class Hyperplane(Distribution):
    """Planes of equal coordinate sum, dealt round; the option is lambda (default 0.003)."""

    name = "hyperplane"
    source = "Kobayashi, Kishimoto and Watanabe (2011), IJCAI"
    option_help = "lambda, as hyperplane:0.03 (default 0.003)"

    def __init__(self, domain: Domain, n_ranks: int, seed: int = 0, option: str | None = None) -> None:
        super().__init__(domain, n_ranks, seed, option)
        n_within = self._shared_by(n_ranks)
        n_planes = n_ranks // n_within
        shape = (domain.n_variables, domain.n_values)
        within = np.random.default_rng([seed, n_ranks]).integers(n_within, size=shape, dtype=np.int64)
        plane = np.broadcast_to(np.arange(domain.n_values) % n_planes, shape)
        self.tables = HyperplaneTables(within.reshape(-1), plane.reshape(-1).copy(), n_within, n_planes)

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit domains whose values are coordinates."""
        return domain.has_coordinates

    def _shared_by(self, n_ranks: int) -> int:
        """Return how many ranks share a plane."""
        try:
            factor = LAMBDA if self.option is None else float(self.option)
        except ValueError:
            factor = 0.0
        if not 0 < factor < math.inf:
            raise BadInputError(f"distribution hyperplane:{self.option} is not understood; give hyperplane:{LAMBDA}")
        extent = sum(int(graph.values.max()) for graph in self.domain.transition_graphs())
        thickness = factor * extent / max(1.0, math.log2(n_ranks))
        most = max(1, math.floor(1 / thickness)) if thickness > 0 else n_ranks
        return max(divisor for divisor in range(1, n_ranks + 1) if n_ranks % divisor == 0 and divisor <= most)

    def owner_of(self, state: State) -> int:
        """Add up the coordinates and the words."""
        features, tables = self.domain.features(state), self.tables
        within = int(tables.within[features].sum() % tables.n_within)
        plane = int(tables.plane[features].sum() % tables.n_planes)
        return plane * int(tables.n_within) + within
