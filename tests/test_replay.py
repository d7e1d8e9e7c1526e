"""A replay costs what a hand computation says, never less than the best placement; rules do what their settings say."""

import doctest
from itertools import combinations_with_replacement, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdsearch.balance.placement import Cluster, Placement
from pdsearch.balance.replay.bound import least_largest
from pdsearch.balance.replay.costs import Costs, largest_loads, moves
from pdsearch.balance.replay.policies import POLICIES
from pdsearch.balance.replay.policies.few_moves import FewMoves
from pdsearch.balance.replay.rules import rule_of
from pdsearch.balance.replay.run import replay
from pdsearch.balance.replay.trace import Trace, read_trace, write_trace
from pdsearch.errors import BadInputError, UnknownNameError

UNIT = Costs(layer_s=0, load_s=1, expert_bytes=6, bandwidth=2)  # a load is a second, an expert takes three


def of(trace, cluster, *texts, costs=UNIT, **settings):
    """Return the outcomes of rules given as text."""
    return replay(Trace(trace), cluster, [rule_of(text, settings) for text in texts], costs).outcomes


def test_two_gpus_cost_what_a_hand_computation_says():
    # Slots 0 1 | 2 3. Loads 8 6 1 1: the GPUs serve 14 and 2; EPLB packs 8 1 | 6 1, 9 and 7, and one expert moves
    # each way: 3 s. Then the loads turn round, and no placement that the next decision knows is better.
    loads = [[8, 6, 1, 1]] * 2 + [[1, 1, 6, 8]] * 4
    static, eplb = of(loads, Cluster(4, 2), "static", "eplb", interval=2, forecast="last")

    assert static.serving_s.tolist() == [14, 14, 14, 14, 14, 14]
    assert static.stall_s.tolist() == [0] * 6
    assert static.least_s.tolist() == [8] * 6
    assert static.regret_s.tolist() == [6] * 6
    assert (static.n_rearranged, static.n_moved, static.n_bytes) == (0, 0, 0)
    # experts {0, 2} | {1, 3}: 9, 7; after the turn 1 + 6 = 7 and 1 + 8 = 9, which nothing mends
    assert eplb.serving_s.tolist() == [14, 14, 9, 9, 9, 9]
    assert eplb.stall_s.tolist() == [0, 0, 3, 0, 0, 0]
    assert eplb.regret_s.tolist() == [6, 6, 4, 1, 1, 1]
    assert (eplb.n_rearranged, eplb.n_layers, eplb.n_moved, eplb.n_bytes, eplb.seconds) == (1, 1, 2, 12, 67)
    assert static.load_balance == 14 / 8
    assert eplb.load_balance == pytest.approx((2 * 14 / 8 + 4 * 9 / 8) / 6)


def test_layers_add_up_and_cost_something_without_load():
    loads = [[[4, 0], [0, 6]]]
    (static,) = of(loads, Cluster(2, 2), "static", costs=Costs(layer_s=0.5, load_s=2))

    assert static.serving_s.tolist() == [2 * 0.5 + 2 * (4 + 6)]
    assert static.least_s.tolist() == [2 * 0.5 + 2 * (4 + 6)]  # one slot each: nothing to spread


def placements(n_experts, cluster):
    """Yield every placement there is up to the order of slots: two replicas on one GPU included."""
    size = cluster.slots_per_gpu
    gpus = list(combinations_with_replacement(range(n_experts), size))
    for chosen in product(gpus, repeat=cluster.n_gpus):
        experts = np.array(chosen).reshape(1, -1)
        if len(set(experts.ravel().tolist())) == n_experts:
            yield experts


@settings(max_examples=25)
@given(
    loads=st.lists(st.lists(st.integers(0, 20), min_size=3, max_size=3), min_size=6, max_size=6),
    text=st.sampled_from(["static", "offline", "eplb", "local-search", "optimum", "few-moves:moves=2"]),
    forecast=st.sampled_from(["last", "mean", "ewma", "change", "closed-form", "oracle"]),
)
def test_no_rule_beats_the_best_of_all_placements_nor_that_the_bound(loads, text, forecast):
    cluster = Cluster(n_slots=4, n_gpus=2)
    (outcome,) = of(loads, cluster, text, interval=2, forecast=forecast)

    everything = list(placements(3, cluster))
    for step, row in enumerate(np.array(loads, dtype=float)):
        best = min(Placement(experts, 3, 2).gpu_loads(row).max() for experts in everything)
        assert least_largest(row[None], cluster)[0] <= best * (1 + 1e-12)
        assert outcome.least_s[step] <= best * (1 + 1e-12) <= outcome.serving_s[step] * (1 + 1e-9)
    assert (outcome.regret_s >= -1e-9).all()


@settings(max_examples=30)
@given(loads=st.lists(st.integers(0, 20), min_size=3, max_size=3), n_slots=st.sampled_from([4, 6]))
def test_the_exact_optimum_is_the_best_of_all_placements(loads, n_slots):
    cluster, row = Cluster(n_slots, 2), np.array(loads, dtype=float)

    best = min(Placement(experts, 3, 2).gpu_loads(row).max() for experts in placements(3, cluster))

    (outcome,) = replay(Trace([loads]), cluster, [rule_of("static")], UNIT, is_exact=True).outcomes
    assert outcome.least_s[0] == pytest.approx(best)
    assert (outcome.regret_s >= -1e-9).all()


def test_the_bound_is_reached_where_a_placement_is_even():
    loads = np.array([[4.0, 2.0, 2.0], [9.0, 1.0, 2.0]])

    assert least_largest(loads, Cluster(4, 4)).tolist() == [2.0, 4.5]


@given(data=st.data())
def test_largest_loads_are_those_of_the_placement(data):
    experts = np.array(data.draw(st.permutations([0, 1, 2, 3, 4, 0, 1, 1])))[None]
    loads = np.array(data.draw(st.lists(st.floats(0, 1e6), min_size=5, max_size=5)))[None]

    expected = Placement(experts, 5, 4).gpu_loads(loads).max()
    assert largest_loads(loads, experts, 4)[0] == pytest.approx(expected)


def naive_moves(before, after, cluster, costs):
    """Count and time the transfers one by one, on sets."""
    size, per_node = cluster.slots_per_gpu, cluster.n_gpus // cluster.n_nodes
    received, sent, n_moved, n_between = [0.0] * cluster.n_gpus, [0.0] * cluster.n_gpus, 0, 0
    inside, between = costs.seconds_to_send
    for old, new in zip(before.tolist(), after.tolist(), strict=True):
        held = [set(old[g * size : (g + 1) * size]) for g in range(cluster.n_gpus)]
        for gpu in range(cluster.n_gpus):
            for expert in dict.fromkeys(new[gpu * size : (gpu + 1) * size]):
                if expert in held[gpu]:
                    continue
                source = min(
                    (g for g in range(cluster.n_gpus) if expert in held[g]),
                    key=lambda g: (g // per_node != gpu // per_node, sent[g], g),
                )
                far = source // per_node != gpu // per_node
                received[gpu] += between if far else inside
                sent[source] += between if far else inside
                n_moved, n_between = n_moved + 1, n_between + far
    return n_moved, n_between, max(received + sent)


@given(data=st.data())
def test_moves_are_those_of_a_count_on_sets(data):
    cluster, ids = Cluster(8, 4, 2), [0, 1, 2, 3, 4, 0, 1, 1]
    before, after = (np.array([data.draw(st.permutations(ids)) for _ in range(2)]) for _ in range(2))
    costs = Costs(expert_bytes=6, bandwidth=1, inside_bandwidth=data.draw(st.sampled_from([0.0, 3.0])))

    assert moves(before, after, cluster, costs) == pytest.approx(naive_moves(before, after, cluster, costs))


def test_a_layer_is_rearranged_only_if_that_pays_as_much_as_the_threshold_says():
    # layer 0 saves 5 s a step, layer 1 one second; moving takes 3 s in each; 4 steps to the next decision
    loads = [[[8, 6, 1, 1], [4, 3, 3, 2]]] * 6
    thresholds = {0: 2, 1.3: 2, 1.4: 1, 6.6: 1, 6.7: 0}
    for threshold, n_layers in thresholds.items():
        (outcome,) = of(loads, Cluster(4, 2), "eplb", interval=4, threshold=threshold)
        assert outcome.n_layers == n_layers, threshold


def test_most_moves_go_to_the_layer_that_gains_most():
    loads = [[[4, 3, 3, 2], [8, 6, 1, 1]]] * 6
    outcomes = of(loads, Cluster(4, 2), "eplb:max_moves=1", "eplb:max_moves=2", "eplb:max_moves=4", interval=4)

    assert [outcome.n_moved for outcome in outcomes] == [0, 2, 4]
    assert outcomes[1].serving_s[5] == 7 + 9


def test_overlapped_moves_wait_for_no_one_and_serve_when_they_have_arrived():
    # the move takes 3 + 22 s: step 2 (14 s) and step 3 go by on the old placement, step 4 has the new one
    costs = Costs(layer_s=0, load_s=1, expert_bytes=6, bandwidth=2, start_s=22, is_overlapped=True)
    (outcome,) = of([[8, 6, 1, 1]] * 6, Cluster(4, 2), "eplb", interval=2, costs=costs)

    assert outcome.stall_s.tolist() == [0] * 6
    assert outcome.serving_s.tolist() == [14, 14, 14, 14, 9, 9]
    assert outcome.n_rearranged == 1


@given(
    loads=st.lists(st.integers(0, 50), min_size=6, max_size=6),
    start=st.permutations([0, 1, 2, 3, 4, 5, 0, 1]),
    most=st.integers(1, 6),
)
def test_few_moves_moves_few_and_makes_nothing_worse(loads, start, most):
    cluster, row, current = Cluster(8, 4), np.array([loads], dtype=float), np.array([start])

    target = FewMoves(most).target(row, current, cluster)

    before, after = (Placement(ids, 6, 4).gpu_loads(row).max() for ids in (current, target))
    assert after <= before * (1 + 1e-9)
    assert moves(current, target, cluster, UNIT).n_moved <= most
    assert set(target[0].tolist()) == set(range(6))


def test_few_moves_makes_the_swap_and_the_replica_that_gain_most():
    swap = FewMoves(2).target(np.array([[8.0, 6.0, 1.0, 1.0]]), np.array([[0, 1, 2, 3]]), Cluster(4, 2))
    replica = FewMoves(1).target(np.array([[8.0, 2.0, 2.0]]), np.array([[0, 1, 2, 2]]), Cluster(4, 2))

    assert largest_loads(np.array([[8.0, 6.0, 1.0, 1.0]]), swap, 2)[0] == 9
    assert replica.tolist() in ([[0, 1, 2, 0]], [[0, 1, 0, 2]])


def test_experts_of_a_hierarchical_cluster_stay_on_their_node():
    rng = np.random.default_rng(0)
    start, cluster = np.array([[0, 1, 2, 3, 0, 1, 4, 5, 6, 7, 4, 5]]), Cluster(12, 4, 2, 2)

    target = FewMoves(8).target(rng.random((1, 8)), start, cluster)

    assert set(target[0, :6].tolist()) == {0, 1, 2, 3}
    assert set(target[0, 6:].tolist()) == {4, 5, 6, 7}


def test_every_policy_begins_and_ends_with_every_expert_somewhere():
    loads = np.random.default_rng(0).integers(0, 50, (3, 2, 6))
    for name, kind in POLICIES.items():
        start = kind().start(loads, Cluster(8, 4))
        target = kind().target(loads[0].astype(float), start, Cluster(8, 4))
        for experts in (start, target):
            assert experts.shape == (2, 8), name
            assert all(set(row.tolist()) == set(range(6)) for row in experts), name


def test_a_trace_without_load_is_even_and_free():
    (outcome,) = of(np.zeros((4, 2, 4)), Cluster(4, 2), "eplb", interval=1)

    assert (outcome.seconds, outcome.load_balance, outcome.n_rearranged) == (0, 1, 0)


def test_progress_counts_the_steps():
    seen = []
    replay(Trace([[1, 2]] * 3), Cluster(2, 2), [rule_of("static")], progress=lambda *step: seen.append(step))

    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("best", UnknownNameError, "no replay policy is called 'best'"),
        ("eplb:forecast=best", UnknownNameError, "no forecast is called 'best'"),
        ("eplb:speed=2", BadInputError, "give OPTION=VALUE with one of interval, threshold, max_moves, forecast"),
        ("eplb:interval=x", BadInputError, "interval of eplb is 'x'; a int like 100 is needed"),
        ("eplb:interval=0", BadInputError, "need an interval of 1 step or more"),
        ("eplb:threshold=nan", BadInputError, "threshold nan"),
        ("few-moves:moves=0", BadInputError, "moves is 0; give at least 1"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(text, error, message):
    with pytest.raises(error, match=message):
        rule_of(text)


@pytest.mark.parametrize("wrong", [{"load_s": -1}, {"bandwidth": 0}, {"layer_s": np.inf}, {"expert_bytes": np.nan}])
def test_costs_that_make_no_sense_are_refused(wrong):
    with pytest.raises(BadInputError, match="costs are finite and not negative"):
        Costs(**wrong)


def test_a_cluster_that_holds_too_few_experts_is_refused():
    with pytest.raises(BadInputError, match="4 experts do not fit 2 slots"):
        of([[1, 2, 3, 4]], Cluster(2, 2), "static")


def test_a_trace_survives_its_file(tmp_path):
    loads = np.random.default_rng(0).integers(0, 9, (3, 2, 4))
    write_trace(str(tmp_path / "trace.npz"), Trace(loads))
    np.savez(tmp_path / "recorded.npz", logical_count=loads, other=[1])
    np.savez(tmp_path / "one.npz", whatever=loads[:, 0])
    np.save(tmp_path / "trace.npy", loads / 2)

    assert read_trace(str(tmp_path / "trace.npz")).loads.dtype == np.uint32
    assert (read_trace(str(tmp_path / "trace.npz")).loads == loads).all()
    assert (read_trace(str(tmp_path / "recorded.npz")).loads == loads).all()
    assert (read_trace(str(tmp_path / "one.npz")).loads == loads[:, :1]).all()
    assert (read_trace(str(tmp_path / "trace.npy")).loads == loads / 2).all()


def test_files_that_hold_no_trace_are_refused(tmp_path):
    (tmp_path / "text.npz").write_text("no")
    np.savez(tmp_path / "two.npz", a=[1], b=[2])
    np.savez(tmp_path / "flat.npz", loads=[1, 2])
    np.savez(tmp_path / "negative.npz", loads=[[1, -2]])
    np.savez(tmp_path / "objects.npz", loads=np.array([[{}]], dtype=object))

    for name, message in {
        "none.npz": "cannot read .*none.npz: No such file",
        "text.npz": "holds no trace",
        "two.npz": "holds a, b; need an array called loads",
        "flat.npz": r"the trace has shape \(2,\); give loads\[steps, layers, experts\]",
        "negative.npz": "a load is -2",
        "objects.npz": "holds no trace",
    }.items():
        with pytest.raises(BadInputError, match=message):
            read_trace(str(tmp_path / name))


def test_the_page_runs():
    page = Path(__file__).parents[1] / "docs" / "replay.md"

    assert doctest.testfile(str(page), module_relative=False).failed == 0
