"""The simulated machine: the same every time, optimal, in agreement with itself and with what is known of overheads."""

import json

import jobs
import numpy as np
import pytest
import searches

from pdsearch.balance.traffic import all_to_all_bottleneck, communication_overhead, search_overhead
from pdsearch.benchmarking.comparison import Setting, chosen, ranks_in, simulated_row
from pdsearch.cli import main
from pdsearch.comm.timed import TimedNetwork
from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import Limits
from pdsearch.report.means import means
from pdsearch.report.rows import Log, efficiency, read_rows
from pdsearch.result import Status
from pdsearch.search import solve
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.packing import AdaptivePacking
from pdsearch.search.best_first.records import initial_record
from pdsearch.search.costs import TYPICAL, Costs
from pdsearch.search.setup import make_task

LIMITS = Limits(memory_bytes=2**26)
FAST = ["--costs", "typical", "--memory", "64M"]


def simulated(puzzle, distribution, n_ranks, costs=TYPICAL, **options):
    task = make_task(puzzle, None, distribution, n_ranks)
    return searches.simulated(task, costs, options.pop("limits", LIMITS), **options)


@pytest.fixture(scope="module")
def korf12():
    puzzle = Tiles.korf(12)
    return puzzle, solve(puzzle)


@pytest.fixture(scope="module")
def eight_ranks(korf12):
    return {name: simulated(korf12[0], name, 8) for name in DISTRIBUTIONS if DISTRIBUTIONS[name].fits(korf12[0])}


# --- what is predicted ---


@pytest.mark.wide
def test_every_distribution_is_optimal_on_eight_simulated_ranks(korf12, eight_ranks):
    assert {name: (timed.status, timed.cost) for name, timed in eight_ranks.items()} == dict.fromkeys(
        eight_ranks, (Status.SOLVED, 45)
    )


@pytest.mark.few(3)
@pytest.mark.parametrize("n_ranks", [1, 2, 3, 48, 200])
@pytest.mark.parametrize("message", [1, 40, None])
def test_the_cost_is_optimal_on_any_number_of_simulated_ranks(n_ranks, message, eight_puzzle):
    puzzle = Tiles([8, 6, 7, 2, 5, 4, 3, 0, 1])

    timed = simulated(puzzle, "zobrist", n_ranks, message_size=message)

    assert timed.cost == eight_puzzle[puzzle.board]


def test_an_unsolvable_puzzle_is_proved_so_on_simulated_ranks():
    timed = simulated(Tiles([2, 1, 3, 4, 5, 0], 3, 2), "zobrist", 5)

    assert timed.status is Status.UNSOLVABLE


def test_zobrist_sends_seven_eighths_of_all_successors_at_eight_ranks():
    timed = simulated(Tiles.korf(97), "zobrist", 8)

    assert pytest.approx(0.875, abs=0.03) == timed.CO  # one seed; the mean over seeds is the next test's


@pytest.mark.wide
def test_zobrist_sends_seven_eighths_on_average_over_seeds():
    puzzle = Tiles.korf(12)
    overheads = []
    for seed in range(12):
        task = make_task(puzzle, None, "zobrist", 8, seed=seed)
        overheads.append(searches.simulated(task, TYPICAL, LIMITS, seed=seed).CO)

    assert np.mean(overheads) == pytest.approx(0.875, abs=0.01)


def test_abstract_zobrist_halves_send_less_than_a_sixth_at_eight_ranks(eight_ranks):
    assert eight_ranks["abstract-zobrist"].CO <= 0.15


def test_the_traffic_sums_up_to_what_the_ranks_counted(eight_ranks):
    for timed in eight_ranks.values():
        ranks = timed.ranks
        off = timed.traffic - np.diag(np.diag(timed.traffic))

        assert timed.traffic.sum(axis=1).tolist() == [counts.generated for counts in ranks]
        assert off.sum(axis=1).tolist() == [counts.sent for counts in ranks]
        assert off.sum(axis=0).tolist() == [counts.received for counts in ranks]
        assert timed.message_bytes == 16 * timed.sent  # a 15-puzzle record has 16 bytes
        assert communication_overhead(timed.traffic) == pytest.approx(timed.CO)


def test_the_same_seed_predicts_the_same_to_the_last_digit(korf12, eight_ranks):
    again = simulated(korf12[0], "zobrist", 8)
    before = eight_ranks["zobrist"]

    assert again.predicted_s == before.predicted_s
    assert (again.traffic == before.traffic).all()
    assert [r.expanded for r in again.ranks] == [r.expanded for r in before.ranks]


def test_another_seed_has_other_owners(korf12):
    task = make_task(korf12[0], None, "zobrist", 8, seed=1)

    assert (searches.simulated(task, TYPICAL, LIMITS).traffic != simulated(korf12[0], "zobrist", 8).traffic).any()


def test_no_rank_works_longer_than_the_search_takes(eight_ranks):
    for timed in eight_ranks.values():
        assert max(timed.busy_s) <= timed.predicted_s * (1 + 1e-9)


def test_one_rank_takes_what_its_work_costs(korf12):
    puzzle, serial = korf12
    timed = simulated(puzzle, "zobrist", 1)

    assert timed.expanded == serial.expanded
    work = TYPICAL.serial_s(serial.expanded, serial.generated)
    assert timed.predicted_s == pytest.approx(work + timed.turns * TYPICAL.turn, rel=0.2)


def test_free_messages_make_two_ranks_nearly_twice_as_fast():
    free = Costs(1e-6, 0, 0, 0, 0, 0, 1e-9, 0, 1e-9, 1e15)
    puzzle = Tiles.korf(97)
    serial = solve(puzzle)

    timed = simulated(puzzle, "zobrist", 2, free, message_size=10)

    assert 1.7 <= free.serial_s(serial.expanded, 0) / timed.predicted_s <= 2.01


def test_a_slower_network_makes_the_search_slower(korf12):
    slow = Costs(**{**vars(TYPICAL), "latency": 1e-3})

    assert simulated(korf12[0], "zobrist", 4, slow).predicted_s > 2 * simulated(korf12[0], "zobrist", 4).predicted_s


def test_a_node_limit_stops_the_simulated_ranks_with_a_bound(korf12):
    timed = simulated(korf12[0], "zobrist", 4, limits=Limits(memory_bytes=2**26, nodes=2000))

    assert timed.status is Status.NODE_LIMIT
    assert 35 <= timed.lower_bound <= 45


# --- its parts ---


def words(receiver):
    records = receiver.receive()
    return None if records is None else records.tolist()


def test_a_message_arrives_a_latency_and_its_bytes_after_the_turn_ends():
    network = TimedNetwork(2, 4, latency_s=1.0, bytes_per_s=16.0)
    sender, receiver = network.communicator(0), network.communicator(1)
    network.begin(5.0)
    sender.send(1, np.arange(4, dtype=np.uint32))
    sender.send(1, np.arange(4, 12, dtype=np.uint32))

    arrivals, _ = network.commit(0, 10.0)

    assert arrivals == [(1, 12.0), (1, 14.0)]  # 16 and then 32 bytes through one link
    network.begin(11.9)
    assert receiver.receive() is None
    assert sender.unfinished(1) == 2
    network.begin(12.0)
    assert words(receiver) == [0, 1, 2, 3]
    network.begin(14.0)
    assert words(receiver) == list(range(4, 12))
    assert sender.unfinished(1) == 0
    assert network.traffic.tolist() == [[0, 3], [0, 0]]


def test_a_reduction_is_known_two_latencies_after_the_last_of_four_ranks():
    network = TimedNetwork(4, 4, latency_s=1.0, bytes_per_s=1.0)
    ranks = [network.communicator(rank) for rank in range(4)]
    known = None
    for rank, end in enumerate([7.0, 3.0, 4.0, 5.0]):
        network.begin(0.0)
        ranks[rank].start_reduction(np.array([rank]), np.array([-rank]))
        _, known = network.commit(rank, end)

    assert known == 9.0
    network.begin(8.9)
    assert ranks[0].finish_reduction() is None
    network.begin(9.0)
    totals = ranks[0].finish_reduction()
    assert totals is not None
    assert (totals.sums.tolist(), totals.maxima.tolist()) == ([6], [0])


def test_records_leave_the_outbox_in_the_order_they_were_made_and_its_slots_come_back(korf12):
    task = make_task(korf12[0], None, "zobrist", 5)
    home = task.owner_of(task.domain.initial)
    rank, same = (LocalSearch(task, home, 2**26, message=INFINITY) for _ in range(2))
    for each in (rank, same):
        each.absorb(initial_record(task))
        each.expand(300)
    others = rank.addressees()
    together, ends = rank.take(others)

    apart = [same.take([other])[0].copy() for other in others]

    assert rank.unsent == same.unsent == 0
    assert np.array_equal(together, np.concatenate(apart))
    assert ends == np.cumsum([len(records) for records in apart]).tolist()
    assert rank.take(others)[0].size == 0


def test_adaptive_messages_grow_when_turns_cost_much_and_stay_below_what_a_delay_allows():
    now = [0.0]
    packing = AdaptivePacking(2, record_words=4, clock=lambda: now[0])
    for _ in range(60):
        now[0] += 0.01
        packing.worked(0.005)
        packing.turned(0.01)
        packing.sent([1], [4 * 1000])
        packing.sizes()
    sizes = packing.sizer.sizes
    # 5 ms of overhead a message and 5 µs of work a record: a twentieth needs 19000 records, the most is 4096,
    # and a size within a tenth of that is kept
    assert 3700 <= sizes[1] <= 4096
    for _ in range(60):
        now[0] += 0.01
        packing.worked(0.01)
        packing.turned(0.0101)
        packing.sent([1], [4 * 1000])
        packing.sizes()
    sizes = packing.sizer.sizes
    assert 150 <= sizes[1] <= 230  # 0.1 ms a message, 10 µs a record: 190
    assert sizes[0] == 1  # nothing goes there


def test_c_is_the_time_to_send_over_the_time_to_generate():
    costs = Costs(100e-9, 50e-9, 10e-9, 60e-9, 4e-6, 6e-6, 1e-5, 1e-5, 1e-6, 1e9, 2.0)

    assert costs.c == pytest.approx((10 + 100 + 60 - 50) / (50 + 50))


@pytest.mark.parametrize(("co", "so", "c"), [(0, 0, 1), (0.98, 0.07, 1), (0.28, 0.38, 1.3)])
def test_the_estimated_efficiency_is_the_papers(co, so, c):
    assert efficiency(co, so, c) == pytest.approx(1 / (1 + c * co) / (1 + so))


# --- rows and the command line ---


def test_a_row_holds_the_metrics_of_the_traffic_and_survives_a_file(korf12, tmp_path):
    task = make_task(korf12[0], None, "zobrist", 4)
    row, traffic = simulated_row(task, "zobrist", korf12[1], TYPICAL, Setting(limits=LIMITS))
    log = Log(str(tmp_path / "runs.jsonl"))
    log.add(row)
    log.add(row)

    assert communication_overhead(traffic) == row.CO
    assert search_overhead(row.expanded, korf12[1].expanded) == row.SO
    assert row.bottleneck == all_to_all_bottleneck(traffic)
    assert row.serial["expanded"] == korf12[1].expanded
    assert list(read_rows((tmp_path / "runs.jsonl").read_text().splitlines())) == [row, row]
    assert [(mean.n_runs, mean.CO) for mean in means([row, row])] == [(2, row.CO)]


def test_simulate_prints_a_table_and_appends_json_lines(tmp_path, capsys):
    runs = tmp_path / "runs.jsonl"
    command = ["simulate", "tiles", "korf:12", "--ranks", "2,8", "--json", str(runs), *FAST]
    folder = tmp_path / "traffic"

    assert main([*command, "--distribution", "zobrist,abstract-zobrist", "--traffic", str(folder)]) == 0
    assert main([*command, "--distribution", "zobrist"]) == 0

    rows = [json.loads(line) for line in runs.read_text().splitlines()]
    assert [(row["distribution"], row["n_ranks"]) for row in rows] == [
        ("zobrist", 2),
        ("abstract-zobrist", 2),
        ("zobrist", 8),
        ("abstract-zobrist", 8),
        ("zobrist", 2),
        ("zobrist", 8),
    ]
    assert [rows[0][key] for key in ("CO", "expanded", "seconds")] == [
        rows[4][key] for key in ("CO", "expanded", "seconds")
    ]
    assert "efficiency" in capsys.readouterr().out
    assert np.load(folder / "tiles-korf-12-zobrist-8.npy").sum() == rows[2]["generated"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["korf:12", "--ranks", "2,x"], "ranks '2,x'"),
        (["korf:12", "--ranks", "0"], "ranks '0'"),
        (["korf:12", "--distribution", "zobrits"], "did you mean 'zobrist'"),
        (["korf:1234"], "korf:1234"),
        (["korf:12", "--costs", "nowhere.json"], "cannot read costs"),
        (["korf:12", "--c", "-1"], "c is -1"),
        (["korf:12", "--batch", "0"], "count '0'"),
    ],
)
def test_bad_input_to_simulate_gives_one_line_and_exit_code_2(arguments, message, capsys):
    code = main(["simulate", "tiles", *FAST, *arguments])

    captured = capsys.readouterr()
    assert (code, captured.out, captured.err.count("\n")) == (2, "", 1)
    assert message in captured.err


def python():
    import sys

    return [sys.executable, "-m", "pdsearch"]


@pytest.mark.parametrize("text", ["{}", "[1]", "no json", json.dumps(vars(TYPICAL) | {"latency": -1})])
def test_costs_that_make_no_sense_are_refused(text, tmp_path):
    file = tmp_path / "costs.json"
    file.write_text(text)

    with pytest.raises(BadInputError, match="cost"):
        Costs.read(str(file))


def test_all_distributions_are_those_that_fit():
    puzzle = Tiles.korf(1)

    assert chosen("all", puzzle) == [name for name in DISTRIBUTIONS if DISTRIBUTIONS[name].fits(puzzle)]
    assert chosen("all,abstract-zobrist:rows", puzzle) == [*chosen("all", puzzle), "abstract-zobrist:rows"]
    assert ranks_in("2, 48") == [2, 48]


def test_the_twenty_easy_instances_rise_from_three_hundred_thousand_expansions():
    import csv
    from importlib.resources import files

    text = files("pdsearch.domains.tiles").joinpath("korf_easy20.csv").read_text()
    counts = [int(row["astar_expanded"]) for row in csv.DictReader(text.splitlines())]
    names = Tiles.instance_set("korf:easy20")

    assert len(set(names)) == len(counts) == 20
    assert counts == sorted(counts)
    assert counts[0] >= 300_000
    assert solve(Tiles.parse(names[0])).expanded == pytest.approx(counts[0], rel=0.02)


def too_busy(finished):
    """Say whether a calibration was refused, as it is while other things run on the machine."""
    return finished.returncode == 2 and "no idle machine measures that, so nothing is kept" in finished.stderr


@pytest.mark.wide
def test_calibration_measures_every_cost_and_keeps_it(tmp_path):
    cache = {"PDSEARCH_CACHE_DIR": str(tmp_path)}
    command = [*python(), "calibrate", "tiles", "random:3x3", "--json", "-"]

    finished = jobs.run(command, env=cache)

    if too_busy(finished):
        return
    assert finished.returncode == 0, finished.stderr
    values = json.loads(finished.stdout)
    assert Costs.of(values, "stdout").c == values["c"]
    assert values["messages"] == "in process"
    assert 1e-9 < values["expansion"] + values["kept"] < 1e-4
    (kept,) = (tmp_path / "pdsearch").glob("costs-*.json")
    assert json.loads(kept.read_text()) == values
    assert kept == (tmp_path / "pdsearch" / "costs-tiles-manhattan-9v1w.json")


@pytest.mark.wide
@pytest.mark.mpi
def test_calibration_on_two_ranks_times_messages_through_mpi(mpirun):
    finished = mpirun(2, "calibrate", "tiles", "random:3x3", "--json", "-")

    if too_busy(finished):
        return
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout)["messages"] == "MPI"


@pytest.mark.wide
@pytest.mark.mpi
@pytest.mark.parametrize("batch", ["7", "1000"])
def test_solve_with_a_fixed_batch_is_optimal(mpirun, batch):
    finished = mpirun(2, "solve", "tiles", "korf:12", "--batch", batch, "--json", "-", "--memory", "256M")

    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout)["cost"] == 45
