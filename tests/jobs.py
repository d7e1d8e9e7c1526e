"""Starting processes that must not outlive their test."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).parents[1]
Finished = subprocess.CompletedProcess[str]
# a plug-in that changes one rank after a few rounds of the reduction, whoever started it
BROKEN_TURN = """
import os, signal
from pdsearch.errors import BadInputError
from pdsearch.search.best_first.worker import Worker

turn = Worker.turn

def broken(self):
    if self.comm.rank == 1 and self.agreement.rounds > 20:
        {what}
    return turn(self)

Worker.turn = broken
"""

LONGEST_S = 1000  # mpiexec ends its job then, should the tests themselves be killed before their deadline


def start(
    command: list[str],
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    stderr: IO[str] | int = subprocess.PIPE,
) -> subprocess.Popen[str]:
    """Start a command in a session of its own, so that all its processes can be killed together."""
    return subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, "MPIEXEC_TIMEOUT": str(LONGEST_S), **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )


def finish(job: subprocess.Popen[str], timeout: float) -> Finished:
    """Wait for a job; past the deadline the whole of it is killed and the test fails with what it said."""
    try:
        stdout, stderr = job.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(job.pid, signal.SIGKILL)
        stdout, stderr = job.communicate()
        pytest.fail(f"still running after {timeout} s: {job.args}\n{stdout[-2000:]}\n{(stderr or '')[-2000:]}")
    return Finished(job.args, job.returncode, stdout, without_notice(stderr))


def without_notice(stderr: str) -> str:
    """Return what a command said besides that kernels are compiled, which it says while the cache is cold."""
    return re.sub(r"^compiling \d+ of \d+ kernels \.\.\.\n", "", stderr or "", flags=re.MULTILINE)


def run(
    command: list[str],
    timeout: float = 90.0,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
) -> Finished:
    """Start a command and wait for it."""
    return finish(start(command, env, cwd), timeout)
