"""Files of servers: what is written is read back, dumps become loads, and a broken file is one line."""

import json

import numpy as np
import pytest

from pdsearch.balance.placement import Placement, place
from pdsearch.balance.servers import FORMATS, logical_counts, read_loads, read_placement, read_tables, write_placement
from pdsearch.cli import main
from pdsearch.errors import BadInputError

ENDINGS = {
    "sglang": [".json", ".pt"],
    "vllm": [".json", ".pt"],
    "ascend": [".json"],
    "tensorrt-llm": [".yaml", ".yml"],
    "pdsearch": [".json"],
    "npz": [".npz"],
}
LOADS = np.random.default_rng(0).zipf(1.5, (3, 24)).clip(max=1000)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def need_torch_for(ending):
    if ending == ".pt":
        pytest.importorskip("torch", reason="torch is not installed")


def complaint(capsys, *words):
    assert main(list(words)) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    return output.err


def test_every_format_but_that_of_counts_writes_maps():
    assert sorted([*ENDINGS, "csv"]) == sorted(FORMATS)


@pytest.mark.parametrize(("name", "ending"), [(name, ending) for name in ENDINGS for ending in ENDINGS[name]])
@pytest.mark.parametrize("given", [True, False])
def test_a_map_written_is_read_back_with_and_without_its_format_s_name(folder, name, ending, given):
    need_torch_for(ending)
    placement = place(LOADS, 36, 12, policy="local-search")

    write_placement(f"map{ending}", placement, name, layers=(3, 4, 5))
    again = read_placement(f"map{ending}", 24, 12, name if given else None)

    assert again.experts.tolist() == placement.experts.tolist()
    layers = read_tables(f"map{ending}").layers
    assert layers == (3, 4, 5) or name in ("sglang", "vllm", "pdsearch")


@pytest.mark.parametrize("name", ["sglang", "vllm", "ascend", "tensorrt-llm"])
def test_the_command_goes_from_a_dump_to_a_server_s_file_and_on_from_there(folder, capsys, name):
    (folder / "dump.json").write_text(json.dumps({"rank": 0, "logical_count": np.stack([LOADS, LOADS]).tolist()}))
    shape = ["--replicas", "36", "--gpus", "12", "--policy", "local-search", "--format", name]
    ending = ENDINGS[name][0]

    assert main(["place", "dump.json", *shape, "--out", f"now{ending}"]) == 0
    assert main(["place", "dump.json", *shape, "--current", f"now{ending}", "--out", f"next{ending}"]) == 0

    assert "moves 0 replicas" in capsys.readouterr().out
    now, after = (read_placement(f"{file}{ending}", 24, 12) for file in ("now", "next"))
    assert now.experts.tolist() == after.experts.tolist()
    assert now.experts.tolist() == place(2 * LOADS, 36, 12, policy="local-search").experts.tolist()


def test_the_published_tensorrt_llm_layout_is_read(folder):
    (folder / "b.yaml").write_text(
        "# of generate_eplb_config.py\ninitial_global_assignments:\n  3: [0, 1, 2,\n    1]\n  4:\n  - 2\n  - 0\n"
        "  - 1\n  - 0\nnum_slots: 4\nlayer_updates_per_iter: 0\n"
    )

    tables = read_tables("b.yaml")

    assert tables.layers == (3, 4)
    assert tables.map.tolist() == [[0, 1, 2, 1], [2, 0, 1, 0]]


def test_the_layout_of_ascend_s_expert_map_is_read_in_the_order_of_its_ids(folder):
    devices = [{"device_id": 1, "device_expert": [2, 0]}, {"device_id": 0, "device_expert": [0, 1]}]
    layer = {"layer_id": 7, "device_count": 2, "device_list": devices}
    (folder / "m.json").write_text(json.dumps({"moe_layer_count": 1, "layer_list": [layer]}))

    tables = read_tables("m.json")

    assert (tables.n_gpus, tables.layers, tables.map.tolist()) == (2, (7,), [[0, 1, 2, 0]])


def test_counts_of_slots_become_counts_of_experts(folder):
    slots = np.array([[0, 1, 0], [2, 1, 0]])
    physical = np.arange(12).reshape(2, 2, 3)
    (folder / "d.json").write_text(
        json.dumps({"physical_count": physical.tolist(), "last_physical_to_logical_map": slots.tolist()})
    )

    loads, layers = read_loads("d.json")

    by_hand = np.zeros((2, 3))
    for step in range(2):
        for layer in range(2):
            for slot in range(3):
                by_hand[layer, slots[layer, slot]] += physical[step, layer, slot]
    assert loads.tolist() == by_hand.tolist()
    assert layers is None
    assert logical_counts(physical, slots, 4).shape == (2, 2, 4)


def test_records_of_a_torch_dump_are_counts_of_slots_too(folder):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    records = [{"forward_pass_id": i, "physical_count": torch.tensor([[1, 2, 4]])} for i in range(3)]
    torch.save({"records": records, "last_physical_to_logical_map": torch.tensor([[1, 0, 1]])}, "d.pt")

    assert read_loads("d.pt")[0].tolist() == [[6, 15]]


def test_counts_in_a_csv_with_a_header_are_loads_of_the_layers_it_names(folder, capsys):
    (folder / "c.csv").write_text("step,layer_id,expert_id,count\n0,3,1,5\n0,3,0,2\n1,3,1,1\n0,8,1,4\n")

    loads, layers = read_loads("c.csv")
    main(["place", "c.csv", "--replicas", "2", "--gpus", "2", "--format", "tensorrt-llm", "--out", "b.yaml"])

    assert loads.tolist() == [[2, 6], [0, 4]]
    assert layers == (3, 8)
    assert read_tables("b.yaml").layers == (3, 8)


def test_an_archive_of_a_recorder_is_read(folder):
    np.savez("r.npz", loads=np.stack([LOADS, LOADS]).astype(np.uint32), phase=np.zeros(2))

    assert read_loads("r.npz")[0].tolist() == (2 * LOADS).tolist()


def test_no_file_runs_code(folder):
    torch = pytest.importorskip("torch", reason="torch is not installed")

    class Evil:
        def __reduce__(self):
            return (open, ("ran", "w"))

    torch.save({"logical_count": Evil()}, "evil.pt")
    np.savez("evil.npz", loads=np.array([Evil()], dtype=object))

    for name in ("evil.pt", "evil.npz"):
        with pytest.raises(BadInputError, match=f"{name} (holds more than tensors|cannot be read)"):
            read_tables(name)
    assert not (folder / "ran").exists()


def test_without_torch_a_torch_file_is_one_line(folder, capsys, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    (folder / "d.pt").write_bytes(b"")
    (folder / "l.csv").write_text("1,2\n")

    assert "torch is not installed; run: pip install" in complaint(
        capsys, "place", "d.pt", "--replicas", "2", "--gpus", "1"
    )
    out = ["--format", "sglang", "--out", "o.pt"]
    assert "torch is not installed" in complaint(capsys, "place", "l.csv", "--replicas", "2", "--gpus", "1", *out)


BROKEN = [
    ("a.json", "{", "cannot be read as .json"),
    ("a.json", "[" * 9000, "cannot be read as .json"),
    ("a.json", "{}", "is no file of any of"),
    ("a.json", '"text"', "is no file of any of"),
    ("a.json", "[[1, 2], [3]]", "that are no array of numbers"),
    ("a.json", "[1, 2]", r"of shape \(2,\)"),
    ("a.json", "[[0.5]]", "type float64"),
    ("a.json", '{"physical_to_logical_map": {}}', "type object"),
    ("a.json", '{"logical_count": [[-1, 2]]}', "negative or not finite"),
    ("a.json", '{"logical_count": [[NaN, 2]]}', "negative or not finite"),
    ("a.json", '{"logical_count": 5}', r"of shape \(\)"),
    ("a.json", '{"physical_count": [[[1]]]}', "without last_physical_to_logical_map"),
    ("a.json", '{"physical_count": [[[1]]], "last_physical_to_logical_map": [[0, 1]]}', "and a map of"),
    ("a.json", '{"layer_list": [{}]}', "has a layer without layer_id"),
    ("a.json", '{"layers": 5, "n_experts": 1, "n_gpus": 1}', "has a layer without experts"),
    ("a.yaml", "num_slots: 3", "has no line initial_global_assignments"),
    ("a.yaml", "initial_global_assignments:\n  a: [1]", "where a layer and its slots should be"),
    ("a.yaml", "initial_global_assignments:\n  1: [1]\n  1: [2]", "has layer 1 twice"),
    ("a.yaml", "initial_global_assignments:\n  1: [1]\n  2: [2, 3]", "no array of numbers"),
    ("a.csv", "layer_id,expert_id\n1,2", "has no header with layer_id, expert_id, count"),
    ("a.csv", "layer_id,expert_id,count\n1,2", "has no three numbers in line 2"),
    ("a.csv", "layer_id,expert_id,count\n", "is empty, or has an id"),
    ("a.csv", "layer_id,expert_id,count\n0,-1,2\n", "is empty, or has an id"),
    ("a.csv", "layer_id,expert_id,count\n0,999999999999,2\n", "which are too many"),
    ("a.npz", "text", "cannot be read as .npz"),
    ("a.txt", "1", "ends in .txt"),
]


@pytest.mark.parametrize(("name", "content", "message"), BROKEN)
def test_a_broken_file_is_one_line(folder, name, content, message):
    (folder / name).write_text(content)

    with pytest.raises(BadInputError, match=message) as refused:
        read_tables(name)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--format", "sgl"], "no format is called 'sgl'"),
        (["--out", "x.json"], "--out needs --format; choose one of"),
        (["--out", "x.csv", "--format", "csv"], "csv holds counts and no map"),
        (["--out", "no/x.json", "--format", "vllm"], "cannot write 'no/x.json'"),
        (["--current", "none.json"], "cannot read none.json"),
        (["--current", "map.json", "--format", "ascend"], "map.json is no file of ascend"),
        (["--current", "far.json"], "far.json places experts 0 to 9; 4 are there"),
        (["--current", "odd.json"], "odd.json has 3 slots, which 2 GPUs cannot share"),
        (["--current", "sizes.json"], "sizes.json has slots (-1, 5) that are not those of its map"),
        (["--gpus", "0", "--current", "map.json"], "0 GPUs; give at least 1"),
        (["--gpus", f"{10**12}", "--replicas", f"{10**12}", "--active", "0"], "are too many; give at most a million"),
        (["--slots", "500000,500000"], "500000 slots a GPU of 1000000 are too many for swaps"),
        (["--active", "0-5"], "--active has '0-5' and there are GPUs 0 to 1"),
        (["--active", "x"], "'x' in --active is no whole number"),
        (["--speeds", "1,x"], "'x' in --speeds is no number"),
        (["--pin", "1"], "'' in --pin is no whole number"),
        (["--slots", "1,2,3"], "slots have shape (3,); 2 GPUs need (2,)"),
        (["--max-moves", "3"], "a limit of moves is 0 or more and needs the placement in use"),
        (["--speeds", "1,2", "--policy", "optimum"], "constraints need the policy local-search, not 'optimum'"),
    ],
)
def test_an_option_that_cannot_be_is_one_line(folder, capsys, words, message):
    (folder / "l.csv").write_text("1,2,3,4\n")
    (folder / "map.json").write_text("[[0, 1, 2, 3]]")
    (folder / "far.json").write_text("[[0, 1, 2, 9]]")
    (folder / "odd.json").write_text("[[0, 1, 2]]")
    sizes = {"n_experts": 4, "n_gpus": 2, "slots": [-1, 5], "layers": [{"experts": [0, 1, 2, 3]}]}
    (folder / "sizes.json").write_text(json.dumps(sizes))

    assert message in complaint(capsys, "place", "l.csv", "--replicas", "4", "--gpus", "2", *words)


def test_constraints_reach_the_placement_and_an_uneven_one_is_read_back(folder, capsys):
    (folder / "l.csv").write_text("40,30,20,10\n")
    options = ["--slots", "3,3,2", "--active", "0,2", "--speeds", "2,1,1", "--pin", "3:2"]

    assert main(["place", "l.csv", "--gpus", "3", *options, "--json", "now.json"]) == 0
    assert main(["place", "l.csv", "--gpus", "3", *options, "--current", "now.json", "--max-moves", "0"]) == 0

    output = capsys.readouterr().out
    content = json.loads((folder / "now.json").read_text())
    assert content["slots"] == [3, 0, 2]
    assert 3 in content["layers"][0]["experts"][3:]
    assert "moves 0 replicas" in output
    sglang = ["--format", "sglang", "--out", "x.json"]
    message = "sglang needs equally many slots on every GPU"
    assert message in complaint(capsys, "place", "l.csv", "--gpus", "3", *options, *sglang)


def test_layers_that_are_numbered_are_as_many_as_are_placed(folder):
    with pytest.raises(BadInputError, match="1 layers are numbered and 3 are placed"):
        write_placement("x.json", Placement(np.zeros((3, 2), int), 1, 2), "ascend", (1,))
