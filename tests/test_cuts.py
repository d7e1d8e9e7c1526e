"""Two-way cuts against brute force, and the anchors known for grids."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdsearch.distribution.cuts import (
    greedy_cut,
    matrix,
    metis_cut,
    networkx_cut,
    published_cut,
    published_greedy_groups,
    sparsest_cut,
    sparsity,
)
from pdsearch.domains import TransitionGraph


def grid(width, height):
    """Return the unit weights of a grid of cells."""
    cells = itertools.product(range(height), range(width))
    steps = [
        (y * width + x, (y + dy) * width + x + dx)
        for y, x in cells
        for dy, dx in ((0, 1), (1, 0))
        if y + dy < height and x + dx < width
    ]
    return matrix(TransitionGraph.of(0, range(width * height), steps))


def by_brute_force(weights):
    n = len(weights)
    sides = (np.array((True, *rest)) for rest in itertools.product([True, False], repeat=n - 1))
    return max(sparsity(weights, np.ones(n), side) for side in sides)


@pytest.mark.parametrize(("width", "height", "best"), [(3, 3, 6), (4, 4, 16), (5, 4, 24), (5, 5, 30)])
def test_the_sparsest_cuts_of_grids_are_those_known(width, height, best):
    weights = grid(width, height)

    assert sparsity(weights, np.ones(width * height), sparsest_cut(weights)) == pytest.approx(best)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), n=st.integers(2, 10))
def test_the_exact_cut_is_as_sparse_as_the_best_of_all(data, n):
    entries = data.draw(st.lists(st.integers(0, 3), min_size=n * n, max_size=n * n))
    weights = np.triu(np.array(entries, float).reshape(n, n), 1)
    weights += weights.T

    found = sparsity(weights, np.ones(n), sparsest_cut(weights))

    assert found == pytest.approx(by_brute_force(weights))


def test_the_exact_cut_of_twelve_values_is_as_sparse_as_the_best_of_all():
    rng = np.random.default_rng(0)
    for _ in range(3):
        weights = np.triu(rng.random((12, 12)) * (rng.random((12, 12)) < 0.4), 1)
        weights += weights.T

        assert sparsity(weights, np.ones(12), sparsest_cut(weights)) == pytest.approx(by_brute_force(weights))


@pytest.mark.parametrize("cut", [greedy_cut, sparsest_cut, metis_cut, networkx_cut, published_cut])
def test_every_partitioner_leaves_no_side_empty_and_puts_the_first_value_on_the_first(cut):
    for weights in (grid(2, 1), grid(4, 4), grid(7, 3)):
        side = cut(weights)

        assert side[0]
        assert not side.all()


def test_a_graph_in_pieces_is_cut_between_them_as_evenly_as_possible():
    weights = np.zeros((6, 6))
    for u, v in ((0, 1), (2, 3), (4, 5), (3, 4)):
        weights[u, v] = weights[v, u] = 1

    assert np.flatnonzero(sparsest_cut(weights)).tolist() == [0, 1]


def test_the_greedy_cut_stops_at_half_of_the_values():
    assert greedy_cut(grid(3, 3)).sum() == 5


@pytest.mark.parametrize("weights", [np.ones((20, 20)) - np.eye(20), np.zeros((20, 20))])
def test_of_twenty_values_all_of_whose_cuts_are_alike_the_first_is_taken(weights):
    side = sparsest_cut(weights)

    assert np.flatnonzero(side).tolist() == ([0] if weights.any() else list(range(10)))


def test_a_local_search_cuts_two_hundred_values_as_sparsely_as_is_known():
    path, field = grid(200, 1), grid(14, 14)

    assert sparsity(path, np.ones(200), sparsest_cut(path)) == 100 * 100
    assert sparsity(field, np.ones(196), sparsest_cut(field)) == 98 * 98 / 14


@settings(max_examples=30, deadline=None)
@given(data=st.data(), n=st.integers(2, 9))
def test_no_single_move_improves_what_the_local_search_finds(data, n):
    entries = data.draw(st.lists(st.integers(0, 3), min_size=n * n, max_size=n * n))
    weights = np.triu(np.array(entries, float).reshape(n, n), 1)
    weights += weights.T
    sizes = np.arange(1.0, n + 1)

    side = sparsest_cut(weights, sizes, exact_up_to=0)

    for i in range(n):
        other = side ^ (np.arange(n) == i)
        assert sparsity(weights, sizes, other) <= sparsity(weights, sizes, side) * (1 + 1e-9)


def test_the_cut_by_edge_weight_prefers_weight_within_the_sides_to_their_numbers_of_values():
    weights = np.zeros((8, 8))
    for u, v, weight in ((0, 1, 9), (1, 2, 1), (2, 3, 1), (3, 4, 1), (4, 5, 1), (5, 6, 1), (6, 7, 1)):
        weights[u, v] = weights[v, u] = weight

    assert np.flatnonzero(published_cut(weights)).tolist() == [0, 1]
    assert np.flatnonzero(sparsest_cut(weights)).tolist() == [0, 1, 2, 3]


def test_the_published_groups_leave_out_what_is_not_connected_and_stop_before_half():
    path = np.zeros((7, 7))
    for u, v in ((0, 1), (1, 2), (2, 3), (3, 4)):
        path[u, v] = path[v, u] = 1

    assert published_greedy_groups(path).tolist() == [-1, -1, -1, -1, -1, 0, -1]
    assert published_greedy_groups(path[:5, :5]).tolist() == [0, 0, 1, 1, 1]


@pytest.mark.parametrize("n", [5, 22, 60])
def test_where_all_cuts_are_equally_sparse_the_first_value_is_cut_off(n):
    assert np.flatnonzero(sparsest_cut(0.3 * (1 - np.eye(n)))).tolist() == [0]
