"""The counts of a search for given batch and seed: a change of the engine's inside changes none of them.

``python tests/test_golden_counts.py`` writes the file anew, for changes that are meant to be seen.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from examples import others_wide
from searches import astar

from pdsearch.domains import DOMAINS
from pdsearch.search.best_first.simulation import Schedule, simulate
from pdsearch.search.setup import make_task

DATA = Path(__file__).parent / "data"
GOLDEN = DATA / "golden_counts.json"
CASES = [  # domain, instance, options, heuristic, distribution, open list
    ("tiles", "random:3x3", {"seed": 4}, "manhattan", "zobrist", "auto"),
    ("tiles", "random:3x3", {"seed": 5}, "blind", "random", "heap"),
    ("tiles", "random:2x5", {"seed": 6}, "linear-conflict", "abstract-zobrist", "auto"),
    ("pancake", "random:9", {"seed": 2}, "gap", "zobrist", "auto"),
    ("topspin", "random:8", {"seed": 3}, "blind", "abstract-zobrist", "auto"),
    ("msa", "three.fasta", {"gap": 7}, None, "hyperplane", "auto"),
    ("msa", "three.fasta", {"gap": 4, "gap_open": 19}, None, "zobrist", "auto"),
    ("grid", "random:40x30", {"seed": 1}, None, "abstract-zobrist", "auto"),
    ("planning", "planning/courier.sas", {}, "blind", "zobrist", "auto"),
    ("planning", "planning/courier.sas", {}, "lmcut", "zobrist", "auto"),
    ("planning", "planning/pipes.sas", {}, "hmax", "operator-zobrist", "heap"),
    ("planning", "planning/courier.sas", {"pruning": "stubborn"}, "pdb", "greedy-feature", "auto"),
    ("planning", "planning/switches.sas", {}, "goalcount", "zobrist", "auto"),
]


def counts(case, n_ranks):
    """Return what a search counts on one rank, or on some simulated ones."""
    name, text, options, heuristic, distribution, open_list = case
    place = str(DATA / text) if (DATA / text).exists() else text
    domain = DOMAINS[name].parse(place, **options)
    if n_ranks == 1:
        task = make_task(domain, heuristic, inadmissible=True)
        result = astar(task, batch=8, open_list=open_list)
    else:
        task = make_task(domain, heuristic, distribution, n_ranks, seed=1, inadmissible=True)
        result, _ = simulate(task, Schedule(seed=2, message=7, batch=3, budget=20))
    found = result.to_dict()
    keys = ("cost", "expanded", "generated", "evaluated", "reopened", "duplicates", "sent", "received", "messages")
    return [found[key] for key in keys]


@pytest.mark.few(3)
@pytest.mark.parametrize("n_ranks", [1, 3])
@pytest.mark.parametrize(
    "case", others_wide([(case,) for case in CASES], 4), ids=lambda case: f"{case[0]} {case[1]} {case[3]}"
)
def test_counts_are_those_of_before(case, n_ranks):
    golden = json.loads(GOLDEN.read_text())

    assert counts(case, n_ranks) == golden[f"{case} on {n_ranks}"]


if __name__ == "__main__":
    written = {f"{case} on {n}": counts(case, n) for case in CASES for n in (1, 3)}
    GOLDEN.write_text(json.dumps(written, indent=0) + "\n")
