"""``pdsearch route`` and ``pdsearch bench routers``."""

import io
import json

import numpy as np
import pytest

from pdsearch.balance.routers import ROUTERS
from pdsearch.balance.routers.bip import BIP
from pdsearch.balance.routers.hash_table import HashTable
from pdsearch.benchmarking import benchmark_names
from pdsearch.benchmarking.routers import skewed_stream
from pdsearch.cli import main


@pytest.fixture
def scores(tmp_path):
    path = tmp_path / "scores.npy"
    np.save(path, np.random.default_rng(0).normal(size=(30, 8)))
    return path


def complaint(capsys, *words):
    """Return the single line that a mistake prints."""
    assert main(list(words)) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    return output.err


def test_route_prints_the_report_and_the_first_tokens(scores, capsys):
    assert main(["route", str(scores), "--router", "bip", "--top-k", "2"]) == 0

    printed = capsys.readouterr().out
    assert "8 bins, load 60" in printed
    assert "max_violation" in printed
    assert "experts and weights by bip:" in printed
    assert "... 20 more tokens" in printed


def test_route_writes_the_router_s_assignment_as_json_and_arrays(scores, tmp_path, capsys):
    out = tmp_path / "assignment.npz"
    arguments = ["route", str(scores), "--router", "bip", "--option", "iterations=7", "--gate", "sigmoid"]

    assert main([*arguments, "--top-k", "3", "--json", "-", "--out", str(out)]) == 0

    expected = BIP(7, "sigmoid").route(np.load(scores), 3)
    content = json.loads(capsys.readouterr().out)
    assert content["ids"] == expected.ids.tolist()
    assert content["report"]["load_balance"] == pytest.approx(expected.counts.max() / expected.counts.mean())
    with np.load(out) as arrays:
        assert (arrays["ids"] == expected.ids).all()
        assert (arrays["state"] == expected.state).all()


def test_route_starts_from_a_state_and_reads_csv(tmp_path, capsys):
    np.savetxt(tmp_path / "scores.csv", np.zeros((3, 4)), delimiter=",")
    np.save(tmp_path / "bias.npy", np.array([0.0, 0.0, 1.0, 0.0]))

    main(["route", str(tmp_path / "scores.csv"), "--state", str(tmp_path / "bias.npy"), "--json", "-"])

    assert json.loads(capsys.readouterr().out)["counts"] == [0, 0, 3, 0]


def test_a_line_of_numbers_is_one_token_and_a_column_a_state(tmp_path, capsys):
    (tmp_path / "scores.csv").write_text("1,2,3\n")
    (tmp_path / "bias.csv").write_text("9\n0\n0\n")

    arguments = ["route", str(tmp_path / "scores.csv"), "--gate", "sigmoid", "--json", "-"]
    main(arguments)
    plain = json.loads(capsys.readouterr().out)
    main([*arguments, "--state", str(tmp_path / "bias.csv")])
    biased = json.loads(capsys.readouterr().out)

    assert plain["ids"] == [[2]]
    assert biased["ids"] == [[0]]


def test_scores_are_read_from_json_and_from_standard_input_too(tmp_path, capsys, monkeypatch):
    (tmp_path / "scores.json").write_text("[[1, 2], [4, 3]]")
    monkeypatch.setattr("sys.stdin", io.StringIO("1,2\n4,3\n"))

    main(["route", str(tmp_path / "scores.json"), "--json", "-"])
    from_json = json.loads(capsys.readouterr().out)
    main(["route", "-", "--json", "-"])
    from_stdin = json.loads(capsys.readouterr().out)

    assert from_json == from_stdin
    assert from_json["ids"] == [[1], [0]]


def test_token_ids_are_routed_from_a_csv_file(tmp_path, capsys):
    (tmp_path / "ids.csv").write_text("5\n7\n5\n")

    assert main(["route", str(tmp_path / "ids.csv"), "--router", "hash", "--top-k", "2", "--json", "-"]) == 0

    ids = json.loads(capsys.readouterr().out)["ids"]
    assert ids == HashTable().route(np.array([5, 7, 5]), 2).ids.tolist()


def test_the_list_names_every_router_of_the_registry(capsys):
    assert main(["route", "--list"]) == 0

    printed = capsys.readouterr().out
    assert all(f"\n{name} " in printed for name in ROUTERS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--router", "bpi"], "did you mean 'bip'"),
        (["--top-k", "9"], "k is 9 and there are 8 experts"),
        (["--option", "speed=1"], "top-k was given 'speed=1'; give OPTION=VALUE with one of gate"),
        (["--router", "smile", "--gate", "sigmoid"], "smile has no gate"),
        (["--state", "missing.npy"], "cannot read missing.npy: No such file or directory"),
        (["--out", "nowhere/x.npz"], "cannot write 'nowhere/x.npz'; give a file in a folder that exists"),
        (["--json", "nowhere/x.json"], "cannot write 'nowhere/x.json'; give a file in a folder that exists"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(scores, capsys, arguments, message):
    assert message in complaint(capsys, "route", str(scores), *arguments)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (np.zeros((8, 1)), "the table is float64[8, 1]; int32[8, 1] is needed, the state of an earlier call"),
        (np.zeros((7, 1), int), "the table is int64[7, 1]; int32[8, 1] is needed"),
        (np.full((8, 1), 64), "the table names experts 64 to 64; 0 to 63 are there"),
        (np.full((8, 1), -1), "the table names experts -1 to -1; 0 to 63 are there"),
    ],
)
def test_a_hash_table_of_another_shape_or_other_experts_is_refused(tmp_path, capsys, state, message):
    np.save(tmp_path / "ids.npy", np.arange(8))
    np.save(tmp_path / "state.npy", state)
    files = [str(tmp_path / "ids.npy"), "--state", str(tmp_path / "state.npy")]

    assert message in complaint(capsys, "route", *files, "--router", "hash", "--option", "vocabulary=8")


def test_a_router_that_needs_a_state_says_which(scores, tmp_path, capsys):
    assert "carrot was given no costs; give one per model" in complaint(
        capsys, "route", str(scores), "--router", "carrot"
    )
    assert "rl-r was given no policy" in complaint(capsys, "route", str(scores), "--router", "rl-r")
    np.save(tmp_path / "policy.npy", np.zeros((8, 5)))
    state = ["--state", str(tmp_path / "policy.npy")]
    message = "the policy has shape (8, 5); tokens of 8 features need (9, n_experts + 1)"
    assert message in complaint(capsys, "route", str(scores), "--router", "rl-r", *state)


def test_costs_from_a_file_decide_for_carrot(scores, tmp_path, capsys):
    (tmp_path / "costs.csv").write_text("9,9,9,9,9,9,9,0\n")

    main(["route", str(scores), "--router", "carrot", "--state", str(tmp_path / "costs.csv"), "--json", "-"])

    assert json.loads(capsys.readouterr().out)["counts"] == [0] * 7 + [30]


def test_padding_is_routed_to_nobody(scores, tmp_path, capsys):
    (tmp_path / "mask.csv").write_text("1\n" * 20 + "0\n" * 10)

    main(["route", str(scores), "--router", "bip", "--mask", str(tmp_path / "mask.csv"), "--json", "-"])
    masked = json.loads(capsys.readouterr().out)

    alone = BIP().route(np.load(scores)[:20], 1)
    assert masked["ids"] == [*alone.ids.tolist(), *[[-1]] * 10]
    assert masked["counts"] == alone.counts.tolist()
    assert masked["report"]["sampling_floor"] == alone.report()["sampling_floor"]
    (tmp_path / "short.csv").write_text("1\n0\n")
    complaint_of_mask = complaint(capsys, "route", str(scores), "--mask", str(tmp_path / "short.csv"))
    assert "30 rows need as many ones (token) and zeros (padding)" in complaint_of_mask


def test_raw_weights_are_the_affinities_times_a_scale(scores, capsys):
    main(["route", str(scores), "--gate", "sigmoid", "--top-k", "2", "--raw-weights", "2.5", "--json", "-"])

    content = json.loads(capsys.readouterr().out)
    affinities = 2.5 / (1 + np.exp(-np.load(scores)))
    assert np.allclose(content["weights"], np.take_along_axis(affinities, np.array(content["ids"]), axis=1))
    smile = ["--router", "smile", "--raw-weights", "1"]
    assert "smile has no gate, and so no affinities" in complaint(capsys, "route", str(scores), *smile)


def test_a_benchmark_that_could_not_be_written_is_not_run(capsys):
    message = "cannot write 'nowhere/x'; give a file in a folder that exists"

    assert message in complaint(capsys, "bench", "routers", "--json", "nowhere/x")
    assert message in complaint(capsys, "bench", "routers", "--plot", "nowhere/x")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("text.csv", b"a,b\n", "'a' in row 1 of text.csv is no number"),
        ("empty.csv", b"", "empty.csv is empty; give at least one number"),
        ("empty.npy", b"", "empty.npy holds no array of numbers"),
        ("scores.txt", b"1,2\n", "scores.txt ends in .txt; need a .csv, .npy or .json file"),
    ],
)
def test_a_file_without_numbers_is_named(tmp_path, capsys, monkeypatch, name, content, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)

    assert message in complaint(capsys, "route", name)


def test_an_empty_array_and_no_file_at_all_are_refused(tmp_path, capsys):
    np.save(tmp_path / "none.npy", np.zeros((0, 8)))

    assert "none.npy is empty; give at least one number" in complaint(capsys, "route", str(tmp_path / "none.npy"))
    assert "no scores are given" in complaint(capsys, "route")


@pytest.mark.wide
def test_bench_routers_prints_a_row_per_router(capsys):
    options = ["--tokens", "256", "--experts", "16", "--top-k", "4", "--batches", "3"]

    assert main(["bench", "routers", *options, "--routers", "top-k,bip:iterations=14,base,capacity"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:5]] == ["top-k", "bip:iterations=14", "base", "capacity"]


@pytest.mark.wide
def test_bench_routers_keeps_no_more_score_than_top_k_and_says_what_it_measured(capsys, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    options = ["--tokens", "256", "--experts", "16", "--top-k", "4", "--batches", "3", "--json", "-"]
    figure = tmp_path / "figure.png"

    assert main(["bench", "routers", *options, "--plot", str(figure)]) == 0

    content = json.loads(capsys.readouterr().out)
    assert (content["tokens"], content["experts"], content["top_k"], content["batches"]) == (256, 16, 4, 3)
    rows = {row["router"]: row for row in content["rows"]}
    assert rows["top-k"]["kept_score"] == pytest.approx(1)
    assert all(row["kept_score"] <= 1 + 1e-9 for name, row in rows.items())
    assert rows["base"]["average_max_violation"] == 0
    assert rows["capacity"]["dropped"] > 0
    assert figure.stat().st_size > 1000


def test_the_figure_of_bench_routers_shows_the_batches_and_what_balance_costs(capsys, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    options = ["--tokens", "64", "--experts", "8", "--top-k", "2", "--batches", "2", "--routers", "top-k,bip"]
    figure = tmp_path / "figure.svg"

    assert main(["bench", "routers", *options, "--plot", str(figure)]) == 0

    drawn = figure.read_text()
    for label in ("MaxVio", "kept score / top-k's", "Gini of all batches", "ms a batch", "top-k", "bip"):
        assert f"<!-- {label} -->" in drawn


def test_a_figure_of_an_unknown_format_is_refused_in_one_line(capsys, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    options = ["--tokens", "64", "--experts", "8", "--top-k", "2", "--batches", "1", "--routers", "top-k"]

    assert main(["bench", "routers", *options, "--plot", str(tmp_path / "figure.bmpx")]) == 2

    assert "need a name ending in .png, .pdf or .svg" in capsys.readouterr().err


def test_bench_lists_its_benchmarks_and_names_one_it_does_not_know(capsys):
    assert main(["bench", "cooking"]) == 2
    assert f"no benchmark is called 'cooking'; known: {', '.join(benchmark_names())}" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["bench", "--help"])
    assert "Balance, kept score and time of routers" in capsys.readouterr().out


def test_bench_routers_refuses_a_router_that_reads_no_scores(capsys):
    assert main(["bench", "routers", "--batches", "1", "--routers", "hash"]) == 2
    assert "hash reads token ids, and the stream is of scores; leave it out" in capsys.readouterr().err


def test_the_stream_is_the_same_every_time_and_skewed():
    first, second = next(skewed_stream(512, 16, 1)), next(skewed_stream(512, 16, 1))

    assert (first == second).all()
    assert np.bincount(first.argmax(axis=1), minlength=16).max() > 3 * 512 / 16
