"""Sizes add up, keep their bounds and settle; training does not notice them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from pdsearch.balance.batching import BatchSizer, MessageSizer, affine_shares, apportion
from pdsearch.balance.metrics import load_balance
from pdsearch.errors import BadInputError

ROOT = Path(__file__).parents[1]
weights = st.lists(st.floats(0, 1e6), min_size=1, max_size=8).filter(lambda w: sum(w) > 1e-3)


@pytest.mark.parametrize(
    ("ideal", "total", "sizes"),
    [
        ([13.7, 16.5, 19.6, 14.2], 64, [14, 16, 20, 14]),  # the paper's example, appendix A
        ([1, 1, 1], 127, [43, 42, 42]),  # the authors' code loses a sample here
        ([1, 1, 0.5, 0.25], 512, [186, 186, 93, 47]),
        ([1, 0], 5, [5, 0]),
    ],
)
def test_largest_remainders_give_the_known_sizes(ideal, total, sizes):
    assert apportion(ideal, total).tolist() == sizes


@given(weights=weights, total=st.integers(0, 5000))
def test_parts_add_up_and_differ_from_the_ideal_by_less_than_one(weights, total):
    parts = apportion(weights, total)

    ideal = total * np.array(weights) / np.sum(weights)
    assert parts.sum() == total
    assert (np.abs(parts - ideal) < 1 + 1e-6).all()


@given(weights=weights, least=st.integers(0, 5), data=st.data())
def test_parts_within_bounds_add_up_whenever_that_is_possible(weights, least, data):
    most = np.array(data.draw(st.lists(st.integers(least, 60), min_size=len(weights), max_size=len(weights))))
    total = data.draw(st.integers(least * len(weights), int(most.sum())))

    parts = apportion(weights, total, least, most)

    assert parts.sum() == total
    assert (parts >= least).all()
    assert (parts <= most).all()


@pytest.mark.parametrize(
    ("weights", "total", "least", "most", "message"),
    [
        ([], 5, 0, None, "need one for each part"),
        ([0, 0], 5, 0, None, "not all zero"),
        ([-1, 2], 5, 0, None, "not negative"),
        ([1, 1], 5, 3, None, "2 parts from 3 to None cannot add up to 5"),
        ([1, 1], 5, 0, 2, "2 parts from 0 to 2 cannot add up to 5"),
    ],
)
def test_impossible_parts_are_refused(weights, total, least, most, message):
    with pytest.raises(BadInputError, match=message):
        apportion(weights, total, least, most)


@given(
    times=st.lists(st.tuples(st.floats(0, 5), st.floats(0.01, 3)), min_size=1, max_size=5),
    total=st.floats(1, 100),
)
def test_affine_workers_finish_as_early_as_a_linear_program_allows(times, total):
    fixed, slope = np.array(times).T
    n = len(fixed)

    sizes = affine_shares(fixed, slope, total)

    works = sizes > 0
    best = linprog(
        [0] * n + [1],
        A_ub=np.hstack([np.diag(slope), -np.ones((n, 1))]),
        b_ub=-fixed,
        A_eq=[[1] * n + [0]],
        b_eq=[total],
    ).fun
    idle = fixed[~works].max(initial=0)
    assert sizes.sum() == pytest.approx(total)
    assert max((fixed + slope * sizes)[works].max(), idle) == pytest.approx(best, rel=1e-6)


def test_one_step_is_exact_for_times_in_proportion_to_sizes():
    slowness = np.array([1, 1, 2, 4])
    sizer = BatchSizer(512, 4)

    sizes = sizer.update(slowness * sizer.sizes).copy()

    assert sizes.tolist() == [186, 186, 93, 47]
    assert sizer.update(slowness * sizes).tolist() == sizes.tolist()


def test_fixed_costs_are_balanced_in_the_limit_without_oscillation():
    fixed, slope = np.array([5.0, 1.0, 0.0]), np.array([0.01, 0.03, 0.02])
    sizer, imbalance = BatchSizer(2000, 3), []

    for _ in range(12):
        times = fixed + slope * sizer.sizes
        imbalance.append(load_balance(times))
        sizer.update(times)

    assert imbalance == sorted(imbalance, reverse=True)
    assert sizer.sizes == pytest.approx(affine_shares(fixed, slope, 2000), abs=2)


def test_damping_takes_part_of_the_step_and_the_dead_band_none():
    half, lazy = BatchSizer(300, 2, damping=0.5), BatchSizer(300, 2, dead_band=0.2)

    assert half.update([1, 2]).tolist() == [175, 125]
    assert lazy.update([1, 1.3]).tolist() == [150, 150]
    assert lazy.update([1, 2]).tolist() == [200, 100]


def test_a_workers_memory_and_the_least_batch_are_kept():
    sizer = BatchSizer(100, 3, least=5, most=[40, 100, 100])

    assert sizer.update([1e-6, 1, 1]).tolist() == [40, 30, 30]
    assert sizer.update([1, 1, 1e9]).min() == 5


@given(speeds=st.lists(st.floats(0.01, 100), min_size=1, max_size=6), total=st.integers(6, 2000))
def test_shares_and_partition_cover_everything_once(speeds, total):
    sizer = BatchSizer(total, len(speeds))

    sizer.update(1 / np.array(speeds))

    assert sizer.sizes.sum() == total
    assert sizer.shares.sum() == pytest.approx(1)
    assert [i for part in sizer.partition(777) for i in part] == list(range(777))


def test_times_and_parameters_that_make_no_sense_are_refused():
    with pytest.raises(BadInputError, match="need 2 positive ones, one for each worker"):
        BatchSizer(10, 2).update([1, 0])
    with pytest.raises(BadInputError, match=r"damping in \(0, 1\]"):
        BatchSizer(10, 2, damping=0)
    with pytest.raises(BadInputError, match="3 parts from 1 to None cannot add up to 2"):
        BatchSizer(2, 3)
    with pytest.raises(BadInputError, match="items that cost"):
        affine_shares([1], [0], 3)
    with pytest.raises(BadInputError, match="2 workers with at least 3 each exceed the total 5"):
        affine_shares([1, 1], [1, 1], 5, least=3)


def test_what_a_sizer_returned_may_be_changed_without_changing_the_sizer():
    batch, lazy, message = BatchSizer(10, 2), BatchSizer(10, 2, dead_band=0.5), MessageSizer(2)

    for sizes in (batch.update([1, 1]), lazy.update([1, 1]), message.update([9, 9], 1.0)):
        sizes[:] = 0

    assert batch.sizes.tolist() == lazy.sizes.tolist() == [5, 5]
    assert message.sizes.min() > 0


@pytest.mark.parametrize("total", [10.5, 10.0, "10"])
def test_only_a_whole_total_can_be_split_into_whole_parts(total):
    with pytest.raises(BadInputError, match="whole parts need a whole number"):
        apportion([1, 1], total)


def test_a_message_whose_own_cost_was_timed_apart_tells_both_costs_at_once():
    sizer = MessageSizer(1, per_message=1e-3, per_record=1e-3, damping=1)

    sizer.measure_message(records=100, seconds=3e-5, own=1e-5)

    assert (sizer.per_message, sizer.per_record) == pytest.approx((1e-5, 2e-7))
    with pytest.raises(BadInputError, match="2 s of 1 s are the message's own"):
        sizer.measure_message(records=1, seconds=1, own=2)


def test_messages_are_as_long_as_their_cost_asks_and_as_short_as_the_delay_demands():
    sizer = MessageSizer(3, per_message=1e-6, per_record=1e-8, overhead=0.2, delay=1e-3, damping=1)

    sizes = sizer.update([10_000_000, 100_000, 10], seconds=1.0)

    assert sizer.enough == 400  # 1 us is a fifth of 1 us + 400 * 10 ns
    assert sizes.tolist() == [400, 100, 1]


@given(
    rates=st.lists(st.floats(0, 1e8), min_size=1, max_size=4),
    costs=st.tuples(st.floats(1e-8, 1e-3), st.floats(1e-10, 1e-5)),
)
def test_a_message_never_holds_records_longer_than_the_delay(rates, costs):
    sizer = MessageSizer(len(rates), costs[0], costs[1], delay=1e-3, damping=1, dead_band=0)

    sizes = sizer.update(rates, 1.0)

    assert (sizes >= 1).all()
    assert (sizes <= sizer.most).all()
    assert (sizes <= np.maximum(1, np.array(rates) * 1e-3 + 1e-6)).all()


def test_the_costs_of_messages_are_learnt_from_timed_ones():
    sizer = MessageSizer(1, per_message=1e-3, per_record=1e-3)

    for _ in range(60):
        for records in (10, 100, 400):
            sizer.measure_message(records, 3e-6 + 2e-8 * records)

    assert sizer.per_message == pytest.approx(3e-6, rel=1e-3)
    assert sizer.per_record == pytest.approx(2e-8, rel=1e-3)


def test_a_small_change_of_the_rate_changes_no_message_size():
    sizer = MessageSizer(1, delay=1e-3, damping=1, dead_band=0.2)
    sizer.update([20_000], 1.0)

    assert sizer.update([22_000], 1.0).tolist() == [20]
    assert sizer.update([30_000], 1.0).tolist() == [30]


def test_message_parameters_and_counts_that_make_no_sense_are_refused():
    with pytest.raises(BadInputError, match="need a destination, costs"):
        MessageSizer(1, overhead=1.0)
    with pytest.raises(BadInputError, match="need 2 counts and a positive time"):
        MessageSizer(2).update([1], 1.0)
    with pytest.raises(BadInputError, match="0 records in 1 s"):
        MessageSizer(2).measure_message(0, 1)


@pytest.mark.mpi
def test_training_with_dynamic_sizes_ends_with_the_weights_of_the_fixed_run():
    mpiexec = shutil.which("mpiexec", path=str(Path(sys.executable).parent)) or shutil.which("mpiexec")
    if mpiexec is None:
        pytest.skip("no mpiexec; pip install mpich brings one")
    script = [sys.executable, str(ROOT / "benchmarks" / "dbs_training.py"), "--json"]
    quick = ["--samples", "3000", "--batch", "250", "--us-per-sample", "20"]

    run = subprocess.run(
        [mpiexec, "-n", "4", *script, *quick],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    )

    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert result["largest_difference_of_weights"] < 1e-10 * result["largest_weight"]
    assert result["loss"][-1] < result["loss"][0]
    assert sum(result["sizes"]) == 250
    assert result["sizes"][3] < result["sizes"][0]
