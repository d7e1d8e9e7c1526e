"""Fast Downward beside us: the binary of the PyPI package up-fast-downward (GPL-3), only ever run as a process.

It is a build for any x86-64 processor, while numba compiles for the one at hand.

Source: Helmert (2006), "The Fast Downward Planning System", JAIR 26; its output as of 2026.
"""

from __future__ import annotations

import importlib.util
import re
import resource
import subprocess
import tempfile
import time
from pathlib import Path

from pdsearch.benchmarking._planning_runs import Trial
from pdsearch.errors import MissingDependencyError
from pdsearch.limits import Limits

NAME = "fast-downward"
SEARCHES = {
    "blind": "astar(blind())",
    "hmax": "astar(hmax())",
    "lmcut": "astar(lmcut())",
    # linear and f-preserving with 1000 states, as in Jinnai and Fukunaga (2017), JAIR 60
    "merge-and-shrink": "astar(merge_and_shrink("
    "merge_strategy=merge_precomputed(merge_tree=linear(variable_order=reverse_level)),shrink_strategy=shrink_fh(),"
    "label_reduction=exact(before_shrinking=false,before_merging=true),max_states=1000))",
}
_STATUS = {0: "solved", 11: "unsolvable", 12: "unsolvable", 22: "memory limit", 23: "time limit"}
_COUNTS = {
    "cost": r"Plan cost: (\d+)",
    "steps": r"Plan length: (\d+) step",
    "expanded": r"Expanded (\d+) state",
    "expanded_before_last_layer": r"Expanded until last jump: (\d+) state",
    "generated": r"Generated (\d+) state",
    "evaluated": r"Evaluated (\d+) state",
    "initial_h": r"Initial heuristic value for [^:]*: (\d+)",
}


def binary() -> str:
    """Return the planner's path.

    Raises
    ------
    MissingDependencyError
        If the package is not installed.
    """
    found = importlib.util.find_spec("up_fast_downward")
    path = Path(str(found and found.origin)).parent / "downward/builds/release/bin/downward"
    if not path.is_file():
        raise MissingDependencyError(
            "Fast Downward is not installed; run: pip install up-fast-downward, or leave out --peers"
        )
    return str(path)


def peer_run(planner: str, sas: str, task: str, config: str, limits: Limits) -> Trial:
    """Trial Fast Downward on a task in SAS+; the time limit is that of the whole process."""
    assert limits.memory_bytes is not None
    memory = limits.memory_bytes
    given = (task, NAME, config, limits.time_s, memory)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="pdsearch-") as folder:
        try:
            job = subprocess.run(
                [planner, "--search", SEARCHES[config], "--internal-plan-file", "plan"],
                input=sas,
                capture_output=True,
                text=True,
                check=False,
                cwd=folder,
                timeout=limits.time_s,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (memory, memory)),
            )
        except subprocess.TimeoutExpired:
            return Trial(*given, status="time limit")
    status = _STATUS.get(job.returncode, "refused")
    reason = f"exit {job.returncode}: {job.stderr.strip()[-200:]}" if status == "refused" else None
    return _parsed(job.stdout, Trial(*given, status, reason, search_s=time.perf_counter() - began))


def _parsed(said: str, run: Trial) -> Trial:
    """Fill in what the planner printed about its search."""
    counts = {name: _last(pattern, said) for name, pattern in _COUNTS.items()}
    whole = {name: None if number is None else int(number) for name, number in counts.items()}
    cpu_s, total_s = _last(r"Search time: ([\d.e+-]+)s", said), _last(r"Total time: ([\d.e+-]+)s", said)
    states, peak_kib = _last(r"registered states: (\d+)", said), _last(r"Peak memory: (\d+) KB", said)
    return Trial(
        **{
            **vars(run),
            **whole,
            "cpu_s": cpu_s,
            "setup_s": total_s - cpu_s if total_s is not None and cpu_s is not None else None,
            "bytes_per_state": 1024 * peak_kib / states if peak_kib and states else None,
        }
    )


def _last(pattern: str, said: str) -> float | None:
    found = re.findall(pattern, said)
    return float(found[-1]) if found else None
