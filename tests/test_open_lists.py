"""Both open lists against the plainest of priority queues: least f, then least h, then last in."""

import drivers
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdsearch.kernels.bucket import new_bucket_open
from pdsearch.kernels.heap import new_heap_open
from pdsearch.kernels.protocol import INFINITY

N_F, N_H = 12, 6
FRONTIERS = {
    "bucket": lambda: new_bucket_open(3, N_H, 2),  # so small that every test makes them grow
    "heap": lambda: new_heap_open(2),
}

pushes = st.tuples(st.just("push"), st.integers(0, N_F - 1), st.integers(0, N_H - 1), st.integers(1, 150))
pops = st.tuples(st.just("pop"), st.integers(0, N_F), st.integers(1, 40), st.just(0))
scripts = st.lists(st.one_of(pushes, pops), max_size=60)


class Plain:
    """A list that is sorted at every pop."""

    def __init__(self):
        self.entries, self.entered = [], 0

    def push(self, f, h, node):
        self.entered -= 1
        self.entries.append((f, h, self.entered, node))

    def pop(self, f_limit, most):
        self.entries.sort()
        least = self.entries[0][0] if self.entries else INFINITY
        batch = [entry for entry in self.entries[:most] if entry[0] == least and least <= f_limit]
        del self.entries[: len(batch)]
        return [(h, node) for _, h, _, node in batch]


class Compiled:
    """The library's open list, grown as a rank grows it."""

    def __init__(self, kind):
        self.open_list = FRONTIERS[kind]()
        self.n_f = 3

    def push(self, f, h, node):
        if not self.open_list.has_room(1):
            self.open_list = self.open_list.doubled()
        if f >= self.n_f:
            self.n_f = f + 1
            self.open_list = self.open_list.widened(self.n_f)
        assert drivers.push_one(self.open_list, f, h, node) >= 1

    def pop(self, f_limit, most):
        nodes, hs = np.zeros(most, np.int64), np.zeros(most, np.int64)
        count, f = drivers.pop_some(self.open_list, f_limit, nodes, hs)
        if count:
            self.last_f = f
        return list(zip(hs[:count].tolist(), nodes[:count].tolist(), strict=True))


@pytest.mark.wide
@pytest.mark.parametrize("kind", FRONTIERS)
@settings(max_examples=150, deadline=None)
@given(script=scripts)
def test_an_open_list_pops_what_the_plainest_one_pops(kind, script):
    plain, compiled = Plain(), Compiled(kind)
    node = 0

    for what, f, h_or_most, times in script:
        if what == "push":
            for _ in range(times):  # the same f and h, so that stacks reach over several chunks
                node += 1
                plain.push(f, h_or_most, node)
                compiled.push(f, h_or_most, node)
        else:
            least = min((entry[0] for entry in plain.entries), default=INFINITY)
            expected = plain.pop(f, h_or_most)
            assert compiled.pop(f, h_or_most) == expected
            if expected:
                assert compiled.last_f == least
        least = min((entry[0] for entry in plain.entries), default=INFINITY)
        assert compiled.open_list.n_open == len(plain.entries)
        assert compiled.open_list.least_f <= least
        assert (compiled.open_list.least_f == INFINITY) == (least == INFINITY)

    drained = len(plain.entries) + 1
    while plain.entries:
        assert compiled.pop(INFINITY, drained) == plain.pop(INFINITY, drained)
    assert compiled.pop(INFINITY, 1) == []


@pytest.mark.parametrize("kind", FRONTIERS)
def test_a_pop_takes_nothing_above_the_limit(kind):
    compiled = Compiled(kind)
    compiled.push(5, 2, 1)

    assert compiled.pop(4, 8) == []
    assert compiled.open_list.n_open == 1
    assert compiled.pop(5, 8) == [(2, 1)]


@pytest.mark.parametrize("kind", FRONTIERS)
def test_a_batch_never_mixes_values_of_f(kind):
    compiled = Compiled(kind)
    for node, (f, h) in enumerate([(4, 4), (5, 0), (4, 1), (5, 1), (4, 1)]):
        compiled.push(f, h, node)

    assert compiled.pop(INFINITY, 10) == [(1, 4), (1, 2), (4, 0)]
    assert compiled.pop(INFINITY, 10) == [(0, 1), (1, 3)]


@pytest.mark.parametrize("kind", FRONTIERS)
def test_memory_follows_the_open_nodes_and_not_those_ever_opened(kind):
    compiled = Compiled(kind)

    for round_ in range(300):
        for node in range(100):
            compiled.push(round_ % N_F, node % N_H, node)
        assert len(compiled.pop(INFINITY, 100)) == 100

    assert sum(array.nbytes for array in compiled.open_list) < 10_000


def test_a_widened_bucket_queue_keeps_its_entries():
    compiled = Compiled("bucket")
    compiled.push(2, 5, 7)

    compiled.push(400, 0, 8)

    assert compiled.pop(INFINITY, 10) == [(5, 7)]
    assert compiled.pop(INFINITY, 10) == [(0, 8)]


def test_a_bucket_queue_says_where_the_range_of_f_ends():
    open_list = new_bucket_open(4, N_H, 100)

    assert drivers.end_of_f(open_list) == open_list.f_end == 4
    assert drivers.end_of_f(open_list.widened(9)) == open_list.widened(9).f_end == 9


def test_the_heap_orders_costs_far_beyond_any_bucket():
    compiled = Compiled("heap")
    for node, f in enumerate([2**39, 7, 2**39 - 1, 10**9, 8]):
        compiled.push(f, 0, node)

    assert [compiled.pop(INFINITY, 1)[0][1] for _ in range(5)] == [1, 4, 3, 2, 0]
