"""From PDDL to SAS+: Fast Downward's translator, run as a process of its own, within the limits of the command.

The translator is GPL-3 software from the extra ``planning``; it is started, never imported. It ends with this
process, however that ends. What it writes goes to a
file without a name, so that nothing is left either.

Source: Helmert (2009), "Concise finite-domain representations for PDDL planning tasks", AIJ 173.
"""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from pdsearch.domains.planning.pddl_checks import check
from pdsearch.domains.planning.pddl_text import PddlFile
from pdsearch.errors import BadInputError, MemoryLimitError, MissingDependencyError, pip_install, shown
from pdsearch.limits import NO_DEADLINE, USABLE, Deadline, free_memory

_OUT_OF_MEMORY = 20  # exit code of the translator
_LEAST_MEMORY = 2**27  # an interpreter and the translator's modules
_POLL_S = 0.1
# CPython asks for memory by the MiB. When not even a small object fits, its handling of MemoryError can go round for
# ever (seen with 3.11: the handler needs an integer), so a translator that is this near its limit is ended.
_NEAR_LIMIT = 2**21
# The address space is limited. Linux ends the process with its parent; elsewhere a thread does, once the pipe on
# stdin is closed, as soon as the interpreter lets it.
_START = """
import ctypes, os, runpy, sys, threading
def end_with_parent():
    while os.read(0, 1): pass
    os._exit(1)
try: ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
except (OSError, AttributeError): pass
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
except (ImportError, OSError, ValueError): pass
threading.Thread(target=end_with_parent, daemon=True).start()
sys.argv = ["translate", *sys.argv[2:]]
runpy.run_module("fast_downward.translate", run_name="__main__", alter_sys=True)
"""


def translate(domain_file: str, problem_file: str, deadline: Deadline = NO_DEADLINE) -> str:
    """Return a PDDL task as the text of a SAS+ file.

    Parameters
    ----------
    domain_file, problem_file : str
        The files.
    deadline : Deadline, optional
        When it must be done, and what memory it may take; without one, what is free on the machine.

    Raises
    ------
    BadInputError
        If a file cannot be read or is not PDDL that the translator understands.
    TimeLimitError, MemoryLimitError
        If time or memory run out.
    MissingDependencyError
        If the translator is not installed.
    """
    domain, problem = PddlFile(domain_file), PddlFile(problem_file)
    check(domain, problem)
    if importlib.util.find_spec("fast_downward") is None:
        raise MissingDependencyError(
            f"reading PDDL needs Fast Downward's translator; run: {pip_install('planning')}, or give a .sas file"
        )
    memory = min(max(_LEAST_MEMORY, deadline.memory_bytes or int(USABLE * free_memory())), _own_limit())
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as said:
        code = _run([str(Path(file).resolve()) for file in (domain_file, problem_file)], output, said, memory, deadline)
        words, text = _text_in(said), _text_in(output)
    if code == _OUT_OF_MEMORY or "MemoryError" in words:
        raise MemoryLimitError(
            f"translating {shown(problem_file, 200)} needs more than {memory} bytes; give more memory"
        )
    if code == 0 and text:
        return text
    raise _complaint(words, domain, problem)


def domain_file_of(problem_file: str) -> str:
    """Return the domain file beside a problem: ``p01-domain.pddl``, ``domain-p01.pddl`` or ``domain.pddl``.

    Raises
    ------
    BadInputError
        If there is none.
    """
    problem = Path(problem_file)
    names = [f"{problem.stem}-domain.pddl", f"domain-{problem.stem}.pddl", "domain.pddl"]
    try:
        found = next((problem.with_name(name) for name in names if problem.with_name(name).is_file()), None)
    except (OSError, ValueError):  # no possible name of a file
        found = None
    if found is None or found == problem:
        raise BadInputError(f"no PDDL domain lies beside {shown(problem_file, 200)}; give it with --domain-file")
    return str(found)


def _own_limit() -> int:
    """Return the bytes of address space that this process, and what it starts, may take."""
    try:
        import resource

        return min((x for x in resource.getrlimit(resource.RLIMIT_AS) if x > 0), default=2**62)
    except (ImportError, OSError):
        return 2**62


def _run(files: list[str], output: IO[bytes], said: IO[bytes], memory: int, deadline: Deadline) -> int:
    """Run the translator and return its exit code; whatever happens, it has ended when this returns."""
    held, holds = os.pipe()
    try:
        sas_file = f"/dev/fd/{output.fileno()}"
        command = [sys.executable, "-P", "-c", _START, str(memory), "--sas-file", sas_file, *files]
        job = subprocess.Popen(
            command,
            stdin=held,
            stdout=said,
            stderr=subprocess.STDOUT,
            pass_fds=[output.fileno()],
            start_new_session=True,
        )
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    return job.wait(timeout=min(_POLL_S, deadline.left_s))
                deadline.check("the translation of PDDL")
                if _address_space(job.pid) > memory - _NEAR_LIMIT:
                    return _OUT_OF_MEMORY
        finally:
            if job.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(job.pid, signal.SIGKILL)
                job.wait()
    finally:
        os.close(held)
        os.close(holds)


def _address_space(process: int) -> int:
    """Return the bytes of address space that a process takes; 0 where the system has no such file."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _text_in(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def _complaint(said: str, domain: PddlFile, problem: PddlFile) -> BadInputError:
    """Return what the translator says is wrong, in one line, with the line of the word that it names.

    It prints a trail of "->Parsing ...", the fault, and "Got: ..." with the words at fault.
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    trail = [line.removeprefix("->") for line in lines if line.removeprefix("->").startswith("Parsing ")]
    got = next((line.removeprefix("Got: ") for line in lines if line.startswith("Got: ")), None)
    faults = [line for line in lines if not line.removeprefix("->").startswith(("Parsing ", "Got: ", "Warning: "))]
    faults = [line.removeprefix("Reason: ") for line in faults if not line.startswith("Syntax: ")]
    faults = [line for line in faults if line != "Parsing..."]
    if "Traceback (most recent call last):" in lines:
        files = f"{shown(problem.name, 200)} or {shown(domain.name, 200)}"
        return BadInputError(f"{files}: the translator gave up on a misplaced word or block ({faults[-1][:100]})")
    what = " ".join(faults[-2:] if got is None else faults[-1:]) or "no reason given"
    file = problem if "Parsing problem" in trail else domain
    where = f" in {trail[-1].removeprefix('Parsing ')}" if trail else ""
    if got is None:
        line = _line_in(file, trail)
        at = " is not understood" if line is None else f", line {line}"
        return BadInputError(f"{shown(file.name, 200)}{at}: {what[:200]}{where}")
    line = _line_of(file, got, trail)
    at = "" if line is None else f", line {line}"
    return BadInputError(f"{shown(file.name, 200)}{at}: {what[:200].rstrip('.')}: {shown(got)}{where}")


def _line_in(file: PddlFile, trail: list[str]) -> int | None:
    """Return the line of the part that the trail ends in: an element of a list, an action, a section."""
    for step in reversed(trail):
        number = re.search(r"(element|predicate) #(\d+)", step)
        if number is not None:
            section = ":init" if number[1] == "element" else ":predicates"
            block = next((block for block in file.root.blocks() if block.head == section), None)
            if block is not None and int(number[2]) < len(block.items):
                return block.items[int(number[2])].line
        action = re.match(r"Parsing action '(.*)'", step)
        wanted = [":action", action[1]] if action is not None else [f":{step.removeprefix('Parsing ')}"]
        line = file.line_of(wanted)
        if line is not None:
            return line
    return None


def _line_of(file: PddlFile, got: str, trail: list[str]) -> int | None:
    """Return the line of some words, looked for in the action that the trail names if it names one."""
    words = got.replace("(", " ( ").replace(")", " ) ").split()
    start = 0
    for step in trail:
        named = step.split("'")
        if step.startswith("Parsing action") and len(named) > 1:
            start = file.line_of([":action", named[1]]) or 0
    return file.line_of(words, start) if words else None
