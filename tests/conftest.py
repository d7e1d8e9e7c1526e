"""What several test files share: mpiexec with a deadline, and the exact distances of the 8-puzzle."""

from __future__ import annotations

import math
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import jobs
import pytest
from hypothesis import settings
from naive import tile_distances

from pdsearch._notice import Notice

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background: its jobs would inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)

Notice.WAIT_S = math.inf  # commands that tests run in this process say nothing of compiling; jobs.py drops it of others

settings.register_profile("untimed", deadline=None)  # compiling, or a busy machine, is no failure
settings.load_profile("untimed")


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what is wide
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Let few instances of a test that is marked ``few(n, *names)`` run always, and mark the others ``wide``.

    They are the first ``n``, and those whose names begin with one of the others: the first of all heuristics, in all
    domains, are those of h = 0, which shows little.
    """
    seen = Counter[str]()
    for item in items:
        few = item.get_closest_marker("few")
        if few is None or any(map(item.get_closest_marker, ("heavy", "wide"))):
            continue
        test, _, instance = item.nodeid.partition("[")
        n, *names = few.args
        seen[test] += 1
        if seen[test] > n and not instance.startswith(tuple(names)):
            item.add_marker("wide")


@pytest.fixture(scope="session")
def eight_puzzle() -> dict[tuple[int, ...], int]:
    """The moves from each of the 181440 solvable boards to the goal with the blank first."""
    return tile_distances(3, 3)


@pytest.fixture(scope="session")
def python_on() -> Callable[..., list[str]]:
    """Return the command that runs the interpreter on N ranks, with the mpiexec beside it or else on PATH."""
    beside = Path(sys.executable).with_name("mpiexec")
    mpiexec = str(beside) if beside.exists() else shutil.which("mpiexec")
    if mpiexec is None:
        pytest.skip("no mpiexec beside the interpreter or on PATH; install the extra pdsearch-hda[mpich]")

    def command(n_ranks: int, *args: str) -> list[str]:
        return [mpiexec, "-n", str(n_ranks), sys.executable, *args]

    return command


@pytest.fixture(scope="session")
def mpirun(python_on: Callable[..., list[str]]) -> Callable[..., jobs.Finished]:
    """Run ``mpiexec -n N python -m pdsearch ...`` within a deadline."""

    def run(n_ranks: int, *args: str, timeout: float = 300.0, env: Mapping[str, str] | None = None) -> jobs.Finished:
        return jobs.run(python_on(n_ranks, "-m", "pdsearch", *args), timeout, env)

    return run
