"""Distributions beside A* on one rank: what is run, what counts, and what `simulate` and `bench distribution` show."""

import dataclasses
import json
import signal
import sys
import time

import jobs
import pytest
from examples import DATA, make

from pdsearch.benchmarking import _runs
from pdsearch.benchmarking._suites import SUITES
from pdsearch.benchmarking.comparison import RunInterruptedError, Setting, simulated_rows
from pdsearch.cli import main
from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.domains import DOMAINS
from pdsearch.errors import BadInputError, WrongPlanError
from pdsearch.limits import Limits
from pdsearch.report.means import Group, estimated_efficiency, groups, means, recommendations, table
from pdsearch.report.rows import read_rows
from pdsearch.search.costs import TYPICAL

FAST = ["--costs", "typical", "--memory", "64M"]
SMALL_RANKS = ["--ranks", "2,4"]


def rows_of(text, names, n_ranks, **options):
    setting = Setting(limits=Limits(memory_bytes=2**26), **options)
    return [row for row, _ in simulated_rows(make("tiles", text, {}), names, [n_ranks], TYPICAL, setting)]


@pytest.fixture(scope="module")
def row():
    (row,) = rows_of("korf:12", ["zobrist"], 4)
    return row


def json_lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


# --- what counts ---


def test_a_search_that_was_stopped_is_named_and_not_counted(row):
    stopped = dataclasses.replace(row, distribution="random", status="memory limit", efficiency=9.0)

    shown = table([stopped, row])

    assert [mean.distribution for mean in means(groups([stopped, row])[Group("simulated", "tiles", "manhattan")])] == [
        "zobrist"
    ]
    assert shown.splitlines()[-1] == "not counted: random on 4 ranks, korf:12, ended with memory limit"


def test_of_several_runs_of_one_instance_the_last_counts(row):
    again = dataclasses.replace(row, CO=0.5)
    elsewhere = dataclasses.replace(row, instance="korf:42", CO=0.7)

    ((_, counted),) = groups([row, elsewhere, again]).items()

    (mean,) = means(counted)
    assert (mean.n_runs, mean.CO) == (2, pytest.approx(0.6))


def test_unlike_runs_have_tables_of_their_own(row):
    unlike = [
        dataclasses.replace(row, kind="real"),
        dataclasses.replace(row, domain="grid"),
        dataclasses.replace(row, heuristic="pdb"),
    ]

    found = groups([row, *unlike])

    assert [len(workers) for workers in found.values()] == [1, 1, 1, 1]
    assert [line for line in table([row, *unlike]).splitlines() if line.endswith("ranks")] == [
        "tiles, heuristic manhattan, simulated ranks",
        "tiles, heuristic manhattan, real ranks",
        "grid, heuristic manhattan, simulated ranks",
        "tiles, heuristic pdb, simulated ranks",
    ]


def test_the_median_speedup_is_told_beside_the_mean(row):
    rows = [dataclasses.replace(row, instance=str(speedup), speedup=speedup) for speedup in (1.0, 2.0, 6.0)]

    (mean,) = means(rows)

    assert (mean.speedup, mean.median_speedup) == (3.0, 2.0)


@pytest.mark.parametrize(("search_overhead", "so"), [("measured", 0.3), ("balance", 0.25), ("as_printed", 8 * 0.25)])
def test_the_efficiency_takes_the_search_overhead_asked_for(search_overhead, so, row):
    row = dataclasses.replace(row, CO=0.5, SO=0.3, LB=1.25, n_ranks=8, c=2.0)

    assert estimated_efficiency(row, search_overhead) == pytest.approx(1 / (2 * (1 + so)))
    assert means([row], search_overhead)[0].efficiency == pytest.approx(1 / (2 * (1 + so)))


def test_the_table_says_which_search_overhead_it_used(row):
    assert "SO as measured" in table([row])
    assert "SO estimated as ranks * (LB - 1)" in table([row], "as_printed")


def test_a_search_that_proves_another_cost_than_a_star_is_a_bug(monkeypatch):
    from pdsearch.benchmarking import comparison

    right = comparison.AStar.solve

    def wrong(*arguments):
        return dataclasses.replace(right(*arguments), cost=43)

    monkeypatch.setattr(comparison.AStar, "solve", wrong)

    with pytest.raises(WrongPlanError, match="cost 45, of korf:12; A\\* on one rank says solved, cost 43"):
        rows_of("korf:12", ["zobrist"], 2)


# --- what is run ---


def test_what_does_not_fit_so_many_ranks_is_skipped_with_its_reason():
    skipped = []

    rows = rows_of("2x2: 3 2 1 0", ["abstract-zobrist", "zobrist"], 16, skipped=skipped.append)

    assert [row.distribution for row in rows] == ["zobrist"]
    assert len(skipped) == 1
    assert skipped[0].startswith("abstract-zobrist on 16 ranks: ")


def test_an_instance_that_a_star_does_not_solve_is_refused():
    setting = Setting(limits=Limits(nodes=100))

    with pytest.raises(BadInputError, match="A\\* on one rank ended with node limit on korf:12"):
        next(simulated_rows(make("tiles", "korf:12", {}), ["zobrist"], [2], TYPICAL, setting))


@pytest.mark.parametrize("run", [1, 3])
def test_an_interrupted_run_ends_the_comparison_after_the_runs_before_it(run):
    """The wish comes in A* when run is 1, else in the second simulated search."""
    watched = []

    class Watch:
        def __enter__(self):
            watched.append(self)

        def __exit__(self, *_):
            pass

    setting = Setting(limits=Limits(memory_bytes=2**26), watch=Watch, interrupted=lambda: len(watched) >= run)
    runs = simulated_rows(make("tiles", "korf:12", {}), ["zobrist", "random"], [2], TYPICAL, setting)
    found = []

    with pytest.raises(RunInterruptedError):
        found.extend(row.distribution for row, _ in runs)

    assert found == ["zobrist"][: run - 1]


# --- simulate ---


@pytest.mark.wide
def test_ctrl_c_ends_simulate_with_the_table_of_what_is_finished(tmp_path):
    runs = tmp_path / "runs.jsonl"
    command = [sys.executable, "-m", "pdsearch", "simulate", "tiles", "korf:83", "--ranks", "2,8,48", *FAST]
    job = jobs.start([*command, "--memory", "1G", "--distribution", "zobrist", "--json", str(runs)])
    for _ in range(600):
        if runs.exists() and runs.read_text():
            break
        time.sleep(0.1)
    job.send_signal(signal.SIGINT)

    finished = jobs.finish(job, timeout=60)

    assert finished.returncode == 130, finished.stderr
    written = json_lines(runs)
    assert 1 <= len(written) < 3
    assert {row["status"] for row in written} == {"solved"}
    assert finished.stdout.count("\nzobrist") == len(written)
    assert "Traceback" not in finished.stderr


def test_simulate_takes_options_after_a_colon(tmp_path, capsys):
    runs = tmp_path / "runs.jsonl"
    names = ["abstract-zobrist:rows", "sparsest-cut:metis"]

    assert main(["simulate", "tiles", "korf:12", "--ranks", "3", "--distribution", ",".join(names), *FAST]) == 0

    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()[2:4]} == set(names)
    command = ["bench", "distribution", "--instances", "korf:12", "--ranks", "3", "--distributions", ",".join(names)]
    assert main([*command, "--json", str(runs), *FAST]) == 0
    assert [row["distribution"] for row in json_lines(runs)] == names


@pytest.mark.heavy
def test_simulate_runs_all_that_can_be_built_on_another_domain_with_its_options(capsys):
    command = ["simulate", "grid", "random:15x15", "--neighbours", "4", "--ranks", "3,48", "--seed", "2", *FAST]

    assert main([*command, "--json", "-"]) == 0

    captured = capsys.readouterr()
    rows = [json.loads(line) for line in captured.out.splitlines()]
    assert {row["instance"] for row in rows} == {"random:15x15 seed 2 4 neighbours"}
    assert {row["n_ranks"] for row in rows} == {3, 48}
    assert "skipped: sparsest-cut on 48 ranks" in captured.err
    fitting = [name for name in DISTRIBUTIONS if DISTRIBUTIONS[name].fits(make("grid", "random:15x15", {}))]
    assert len(rows) + captured.err.count("skipped: ") == 2 * len(fitting)


def test_simulate_with_nothing_that_can_be_built_says_so(capsys):
    command = ["simulate", "tiles", "2x2: 3 2 1 0", "--ranks", "16", "--distribution", "abstract-zobrist"]

    assert main([*command, *FAST]) == 2
    assert "see what was skipped" in capsys.readouterr().err


def test_a_file_may_name_an_instance_of_the_fifty(tmp_path):
    file = tmp_path / "instance"
    file.write_text("korf-felner:3\n")

    assert DOMAINS["tiles"].parse(str(file)).board == DOMAINS["tiles"].parse("korf-felner:3").board


def test_calibration_is_kept_for_the_domain_the_heuristic_and_the_size_of_states():
    from pdsearch.search.best_first.calibration import path_of

    three, eight = (make("msa", str(DATA / f"{name}.fasta"), {}) for name in ("three", "eight"))
    small, large = (make("tiles", f"random:{shape}", {}) for shape in ("4x4", "5x5"))
    asked = [(three, None), (eight, None), (small, None), (large, None), (small, "linear-conflict")]

    paths = {path_of(domain, heuristic) for domain, heuristic in asked}

    assert len(paths) == len(asked)
    assert path_of(small, "manhattan") == path_of(make("tiles", "korf:1", {}))


def test_simulate_says_which_costs_it_uses(tmp_path, monkeypatch, capsys):
    file = tmp_path / "costs.json"
    file.write_text(json.dumps(vars(TYPICAL) | {"expansion": 1.0}))
    monkeypatch.setattr(_runs, "path_of", lambda *_: file)

    assert main(["simulate", "tiles", "random:3x3", "--ranks", "2", "--distribution", "zobrist", "--json", "-"]) == 0

    captured = capsys.readouterr()
    assert captured.err == f"costs: {file}\n"
    assert json.loads(captured.out)["costs"]["expansion"] == 1.0


def test_without_a_calibration_simulate_uses_typical_costs_and_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_runs, "path_of", lambda *_: tmp_path / "missing.json")

    assert main(["simulate", "tiles", "random:3x3", "--ranks", "2,3", "--distribution", "zobrist"]) == 0

    (line,) = capsys.readouterr().err.splitlines()
    assert "typical costs are used" in line
    assert "pdsearch calibrate tiles" in line


# --- the benchmark ---


def test_the_benchmark_writes_rows_a_sorted_table_and_figures(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    runs, figures = tmp_path / "runs.jsonl", tmp_path / "figures"
    command = ["bench", "distribution", "--instances", "korf:12", "--distributions", "zobrist,abstract-zobrist"]

    assert main([*command, *SMALL_RANKS, "--json", str(runs), "--plots", str(figures), *FAST]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "tiles, heuristic manhattan, simulated ranks"
    assert [line.split()[:2] for line in lines[2:4]] == [["abstract-zobrist", "2"], ["zobrist", "2"]]
    assert len(runs.read_text().splitlines()) == 4
    assert sorted(path.name for path in figures.iterdir()) == [
        "communication.png",
        "efficiency.png",
        "loads.png",
        "speedup.png",
    ]
    assert main(["bench", "distribution", "--from", str(runs)]) == 0
    assert capsys.readouterr().out.splitlines() == lines


def test_each_group_of_rows_gets_figures_of_its_own(tmp_path, row):
    pytest.importorskip("matplotlib")
    runs, figures = tmp_path / "runs.jsonl", tmp_path / "figures"
    runs.write_text("".join(dataclasses.replace(row, kind=kind).to_json() + "\n" for kind in ("real", "simulated")))

    assert main(["bench", "distribution", "--from", str(runs), "--plots", str(figures)]) == 0

    assert sorted(path.name for path in figures.iterdir()) == [
        f"{kind}-tiles-manhattan-{name}.png" for kind in ("real", "simulated") for name in ("efficiency", "loads")
    ]


def test_a_distribution_looks_the_same_in_all_figures(row):
    pytest.importorskip("matplotlib")
    from pdsearch.report import plots

    one = [dataclasses.replace(row, distribution=name) for name in ("zobrist", "random", "zobrist:x")]
    other = [dataclasses.replace(row, distribution=name, CO=0.0, n_ranks=2) for name in ("zobrist", "fluency")]
    axes = [plots.plot_efficiency(one), plots.plot_loads(one), plots.plot_efficiency(other)]

    looks = [
        {(line.get_color(), line.get_marker()) for line in ax.lines if line.get_label().split(" ")[0] == "zobrist"}
        for ax in axes
    ]

    assert len(looks[0]) == 1
    assert looks[0] == looks[1] == looks[2]


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_names_instances_and_distributions_that_exist(name):
    suite = SUITES[name]

    domains = suite.problems()

    assert len({domain.instance for domain in domains}) == len(domains) >= 1
    assert {name for name in suite.distributions if DISTRIBUTIONS[name].fits(domains[0])} == set(suite.distributions)


@pytest.mark.wide
@pytest.mark.parametrize(
    "name",  # the 24-puzzle has 13 million expansions
    [pytest.param(name, marks=[pytest.mark.heavy] * (name != "tiles15")) for name in SUITES if name != "tiles24"],
)
def test_a_suite_runs_on_its_smallest_instance(name, tmp_path):
    runs = tmp_path / "runs.jsonl"
    command = ["bench", "distribution", "--suite", name, "--first", "1", "--ranks", "2", "--json", str(runs)]

    assert main([*command, "--costs", "typical", "--memory", "512M"]) == 0

    with runs.open() as file:
        rows = list(read_rows(file))
    assert [row.distribution for row in rows] == list(SUITES[name].distributions)
    assert all(row.is_finished for row in rows)


@pytest.mark.heavy
def test_the_suite_of_the_24_puzzle_runs_on_an_easy_board(tmp_path, monkeypatch):
    easy = "1 6 2 3 4 5 11 7 8 9 10 0 12 13 14 15 16 17 18 19 20 21 22 23 24"
    suite = dataclasses.replace(SUITES["tiles24"], instances=(easy,), heuristic="manhattan")
    monkeypatch.setitem(SUITES, "tiles24", suite)
    runs = tmp_path / "runs.jsonl"

    assert main(["bench", "distribution", "--suite", "tiles24", "--ranks", "3", "--json", str(runs), *FAST]) == 0
    assert {row["distribution"] for row in json_lines(runs)} == set(suite.distributions)


def test_the_suite_of_the_24_puzzle_without_its_database_says_how_to_build_it(tmp_path):
    command = [sys.executable, "-m", "pdsearch", "bench", "distribution", "--suite", "tiles24", *FAST]

    finished = jobs.run(command, env={"PDSEARCH_CACHE_DIR": str(tmp_path)})

    assert finished.returncode == 2
    assert finished.stderr.count("\n") == 1
    assert "is not built; run: pdsearch pdb build tiles 5x5 --heuristic" in finished.stderr


def test_the_benchmark_without_instances_says_what_to_give(capsys):
    assert main(["bench", "distribution", *FAST]) == 2
    assert "--instances" in capsys.readouterr().err


@pytest.mark.wide
@pytest.mark.mpi
def test_the_benchmark_runs_on_real_ranks(mpirun, tmp_path):
    runs = tmp_path / "runs.jsonl"
    names = ["zobrist", "abstract-zobrist:rows", "sampled-cut"]
    command = ["bench", "distribution", "--instances", "korf:12", "--distributions", ",".join(names)]

    finished = mpirun(2, *command, "--repeats", "2", "--json", str(runs), "--c", "1", "--memory", "256M")

    assert finished.returncode == 0, finished.stderr
    rows = json_lines(runs)
    assert [row["distribution"] for row in rows] == names
    assert {(row["kind"], row["n_ranks"], row["cost"], row["c"]) for row in rows} == {("real", 2, 45, 1.0)}
    assert rows[0]["sampled"] == 0
    assert rows[2]["sampled"] > 0


@pytest.mark.mpi
@pytest.mark.heavy
def test_what_cannot_be_built_is_skipped_on_real_ranks_too(mpirun, tmp_path):
    runs = tmp_path / "runs.jsonl"
    command = ["bench", "distribution", "--domain", "grid", "--instances", "random:15x15", "--neighbours", "4"]
    names = ["abstract-zobrist:squares-16", "zobrist", "hyperplane"]

    finished = mpirun(3, *command, "--distributions", ",".join(names), "--repeats", "1", "--json", str(runs), *FAST)

    assert finished.returncode == 0, finished.stderr
    assert finished.stderr.count("skipped: abstract-zobrist:squares-16 on 3 ranks") == 1
    assert [row["distribution"] for row in json_lines(runs)] == names[1:]


@pytest.mark.mpi
def test_an_instance_too_hard_for_a_star_ends_the_benchmark_on_all_ranks(mpirun):
    command = ["bench", "distribution", "--instances", "korf:83", "--distributions", "zobrist", "--memory", "4M"]

    finished = mpirun(2, *command, timeout=120)

    assert finished.returncode == 2
    assert "A* on one rank ended with memory limit on korf:83" in finished.stderr


# --- what to use ---


def test_the_recommendation_is_the_fastest_of_those_that_finished_every_instance(row):
    def run(distribution, instance, speedup, **more):
        return dataclasses.replace(row, distribution=distribution, instance=instance, speedup=speedup, **more)

    rows = [
        *(run("zobrist", name, 2.0, efficiency=0.9) for name in ("a", "b")),
        *(run("sampled-cut", name, 3.0, efficiency=0.4) for name in ("a", "b")),
        run("random", "a", 9.0),  # one of two
        *(run("zobrist", name, 1.5, n_ranks=2) for name in ("a", "b")),
    ]

    few, many = recommendations(rows)

    assert few.startswith("tiles, heuristic manhattan, 2 ranks: --distribution zobrist (predicted speed-up 1.5, ")
    assert many.startswith("tiles, heuristic manhattan, 4 ranks: --distribution sampled-cut (predicted speed-up 3.0, ")
    assert many.endswith("2 runs; next zobrist, 2.0)")


def test_recommend_prints_one_line(tmp_path, capsys):
    words = ["bench", "distribution", "--domain", "tiles", "--instances", "2x3: 5 4 3 2 1 0", "--ranks", "2"]

    assert main([*words, "--distributions", "zobrist,multiplicative", "--costs", "typical", "--recommend"]) == 0

    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("tiles, heuristic manhattan, 2 ranks: --distribution ")
