"""The metrics of load vectors keep their closed forms, identities and edge cases."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pdsearch.balance import capacity, metrics
from pdsearch.balance.chance import sampling_floor
from pdsearch.errors import BadInputError

VECTOR_METRICS: list[Callable[..., Any]] = [
    metrics.load_balance,
    metrics.max_violation,
    metrics.min_violation,
    metrics.balancedness,
    metrics.min_max_ratio,
    metrics.coefficient_of_variation,
    metrics.jain,
    metrics.gini,
    metrics.entropy,
    metrics.effective_bins,
    capacity.drop_rate,
    capacity.padding_rate,
]
counts = hnp.arrays(np.int64, st.integers(1, 30), elements=st.integers(0, 1000)).filter(lambda x: x.sum() > 0)


def ids(function):
    return function.__name__


@given(loads=counts)
def test_the_metrics_satisfy_the_identities_between_them(loads):
    lb, cv, jain = (f(loads) for f in (metrics.load_balance, metrics.coefficient_of_variation, metrics.jain))
    p = loads / loads.sum()

    assert lb == pytest.approx(1 + metrics.max_violation(loads))
    assert lb * metrics.balancedness(loads) == pytest.approx(1)
    assert jain * (1 + cv**2) == pytest.approx(1)
    assert len(p) * (p**2).sum() == pytest.approx(1 / jain)  # Switch's loss at P = f
    assert metrics.effective_bins(loads, order=2) == pytest.approx(len(p) * jain)
    assert metrics.effective_bins(loads) == pytest.approx(math.exp(metrics.entropy(loads, normalised=False)))


@given(loads=counts)
def test_gini_equals_the_mean_difference_of_all_pairs(loads):
    pairs = np.abs(loads[:, None] - loads).sum() / (2 * len(loads) ** 2 * loads.mean())

    assert metrics.gini(loads) == pytest.approx(pairs, abs=1e-12)


@given(loads=counts)
def test_at_capacity_one_drop_and_padding_rate_are_the_distance_from_even(loads):
    distance = np.abs(loads / loads.sum() - 1 / len(loads)).sum() / 2

    assert capacity.drop_rate(loads, whole=False) == pytest.approx(distance, abs=1e-12)
    assert capacity.padding_rate(loads, whole=False) == pytest.approx(distance, abs=1e-12)


@given(loads=counts)
def test_every_metric_stays_in_its_range(loads):
    n = len(loads)
    values = metrics.evenness(loads)

    assert 1 <= values["load_balance"] <= n * (1 + 1e-12)
    assert 0 <= values["min_violation"] <= 1
    assert 0 <= values["gini"] <= 1 - 1 / n + 1e-12
    assert 1 / n - 1e-12 <= values["jain"] <= 1
    assert -1e-12 <= values["entropy"] <= 1
    assert 1 - 1e-9 <= values["effective_bins"] <= n


@given(loads=counts)
def test_evenness_holds_the_same_values_as_the_single_functions(loads):
    values = metrics.evenness(loads)

    for function in VECTOR_METRICS[:-2]:
        assert values[function.__name__] == pytest.approx(function(loads), abs=1e-12), function.__name__


@pytest.mark.wide
@given(loads=counts, factor=st.floats(1e-6, 1e6))
@pytest.mark.parametrize("function", VECTOR_METRICS[:-2], ids=ids)
def test_scaling_all_loads_changes_nothing(function, loads, factor):
    assert function(loads * factor) == pytest.approx(function(loads), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("scale", [5e-324, 1e-300, 1e300])
@pytest.mark.parametrize("function", VECTOR_METRICS[:-2], ids=ids)
def test_tiny_and_huge_loads_neither_vanish_nor_overflow(function, scale):
    assert function(np.array([1.0, 0.0, 2.0, 1.0]) * scale) == pytest.approx(function([1, 0, 2, 1]))


def test_squares_of_large_integers_do_not_overflow():
    loads = np.array([5_000_000_000, 1, 0, 3_000_000_000])

    assert metrics.jain(loads) == pytest.approx(metrics.jain(loads / 1e9))


@pytest.mark.parametrize("n", [1, 2, 7, 100_000])
def test_uniform_one_hot_and_ramp_have_their_closed_forms(n):
    uniform, ramp, one_hot = np.full(n, 0.1), np.arange(1, n + 1), np.zeros(n)
    one_hot[n // 2] = 3

    even, hot = metrics.evenness(uniform), metrics.evenness(one_hot)

    assert even["load_balance"] == 1
    assert (even["gini"], even["entropy"]) == pytest.approx((0, 1), abs=1e-12)
    assert hot["load_balance"] == pytest.approx(n)
    assert hot["gini"] == pytest.approx(1 - 1 / n)
    assert hot["jain"] == pytest.approx(1 / n)
    assert hot["effective_bins"] == pytest.approx(1)
    assert metrics.gini(ramp) == pytest.approx((n - 1) / (3 * n), abs=1e-12)


@given(loads=counts, data=st.data())
def test_a_bin_of_weight_w_counts_as_w_bins_that_share_its_load(loads, data):
    weights = data.draw(hnp.arrays(np.int64, len(loads), elements=st.integers(1, 5)))
    repeated = np.repeat(loads / weights, weights)

    for function in VECTOR_METRICS[:8]:
        assert function(loads, weights=weights) == pytest.approx(function(repeated), abs=1e-9), function.__name__
    share = metrics.effective_bins(loads, weights=weights) / len(loads)
    assert share == pytest.approx(metrics.effective_bins(repeated) / len(repeated))


def test_load_in_proportion_to_weight_is_even():
    values = metrics.evenness([186, 186, 93, 46.5], weights=[4, 4, 2, 1])

    assert values["load_balance"] == pytest.approx(1)
    assert values["entropy"] == pytest.approx(1)


@pytest.mark.parametrize("function", VECTOR_METRICS, ids=ids)
def test_the_axis_is_the_one_that_was_asked_for(function):
    loads = np.array([[8, 1, 3], [2, 2, 2]])

    rows, columns = function(loads, axis=1), function(loads, axis=0)

    assert rows.tolist() == pytest.approx([function([8, 1, 3]), function([2, 2, 2])])
    assert columns.tolist() == pytest.approx([function([8, 2]), function([1, 2]), function([3, 2])])


@pytest.mark.parametrize("function", VECTOR_METRICS, ids=ids)
def test_no_load_is_nan_and_only_in_the_rows_that_have_none(function):
    assert math.isnan(function([0, 0, 0]))
    assert np.isnan(function([[0, 0], [1, 1]])).tolist() == [True, False]


@pytest.mark.parametrize("function", VECTOR_METRICS, ids=ids)
@pytest.mark.parametrize(
    ("loads", "message"),
    [
        ([1, -2], "a load is -2; loads must be finite and not negative"),
        ([1, math.nan], "a load is nan"),
        ([math.inf, 1], "a load is inf"),
        ([], r"loads have shape \(0,\): no bin"),
        (3, r"loads have shape \(\), which has no axis -1"),
        (["a"], "they must be numbers"),
    ],
)
def test_what_is_no_load_is_named_in_the_error(function, loads, message):
    with pytest.raises(BadInputError, match=message):
        function(loads)


@pytest.mark.parametrize("weights", [[1], [1, 0], [1, math.nan], [1, -1]])
def test_weights_that_do_not_fit_are_refused(weights):
    with pytest.raises(BadInputError, match="weight"):
        metrics.load_balance([1, 1], weights=weights)


def test_an_impossible_ddof_or_order_is_refused():
    with pytest.raises(BadInputError, match="ddof is 2; 2 bins need one from 0 to 1"):
        metrics.coefficient_of_variation([1, 2], ddof=2)
    with pytest.raises(BadInputError, match="order is 3"):
        metrics.effective_bins([1, 2], order=3)


def test_the_averages_of_max_violation_differ_and_each_has_its_name():
    batches = [[4, 0], [1, 3], [0, 0], [2, 2]]

    average, supremum, pooled = metrics.max_violation_of_batches(batches)

    assert average == pytest.approx((1 + 0.5 + 0) / 3)
    assert supremum == 1
    assert pooled == pytest.approx(7 / 6 - 1)


def test_half_precision_loads_are_added_up_exactly():
    batches = np.full((100, 2), [3000, 1000], np.float16)

    assert metrics.max_violation_of_batches(batches).pooled == 0.5


def test_batches_and_bins_may_lie_on_any_two_axes():
    loads = np.random.default_rng(0).integers(1, 9, (3, 4, 5))  # layer, bin, batch

    result = metrics.max_violation_of_batches(loads, axis=1, batch_axis=2)

    for layer in range(3):
        expected = metrics.max_violation_of_batches(loads[layer].T)
        assert [part[layer] for part in result] == pytest.approx(list(expected))


def test_one_axis_cannot_hold_both_batches_and_bins():
    with pytest.raises(BadInputError, match=r"no separate axes 0 of bins and 0 of batches"):
        metrics.max_violation_of_batches([[1, 2]], axis=0)
    with pytest.raises(BadInputError, match="no separate axes"):
        metrics.max_violation_of_batches([1, 2])


@given(
    loads=hnp.arrays(np.float64, st.integers(1, 20), elements=st.floats(0, 1e300)),
    permutation=st.randoms(use_true_random=False),
)
def test_the_order_of_the_bins_does_not_matter(loads, permutation):
    assume(loads.sum() > 0 and np.isfinite(loads.sum()))
    shuffled = list(loads)
    permutation.shuffle(shuffled)

    for name, value in metrics.evenness(loads).items():
        assert metrics.evenness(shuffled)[name] == pytest.approx(value, abs=1e-9), name


@pytest.mark.parametrize(
    ("factor", "limit", "drop", "padding"),
    [(1, 128, 0.591, 0.591), (1.25, 160, 0.533, 0.626), (1.5, 192, 0.483, 0.655), (2, 256, 0.407, 0.703)],
)
def test_drop_and_padding_rate_fit_together_at_every_factor(factor, limit, drop, padding):
    # kept = (1 - drop) load = (1 - padding) factor load: the published pairs obey it to their three digits
    assert (1 - drop) == pytest.approx((1 - padding) * factor, abs=2e-3)
    loads = np.random.default_rng(0).zipf(1.5, 64).clip(max=5000)
    loads = loads * (8192 // loads.sum() + 1)

    kept = np.minimum(loads, capacity.capacity(loads, factor)).sum()

    assert capacity.drop_rate(loads, factor) == pytest.approx(1 - kept / loads.sum())
    assert capacity.padding_rate(loads, factor) == pytest.approx(1 - kept / (64 * capacity.capacity(loads, factor)))
    assert capacity.capacity(np.full(64, 128), factor) == limit


def test_a_factor_that_is_no_binary_number_does_not_round_up_twice():
    assert capacity.capacity([10, 10], factor=1.1) == 11


@pytest.mark.parametrize("factor", [0, -1, math.nan, math.inf])
def test_a_capacity_factor_must_be_positive(factor):
    with pytest.raises(BadInputError, match="the capacity factor is"):
        capacity.drop_rate([1], factor)


@pytest.mark.parametrize(("items", "bins", "k"), [(512, 16, 4), (4096, 64, 8), (2000, 8, 1)])
def test_uniform_routing_violates_as_much_as_the_floor_says(items, bins, k):
    rng = np.random.default_rng(0)
    draws = [np.argpartition(rng.random((items, bins)), k - 1, axis=1)[:, :k] for _ in range(60)]

    violations = [metrics.max_violation(np.bincount(draw.ravel(), minlength=bins)) for draw in draws]

    assert np.mean(violations) == pytest.approx(sampling_floor(items, bins, k), rel=0.15)


def test_the_floor_of_one_bin_or_of_all_bins_is_zero():
    assert sampling_floor(5, 1) == 0
    assert sampling_floor(5, 4, 4) == 0
    with pytest.raises(BadInputError, match="5 items choosing 5 of 4 bins"):
        sampling_floor(5, 4, 5)


@pytest.mark.filterwarnings("error")
def test_a_capacity_beyond_all_numbers_drops_nothing_and_warns_of_nothing():
    assert capacity.capacity([4, 2**31], 1e308) == np.inf
    assert capacity.capacity([4, 2**31], 1e308, whole=False) == np.inf
    assert capacity.drop_rate([4, 2**31], 1e308) == 0
