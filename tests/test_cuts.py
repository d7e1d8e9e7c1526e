"""Two-way cuts against brute force, and the anchors known for grids."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdsearch.distribution.cuts import greedy_cut, matrix, metis_cut, networkx_cut, sparsest_cut, sparsity
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


@pytest.mark.parametrize(("width", "height", "best"), [(3, 3, 6), (4, 4, 16), (5, 5, 30)])
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


@pytest.mark.parametrize("cut", [greedy_cut, sparsest_cut, metis_cut, networkx_cut])
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
