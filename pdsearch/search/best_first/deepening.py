"""What follows when memory is full and paths are few: IDA* below the open nodes, with the nodes as they are.

Each bound is the least f that is still possible below any open node; the nodes of such f are searched, and f of each
becomes the least that was pruned below it. The table is not asked. Every rank searches below its own open nodes, and
below the records that reached no table. The automaton that prunes duplicates begins anew at each node: it never loses
the least plan below a node. In the last iteration nodes of low h come first, which are the likeliest to be near a goal.

Sources: Bu and Korf (2019), "A*+IDA*: a simple hybrid search algorithm", IJCAI; Korf (1985), Artificial Intelligence
27; for the automaton Taylor and Korf (1993), AAAI.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from pdsearch._jit import compiling
from pdsearch.kernels.protocol import INFINITY
from pdsearch.pruning.pruner import pruner_of
from pdsearch.result import Status
from pdsearch.search.best_first.after import After, Found
from pdsearch.search.best_first.below import Below
from pdsearch.search.depth_first.tree import AnySubtrees, Tree
from pdsearch.search.run import Progress, Run
from pdsearch.search.task import Task
from pdsearch.subtrees import Roots, Subtrees, fastest


class Facts(NamedTuple):
    """What a rank tells the others after a portion."""

    least_f: int
    is_done: bool
    stop: Status | None
    generated: int
    expanded: int
    found: Found | None


Exchange = Callable[[list[Facts]], list[Facts]]  # those of this process to those of all ranks, in their order


def new_engine(task: Task) -> Subtrees:
    """Return the depth-first search of a task."""
    kind = fastest(task.domain, task.heuristic) or AnySubtrees
    return kind(task.domain, task.heuristic, pruner_of(task.domain))


def compile_deepening(task: Task) -> None:
    """Compile every kernel of such a search, or load it from the disk cache, by running it on nothing."""
    engine = new_engine(task)
    tree, root = Tree(engine.domain, engine.heuristic, engine.pruner), Roots.initial(task.domain, task.heuristic)
    with compiling(f"domain {task.domain.name!r} or heuristic {task.heuristic.name!r}"):
        tree.begin(root, 0, -1)
        tree.go_on(-1, 1)
        engine.prepare(root, -1)
        engine.run(0, 0, 1, np.zeros(1, np.int64), np.zeros((1, 4), np.int64))


def search_below(ranks: Sequence[Below], run: Run, exchange: Exchange, incumbent: int, before: int) -> After:
    """Search below the open nodes until there is a proof or a reason to stop.

    Parameters
    ----------
    ranks : sequence of Below
        Those of this process.
    run : Run
        Limits, signals and progress.
    exchange : callable
        Brings the facts of all ranks together; all must call it as often.
    incumbent : int
        The cost of the best plan so far.
    before : int
        Expansions of all ranks so far, which count for a limit on nodes.
    """
    iterations: list[tuple[int, int]] = []
    stop: Status | None = None
    everybody = exchange([_facts(one, run) for one in ranks])
    while True:
        bound = min(facts.least_f for facts in everybody)
        if bound >= incumbent or bound >= INFINITY:
            return _after(bound, everybody, None, incumbent, stop, iterations)
        so_far = _expanded(everybody)
        for one in ranks:
            one.begin(bound)
        while True:
            for one in ranks:
                one.go_on()
            everybody = exchange([_facts(one, run) for one in ranks])
            expanded = _expanded(everybody)
            found = next((facts.found for facts in everybody if facts.found), None)
            # from what all ranks know, not from this one's clock: a rank that stops alone leaves the others waiting
            stop = next((facts.stop for facts in everybody if facts.stop), None)
            if stop is None and before + expanded >= run.limits.nodes:
                stop = Status.NODE_LIMIT
            _tell(run, bound, incumbent, before + expanded, ranks)
            if found or stop:
                iterations.append((bound, expanded - so_far))
                return _after(bound, everybody, found, incumbent, None if found else stop, iterations)
            if all(facts.is_done for facts in everybody):
                break
        iterations.append((bound, expanded - so_far))


def _after(
    bound: int,
    everybody: list[Facts],
    found: Found | None,
    incumbent: int,
    stop: Status | None,
    expanded: list[tuple[int, int]],
) -> After:
    ranks = [(facts.generated, facts.expanded) for facts in everybody]
    return After(bound, found, bound if found else incumbent, stop, ranks, expanded, "IDA*", [])


def _facts(one: Below, run: Run) -> Facts:
    return Facts(one.least_f, one.is_done, run.why_stop(), one.generated, one.expanded, one.found)


def _expanded(everybody: list[Facts]) -> int:
    return sum(facts.expanded for facts in everybody)


def _tell(run: Run, bound: int, incumbent: int, expanded: int, ranks: Sequence[Below]) -> None:
    if run.on_progress is not None and ranks and ranks[0].rank.rank == 0:
        best = None if incumbent >= INFINITY else incumbent
        n_open = sum(len(one) for one in ranks)
        run.on_progress(Progress(run.search_s, bound, best, expanded, n_open, ranks[0].rank.used_bytes))
