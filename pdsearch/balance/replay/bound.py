"""The least that the fullest GPU can have, whatever the placement: what regret is measured against.

No placement serves a layer with less on its fullest GPU than the mean, nor than the largest share of a replica. The
choice of replicas with the least largest share is greedy: one more to the expert whose share is the largest. So

    bound = max(sum of loads / GPUs, least over replica counts of the largest share),

also for placements that put two replicas of an expert on one GPU. The exact optimum can be above it; small cases can
have that in its place, from :func:`pdsearch.balance.placement.optimum.least_possible`.
"""

from __future__ import annotations

import numpy as np

from pdsearch._jit import kernel
from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.placement import Cluster


def least_largest(loads: FloatArray, cluster: Cluster) -> FloatArray:
    """Return float64[n_layers], no more than the fullest GPU of any placement has to serve.

    Parameters
    ----------
    loads : float64[n_layers, n_experts]
        Of one step.
    cluster : Cluster
        Slots and GPUs.

    Examples
    --------
    >>> least_largest(np.array([[8.0, 1.0, 1.0], [2.0, 2.0, 2.0]]), Cluster(n_slots=4, n_gpus=4))
    array([4., 2.])
    """
    bound, counts = np.empty(len(loads)), np.empty(loads.shape[1], dtype=np.int64)
    _bound(loads, cluster.n_slots, cluster.n_gpus, counts, bound)
    return bound


@kernel
def _bound(loads, n_slots, n_gpus, counts, bound):
    for layer in range(loads.shape[0]):
        total = 0.0
        for expert in range(loads.shape[1]):
            total += loads[layer, expert]
            counts[expert] = 1
        mean, spare = total / n_gpus, n_slots - loads.shape[1]
        while True:
            top, largest = 0, -1.0
            for expert in range(loads.shape[1]):
                share = loads[layer, expert] / counts[expert]
                if share > largest:
                    top, largest = expert, share
            if spare == 0 or largest <= mean:
                break
            counts[top] += 1
            spare -= 1
        bound[layer] = max(mean, largest)
