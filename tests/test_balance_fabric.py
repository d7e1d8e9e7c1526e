"""Flows on spines: no link fuller than with ideal spraying, every flow whole in sum, few of them split."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pdsearch.balance.fabric import edge_colours, split_on_spines
from pdsearch.balance.splitting import split_flows
from pdsearch.errors import BadInputError

demands = st.integers(1, 6).flatmap(lambda n: hnp.arrays(np.int64, (n, n), elements=st.integers(0, 4)))


@pytest.mark.wide
@given(demand=demands.filter(lambda d: d.any()), n_spines=st.integers(1, 9))
def test_no_link_is_fuller_than_with_ideal_spraying_and_every_flow_arrives(demand, n_spines):
    flows = split_on_spines(demand, n_spines)

    degree = max(demand.sum(axis=0).max(), demand.sum(axis=1).max())
    up, down = flows.link_loads(len(demand), n_spines)
    assert max(up.max(), down.max()) == pytest.approx(degree / n_spines)
    np.testing.assert_allclose(up.sum(axis=1), demand.sum(axis=1))
    np.testing.assert_allclose(down.sum(axis=0), demand.sum(axis=0))
    assert (np.bincount(flows.flow, flows.parts, minlength=demand.sum()) == flows.parts_per_flow).all()
    ends = np.zeros_like(demand)
    np.add.at(ends, (flows.source, flows.destination), 1)
    assert (ends == demand).all()
    assert flows.n_split <= (degree % n_spines) * len(demand)


@pytest.mark.parametrize(("n_leaves", "n_spines", "each"), [(4, 4, 1), (8, 4, 1), (5, 3, 2), (16, 6, 1), (32, 32, 4)])
def test_all_to_all_loads_every_link_equally_and_splits_only_the_remainder(n_leaves, n_spines, each):
    flows = split_on_spines(np.full((n_leaves, n_leaves), each), n_spines)

    for loads in flows.link_loads(n_leaves, n_spines):
        assert loads.min() == loads.max() == n_leaves * each / n_spines
    assert flows.n_split == n_leaves * (n_leaves * each % n_spines)


def test_one_leaf_after_the_other_fills_a_link_down_four_times():
    alone = split_flows(4, 4)  # every leaf puts its flow to leaf d on the same spine

    down = np.zeros((4, 4))
    for _ in range(4):
        np.add.at(down, (alone.link, alone.flow), 1)

    assert down.max() == 4
    assert max(loads.max() for loads in split_on_spines(np.ones((4, 4), int), 4).link_loads(4, 4)) == 1


@given(demand=demands.filter(lambda d: d.any()))
def test_no_leaf_has_two_edges_of_a_colour(demand):
    source, destination = (np.repeat(ends.ravel(), demand.ravel()) for ends in np.indices(demand.shape))
    degree = max(demand.sum(axis=0).max(), demand.sum(axis=1).max())

    colour = edge_colours(source, destination, len(demand), degree)

    assert colour.min() >= 0
    assert colour.max() < degree
    for ends in (source, destination):
        assert len(set(zip(ends.tolist(), colour.tolist(), strict=True))) == len(colour)


@pytest.mark.parametrize(
    ("demand", "n_spines", "message"),
    [
        ([[1, 2]], 2, r"demand has shape \(1, 2\)"),
        ([[0.5]], 2, "need whole numbers"),
        ([[0]], 2, "demands add up to 0 flows"),
        ([[-1, 2], [1, 1]], 2, "give counts"),
        ([[10**9]], 2, "give counts of 1 to 10000000 flows"),
        ([[1]], 0, "0 spines; need at least one"),
        ([[1], [2, 3]], 1, "give equally long rows"),
    ],
)
def test_demands_that_are_none_are_refused(demand, n_spines, message):
    with pytest.raises(BadInputError, match=message):
        split_on_spines(demand, n_spines)


def test_a_large_network_takes_no_time_worth_mentioning():
    flows = split_on_spines(np.ones((128, 128), int), 24)

    assert max(loads.max() for loads in flows.link_loads(128, 24)) == pytest.approx(128 / 24)
    assert flows.parts_per_flow == 24 // math.gcd(128 % 24, 24)
