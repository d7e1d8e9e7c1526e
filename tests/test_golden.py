"""What commands answered on 28 November 2026, before the library was given its present shape: it must stay so.

``python tests/test_golden.py`` writes the file anew, after a change that is meant to alter answers.
"""

import contextlib
import io
import json
import sys
from pathlib import Path

import pytest

from pdsearch.cli import main

DATA = Path(__file__).parent / "data"
GOLDEN = DATA / "golden.json"
TASKS = "tests/data/planning"

COMMANDS = [
    "solve tiles korf:79 --json -",
    "solve tiles random:3x3 --seed 7 --heuristic linear-conflict --json -",
    "solve tiles random:3x3 --heuristic blind --json -",
    "solve tiles random:3x3 --heuristic pdb --json -",
    "solve tiles random:3x2 --seed 3 --goal blank-last --json -",
    "solve tiles 1,0,2,3,4,5,6,8,7 --json -",
    "solve tiles korf:88 --node-limit 1000 --json -",
    "solve pancake random:7 --seed 2 --json -",
    "solve topspin random:7 --turnstile 3 --seed 2 --json -",
    "solve grid random:40x30 --seed 1 --json -",
    "solve grid random:9x7 --neighbours 4 --seed 3 --json -",
    "solve msa tests/data/three.fasta --json -",
    "solve msa tests/data/three.fasta --gap 4 --gap-open 19 --json -",
    f"solve planning {TASKS}/courier.sas --heuristic hmax --json -",
    f"plan {TASKS}/courier.sas --json -",
    f"plan {TASKS}/switches.sas --heuristic blind --json -",
    f"plan {TASKS}/pipes.sas --heuristic pdb --json -",
    "ida tiles korf:79 --threads 1 --device cpu --prune none --json -",
    "ida tiles random:3x3 --mode all --threads 2 --device cpu --prune none --json -",
    "ida tiles random:3x3 --general --threads 1 --device cpu --prune none --json -",
    "ida pancake random:7 --seed 2 --threads 1 --device cpu --prune none --json -",
    "ida tiles 1,0,2,3,4,5,6,8,7 --threads 1 --device cpu --prune none --json -",
    "ida tiles korf:88 --node-limit 1000 --threads 1 --device cpu --prune none --json -",
    "simulate tiles random:3x3 --seed 2 --ranks 2,5 --distribution zobrist,abstract-zobrist --costs typical --json -",
    "simulate grid random:9x7 --ranks 3 --distribution hyperplane --costs typical --json -",
    "list --json",
    "env --json",
]

# what depends on the machine, the clock or the version; of these only the names are kept
CHANGING = {
    *("search_s", "total_s", "seconds", "setup_s", "expanded_per_s", "generated_per_s", "idle_s", "environment"),
    *(
        "peak_memory_bytes",
        "memory_bytes",
        "bytes_per_node",
        "balance",
        "beyond",
        "LB",
        "loads",
        "ranks",
        "costs",
        "phases",
    ),
}
# once a search is stopped, so are its counts, which follow the clock
COUNTS = {"expanded", "generated", "evaluated", "open", "stored", "duplicates", "expanded_before_last_layer"}


def answer(command: str) -> dict[str, object]:
    """Return exit code and output of a command: JSON without what changes, lists of other commands by their names."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main(command.split())
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    if command.startswith(("list", "env")):
        return {"code": code, "keys": [_names(line) for line in lines]}
    return {"code": code, "lines": [_steady(line) for line in lines]}


def _names(line):
    return {key: sorted(value) if isinstance(value, dict) else None for key, value in line.items()}


def _steady(value):
    if isinstance(value, dict):
        dropped = CHANGING | (COUNTS if value.get("status", "solved") not in ("solved", "unsolvable") else set())
        return {key: "..." if key in dropped else _steady(part) for key, part in value.items()}
    return [_steady(part) for part in value] if isinstance(value, list) else value


def _agrees(now, then) -> bool:
    """Say whether all that was there is there as it was; names that came later may be added."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(key in now and _agrees(now[key], then[key]) for key in then)
    if isinstance(then, list) and isinstance(now, list):
        if all(isinstance(part, str) for part in then) and len(now) >= len(then) and sorted(then) == then:
            return set(then) <= set(now)
        return len(now) == len(then) and all(map(_agrees, now, then))
    return now == then


@pytest.mark.few(4)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_answers_as_it_did(command, monkeypatch):
    monkeypatch.chdir(DATA.parents[1])
    then = json.loads(GOLDEN.read_text())[command]

    assert _agrees(answer(command), then)


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps({command: answer(command) for command in COMMANDS}, indent=1, sort_keys=True) + "\n")
    sys.stdout.write(f"wrote {GOLDEN}\n")
