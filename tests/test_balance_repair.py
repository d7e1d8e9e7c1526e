"""A placement in use, made to fit: the compiled repair against the plain one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdsearch.balance.placement._state import new_problem
from pdsearch.balance.placement.moves import keep_slots
from pdsearch.balance.placement.repair import repaired


def plainly_repaired(loads, gpu_of, old, pinned):
    """What GPUs hold stays, lost experts come back, spare slots are filled; with sets, one after the other."""
    slots = list(pinned)
    held = [{slots[s] for s in range(len(slots)) if gpu_of[s] == g and slots[s] >= 0} for g in range(len(old))]
    heaviest = sorted(range(len(loads)), key=lambda e: (-loads[e], e))

    def copies(expert):
        return sum(expert in one for one in held)

    def enter(expert, slot):
        slots[slot] = expert
        held[gpu_of[slot]].add(expert)

    for gpu, had in enumerate(old):
        mine = [e for e in heaviest if had[e] and e not in held[gpu]]
        mine.sort(key=lambda e: sum(other[e] for other in old) > 1)
        free = [s for s in range(len(slots)) if gpu_of[s] == gpu and slots[s] < 0]
        for expert, slot in zip(mine, free, strict=False):
            enter(expert, slot)
    for expert in heaviest:
        if copies(expert):
            continue
        times = [sum(loads[e] / copies(e) for e in one) for one in held]
        empty = [s for s in range(len(slots)) if slots[s] < 0]
        if empty:
            slot = min(empty, key=lambda s: times[gpu_of[s]])
        else:
            spare = [s for s in range(len(slots)) if copies(slots[s]) > 1 and pinned[s] < 0]
            slot = min(spare, key=lambda s: loads[slots[s]] / (copies(slots[s]) - 1))
            held[gpu_of[slot]].discard(slots[slot])
        enter(expert, slot)
    for slot in range(len(slots)):
        if slots[slot] < 0:
            new = [e for e in range(len(loads)) if e not in held[gpu_of[slot]]]
            had = [e for e in new if old[gpu_of[slot]][e]]
            enter(max(had or new, key=lambda e: loads[e] / copies(e)), slot)
    return slots


@pytest.mark.wide
@settings(max_examples=200)
@given(data=st.data())
def test_the_compiled_repair_is_the_plain_one(data):
    n_experts = data.draw(st.integers(2, 7))
    sizes = np.array(data.draw(st.lists(st.integers(0, n_experts), min_size=1, max_size=4).filter(sum)))
    random = np.random.default_rng(data.draw(st.integers(0, 10**6)))
    while sizes.sum() < n_experts:
        sizes = np.append(sizes, n_experts)
    loads = random.permutation(2.0 ** np.arange(n_experts))  # sums of them are never equal, nor rounded
    old = random.random((len(sizes), n_experts)) < data.draw(st.sampled_from([0.0, 0.3, 0.8]))
    gpu_of = np.repeat(np.arange(len(sizes)), sizes)
    pinned = np.full(len(gpu_of), -1)
    if data.draw(st.booleans()):
        pinned[0] = random.integers(n_experts)
    if (pinned < 0).sum() < n_experts:
        pinned[:] = -1
    problem = new_problem(loads, sizes, locked=pinned >= 0, old=old)

    slots = repaired(problem, pinned)

    assert slots.tolist() == plainly_repaired(loads, gpu_of, old, pinned.tolist())
    assert set(slots.tolist()) == set(range(n_experts))


@given(seed=st.integers(0, 10**6))
def test_experts_that_stay_on_a_gpu_stay_in_their_slots(seed):
    random = np.random.default_rng(seed)
    before, now = random.integers(0, 4, (2, 3))
    now = np.where(random.random(3) < 0.7, before, now)
    ends, first = (np.concatenate([[0], np.cumsum(sizes)]) for sizes in (before, now))
    old, new = random.integers(0, 5, before.sum()), random.integers(0, 5, now.sum())

    placed = keep_slots(ends, old, first, new)

    for gpu in range(3):
        mine, held = placed[first[gpu] : first[gpu + 1]], new[first[gpu] : first[gpu + 1]]
        had = old[ends[gpu] : ends[gpu + 1]]
        assert sorted(mine) == sorted(held)
        if len(had) == len(mine):
            kept = sum(min((had == e).sum(), (held == e).sum()) for e in set(had))
            assert (mine == had).sum() == kept
        else:
            assert mine.tolist() == held.tolist()
