"""The page on one report runs, and so does its example: a search, a router and training on the same ranks."""

import doctest
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pdsearch.balance.batching import BatchSizer, MessageSizer
from pdsearch.balance.controller import Controller
from pdsearch.errors import BadInputError

ROOT = Path(__file__).parents[1]


def example(*words):
    run = subprocess.run(
        words, capture_output=True, text=True, timeout=200, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.wide
@pytest.mark.mpi
def test_three_programs_have_one_report_on_the_same_ranks(python_on):
    script = [str(ROOT / "benchmarks" / "one_report.py"), "--json", "--us-per-sample", "50", "--slowness", "1", "3"]

    found = json.loads(example(*python_on(2, *script)))

    reports = found["reports"]
    assert len(reports) == 6
    assert {report["n_bins"] for report in reports.values()} == {2}
    shared = set.intersection(*(set(report) for report in reports.values()))
    assert {"load_balance", "gini", "effective_bins", "jain", "entropy"} <= shared
    assert reports["training, DBS"]["load_balance"] < 1.2 < reports["training, equal"]["load_balance"]
    assert reports["router, bip"]["load_balance"] < reports["router, top-k"]["load_balance"]
    sent = "communication_overhead"
    assert reports["search, abstract"][sent] < reports["search, Zobrist"][sent] == pytest.approx(0.5, abs=0.05)
    assert sum(found["sizes"]["DBS"]) == sum(found["sizes"]["equal"]) == 500


def test_the_example_runs_alone_and_prints_a_table():
    out = example(sys.executable, str(ROOT / "benchmarks" / "one_report.py"), "--us-per-sample", "1")

    lines = out.splitlines()
    assert lines[1].split() == ["load_balance", *["1.00"] * 6]
    assert lines[-1].split("  ") == ["batches", "equal [500]", "DBS [500]"]


def test_the_page_runs():
    failed, tried = doctest.testfile(str(ROOT / "docs" / "one-report.md"), module_relative=False)

    assert failed == 0
    assert tried > 5


def test_batches_and_messages_have_the_same_controller():
    batches, messages = BatchSizer(10, 2, damping=0.5, dead_band=0.3), MessageSizer(2, damping=0.5, dead_band=0.3)

    assert batches.controller == messages.controller == Controller(0.5, 0.3)
    for make in (
        lambda **wrong: BatchSizer(10, 2, **wrong),
        lambda **wrong: MessageSizer(2, **wrong),
        lambda **wrong: Controller(**wrong),
    ):
        for wrong in ({"damping": 0.0}, {"damping": 1.5}, {"dead_band": -1.0}, {"dead_band": float("nan")}):
            with pytest.raises(BadInputError, match="need damping in"):
                make(**wrong)


def test_the_controller_goes_part_of_the_way_and_ends_there():
    value = 0.0
    for _ in range(60):
        value = float(Controller(damping=0.5).toward(value, 8.0))

    assert float(Controller(damping=0.25).toward(0, 8)) == 2
    assert value == pytest.approx(8)
    assert Controller(dead_band=0).is_settled([1, 1.01], 1).tolist() == [True, False]
