"""Inputs that went wrong once: each is answered rightly, or refused in one line that says why."""

import json

import numpy as np
import pytest

from pdsearch.balance import batching, locality, metrics, splitting, traffic
from pdsearch.balance.assignment import minimum_assignment
from pdsearch.balance.placement import place
from pdsearch.balance.report import balance_report
from pdsearch.balance.routers.bip import dual_objective, dual_prices
from pdsearch.balance.routers.losses import z_loss
from pdsearch.balance.routers.options import built
from pdsearch.balance.routers.top_k import TopK
from pdsearch.cli import main
from pdsearch.errors import BadInputError


def complaint(capsys, *words):
    """Return the single line that a mistake prints."""
    assert main(list(words)) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert len(output.err) < 400
    return output.err


def array_file(path, shape, dtype="<f8", data=bytes(24)):
    """Write a .npy file whose header promises ``shape``."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data)
    return str(path)


COMMANDS = [["balance"], ["route"], ["place", "--replicas", "4", "--gpus", "2"]]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "shape", ["(True,3)", "(1000000000000,)", "(-1,3)", "(99999999999999999999999,)", "(3.0,)", "(2**4,)", "x"]
)
def test_a_header_that_cannot_be_true_is_refused(tmp_path, capsys, command, shape):
    name = array_file(tmp_path / "a.npy", shape)

    assert "a.npy holds no array of numbers" in complaint(capsys, command[0], name, *command[1:])


@pytest.mark.parametrize("command", COMMANDS)
def test_lists_nested_thousands_deep_are_refused(tmp_path, capsys, command):
    path = tmp_path / "deep.json"
    path.write_text("[" * 9000 + "1" + "]" * 9000)

    assert "nested too deep" in complaint(capsys, command[0], str(path), *command[1:])


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("name", "content"), [("a.json", b"\xff\xfe"), ("a.csv", b"\xff\xfe1,2"), ("a.npy", b"PK\x03\x04")]
)
def test_bytes_of_another_kind_are_refused(tmp_path, capsys, command, name, content):
    (tmp_path / name).write_bytes(content)

    assert name in complaint(capsys, command[0], str(tmp_path / name), *command[1:])


def test_no_report_prints_a_number_that_json_lacks(tmp_path, capsys):
    (tmp_path / "loads.csv").write_text("1,1\n")

    assert main(["balance", str(tmp_path / "loads.csv"), "--sequential", "1e-320", "--json", "-"]) == 0

    content = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert content["search_overhead"] is None


@pytest.mark.parametrize("command", [["balance"], ["place", "--replicas", "2", "--gpus", "1"]])
def test_loads_whose_sum_overflows_are_refused(tmp_path, capsys, command):
    (tmp_path / "loads.csv").write_text("1e308,1e308\n")

    assert "more than a float64 holds" in complaint(capsys, command[0], str(tmp_path / "loads.csv"), *command[1:])


def test_the_head_line_counts_the_rows_that_the_means_are_over():
    report = balance_report([[1, 1, 1, 1], [0] * 4, [0] * 4])

    assert str(report).startswith("4 bins, load 4, means over the 1 of 3 rows with load, capacity factor 1")
    assert (report.n_rows, report.n_counted, report.to_dict()["n_counted"]) == (3, 1, 1)
    assert "means over 2 rows," in str(balance_report([[1, 1], [1, 0]]))
    assert "means" not in str(balance_report([1, 1]))


RAGGED = [[1.0, 2.0], [3.0]]


@pytest.mark.parametrize(
    "call",
    [
        lambda: metrics.load_balance(RAGGED),
        lambda: metrics.max_violation_of_batches(RAGGED),
        lambda: metrics.gini([1, 2], weights=RAGGED),
        lambda: balance_report([1, 2], traffic=RAGGED),
        lambda: traffic.communication_overhead([[1, 0], [0, 1]], generated=RAGGED),
        lambda: traffic.dispatch_traffic([0, 1], RAGGED, 2),
        lambda: traffic.search_overhead(RAGGED, 1),
        lambda: locality.segment_routing(RAGGED, 4, 1),
        lambda: splitting.by_edges(RAGGED, 2),
        lambda: batching.apportion(RAGGED, 3),
        lambda: minimum_assignment(RAGGED),
        lambda: place(RAGGED, 4, 2),
        lambda: z_loss(RAGGED),
        lambda: TopK().route(RAGGED, 1),
        lambda: TopK("sigmoid").route([[1.0, 2.0]], 1, RAGGED),
        lambda: built("hash").route(RAGGED, 1),
    ],
)
def test_rows_of_different_lengths_are_one_line(call):
    with pytest.raises(BadInputError, match="give equally long rows of numbers"):
        call()


@pytest.mark.parametrize("kind", ["bfloat16", "float16", "float32", "requires_grad", "int64"])
def test_tensors_of_every_kind_are_measured_and_routed_as_their_values(kind):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    plain = torch.tensor([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]])
    tensor = plain.requires_grad_() if kind == "requires_grad" else plain.to(getattr(torch, kind))
    values = plain.detach().numpy()

    assert (metrics.load_balance(tensor) == metrics.load_balance(values)).all()
    assert (TopK().route(tensor, 2).ids == TopK().route(values, 2).ids).all()
    assert (place(tensor, 4, 2).experts == place(values, 4, 2).experts).all()
    assert z_loss(tensor) == pytest.approx(z_loss(values))


def test_the_dual_of_two_tokens_may_stand_still_above_the_optimum():
    affinities = np.array([[0.4, 0.9, 0.2], [0.8, 0.3, 0.5]])

    token_price, expert_price = dual_prices(affinities, 2, 200)

    # the optimum, 2.4: one token takes 0 and 1, the other 0 and 2, and each expert at most 4/3 of one
    assert dual_objective(affinities, 2, token_price, expert_price) == pytest.approx(2.467, abs=5e-4)


@pytest.mark.parametrize(
    ("router", "option"),
    [
        ("bip", f"iterations={'9' * 18}"),
        ("bip", f"iterations={'9' * 400}"),
        ("sinkhorn", f"most_iterations={'9' * 30}"),
        ("hash", f"vocabulary={'9' * 30}"),
        ("hash", f"n_experts={'9' * 12}"),
        ("bip-online", f"bins={'9' * 12}"),
        ("bip-online", f"memory={'9' * 30}"),
    ],
)
def test_an_option_without_bound_is_refused(router, option):
    with pytest.raises(BadInputError, match=r"give a number from \d+ to \d+$") as refused:
        built(router, [option]).route(np.zeros((3, 4)), 1)
    assert len(str(refused.value)) < 120


def test_a_seed_of_hundreds_of_digits_is_a_seed():
    assert built("hash", [f"seed={'9' * 400}", "n_experts=4", "vocabulary=8"]).route(np.arange(8), 1).counts.sum() == 8


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--replicas", "1000000", "--gpus", "8", "--policy", "local-search"], "125000 slots a GPU of 1000000 are too"),
        (["--replicas", f"{10**12}", "--gpus", "8"], "slots in 1 layers are too many"),
        (["--replicas", "1000000", "--gpus", "8", "--policy", "optimum"], "too many for the exact optimum"),
    ],
)
def test_a_placement_of_millions_is_refused_at_once(tmp_path, capsys, options, message):
    (tmp_path / "loads.csv").write_text("4,3,2,1\n")

    assert message in complaint(capsys, "place", str(tmp_path / "loads.csv"), *options)
