"""Damaged SAS+ and PDDL tasks: answers are held against the file as read and searched a second time."""

from __future__ import annotations

import importlib
import random
from pathlib import Path
from typing import Any

from sas_tasks import random_task, sas_text

from fuzzing.cases import SEARCH, Case, agrees, kind
from fuzzing.damage import as_bytes, damaged
from fuzzing.dijkstra import TooLargeError
from fuzzing.sas_oracle import Task

DATA = Path(__file__).parents[1] / "data" / "planning"
NAMES = ("courier", "switches", "pipes", "stuck")
HEURISTICS = ("blind", "hmax", "lmcut", "pdb", "merge-and-shrink", "goalcount")


@kind("sas", 65)
def sas(rng: random.Random) -> Case:
    """A task of the repository, or a random one with conditional effects, axioms and costs."""
    if rng.random() < 0.25:
        text = (DATA / f"{rng.choice(NAMES)}.sas").read_text()
    else:
        options = {"conditional": rng.random() < 0.4, "axioms": rng.random() < 0.3}
        cost = rng.choice((1, 1, 5, 2**20, 2**40, 2**46, 2**47, 2**52))
        task = random_task(rng.randrange(10**6), rng.randint(2, 5), rng.randint(2, 12), max_cost=cost, **options)
        text = sas_text(task)
    content = as_bytes(rng, damaged(rng, text))
    return Case(
        ["plan", "task.sas", *_options(rng), *SEARCH], {"task.sas": content}, lambda c, r: _right(content, c, r)
    )


@kind("pddl", 9)
def pddl(rng: random.Random) -> Case:
    """A domain and a problem of the repository, one of them or both damaged."""
    name = rng.choice(NAMES)
    texts = [(DATA / f"{name}{part}.pddl").read_text() for part in ("-domain", "")]
    for at in rng.choice(((0,), (1,), (0, 1))):
        texts[at] = damaged(rng, texts[at], keep=0.05)
    files = {"domain.pddl": as_bytes(rng, texts[0]), "problem.pddl": as_bytes(rng, texts[1])}
    words = ["plan", "domain.pddl", "problem.pddl", *_options(rng), *SEARCH]
    translated = _translations()

    def check(code: int, result: Any) -> str | None:
        return _right(translated[-1].encode(), code, result) if translated else None

    return Case(words, files, check)


def _options(rng: random.Random) -> list[str]:
    words = []
    if rng.random() < 0.7:
        chosen = rng.choice(HEURISTICS)
        words += ["--heuristic", chosen, *["--inadmissible"] * (chosen == "goalcount")]
    if rng.random() < 0.2:
        words += ["--preprocess", "h2"]
    if rng.random() < 0.2:
        words += ["--pruning", "stubborn"]
    return words


def _right(content: bytes, code: int, result: Any) -> str | None:
    """Say what is wrong with an answer about a SAS+ file."""
    if code == 2:
        return None
    try:
        task = Task(content.decode())
    except (ValueError, IndexError) as error:
        return f"accepted, but {error}" if code in (0, 11) else None
    if code == 0 and task.follow(result["plan"]) is None:
        return f"the plan {result['plan']} does not lead to a goal"
    try:
        cost = task.cost()
    except TooLargeError:
        return None
    if result["heuristic"].startswith("goalcount"):
        return None if code != 11 or cost is None else f"unsolvable instead of cost {cost}"
    return agrees(result, code, cost)


def _translations() -> list[str]:
    """Return a list that gets the text of each translation made from now on in this process."""
    module: Any = importlib.import_module("pdsearch.domains.planning.task")
    made: list[str] = []
    original = getattr(module.translate, "original", module.translate)

    def translate(*arguments: Any, **options: Any) -> str:
        made.append(original(*arguments, **options))
        return made[-1]

    translate.original = original  # type: ignore[attr-defined]
    module.translate = translate
    return made
