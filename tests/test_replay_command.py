"""pdsearch balance replay: table, JSON, figure, progress, and one line for every mistake."""

import json
import sys

import numpy as np
import pytest

from pdsearch.balance.replay.traces import trace_of
from pdsearch.cli import main
from pdsearch.console import counting

SMALL = "drift:steps=60:layers=2:experts=16"
SHAPE = ["--replicas", "24", "--gpus", "8", "--interval", "10"]


def run(capsys, *words):
    code = main(["balance", "replay", *words])
    output = capsys.readouterr()
    return code, output.out, output.err


def fails(capsys, *words):
    """Return the single line that a wrong call prints."""
    try:
        code: object = main(["balance", "replay", *words])
    except SystemExit as left:
        code = left.code
    output = capsys.readouterr()
    assert code == 2
    assert output.out == ""
    assert len(output.err.splitlines()) == 1
    return output.err


def test_the_table_has_a_row_for_each_policy_and_for_the_least_possible(capsys):
    code, out, _ = run(capsys, SMALL, *SHAPE)

    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "60 steps, 2 layers, 16 experts in 24 slots of 8 GPUs"
    assert [line.split()[0] for line in lines[2:]] == [
        "static",
        "offline",
        "eplb",
        "local-search",
        "few-moves",
        "least",
    ]
    assert all(float(line.split()[1]) >= float(lines[-1].split()[2]) for line in lines[2:-1])


def test_the_json_adds_up(capsys):
    code, out, _ = run(capsys, SMALL, *SHAPE, "--policies", "static,eplb:forecast=last", "--json", "-")

    result = json.loads(out)
    static, eplb = result["rules"]
    assert code == 0
    assert (result["steps"], result["layers"], result["experts"]) == (60, 2, 16)
    assert result["least_seconds"] == pytest.approx(sum(result["step_least_seconds"]))
    assert static["rearrangements"] == static["bytes_moved"] == 0
    assert 0 < eplb["rearrangements"] <= 5
    assert eplb["bytes_moved"] == 44e6 * eplb["experts_moved"]
    for rule in (static, eplb):
        assert rule["seconds"] == pytest.approx(sum(rule["step_seconds"]) + sum(rule["step_stall_seconds"]))
        assert rule["regret_seconds"] == pytest.approx(rule["seconds"] - result["least_seconds"])


def test_a_saved_trace_is_replayed_alike(tmp_path, capsys):
    path = str(tmp_path / "trace.npz")
    _, first, _ = run(capsys, SMALL, *SHAPE, "--save", path, "--policies", "eplb")

    _, second, _ = run(capsys, path, *SHAPE, "--policies", "eplb")

    assert first == second
    assert (np.load(path)["loads"] == trace_of(SMALL).loads).all()


def test_what_a_recorder_or_a_server_wrote_is_read_by_replay_and_balance(tmp_path, capsys):
    loads = trace_of(SMALL).loads
    np.savez(tmp_path / "recorded.npz", loads=loads)
    (tmp_path / "dump.json").write_text(json.dumps({"logical_count": loads.tolist()}))
    names = ("recorded.npz", "dump.json")
    outputs = [run(capsys, str(tmp_path / name), *SHAPE, "--policies", "eplb") for name in names]
    assert main(["balance", str(tmp_path / "recorded.npz"), "--layers", "--json", "-"]) == 0

    assert outputs[0] == outputs[1]
    assert outputs[0][0] == 0
    assert len(json.loads(capsys.readouterr().out)["layers"]) == 3


def test_costs_and_settings_reach_the_replay(capsys):
    words = [*SHAPE, "--policies", "eplb", "--json", "-"]
    expensive = json.loads(run(capsys, SMALL, *words, "--expert-bytes", "1e12", "--threshold", "1")[1])["rules"][0]
    overlapped = json.loads(run(capsys, SMALL, *words, "--overlap")[1])["rules"][0]
    few = json.loads(run(capsys, SMALL, *words, "--max-moves", "3")[1])["rules"][0]
    steps = json.loads(run(capsys, SMALL, *words, "--layer-seconds", "1", "--load-seconds", "0")[1])["rules"][0]

    assert expensive["rearrangements"] == 0
    assert sum(overlapped["step_stall_seconds"]) == 0 < overlapped["rearrangements"]
    assert few["experts_moved"] <= 3 * few["rearrangements"]
    assert steps["step_seconds"] == [2.0] * 60


def test_regret_can_be_against_the_exact_optimum(capsys):
    words = [
        "drift:steps=8:layers=1:experts=6",
        "--replicas",
        "8",
        "--gpus",
        "4",
        "--policies",
        "static",
        "--json",
        "-",
    ]
    bound, exact = (json.loads(run(capsys, *words, *flag)[1]) for flag in ([], ["--exact"]))

    assert bound["least_seconds"] <= exact["least_seconds"] <= exact["rules"][0]["seconds"]


def test_a_figure_is_written(tmp_path, capsys):
    pytest.importorskip("matplotlib")

    code, _, _ = run(capsys, SMALL, *SHAPE, "--plot", str(tmp_path / "replay.png"))

    assert code == 0
    assert (tmp_path / "replay.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_that_is_said_before_anything_is_replayed(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)

    assert "matplotlib is not installed" in fails(capsys, SMALL, *SHAPE, "--plot", str(tmp_path / "x.png"))


def test_progress_is_told_on_stderr_once_it_takes_long(capsys, monkeypatch):
    monkeypatch.setattr(counting, "AFTER_S", 0.0)
    monkeypatch.setattr(counting, "EVERY_S", 0.0)

    code, out, err = run(capsys, SMALL, *SHAPE, "--policies", "static", "--json", "-")

    assert code == 0
    assert json.loads(out)["steps"] == 60
    assert err.splitlines()[-1].startswith("60 of 60 steps, ")


def test_quick_replays_say_nothing(capsys):
    assert run(capsys, SMALL, *SHAPE, "--policies", "static")[2] == ""


def test_the_help_shows_examples(capsys):
    with pytest.raises(SystemExit) as left:
        main(["balance", "replay", "--help"])

    out = capsys.readouterr().out
    assert left.value.code == 0
    assert "usage: pdsearch balance replay" in out
    assert "  pdsearch balance replay drift --replicas 80 --gpus 16" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.npz", *SHAPE], "cannot read none.npz"),
        (["nothing", *SHAPE], "'nothing' is neither a file nor a synthetic trace; give a .npz file or one of bursts"),
        (["trace.txt", *SHAPE], "trace.txt"),
        ([SMALL, "--replicas", "24", "--gpus", "7"], "24 slots cannot be shared equally by 7 GPUs"),
        ([SMALL, *SHAPE, "--policies", "best"], "no replay policy is called 'best'"),
        ([SMALL, *SHAPE, "--forecast", "best"], "no forecast is called 'best'"),
        ([SMALL, *SHAPE, "--bandwidth", "0"], "bandwidth is 0.0"),
        ([SMALL, *SHAPE, "--threshold", "-1"], "threshold -1.0"),
        ([SMALL, *SHAPE, "--exact"], "too many for the exact optimum"),
        ([SMALL, *SHAPE, "--json", "nowhere/x.json"], "cannot write 'nowhere/x.json'"),
        ([SMALL, *SHAPE, "--plot", "nowhere/x.png"], "cannot write 'nowhere/x.png'"),
        ([SMALL, "--gpus", "8"], "required: --replicas"),
        ([], "required: TRACE, --replicas, --gpus; see pdsearch balance replay --help"),
    ],
)
def test_a_mistake_is_explained_in_one_line(tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)

    assert message in fails(capsys, *words)
