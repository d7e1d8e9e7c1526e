"""The MaxVio of random choices: exact where enumeration is, close to simulation elsewhere."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdsearch.balance.chance import _normal_largest, sampling_floor
from pdsearch.errors import BadInputError


def enumerated(n_items, n_bins, k):
    """The mean MaxVio over all ways in which the items can choose."""
    choices = list(itertools.combinations(range(n_bins), k))
    largest = [
        np.bincount(np.ravel(chosen), minlength=n_bins).max() for chosen in itertools.product(choices, repeat=n_items)
    ]
    return np.mean(largest) / (n_items * k / n_bins) - 1


@pytest.mark.parametrize(("n_items", "n_bins"), [(1, 8), (2, 2), (3, 2), (5, 3), (4, 5), (6, 4)])
def test_for_one_choice_an_item_it_is_the_enumeration(n_items, n_bins):
    assert sampling_floor(n_items, n_bins) == pytest.approx(enumerated(n_items, n_bins, 1), rel=1e-9)


@pytest.mark.parametrize(("n_items", "n_bins", "k"), [(1, 6, 3), (2, 5, 2), (3, 4, 2), (3, 5, 3), (4, 4, 3), (2, 8, 3)])
def test_for_several_choices_it_is_within_four_percent_of_the_enumeration(n_items, n_bins, k):
    assert sampling_floor(n_items, n_bins, k) == pytest.approx(enumerated(n_items, n_bins, k), rel=0.04)


@pytest.mark.parametrize(("n_items", "n_bins", "k"), [(8, 256, 8), (512, 16, 4), (20, 64, 6)])
def test_it_is_close_to_a_simulation(n_items, n_bins, k):
    rng = np.random.default_rng(0)
    largest = []
    for _ in range(1500):
        ids = np.argpartition(rng.random((n_items, n_bins), dtype=np.float32), k - 1, axis=1)[:, :k]
        largest.append(np.bincount(ids.ravel(), minlength=n_bins).max())
    violations = np.array(largest) / (n_items * k / n_bins) - 1

    error = violations.std() / math.sqrt(len(violations))
    assert sampling_floor(n_items, n_bins, k) == pytest.approx(violations.mean(), rel=0.01, abs=3 * error)


def test_for_two_bins_it_is_the_mean_absolute_deviation_of_a_binomial():
    assert sampling_floor(10**9, 2) == pytest.approx(math.sqrt(2 / (math.pi * 10**9)), rel=1e-6)
    assert sampling_floor(100_000, 2) == pytest.approx(math.sqrt(2 / (math.pi * 100_000)), rel=1e-4)


def test_the_normal_limit_meets_the_exact_value_where_one_takes_over():
    n_items, n_bins, k = 300_000, 8, 2
    deviation = math.sqrt(n_items / 4 * 3 / 4)

    limit = _normal_largest(n_items / 4, deviation, n_bins, k) / (n_items / 4) - 1

    assert sampling_floor(n_items, n_bins, k) == pytest.approx(limit, rel=5e-3)


@pytest.mark.wide
@given(n_items=st.integers(1, 10**15), n_bins=st.integers(1, 10**6), k=st.integers(1, 16))
def test_it_lies_between_none_and_all_on_one(n_items, n_bins, k):
    k = min(k, n_bins)

    floor = sampling_floor(n_items, n_bins, k)

    assert 0 <= floor <= n_bins / k - 1 + 1e-9


def test_no_item_and_too_many_choices_are_refused():
    for case in [(0, 4), (5, 4, 5), (5, 4, 0), (10**16, 4)]:
        with pytest.raises(BadInputError, match="1 <= k <= bins"):
            sampling_floor(*case)
