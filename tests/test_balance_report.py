"""Traffic metrics and the report that a search and a router share."""

import doctest
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
import searches
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from searches import idastar

from pdsearch.balance import traffic
from pdsearch.balance.chance import sampling_floor
from pdsearch.balance.metrics import load_balance
from pdsearch.balance.report import balance_report
from pdsearch.balance.routers.top_k import TopK
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.limits import Limits
from pdsearch.search import solve
from pdsearch.search.costs import TYPICAL
from pdsearch.search.setup import make_task

matrices = hnp.arrays(np.int64, st.integers(1, 8).map(lambda n: (n, n)), elements=st.integers(0, 99)).filter(
    lambda t: t.sum() > 0
)


@given(matrix=matrices)
def test_what_does_not_stay_is_communicated(matrix):
    kept = np.trace(matrix) / matrix.sum()

    assert traffic.locality(matrix) == pytest.approx(kept)
    assert traffic.communication_overhead(matrix) == pytest.approx(1 - kept, abs=1e-12)


@given(matrix=matrices)
def test_one_node_for_all_bins_keeps_everything(matrix):
    assert traffic.locality(matrix, np.zeros(len(matrix))) == pytest.approx(1)


def test_bins_of_a_node_count_as_one():
    matrix = np.arange(16).reshape(4, 4)

    stays = matrix[:2, :2].sum() + matrix[2:, 2:].sum()

    assert traffic.locality(matrix, [0, 0, 1, 1]) == pytest.approx(stays / matrix.sum())


def test_random_owners_communicate_as_much_as_the_floor_says():
    rng = np.random.default_rng(0)

    matrix = traffic.dispatch_traffic(rng.integers(8, size=50_000), rng.integers(8, size=(50_000, 1)), 8)

    assert traffic.communication_overhead(matrix) == pytest.approx(traffic.communication_floor(8), abs=0.01)


def test_generated_nodes_may_be_counted_apart_from_the_messages():
    sent = [[0, 30], [10, 0]]

    assert traffic.communication_overhead(sent, generated=100) == 0.4
    with pytest.raises(BadInputError, match=r"generated is 30, less than the 40"):
        traffic.communication_overhead(sent, generated=30)


def test_traffic_metrics_take_a_batch_of_matrices():
    batch = np.random.default_rng(1).integers(1, 9, (3, 4, 4))

    for function in (traffic.communication_overhead, traffic.locality, traffic.all_to_all_bottleneck):
        assert function(batch).tolist() == pytest.approx([function(matrix) for matrix in batch])


def test_no_traffic_is_nan():
    for function in (traffic.communication_overhead, traffic.locality, traffic.all_to_all_bottleneck):
        assert math.isnan(function(np.zeros((2, 2))))
    assert math.isnan(traffic.all_to_all_bottleneck(np.eye(2)))


def test_the_bottleneck_is_one_for_a_ring_and_n_minus_one_for_a_gather():
    ring, gather = np.roll(np.eye(5), 1, axis=1), np.zeros((5, 5))
    gather[1:, 0] = 1

    assert traffic.all_to_all_bottleneck(ring) == 1
    assert traffic.all_to_all_bottleneck(gather) == pytest.approx(5)


def test_an_item_is_sent_once_to_a_bin_that_holds_two_of_its_choices():
    once = traffic.dispatch_traffic([0], [[1, 1, 0, -1]], 2)
    each = traffic.dispatch_traffic([0], [[1, 1, 0, -1]], 2, once_per_bin=False)

    assert once.tolist() == [[1, 1], [0, 0]]
    assert each.tolist() == [[1, 2], [0, 0]]


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([1, 2], "one row and one column per bin"),
        ([[1, 2]], r"shape \(1, 2\)"),
        ([[1, -1], [0, 0]], "negative"),
        ([[math.nan]], "nan"),
        ([["x"]], "must be numbers"),
    ],
)
def test_what_is_no_traffic_is_named_in_the_error(matrix, message):
    with pytest.raises(BadInputError, match=message):
        traffic.communication_overhead(matrix)


def test_bins_out_of_range_and_shapes_that_differ_are_refused():
    with pytest.raises(BadInputError, match="not one of the 2 bins"):
        traffic.dispatch_traffic([0], [[2]], 2)
    with pytest.raises(BadInputError, match="source has type float64 and destinations int64; bins are integers"):
        traffic.dispatch_traffic([0.0], [[1]], 2)
    with pytest.raises(BadInputError, match=r"destinations \(1,\)"):
        traffic.dispatch_traffic([0], [1], 2)
    with pytest.raises(BadInputError, match=r"node_of_bin has shape \(1,\); 2 bins need \(2,\)"):
        traffic.locality(np.eye(2), [0])


def test_search_overhead_serves_a_search_and_a_padded_layer():
    assert traffic.search_overhead([70, 50], 100) == pytest.approx(0.2)
    assert traffic.search_overhead(4 * 128, 4 * 128 * 0.8) == pytest.approx(0.25)
    assert math.isnan(traffic.search_overhead(0, 0))
    with pytest.raises(BadInputError, match="not negative"):
        traffic.search_overhead(-1, 5)


def test_a_search_and_a_router_with_the_same_loads_have_the_same_report():
    expanded, tokens = [30, 10, 20], np.array([3, 1, 2])

    search, router = balance_report(expanded), balance_report(tokens, capacity_factor=1)

    assert search.metrics == pytest.approx(router.metrics)


def test_the_report_of_rows_holds_means_of_each_rows_values():
    rows = [[4, 0], [1, 3], [0, 0]]

    report = balance_report(rows)

    assert report["load_balance"] == pytest.approx((load_balance(rows[0]) + load_balance(rows[1])) / 2)
    assert report["average_max_violation"] == pytest.approx(0.75)
    assert report["sup_max_violation"] == 1
    assert report["pooled_max_violation"] == pytest.approx(0.25)
    assert (report.n_rows, report.n_bins, report.total) == (3, 2, 8)


def test_the_report_takes_the_axis_of_the_bins():
    rows = np.array([[4, 0], [1, 3], [1, 1]])

    assert balance_report(rows, axis=0).metrics == balance_report(rows.T).metrics


def test_the_report_prints_every_metric_once_and_turns_into_json():
    printed = io.StringIO()

    options = {"node_of_bin": [0, 1], "sequential": 0, "n_items": 5}
    report = balance_report([0, 0], traffic=np.zeros((2, 2)), file=printed, **options)

    lines = printed.getvalue().splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(report.metrics)
    assert {"node_locality", "search_overhead", "sampling_floor"} <= set(report.metrics)
    assert json.loads(report.to_json())["gini"] is None


@given(matrix=matrices)
def test_what_bins_sent_and_received_says_as_much_as_who_sent_it_to_whom(matrix):
    off = matrix - np.diag(np.diag(matrix))
    sums = traffic.Crossing(off.sum(axis=1), off.sum(axis=0))

    by_pairs = balance_report(np.ones(len(matrix)), matrix)
    by_sums = balance_report(np.ones(len(matrix)), sums, generated=matrix.sum())

    assert by_sums.metrics == pytest.approx(by_pairs.metrics, nan_ok=True)


def test_sums_without_what_was_generated_and_sums_of_other_bins_are_refused():
    sums = traffic.Crossing([1, 2], [2, 1])

    with pytest.raises(BadInputError, match="give a matrix, or all that was generated"):
        traffic.communication_overhead(sums)
    with pytest.raises(BadInputError, match="give a matrix"):
        balance_report([1, 1], sums, generated=9, node_of_bin=[0, 1])
    with pytest.raises(BadInputError, match=r"traffic has shape \(2,\); 3 bins need"):
        balance_report([1, 1, 1], sums, generated=9)
    with pytest.raises(BadInputError, match=r"sent has shape \(2,\) and received \(3,\)"):
        traffic.communication_overhead(traffic.Crossing([1, 2], [1, 1, 1]), 9)


def test_the_report_of_a_router_knows_how_uneven_chance_is():
    rng = np.random.default_rng(0)

    report = TopK().route(rng.random((512, 16)), k=4).report()

    assert report["sampling_floor"] == sampling_floor(512, 16, 4)
    assert report["max_violation"] == pytest.approx(report["sampling_floor"], abs=0.1)


@pytest.mark.wide
@pytest.mark.parametrize("n_ranks", [1, 3])
def test_the_numbers_of_a_search_are_those_of_its_report(n_ranks):
    puzzle = Tiles([8, 6, 7, 2, 5, 4, 3, 0, 1])
    task = make_task(puzzle, None, "zobrist", n_ranks)
    serial = solve(puzzle)

    timed = searches.simulated(task, TYPICAL, Limits(memory_bytes=2**24))

    report = timed.balance(sequential=serial.expanded)
    assert (report["load_balance"], report["communication_overhead"]) == (timed.LB, timed.CO)
    assert report["search_overhead"] == timed.expanded / serial.expanded - 1
    assert timed.balance(sequential=serial.expanded).metrics == pytest.approx(report.metrics, nan_ok=True)
    assert timed.to_dict()["balance"] == timed.balance().to_dict()


@pytest.mark.wide
def test_the_load_balance_of_ida_is_that_of_its_report():
    result = idastar(Tiles.korf(79), threads=2)

    assert result.balance()["load_balance"] == result.LB
    assert result.balance().total == sum(counts.generated for counts in result.ranks)
    assert result.to_dict()["balance"]["load_balance"] == result.LB


def test_what_was_decided_without_a_search_has_no_report():
    result = solve(Tiles([1, 0, 2, 3, 4, 5, 6, 8, 7]))

    assert result.to_dict()["balance"] is None
    with pytest.raises(BadInputError, match="was decided without a search; there is no load to report"):
        result.balance()


def test_traffic_that_does_not_fit_the_loads_is_refused():
    with pytest.raises(BadInputError, match=r"traffic has shape \(3, 3\); 2 bins need \(2, 2\)"):
        balance_report([1, 2], traffic=np.eye(3))
    with pytest.raises(BadInputError, match="no row"):
        balance_report(np.zeros((0, 3)))


def test_the_examples_of_the_documentation_do_what_they_say():
    page = Path(__file__).parents[1] / "docs" / "balance.md"

    failed, tried = doctest.testfile(str(page), module_relative=False)

    assert tried > 10
    assert failed == 0
