"""Other planners beside us: binaries of PyPI packages (GPL-3), only ever run as processes.

They are builds for any x86-64 processor, while numba compiles for the one at hand. SymK is made of Fast Downward and
prints what that does.

Source: Helmert (2006), "The Fast Downward Planning System", JAIR 26; Speck, Mattmüller and Nebel (2020), "Symbolic
top-k planning", AAAI (SymK); their output as of 2026.
"""

from __future__ import annotations

import importlib.util
import re
import resource
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pdsearch.benchmarking._planning_runs import Trial
from pdsearch.errors import MissingDependencyError
from pdsearch.limits import Limits
from pdsearch.registry import Registry


class Peer(NamedTuple):
    """A planner, where its binary is, and its searches.

    Attributes
    ----------
    name, package : str
        Its own, and that of its package.
    folder : str
        The binary's, in the package.
    beside : dict of str to str
        Its search that corresponds to a configuration of ours.
    own : dict of str to str
        Its searches that correspond to none.
    """

    name: str
    package: str
    folder: str
    beside: dict[str, str]
    own: dict[str, str]

    def searches(self, configs: Sequence[str]) -> dict[str, str]:
        """Return those that are run beside configurations of ours."""
        return {name: self.beside[name] for name in configs if name in self.beside} | self.own

    @property
    def binary(self) -> str:
        """The path of its binary.

        Raises
        ------
        MissingDependencyError
            If the package is not installed.
        """
        found = importlib.util.find_spec(self.package.replace("-", "_"))
        path = Path(str(found and found.origin)).parent / self.folder / "builds/release/bin/downward"
        if not path.is_file():
            raise MissingDependencyError(
                f"{self.name} is not installed; run: pip install {self.package}, or leave it out of --peers"
            )
        return str(path)


FAST_DOWNWARD = Peer(
    "fast-downward",
    "up-fast-downward",
    "downward",
    beside={
        "blind": "astar(blind())",
        "hmax": "astar(hmax())",
        "lmcut": "astar(lmcut())",
        # linear and f-preserving with 1000 states, as in Jinnai and Fukunaga (2017), JAIR 60
        "merge-and-shrink": "astar(merge_and_shrink("
        "merge_strategy=merge_precomputed(merge_tree=linear(variable_order=reverse_level)),shrink_strategy=shrink_fh(),"
        "label_reduction=exact(before_shrinking=false,before_merging=true),max_states=1000))",
    },
    own={
        "cegar": "astar(cegar())",  # additive Cartesian abstractions, a million transitions
        # what its documentation recommends
        "merge-and-shrink-dfp": "astar(merge_and_shrink(shrink_strategy=shrink_bisimulation(greedy=false),"
        "merge_strategy=merge_sccs(order_of_sccs=topological,merge_selector=score_based_filtering("
        "scoring_functions=[goal_relevance(),dfp(),total_order()])),"
        "label_reduction=exact(before_shrinking=true,before_merging=false),max_states=50k,threshold_before_merge=1))",
    },
)
SYMK = Peer("symk", "up-symk", "symk", beside={}, own={"symbolic": "sym_bd()"})
PEERS: Registry[Peer] = Registry("planner")
for _peer in (FAST_DOWNWARD, SYMK):
    PEERS.add(_peer.name)(_peer)
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


def peers_of(names: str | None) -> list[Peer]:
    """Return the planners that are named with commas between, none for None.

    Raises
    ------
    UnknownNameError
        If nobody knows one of them.
    MissingDependencyError
        If one is not installed.
    """
    wanted = [] if names is None else [PEERS[name.strip()] for name in names.split(",")]
    return [peer for peer in wanted if peer.binary]


def peer_run(peer: Peer, sas: str, task: str, config: str, limits: Limits) -> Trial:
    """Run another planner on a task in SAS+; the time limit is that of the whole process."""
    assert limits.memory_bytes is not None
    memory = limits.memory_bytes
    given = (task, peer.name, config, limits.time_s, memory)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="pdsearch-") as folder:
        try:
            job = subprocess.run(
                [peer.binary, "--search", (peer.beside | peer.own)[config], "--internal-plan-file", "plan"],
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
