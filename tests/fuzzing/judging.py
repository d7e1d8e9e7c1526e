"""Running a case in this process or as a command, and what is wrong with how it ended."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import re
import signal
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any, NamedTuple

from fuzzing.cases import Case

GRACE_S = 2  # after the limit
CODES = (0, 2, 11, 12, 22, 23)
_MOST = 1200  # characters of a complaint
# of several instances, while standard output has their JSON; plans of --anytime as they come
_MEANT = re.compile(r"\d+ of \d+ solved; |\d+\.\d s: a plan of cost \d+, none costs less than \d+")
_ROOT = Path(__file__).parents[2]


class Ending(NamedTuple):
    """How a case ended."""

    code: int | None  # None after an exception
    out: str
    err: str


def run_here(case: Case) -> Ending:
    """Run a case in this process, in a new folder."""
    from pdsearch._notice import Notice
    from pdsearch.cli import main

    Notice.WAIT_S = math.inf
    out, err, code = io.StringIO(), io.StringIO(), None
    with _folder(case), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        sys.stdin = io.StringIO(case.stdin)
        try:
            code = main(case.words)
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
        except BaseException:  # whatever it is, it is what is looked for
            err.write(traceback.format_exc())
    return Ending(code, out.getvalue(), err.getvalue())


def run_apart(case: Case, limit_s: float) -> Ending:
    """Run a case as a command; code -9 where it had to be ended."""
    with _folder(case):
        job = subprocess.Popen(
            [sys.executable, "-m", "pdsearch", *case.words],
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            out, err = job.communicate(case.stdin, limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(job.pid, signal.SIGKILL)
            out, err = job.communicate()
        lines = [line for line in err.splitlines(keepends=True) if not line.startswith("compiling ")]
        return Ending(job.returncode, out, "".join(lines))


@contextlib.contextmanager
def _folder(case: Case) -> Any:
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for name, content in case.files.items():
            (Path(folder) / name).write_bytes(content)
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def fault(case: Case, ending: Ending) -> str | None:
    """Say what is wrong with an ending, in a line; None for nothing."""
    code, out, err = ending
    if code is None or "Traceback (most recent call last)" in err + out:
        return f"traceback: {err.strip().splitlines()[-1][:300]}"
    if code not in CODES:
        return f"exit code {code}: {err.strip()[-200:]}"
    if code == 2:
        if err.count("\n") != 1 or not err.startswith("pdsearch: "):
            return f"{err.count(chr(10))} lines of complaint: {err[:300]!r}"
        return f"a complaint of {len(err)} characters: {err[:200]}" if len(err) > _MOST else None
    foreign = [line for line in err.splitlines() if not line.startswith("pdsearch: ") and not _MEANT.match(line)]
    if foreign:
        return f"on stderr: {foreign[0][:300]}"
    return _wrong(case, code, out)


def _wrong(case: Case, code: int, out: str) -> str | None:
    shares = any(word.endswith("=-") and not word.startswith("--json") for word in case.words)  # standard output
    if "--json" not in case.words or not out.startswith("{") or shares:
        return None
    lines = out.splitlines()
    try:
        result = json.loads(
            lines[0] if len(lines) > 1 and lines[1].startswith("{") else out, parse_constant=_no_constant
        )
    except ValueError as error:
        return f"no JSON: {error}"
    if result.get("status") == "solved" and result["plan"] is None:
        return "solved without a plan"
    wrong = case.check(code, result)
    return None if wrong is None else f"wrong: {wrong}"


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
