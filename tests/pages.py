"""Every block of the pages runs: Python by sybil, commands line by line in a folder with the files that they name.

A block without a language holds commands. A line may end in ``# exit code: 12, 23``. What takes long carries the mark
``heavy``; what no test machine can do (a GPU, eight ranks, an hour) is read by the command's parser only. Lines that
begin with a blank, or with no command, are output; blocks with a language, ``sh`` or ``text``, are not run.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sybil import Document, Example, Region, Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

ROOT = Path(__file__).parents[1]
COMMANDS = ("pdsearch", "mpiexec", "python", "sh", "make")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODES = re.compile(r"#\s*exit code: ([\d, or]+)")

# seconds to minutes
HEAVY = re.compile(
    r"^mpiexec|^pdsearch bench|^pdsearch simulate|^pdsearch ida tiles korf:1-|merge-and-shrink|preprocess h2"
    r"|balance replay|--heuristic linear-conflict --time|korf:1 |blind --time-limit"
)
# and what is only read: why
READ_ONLY = {
    r"--device gpu": "needs a GPU",
    r"korf:all": "takes minutes to hours",
    r"^python benchmarks/gpu|lease\.sh": "needs a GPU",
    r"^make ": "is what runs this",
    r"-n [48] ": "more ranks than a test machine has cores",
    r"pdb build|korf-felner": "builds hundreds of megabytes",
    r"1024|random:512x512|easy20|--suite|--recommend|bench ida korf:4": "takes minutes to hours",
    r"place dump\.pt" if importlib.util.find_spec("torch") is None else "$.": "needs torch",
    r"calibrate|--costs other-machine": "measures a machine that is free",
}

# files that a line reads which another, one that is only read, would have written: how a small one is made
MADE = {
    "runs.jsonl": "bench distribution --instances random:3x3 --ranks 4 --distributions zobrist,random --json runs.jsonl"
}


class Commands:
    """The parser of sybil for blocks of commands: each line is an example."""

    def __call__(self, document: Document) -> Iterable[Region]:
        """Yield the commands of a page."""
        for block in _BLOCK.finditer(document.text):
            start = block.start(2)
            for line in block[2].splitlines(keepends=True):
                if not block[1] and line.split(" ")[0].strip() in COMMANDS:
                    yield Region(start, start + len(line) - 1, line.strip(), evaluate)
                start += len(line)


def evaluate(example: Example) -> None:
    """Run a line, or have it read."""
    line = example.parsed
    words = shlex.split(line, comments=True)
    if any(re.search(pattern, line) for pattern in READ_ONLY):
        read(words)
        return
    match = _CODES.search(line)
    expected = [int(code) for code in re.findall(r"\d+", match[1])] if match else [0]
    folder = example.namespace["page_folder"]
    for name in MADE.keys() & {*words}:
        if not (folder / name).exists():
            assert _here(MADE[name].split(), folder)[0] == 0
    code, said = _run(words, folder)
    assert code in expected, f"{line}: exit code {code}\n{said[-3000:]}"


def read(words: list[str]) -> None:
    """Have the parser of a command read its words, and stop there."""
    if "pdsearch" not in words:
        script = next((word for word in words if word.endswith((".py", ".sh"))), None)
        assert words[0] == "make" or (script is not None and (ROOT / script).is_file()), words
        return
    from pdsearch.cli import _run as run

    words = words[words.index("pdsearch") + 1 :]
    if "-n" in words:  # would start ranks, which do not know the patches
        at = words.index("-n")
        words = words[:at] + words[at + 2 :]
    with pytest.MonkeyPatch.context() as patch:
        for name in ("solve", "ida", "plan", "simulate", "calibrate", "pdb", "place", "balance", "_replay"):
            patch.setattr(f"pdsearch.cli.{name}.run", lambda arguments: 0)
        for name in ("distribution", "ida", "planning", "routers", "serving"):
            patch.setattr(f"pdsearch.benchmarking.{name}.run", lambda arguments: 0)
        assert run(words) == 0


def _run(words: list[str], folder: Path) -> tuple[int, str]:
    if words[0] == "pdsearch":
        return _here(words[1:], folder)
    if words[0] == "mpiexec":
        beside = Path(sys.executable).with_name("mpiexec")
        mpiexec = str(beside) if beside.exists() else shutil.which("mpiexec")
        if mpiexec is None:
            pytest.skip("no mpiexec beside the interpreter or on PATH")
        start = ["-m", "pdsearch"] if words[3] == "pdsearch" else []
        words = [mpiexec, *words[1:3], sys.executable, *start, *words[4:]]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    job = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=900)
    return job.returncode, job.stdout + job.stderr


def _here(words: list[str], folder: Path) -> tuple[int, str]:
    from pdsearch.cli import main

    said = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code: Any = main(words)
        except SystemExit as error:  # --help, and the parser's complaints
            code = error.code
    return int(code or 0), said.getvalue()


@pytest.fixture(scope="session")
def page_inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that pages name."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "tests").symlink_to(ROOT / "tests")
    (folder / "benchmarks").symlink_to(ROOT / "benchmarks")
    tasks = ROOT / "tests" / "data" / "planning"
    shutil.copy(tasks / "courier.sas", folder / "task.sas")
    shutil.copy(tasks / "courier.pddl", folder / "problem.pddl")
    shutil.copy(tasks / "courier-domain.pddl", folder / "domain.pddl")
    (folder / "tasks").symlink_to(tasks)
    rng = np.random.default_rng(0)
    (folder / "loads.csv").write_text("9,4,3,2,1,1,5,7\n1,2,3,4,5,6,7,8\n")
    (folder / "boards.txt").write_text("8 6 7 2 5 4 3 0 1\n1 0 2 3 4 5 6 7 8\n")
    np.save(folder / "steps.npy", rng.integers(1, 99, (6, 3, 8)))
    np.save(folder / "scores.npy", rng.normal(size=(64, 16)))
    np.savez(folder / "trace.npz", loads=rng.integers(1, 999, (40, 2, 256)))
    return folder


@pytest.fixture(scope="module")
def page_folder(page_inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of them for each page: its lines may read what lines before them wrote."""
    place = tmp_path_factory.mktemp("page")
    shutil.copytree(page_inputs, place, symlinks=True, dirs_exist_ok=True)
    return place


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes long, and what is not run where something is missing."""
    for item in items:
        example = getattr(item, "example", None)
        line = getattr(example, "parsed", None)
        if not isinstance(line, str) or line.split(" ")[0] not in COMMANDS:
            continue
        if HEAVY.search(line) and not any(re.search(pattern, line) for pattern in READ_ONLY):
            item.add_marker(pytest.mark.heavy)


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), Commands()],
    path=str(ROOT / "docs"),
    patterns=["*.md"],
    excludes=["extending.md", "torch.md", "api-*.md", "changelog.md"],  # the first two have tests of their own
    fixtures=["page_folder"],
).pytest()
