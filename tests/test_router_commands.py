"""``pdsearch route`` and ``pdsearch bench routers``."""

import json

import numpy as np
import pytest

from pdsearch.balance.routers import ROUTERS
from pdsearch.balance.routers.bip import BIP
from pdsearch.benchmarking import benchmark_names
from pdsearch.benchmarking.routers import skewed_stream
from pdsearch.cli import main


@pytest.fixture
def scores(tmp_path):
    path = tmp_path / "scores.npy"
    np.save(path, np.random.default_rng(0).normal(size=(30, 8)))
    return path


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
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(scores, capsys, arguments, message):
    assert main(["route", str(scores), *arguments]) == 2

    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_file_without_numbers_is_named(tmp_path, capsys):
    path = tmp_path / "text.csv"
    path.write_text("a,b\n")

    assert main(["route", str(path)]) == 2
    assert "text.csv holds no array of numbers" in capsys.readouterr().err
    assert main(["route"]) == 2
    assert "no scores are given" in capsys.readouterr().err


def test_bench_routers_prints_a_row_per_router(capsys):
    options = ["--tokens", "256", "--experts", "16", "--top-k", "4", "--batches", "3"]

    assert main(["bench", "routers", *options, "--routers", "top-k,bip:iterations=14,base,capacity"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:5]] == ["top-k", "bip:iterations=14", "base", "capacity"]


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
