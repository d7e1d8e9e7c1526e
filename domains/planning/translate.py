"""From PDDL to SAS+: Fast Downward's translator, run as a process of its own.

The translator is GPL-3 software from the extra ``planning``; it is started, never imported.

Source: Helmert (2009), "Concise finite-domain representations for PDDL planning tasks", AIJ 173.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

from pdsearch.errors import BadInputError, MissingDependencyError


def translate(domain_file: str, problem_file: str) -> str:
    """Return a PDDL task as the text of a SAS+ file.

    Raises
    ------
    BadInputError
        If a file cannot be read or is not PDDL that the translator understands.
    MissingDependencyError
        If the translator is not installed.
    """
    for file in (domain_file, problem_file):
        if not Path(file).is_file():
            raise BadInputError(f"cannot read {file!r}; give the PDDL files of a domain and a problem")
    if importlib.util.find_spec("fast_downward") is None:
        raise MissingDependencyError(
            "reading PDDL needs Fast Downward's translator; run: pip install 'pdsearch[planning]', or give a .sas file"
        )
    with tempfile.TemporaryDirectory(prefix="pdsearch-") as folder:
        output = Path(folder) / "output.sas"
        translator = [sys.executable, "-m", "fast_downward.translate"]
        command = [*translator, "--sas-file", str(output), domain_file, problem_file]
        job = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        if job.returncode == 0 and output.is_file():
            return output.read_text()
    file = problem_file if "Parsing problem" in job.stdout or "problem file" in job.stdout else domain_file
    raise BadInputError(f"{file} is not understood: {_complaint(job.stdout + job.stderr)}")


def domain_file_of(problem_file: str) -> str:
    """Return the domain file beside a problem: ``p01-domain.pddl``, ``domain-p01.pddl`` or ``domain.pddl``.

    Raises
    ------
    BadInputError
        If there is none.
    """
    problem = Path(problem_file)
    names = [f"{problem.stem}-domain.pddl", f"domain-{problem.stem}.pddl", "domain.pddl"]
    found = next((problem.with_name(name) for name in names if problem.with_name(name).is_file()), None)
    if found is None or found == problem:
        raise BadInputError(f"no PDDL domain lies beside {problem_file!r}; give it with --domain-file")
    return str(found)


def _complaint(said: str) -> str:
    """Return what the translator says is wrong, without its trail of "->Parsing ...", in one line."""
    lines = [line.strip() for line in said.splitlines()]
    wrong = [line for line in lines if line and not line.startswith(("->", "Parsing"))]
    trail = [line.removeprefix("->Parsing ") for line in lines if line.startswith("->Parsing")]
    where = f" in {trail[-1]}" if trail else ""
    return ("; ".join(wrong[-3:]) or "no reason given")[:300] + where
