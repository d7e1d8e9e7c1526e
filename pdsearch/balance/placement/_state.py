"""One layer's placement while it is searched: who holds what, and two ways downhill that keep every constraint.

A state is changed in place by kernels, which allocate nothing. GPU g owns the slots first[g] to first[g + 1] - 1; it
takes load / speed to serve what it holds. ``holds`` makes the question whether a GPU has an expert one look-up, and
``old`` says what it had before: where the number of arrivals is limited, only steps that keep it so are taken, and
among steps that do equally much those with fewer arrivals.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.balance.metrics import FloatArray

CANDIDATES = 8  # replica changes tried in full per round; 32 of them change the largest loads by less than .1 %
_EVEN = 1e-4  # above the mean: what ends so near is not searched further
_SLACK = 1e-12  # relative: a gain must be larger than rounding, so that the descent ends


class Problem(NamedTuple):
    """What does not change: loads, GPUs and constraints."""

    loads: FloatArray  # [n_experts]
    first: npt.NDArray[np.int64]  # [n_gpus + 1]
    gpu: npt.NDArray[np.int64]  # [n_slots], the GPU of each slot
    pace: FloatArray  # [n_gpus], 1 / speed
    locked: npt.NDArray[np.bool_]  # [n_slots]
    old: npt.NDArray[np.bool_]  # [n_gpus, n_experts]; all True where moves are free
    budget: int  # most arrivals


class State(NamedTuple):
    """What the search changes."""

    slots: npt.NDArray[np.int64]  # [n_slots], experts
    counts: npt.NDArray[np.int64]  # [n_experts]
    holds: npt.NDArray[np.int16]  # [n_gpus, n_experts], replicas
    share: FloatArray  # [n_experts], load of a replica
    load: FloatArray  # [n_gpus]


def new_problem(
    loads: FloatArray,
    slots_of: npt.NDArray[np.int64],
    speeds: FloatArray | None = None,
    locked: npt.NDArray[np.bool_] | None = None,
    old: npt.NDArray[np.bool_] | None = None,
    budget: int | None = None,
) -> Problem:
    """Build a problem from the slots of each GPU; what is not given is no constraint."""
    n_gpus, n_slots = len(slots_of), int(slots_of.sum())
    return Problem(
        np.ascontiguousarray(loads, dtype=np.float64),
        np.concatenate([[0], np.cumsum(slots_of)]).astype(np.int64),
        np.repeat(np.arange(n_gpus), slots_of).astype(np.int64),
        np.ones(n_gpus) if speeds is None else 1 / np.asarray(speeds, dtype=np.float64),
        np.zeros(n_slots, np.bool_) if locked is None else locked,
        np.ones((n_gpus, len(loads)), np.bool_) if old is None else old,
        np.iinfo(np.int64).max // 2 if budget is None else int(budget),
    )


def new_state(problem: Problem) -> State:
    """Allocate a state; :func:`fill` gives it a placement."""
    n_experts, n_gpus = len(problem.loads), len(problem.pace)
    return State(
        np.zeros(len(problem.gpu), np.int64),
        np.zeros(n_experts, np.int64),
        np.zeros((n_gpus, n_experts), np.int16),
        np.zeros(n_experts),
        np.zeros(n_gpus),
    )


@kernel
def fill(problem, state):
    """Bring counts, holds, shares and loads in line with ``state.slots``; return the longest time of a GPU."""
    state.counts[:] = 0
    state.holds[:] = 0
    for slot in range(state.slots.shape[0]):
        state.counts[state.slots[slot]] += 1
        state.holds[problem.gpu[slot], state.slots[slot]] += 1
    return sum_loads(problem, state)


@kernel
def sum_loads(problem, state):
    """Recompute shares and loads from the counts; return the longest time of a GPU."""
    for expert in range(state.counts.shape[0]):
        state.share[expert] = problem.loads[expert] / max(state.counts[expert], 1)
    longest = 0.0
    for gpu in range(state.load.shape[0]):
        total = 0.0
        for slot in range(problem.first[gpu], problem.first[gpu + 1]):
            total += state.share[state.slots[slot]]
        state.load[gpu] = total
        longest = max(longest, total * problem.pace[gpu])
    return longest


@kernel
def arrivals(problem, state):
    """Count the experts that some GPU holds and did not hold before."""
    n = 0
    for gpu in range(state.holds.shape[0]):
        for expert in range(state.holds.shape[1]):
            n += state.holds[gpu, expert] > 0 and not problem.old[gpu, expert]
    return n


@kernel
def fullest(problem, state):
    """Return the GPU that takes longest."""
    full = 0
    for gpu in range(1, state.load.shape[0]):
        if state.load[gpu] * problem.pace[gpu] > state.load[full] * problem.pace[full]:
            full = gpu
    return full


@kernel
def copy_state(source, target):
    """Copy without the temporary that a slice assignment would allocate."""
    for i in range(source.slots.shape[0]):
        target.slots[i] = source.slots[i]
    for gpu in range(source.holds.shape[0]):
        target.load[gpu] = source.load[gpu]
        for expert in range(source.holds.shape[1]):
            target.holds[gpu, expert] = source.holds[gpu, expert]
    for expert in range(source.counts.shape[0]):
        target.counts[expert] = source.counts[expert]
        target.share[expert] = source.share[expert]


@kernel
def put(problem, state, slot, expert):
    """Put an expert in a slot, in ``slots`` and ``holds``."""
    gpu = problem.gpu[slot]
    state.holds[gpu, state.slots[slot]] -= 1
    state.holds[gpu, expert] += 1
    state.slots[slot] = expert


@kernel
def swap_downhill(problem, state, moved):
    """Swap between the fullest GPU and another as long as that lowers the longer time of the two.

    Neither GPU gets an expert twice by it. ``moved`` arrivals there are before; returns those after.
    """
    while True:
        full = fullest(problem, state)
        limit = state.load[full] * problem.pace[full]
        value, mine, theirs, step = limit * _SLACK, -1, -1, 0
        for one in range(problem.first[full], problem.first[full + 1]):
            a = state.slots[one]
            if problem.locked[one]:
                continue
            for other in range(state.slots.shape[0]):
                b, there = state.slots[other], problem.gpu[other]
                change = state.share[a] - state.share[b]
                if change <= 0 or problem.locked[other]:
                    continue
                longer = max(
                    (state.load[full] - change) * problem.pace[full], (state.load[there] + change) * problem.pace[there]
                )
                if limit - longer <= value or state.holds[full, b] > 0 or state.holds[there, a] > 0:
                    continue
                old = problem.old
                arrive = np.int64(old[full, a]) - old[there, a] + old[there, b] - old[full, b]
                gain = (limit - longer) / (1 + max(arrive, 0))
                if gain > value and moved + arrive <= problem.budget:
                    value, mine, theirs, step = gain, one, other, arrive
        if mine < 0:
            return moved
        a, b, there = state.slots[mine], state.slots[theirs], problem.gpu[theirs]
        change = state.share[a] - state.share[b]
        state.load[full] -= change
        state.load[there] += change
        put(problem, state, mine, b)
        put(problem, state, theirs, a)
        moved += step


@kernel
def search(problem, state, trial, chosen, potential):
    """Swap downhill; then change replicas, swap again, and keep what is better, until nothing is.

    Ends where no GPU takes much longer than the mean, or no change that looks good ends lower. Returns the longest
    time.
    Scratch: ``trial`` another state, ``chosen`` int64[CANDIDATES, 2], ``potential`` float64[CANDIDATES].
    """
    sum_loads(problem, state)
    moved = swap_downhill(problem, state, arrivals(problem, state))
    limit = sum_loads(problem, state)
    while limit > _mean_time(problem) * (1 + _EVEN):
        n = _candidates(problem, state, moved, chosen, potential)
        improved = False
        for i in range(n):
            copy_state(state, trial)
            slot, expert = chosen[i, 0], chosen[i, 1]
            after = moved + _arrives(problem, slot, state.slots[slot], expert)
            trial.counts[state.slots[slot]] -= 1
            trial.counts[expert] += 1
            put(problem, trial, slot, expert)
            sum_loads(problem, trial)
            after = swap_downhill(problem, trial, after)
            reached = sum_loads(problem, trial)
            if reached < limit * (1 - _SLACK):
                copy_state(trial, state)
                limit, moved, improved = reached, after, True
                break
        if not improved:
            break
    return limit


@kernel
def _mean_time(problem):
    """Return the time of every GPU if all took equally long."""
    load, speed = 0.0, 0.0
    for expert in range(problem.loads.shape[0]):
        load += problem.loads[expert]
    for gpu in range(problem.pace.shape[0]):
        if problem.first[gpu + 1] > problem.first[gpu]:
            speed += 1 / problem.pace[gpu]
    return load / speed


@kernel
def _arrives(problem, slot, leaves, comes):
    """Return by how much the arrivals grow when an expert takes another's slot, which holds it once."""
    gpu = problem.gpu[slot]
    return np.int64(problem.old[gpu, leaves]) - np.int64(problem.old[gpu, comes])


@kernel
def _candidates(problem, state, moved, chosen, potential):
    """Find the replica changes that leave the least sum of squared times; return how many there are."""
    full, n = fullest(problem, state), 0
    squares, steepest = 0.0, 0.0
    for gpu in range(state.load.shape[0]):
        squares += (state.load[gpu] * problem.pace[gpu]) ** 2
        steepest = max(steepest, state.load[gpu] * problem.pace[gpu] ** 2)
    for slot in range(state.slots.shape[0]):
        leaves, there = state.slots[slot], problem.gpu[slot]
        if problem.locked[slot] or state.counts[leaves] < 2 or state.holds[there, leaves] > 1:
            continue
        more = problem.loads[leaves] / (state.counts[leaves] - 1) - state.share[leaves]
        rises = _change(problem, state, leaves, more, there)  # of the squares, where the one that leaves is still
        if there == full:  # anything lighter in its place
            for expert in range(problem.loads.shape[0]):
                if problem.loads[expert] / (state.counts[expert] + 1) < state.share[leaves]:
                    n = _offer(problem, state, moved, squares + rises, steepest, slot, expert, chosen, potential, n)
        else:  # one more of an expert that the fullest GPU holds
            for held in range(problem.first[full], problem.first[full + 1]):
                n = _offer(
                    problem, state, moved, squares + rises, steepest, slot, state.slots[held], chosen, potential, n
                )
    return n


@kernel
def _change(problem, state, expert, by, there):
    """Return by how much the squared times grow where the holders of an expert, but ``there``, serve ``by`` more."""
    change = 0.0
    for gpu in range(state.load.shape[0]):
        if state.holds[gpu, expert] > 0 and gpu != there:
            change += by * (2 * state.load[gpu] + by) * problem.pace[gpu] ** 2
    return change


@kernel
def _offer(problem, state, moved, squares, steepest, slot, expert, chosen, potential, n):
    """Enter a change among the best if it is one and is allowed.

    ``squares`` has what the other holders of the one that leaves serve more.
    """
    there, leaves = problem.gpu[slot], state.slots[slot]
    if state.holds[there, expert] > 0 or state.counts[expert] < 1:
        return n
    share = problem.loads[expert] / (state.counts[expert] + 1)
    load = state.load[there] + share - state.share[leaves]
    squares += (load**2 - state.load[there] ** 2) * problem.pace[there] ** 2
    best = potential[n - 1] if n == potential.shape[0] else np.inf
    falls = (
        state.share[expert] - share
    )  # at every holder: their squares fall by no more than twice this times the steepest
    if squares - 2 * falls * state.counts[expert] * steepest >= best:
        return n
    if moved + _arrives(problem, slot, leaves, expert) > problem.budget:
        return n
    squares += _change(problem, state, expert, -falls, there)
    more = problem.loads[leaves] / (state.counts[leaves] - 1) - state.share[leaves]
    for gpu in range(state.load.shape[0]):
        if gpu != there and state.holds[gpu, leaves] > 0 and state.holds[gpu, expert] > 0:
            squares -= 2 * more * falls * problem.pace[gpu] ** 2  # of (load + more - falls) squared
    if squares >= best:
        return n
    place = min(n, potential.shape[0] - 1)
    while place > 0 and squares < potential[place - 1]:
        potential[place] = potential[place - 1]
        chosen[place, 0], chosen[place, 1] = chosen[place - 1, 0], chosen[place - 1, 1]
        place -= 1
    potential[place] = squares
    chosen[place, 0], chosen[place, 1] = slot, expert
    return min(n + 1, potential.shape[0])
