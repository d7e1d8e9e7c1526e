"""The policy ``local-search``: from several placements downhill, without needless duplicates on a GPU.

It starts from EPLB's placement and from the most even ones of :mod:`pdsearch.balance.placement.apart`, and keeps
the most even end:

1. An expert keeps at most one replica per GPU of its node: a second one there spreads nothing.
2. Swaps remove the duplicates a GPU still holds. As long as a GPU holds an expert twice, one that lacks it
   has a replica whose swap lowers the number of duplicates, so none is left.
3. Swaps between the fullest GPU and another, as long as they lower the larger load of the two.
4. A replica changes hands: an expert on the fullest GPU gets one more elsewhere, or a lighter one takes its place
   there; then 3 again. Of all such changes those that leave the least sum of squared loads are tried, and the
   first that ends lower is kept. Repeated until nothing does.

Steps 3 and 4 never raise the largest load, so the end is never worse than EPLB's placement if that has no
duplicates. Where it has some, 1 and 2 may cost balance that nothing wins back: of loads 4, 3, 1 in four slots on
two GPUs, EPLB serves 4 at most and no placement without duplicates less than 4.5.
"""

from __future__ import annotations

import numpy as np

from pdsearch._jit import kernel
from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.placement import POLICIES, Cluster, Ids
from pdsearch.balance.placement._state import (
    CANDIDATES,
    Problem,
    State,
    copy_state,
    fill,
    new_problem,
    new_state,
    put,
    search,
    sum_loads,
)
from pdsearch.balance.placement.apart import pack
from pdsearch.balance.placement.eplb import eplb
from pdsearch.errors import BadInputError

STARTS = 4  # besides EPLB's: of 200 small cases 52 end above the optimum from 1, 24 from 4, 23 from 8
ROWS = 24  # greedy placements looked at, of which the most even ones are starts
LARGE = 160  # slots of a node from which on one start of 18 has to do: 4 of 24 end .1 to .5 % lower in twice the time


MOST_PAIRS = 4_000_000  # slots of a GPU times slots of its node: 2,000 times those of 320 slots on 32 GPUs


def effort(n_slots: int) -> tuple[int, int]:
    """Return how many greedy placements to look at for so many slots, and how many of them to start from."""
    return (ROWS, STARTS) if n_slots < LARGE else (18, 1)


class Scratch:
    """What a search of one problem's size needs, allocated once: a second state, candidates, the best so far."""

    def __init__(self, problem: Problem) -> None:
        self.state, self.trial, self.best = (new_state(problem) for _ in range(3))
        self.chosen, self.potential = np.zeros((CANDIDATES, 2), np.int64), np.zeros(CANDIDATES)

    def load(self, problem: Problem, slots: Ids) -> float:
        """Bring :attr:`state` to ``slots``, and return its longest time."""
        self.state.slots[:] = slots
        return float(fill(problem, self.state))

    def search(self, problem: Problem, slots: Ids) -> float:
        """Go downhill from ``slots``; the end is in :attr:`state`, and its longest time is returned."""
        self.load(problem, slots)
        separate(problem, self.state)
        return float(search(problem, self.state, self.trial, self.chosen, self.potential))


@POLICIES.add("local-search")
def local_search(loads: FloatArray, cluster: Cluster) -> Ids:
    """Return int64[n_layers, n_slots], the expert in each slot.

    Raises
    ------
    BadInputError
        If a GPU has so many slots that swaps would take minutes.
    """
    pairs = cluster.slots_per_gpu * (cluster.n_slots // cluster.n_domains)
    if pairs > MOST_PAIRS:
        raise BadInputError(
            f"{cluster.slots_per_gpu} slots a GPU of {cluster.n_slots} are too many for swaps; use the policy eplb"
        )
    by_node = eplb(loads, cluster).reshape(len(loads), cluster.n_domains, -1).copy()
    gpus = cluster.n_gpus // cluster.n_domains
    problem = new_problem(np.zeros(loads.shape[1] // cluster.n_domains), np.full(gpus, cluster.slots_per_gpu))
    scratch, unpinned = Scratch(problem), np.full(by_node.shape[2], -1, np.int64)
    rows, starts = effort(by_node.shape[2])
    for layer, row in enumerate(loads):
        for slots in by_node[layer]:
            experts = np.flatnonzero(np.bincount(slots, minlength=len(row)))
            problem.loads[:] = row[experts]
            placed, largest = pack(problem, unpinned, rows)
            published = np.searchsorted(experts, slots)
            best = _best_end(problem, scratch, placed[np.argsort(largest, kind="stable")[:starts]], published)
            slots[:] = experts[best]
    return by_node.reshape(len(loads), -1)


def _best_end(problem: Problem, scratch: Scratch, starts: Ids, published: Ids) -> Ids:
    """Return the most even placement that the descents end in."""
    least = scratch.search(problem, published)
    copy_state(scratch.state, scratch.best)
    for start in starts:
        longest = scratch.search(problem, start)
        if longest < least:
            least = longest
            copy_state(scratch.state, scratch.best)
    return scratch.best.slots


def improve(loads: FloatArray, experts: Ids, cluster: Cluster) -> Ids:
    """Even out a placement, without two replicas of an expert on a GPU where that is avoidable.

    Parameters
    ----------
    loads : float64[n_layers, n_experts]
        Expected loads.
    experts : int64[n_layers, n_slots]
        Where to start; what lies on a node stays there if the cluster is hierarchical.
    cluster : Cluster
        Slots, GPUs, nodes.

    Returns
    -------
    int64[n_layers, n_slots]
        A new array; never less even than the start, once that has its duplicates separated.

    Examples
    --------
    >>> cluster = Cluster(n_slots=4, n_gpus=2)
    >>> improve(np.array([[4.0, 2.0, 1.0]]), np.array([[0, 0, 1, 2]]), cluster)
    array([[1, 0, 0, 2]])
    """
    improved = experts.reshape(len(loads), cluster.n_domains, -1).copy()
    gpus = cluster.n_gpus // cluster.n_domains
    for layer, row in enumerate(loads):
        for slots in improved[layer]:
            held = np.unique(slots)
            problem = new_problem(row[held], np.full(gpus, cluster.slots_per_gpu))
            no_other = np.empty((0, len(slots)), np.int64)
            slots[:] = held[_best_end(problem, Scratch(problem), no_other, np.searchsorted(held, slots))]
    return improved.reshape(experts.shape)


@kernel
def separate(problem: Problem, state: State):
    """Steps 1 and 2: no expert with more replicas than GPUs, none twice on one GPU, where avoidable."""
    n_gpus = problem.pace.shape[0]
    sum_loads(problem, state)
    for slot in range(state.slots.shape[0]):
        expert = state.slots[slot]
        if state.counts[expert] > n_gpus and state.holds[problem.gpu[slot], expert] > 1 and not problem.locked[slot]:
            best, top = -1, -1.0
            for other in range(state.counts.shape[0]):
                share = problem.loads[other] / state.counts[other]
                if state.counts[other] < n_gpus and share > top:
                    best, top = other, share
            if best >= 0:
                state.counts[expert] -= 1
                state.counts[best] += 1
                put(problem, state, slot, best)
    sum_loads(problem, state)
    for slot in range(state.slots.shape[0]):
        while state.holds[problem.gpu[slot], state.slots[slot]] > 1 and not problem.locked[slot]:
            other = _best_exchange(problem, state, slot)
            if other < 0:
                break
            mine, theirs = state.slots[slot], state.slots[other]
            put(problem, state, slot, theirs)
            put(problem, state, other, mine)
            sum_loads(problem, state)


@kernel
def _best_exchange(problem, state, slot):
    """Find the swap that leaves fewer duplicates and the least longer time of the two GPUs; -1 for none."""
    gpu, expert = problem.gpu[slot], state.slots[slot]
    best, value = -1, np.inf
    for other in range(state.slots.shape[0]):
        there, theirs = problem.gpu[other], state.slots[other]
        if there == gpu or state.holds[there, expert] > 0 or problem.locked[other]:
            continue
        gained = 1 - (state.holds[gpu, theirs] > 0) + (state.holds[there, theirs] > 1)
        change = state.share[expert] - state.share[theirs]
        longer = max((state.load[gpu] - change) * problem.pace[gpu], (state.load[there] + change) * problem.pace[there])
        if gained > 0 and longer < value:
            best, value = other, longer
    return best
