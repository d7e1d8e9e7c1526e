"""States evaluated a second with the tables of ``scp`` or ``pdb``, looked up in three ways.

    python benchmarks/lookups.py FOLDER [--heuristic pdb] [--states 20000] [--repeats 5] [--only NAME]

FOLDER holds the tasks of the international planning competitions as PDDL, a folder for each domain
(github.com/aibasel/downward-benchmarks). The states are those that a blind A* search meets, in that order. Their h is
computed from the same distances under the same orders, 32 at most, in numbers of the same width:

a  as published planners do (Scorpion): abstract states from scratch, then one order after the other, each with an
   array of its own, which holds only the abstractions that tell something under this order
b  the distances of an abstract state under all orders in one line of 64 bytes; abstract states from scratch
c  what pdsearch does

All three must give the same h. Seconds of CPU are the least of several runs, which alternate.
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.domains.planning.added_lines import apart, as_lines, laid_out
from pdsearch.domains.planning.pdb import h_of_lines
from pdsearch.domains.planning.pdb_tables import partitioned_patterns
from pdsearch.domains.planning.refinement_tree import Trees
from pdsearch.domains.planning.scp import ScpTables
from pdsearch.domains.planning.scp_tables import partitioned, wanted
from pdsearch.domains.planning.shared_costs import Partitioned
from pdsearch.domains.planning.space import value_of
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import PdsearchError
from pdsearch.kernels.protocol import INFINITY, evaluate, width
from pdsearch.search.best_first.sampling import ShortSearch
from pdsearch.search.setup import make_task

TASKS = [  # chosen before anything was measured
    "blocks/p9-0",
    "driverlog/p09",
    "elevators-opt08-strips/p05",
    "freecell/p03",
    "gripper/p06",
    "logistics00/p9-0",
    "pipesworld-notankage/p15",
    "rovers/p06",
    "satellite/p05",
    "storage/p15",
]
Integers = npt.NDArray[np.int64]


class FromScratch(NamedTuple):
    """How the abstract states of a state are found without those of another: lines of 64 bytes, numbered through."""

    used: Integers  # variables
    first: Integers  # (n_patterns,) its first line
    at: Integers  # (n_patterns + 1,) where its variables begin
    variable: Integers
    multiplier: Integers
    trees: Trees
    values: Integers  # (n_variables,) scratch
    lines: Integers  # (n_abstractions,) scratch

    @classmethod
    def of(cls, parts: Partitioned, sizes: list[int]) -> FromScratch:
        """Return what is needed for some abstractions."""
        projections, refined, merged = parts.found
        assert not merged
        first = parts.joined.state_first
        patterns = [one.pattern for one in projections]
        used = {var for some in (*patterns, *(one.tree.variable.tolist() for one in refined)) for var in some}
        trees = Trees.of([one.tree for one in refined], first[len(projections) : -1].tolist(), sizes)
        return cls(
            np.array(sorted(used), np.int64),
            first[: len(projections)].copy(),
            np.cumsum([0, *map(len, patterns)]),
            np.array([var for one in patterns for var in one], np.int64),
            np.concatenate([np.zeros(0, np.int64), *(one.multiplier for one in projections)]),
            trees,
            np.zeros(len(sizes), np.int64),
            np.zeros(len(first) - 1, np.int64),
        )


class Serial(NamedTuple):
    """The distances of one order after the other."""

    use_first: Integers  # (n_orders + 1,)
    which: npt.NDArray[np.int32]  # (n_uses,) abstraction
    start: Integers  # (n_uses,) what is to be added to its line
    distances: npt.NDArray[np.signedinteger[Any]]
    warns: npt.NDArray[np.int32]  # abstractions that have dead states
    dead: npt.NDArray[np.bool_]  # (n_lines,)

    @classmethod
    def of(cls, parts: Partitioned, kind: np.dtype[Any]) -> Serial:
        """Return arrays of some type."""
        slices = [slice(*both) for both in pairwise(parts.joined.state_first.tolist())]
        uses, which, start, pieces, n = [0], list[int](), list[int](), [np.zeros(0, kind)], 0
        for table in parts.tables:
            for one, lines in enumerate(slices):
                if table[lines].any():
                    which.append(one)
                    start.append(n - lines.start)
                    pieces.append(table[lines].astype(kind))
                    n += lines.stop - lines.start
            uses.append(len(which))
        warns = [one for one, lines in enumerate(slices) if parts.dead[lines].any()]
        numbers = np.array(which, np.int32), np.array(start, np.int64)
        return cls(np.array(uses), *numbers, np.concatenate(pieces), np.array(warns, np.int32), parts.dead)


@inlined
def find_all(whole, space, states, at):
    """Write the lines of a state."""
    for i in range(len(whole.used)):
        whole.values[whole.used[i]] = value_of(space, states, at, whole.used[i])
    n = len(whole.first)
    for p in range(n):
        line = whole.first[p]
        for i in range(whole.at[p], whole.at[p + 1]):
            line += whole.multiplier[i] * whole.values[whole.variable[i]]
        whole.lines[p] = line
    nodes = whole.trees.nodes
    for tree in range(len(whole.trees.root)):
        node = whole.trees.root[tree]
        while node >= 0:
            node = nodes[node + 1 + whole.values[nodes[node]]]
        whole.lines[n + tree] = -1 - node


@kernel
def one_after_the_other(whole, serial, space, states, out):
    """Write h of each state, as a."""
    lines = whole.lines
    for s in range(len(out)):
        find_all(whole, space, states, s * width(space))
        is_dead = False
        for i in range(len(serial.warns)):
            is_dead |= serial.dead[lines[serial.warns[i]]]
        best = np.int64(0)
        for k in range(0 if is_dead else len(serial.use_first) - 1):
            total = np.int64(0)
            for u in range(serial.use_first[k], serial.use_first[k + 1]):
                total += serial.distances[serial.start[u] + lines[serial.which[u]]]
            best = max(best, total)
        out[s] = INFINITY if is_dead else best


@kernel
def interleaved(whole, entries, space, states, out):
    """Write h of each state, as b."""
    for s in range(len(out)):
        find_all(whole, space, states, s * width(space))
        out[s] = h_of_lines(entries, whole.lines)


@kernel
def incremental(tables, space, states, out):
    """Write h of each state, as c."""
    for s in range(len(out)):
        out[s] = evaluate(tables, space, states, s * width(space))


def main() -> int:
    """Print a line for each task."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", metavar="FOLDER", help="a folder for each domain")
    parser.add_argument("--heuristic", choices=["scp", "pdb"], default="scp")
    parser.add_argument("--states", type=int, default=20_000, metavar="N", help="of each task (default 20000)")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="runs of each way (default 5)")
    parser.add_argument("--only", metavar="NAME", help="tasks whose names hold this")
    given = parser.parse_args()
    if given.repeats < 1 or given.states < 1:
        parser.error("--repeats and --states must be 1 or more")
    chosen = [task for task in TASKS if (given.only or "") in task]
    if not chosen:
        parser.error(f"no task has {given.only!r} in its name; those there are: {', '.join(TASKS)}")
    print(f"{'task':<28} orders  abstractions  used in an order    a: states/s         b         c    b/a    c/a")
    rows = [measured(Path(given.folder), task, given.heuristic, given.states, given.repeats) for task in chosen]
    middle = [median(values) for values in zip(*rows, strict=True)]
    print(f"median of {len(rows)}: b/a {middle[0]:.2f}, c/a {middle[1]:.2f}")
    return 0


def measured(folder: Path, name: str, heuristic: str, n_states: int, repeats: int) -> tuple[float, float]:
    """Print the line of a task; return b/a and c/a."""
    task = Planning.parse(str(folder / f"{name}.pddl"))
    parts = partitioned(task, wanted("offline"))[0] if heuristic == "scp" else partitioned_patterns(task, None)[0]
    shared, space = laid_out(parts, task.sizes), task.space
    first = parts.joined.state_first
    entries, _, n_orders = as_lines(parts.tables, parts.dead, first, apart(first), len(parts.dead))
    serial = Serial.of(parts._replace(tables=parts.tables[:n_orders]), shared.entries.dtype)
    whole = FromScratch.of(parts, task.sizes)
    tables = ScpTables(shared.entries, shared.lookup, *shared.lookup.begin(space))
    states = ShortSearch(make_task(task, "blind"), most_stored=2 * n_states).states(n_states)
    words, h = np.array(states, np.uint64).reshape(-1), np.zeros((3, len(states)), np.int64)
    ways: list[tuple[Any, ...]] = [
        (one_after_the_other, whole, serial),
        (interleaved, whole, entries),
        (incremental, tables),
    ]
    seconds = np.zeros((1 + repeats, len(ways)))
    for row in seconds:
        for way, (kernel_of, *what) in enumerate(ways):
            begin = time.process_time()
            kernel_of(*what, space, words, h[way])
            row[way] = time.process_time() - begin
    if (h != h[0]).any():
        sys.exit(f"{name}: the three ways do not agree; report this bug")
    a, b, c = len(states) / seconds[1:].min(axis=0)
    uses = len(serial.which) / n_orders
    print(
        f"{name:<28} {n_orders:>6} {len(parts.joined.state_first) - 1:>13} {uses:>17.1f} {a:>14,.0f} {b:>9,.0f} "
        f"{c:>9,.0f} {b / a:>6.2f} {c / a:>6.2f}",
        flush=True,
    )
    return b / a, c / a


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PdsearchError as error:  # no such folder
        sys.exit(f"lookups.py: {error}")
