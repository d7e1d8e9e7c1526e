"""The test vectors of routers that other implementations take: against definitions written out, and the command."""

import itertools
import json
import math

import pytest

from pdsearch.benchmarking.router_vectors import vectors
from pdsearch.cli import main

VECTORS = vectors()
CASES = {case["name"]: case for case in VECTORS["routers"]}
GATES = {
    "sigmoid": lambda row: [1 / (1 + math.exp(-s)) for s in row],
    "softmax": lambda row: [math.exp(s) / sum(map(math.exp, row)) for s in row],
    "sqrt-softplus": lambda row: [math.sqrt(math.log1p(math.exp(s))) for s in row],
}


def rows_of(batch):
    return [row for row, real in zip(batch["scores"], batch["mask"], strict=True) if real]


def best(values, k):
    return sorted(range(len(values)), key=lambda place: (-values[place], place))[:k]


def test_names_are_unique_and_every_router_has_padding_or_ties():
    assert len(CASES) == len(VECTORS["routers"]) == 21
    assert {case["router"] for case in CASES.values() if "padding" in case["name"]} == {
        "loss-free",
        "quantile",
        "bip",
        "sinkhorn",
        "expert-choice",
    }


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case["router"] in ("top-k", "loss-free")])
def test_ids_and_weights_are_those_of_the_definition(name):
    case = CASES[name]
    for batch in case["batches"]:
        for row, ids, weights in zip(batch["scores"], batch["ids"], batch["weights"], strict=True):
            if ids is None:
                continue
            affinity = GATES[case["gate"]](row)
            biased = [a + b for a, b in zip(affinity, batch["bias_before"], strict=True)]
            assert ids == sorted(range(len(row)), key=lambda e: (-biased[e], e))[: case["k"]]
            total = sum(affinity[e] for e in ids) if case["renormalise"] else 1
            assert weights == pytest.approx([case["scale"] * affinity[e] / total for e in ids])


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "bias_after" in case["batches"][0]])
def test_the_bias_goes_from_batch_to_batch_and_counts_are_of_the_ids(name):
    batches = CASES[name]["batches"]
    for batch, following in itertools.pairwise(batches):
        if CASES[name]["router"] not in ("bip", "top-k"):
            assert following["bias_before"] == batch["bias_after"]
    for batch in batches:
        if batch["counts"] is not None:
            chosen = [expert for ids in batch["ids"] if ids for expert in ids]
            assert batch["counts"] == [chosen.count(expert) for expert in range(6)]


@pytest.mark.parametrize("name", ["quantile", "quantile, padding"])
def test_the_quantile_bias_is_that_of_the_definition(name):
    case = CASES[name]
    for batch in case["batches"]:
        affinities = [GATES[case["gate"]](row) for row in rows_of(batch)]
        rank = len(affinities) * case["k"] // 6
        bias = batch["bias_before"]
        cutoffs = [sorted((a + b for a, b in zip(row, bias, strict=True)), reverse=True)[2] for row in affinities]
        for expert, after in enumerate(batch["bias_after"]):
            needed = sorted(cutoff - row[expert] for cutoff, row in zip(cutoffs, affinities, strict=True))
            assert after == pytest.approx(needed[rank])


def test_the_histogram_is_within_a_bin_of_the_quantile():
    for batch in CASES["quantile by histogram"]["batches"]:
        affinities = [GATES["sigmoid"](row) for row in rows_of(batch)]
        bias = batch["bias_before"]
        width = (max(bias) - min(bias) + 2) / 50
        cutoffs = [sorted((a + b for a, b in zip(row, bias, strict=True)), reverse=True)[2] for row in affinities]
        quantiles = []
        for expert in range(6):
            needed = sorted(cutoff - row[expert] for cutoff, row in zip(cutoffs, affinities, strict=True))
            quantiles.append(needed[len(needed) * 2 // 6 - 1])
        mean = sum(quantiles) / 6
        for after, quantile in zip(batch["bias_after"], quantiles, strict=True):
            assert abs(after - (quantile - mean)) < 2 * width


def test_the_command_writes_them(tmp_path, capsys):
    assert main(["bench", "routers", "--vectors", str(tmp_path / "vectors.json")]) == 0

    assert json.loads((tmp_path / "vectors.json").read_text()) == json.loads(json.dumps(VECTORS))
    assert main(["bench", "routers", "--vectors", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["version"] == 1
