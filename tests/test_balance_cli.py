"""pdsearch balance and pdsearch place: tables, JSON, examples, and one line for every mistake."""

import io
import json

import numpy as np
import pytest

from pdsearch.balance.placement import place
from pdsearch.balance.report import balance_report
from pdsearch.cli import main

GOLDEN = "90,132,40,61,104,165,39,4,73,56,183,86\n20,107,104,64,19,197,187,157,172,86,16,27\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loads.csv").write_text("# nodes per rank\n3,1\n\n1,1\n")
    (tmp_path / "experts.csv").write_text(GOLDEN)
    (tmp_path / "loads.json").write_text("[3, 1]")
    np.save("loads.npy", np.array([[3.0, 1.0], [1.0, 1.0]]))
    np.save("traffic.npy", np.array([[2, 2], [1, 3]]))
    return tmp_path


def run(capsys, *words):
    code = main(list(words))
    output = capsys.readouterr()
    return code, output.out, output.err


def fails(capsys, *words):
    """Return the single line that a wrong call prints."""
    try:
        code: object = main(list(words))
    except SystemExit as left:
        code = left.code
    output = capsys.readouterr()
    assert code == 2
    assert output.out == ""
    assert len(output.err.splitlines()) == 1
    return output.err


@pytest.mark.parametrize("name", ["loads.csv", "loads.npy"])
def test_the_report_of_a_file_is_the_report_of_its_array(folder, capsys, name):
    code, out, _ = run(capsys, "balance", name, "--json", "-")

    assert code == 0
    assert json.loads(out) == balance_report([[3, 1], [1, 1]]).to_dict()


def test_json_loads_and_standard_input_are_read_as_well(folder, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("3,1\n"))

    from_stdin = run(capsys, "balance", "-", "--json", "-")
    from_json = run(capsys, "balance", "loads.json", "--json", "-")

    assert from_stdin == from_json


def test_the_table_has_a_line_for_each_metric_traffic_included(folder, capsys):
    code, out, _ = run(capsys, "balance", "loads.json", "--traffic", "traffic.npy")

    assert code == 0
    assert "load_balance                       1.5  max / mean" in out
    assert "communication_overhead           0.375" in out


def test_axis_weights_and_capacity_reach_the_report(folder, capsys):
    (folder / "speeds.csv").write_text("3,1")

    _, out, _ = run(
        capsys,
        "balance",
        "loads.json",
        "--weights",
        "speeds.csv",
        "--capacity-factor",
        "2",
        "--json",
        "-",
        "--axis",
        "0",
    )

    result = json.loads(out)
    assert result["load_balance"] == 1
    assert result["capacity_factor"] == 2


def test_the_report_is_written_to_a_file_with_overhead_and_floor_where_asked_for(folder, capsys):
    _, out, _ = run(capsys, "balance", "loads.json", "--sequential", "3.2", "--items", "4", "--json", "report.json")

    result = json.loads((folder / "report.json").read_text())
    assert result == balance_report([3, 1], sequential=3.2, n_items=4).to_dict()
    assert result["search_overhead"] == pytest.approx(0.25)
    assert "search_overhead                   0.25  work done / work needed - 1" in out


def test_a_plot_is_written(folder, capsys):
    pytest.importorskip("matplotlib")

    code, _, _ = run(capsys, "balance", "loads.csv", "--plot", "loads.png")

    assert code == 0
    assert (folder / "loads.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2\n3\n", "row 2 of bad.csv has 1 values and row 1 2; need equal rows"),
        ("1,x\n", "'x' in row 1 of bad.csv is no number; write 1,2,3"),
        ("", "bad.csv is empty"),
        ("1,-1\n", "a load is -1; loads must be finite and not negative"),
        ("1,nan\n", "a load is nan"),
    ],
)
def test_a_bad_file_is_explained_in_one_line(folder, capsys, text, message):
    (folder / "bad.csv").write_text(text)

    assert message in fails(capsys, "balance", "bad.csv")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["loads.txt"], "loads.txt ends in .txt; need a .csv, .npy or .json file"),
        (["none.csv"], "cannot read none.csv: No such file or directory"),
        (["loads.csv", "--axis", "5"], "has no axis 5"),
        (["loads.csv", "--capacity-factor", "0"], "the capacity factor is 0.0; give a positive number"),
        (["loads.csv", "--traffic", "loads.json"], "one row and one column per bin"),
        (["loads.csv", "--weights", "traffic.npy"], "weights have shape (4,); 2 bins need (2,)"),
        (["loads.csv", "--plot", "nowhere/x.png"], "cannot write 'nowhere/x.png'"),
        (["loads.csv", "--json", "nowhere/x.json"], "cannot write 'nowhere/x.json'"),
        (["loads.csv", "--sequential", "-1"], "counts are finite and not negative"),
        (["loads.csv", "--items", "9", "--top-k", "3"], "9 items choosing 3 of 2 bins"),
        (["loads.csv", "--axis", "one"], "invalid int value: 'one'"),
        ([], "required: LOADS"),
    ],
)
def test_a_bad_option_is_explained_in_one_line(folder, capsys, words, message):
    assert message in fails(capsys, "balance", *words)


def test_files_that_are_no_arrays_are_refused(folder, capsys):
    (folder / "bad.json").write_text("{")
    (folder / "words.json").write_text('["a"]')
    (folder / "bad.npy").write_bytes(b"no")
    np.savez("two.npz", a=1, b=2)
    (folder / "two.npz").rename("two.npy")

    assert "bad.json holds no array of numbers" in fails(capsys, "balance", "bad.json")
    assert "need numbers" in fails(capsys, "balance", "words.json")
    assert "bad.npy holds no array of numbers" in fails(capsys, "balance", "bad.npy")
    assert "two.npy holds several arrays" in fails(capsys, "balance", "two.npy")


def test_place_writes_the_published_ids(folder, capsys):
    shape = ["--replicas", "16", "--gpus", "8", "--nodes", "2", "--groups", "4"]

    code, out, _ = run(capsys, "place", "experts.csv", *shape, "--json", "-")

    result = json.loads(out)
    assert code == 0
    assert result["layers"][0]["experts"] == [5, 6, 5, 7, 8, 4, 3, 4, 10, 9, 10, 2, 0, 1, 11, 1]
    assert result["layers"][1]["gpu_loads"] == [173, 179.5, 120.5, 172, 123, 152, 118.5, 117.5]
    assert result["layers"][0]["balancedness"] == pytest.approx(0.8277, abs=5e-5)


@pytest.mark.parametrize("policy", ["eplb", "local-search", "optimum"])
def test_place_prints_a_line_a_layer_for_every_policy(folder, capsys, policy):
    code, out, _ = run(capsys, "place", "experts.csv", "--replicas", "16", "--gpus", "8", "--policy", policy)

    loads = np.array([row.split(",") for row in GOLDEN.split()], dtype=float)
    largest = place(loads, 16, 8, policy=policy).gpu_loads(loads).max(axis=1)
    assert code == 0
    assert [float(line.split()[1]) for line in out.splitlines()[2 : 2 + len(loads)]] == largest.tolist()


def test_a_placement_in_use_is_changed_as_little_as_possible(folder, capsys):
    shape = ["--replicas", "16", "--gpus", "8"]
    run(capsys, "place", "experts.csv", *shape, "--json", "now.json")

    _, out, _ = run(capsys, "place", "experts.csv", *shape, "--current", "now.json", "--json", "next.json")

    assert "moves 0 replicas (0.0% of the slots)" in out
    now, after = (json.loads((folder / name).read_text()) for name in ("now.json", "next.json"))
    assert now["layers"] == after["layers"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--replicas", "17", "--gpus", "8"], "17 slots cannot be shared equally by 8 GPUs; need a multiple"),
        (["--replicas", "8", "--gpus", "8"], "12 experts do not fit 8 slots"),
        (["--replicas", "16", "--gpus", "8", "--policy", "best"], "no placement is called 'best'"),
        (
            ["--replicas", "16", "--gpus", "8", "--current", "loads.json"],
            "loads.json has physical_to_logical_map of shape (2,)",
        ),
        (["--replicas", "16", "--gpus", "8", "--current", "none.json"], "cannot read none.json"),
        (["--replicas", "16", "--gpus", "8", "--json", "nowhere/x.json"], "cannot write 'nowhere/x.json'"),
        (["--gpus", "8"], "neither --replicas nor --slots is given"),
    ],
)
def test_an_impossible_placement_is_explained_in_one_line(folder, capsys, words, message):
    assert message in fails(capsys, "place", "experts.csv", *words)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_gpus": 4}, "places 12 experts on 4 GPUs, and 12 on 8 are asked for"),
        ({"n_experts": 13}, "places 13 experts on 8 GPUs, and 12 on 8 are asked for"),
        ({"layers": [{"experts": [0] * 16}]}, "placements (layers, experts, GPUs) (1, 12, 8) and (2, 12, 8) differ"),
        ({"layers": [{"experts": [0] * 15}] * 2}, "has 15 slots, which 8 GPUs cannot share equally"),
        ({"layers": [{"experts": [12] * 16}] * 2}, "places experts 12 to 12; 12 are there"),
        ({"layers": [{"experts": [0]}, {"experts": []}]}, "now.json has experts that are no array of numbers"),
        ({"n_gpus": None}, "now.json has a layer without experts, or no n_experts or n_gpus"),
    ],
)
def test_a_placement_of_something_else_is_not_changed(folder, capsys, change, message):
    shape = ["--replicas", "16", "--gpus", "8"]
    run(capsys, "place", "experts.csv", *shape, "--json", "now.json")
    now = json.loads((folder / "now.json").read_text())
    (folder / "now.json").write_text(json.dumps(now | change))

    assert message in fails(capsys, "place", "experts.csv", *shape, "--current", "now.json")


@pytest.mark.parametrize("command", ["balance", "place"])
def test_the_help_of_a_command_shows_examples(capsys, command):
    with pytest.raises(SystemExit):
        main([command, "--help"])

    assert f"pdsearch {command} loads.csv" in capsys.readouterr().out
