"""What follows when memory is full and paths are few: IDA* below the open nodes, with the nodes as they are.

Each bound is the least f that is still possible below any open node; the nodes of such f are searched, and f of each
becomes the least that was pruned below it. Every rank begins with its own open nodes, and the records that reached no
table. After each portion all ranks tell how much work they have left, and who has little is given some of what another
has (:mod:`pdsearch.search.best_first.pieces`). The automaton that prunes duplicates begins anew at each node: it never
loses the least plan below a node. In the last iteration nodes of low h come first, which are the likeliest to be near a
goal.

The table is not asked whether it holds a state below an open node at no more g. It would be right to ask: of the open
nodes on optimal plans, the one with the least cost to a goal meets no such state on the least of its plans, as
:mod:`pdsearch.search.best_first.groups` shows, and that plan is the one which the automaton keeps. But it does not pay:
on four of Korf's instances after 256 MB (3, 49, 60, 88) questions about children leave out 6 to 11 % of the nodes of
the large iterations, those about three plies 14 to 21 %, for 2.2 and 9 to 12 questions a root, below which there are 80
to 620 nodes of 4 ns each. A question is a cache miss or two, some 50 to 100 ns: as much as it saves, or more.

With ``when_full="early"`` A* fills a little only where the depth-first search is machine code (``outruns_astar``). On
ten of the harder half of Korf's hundred, two ranks, plain IDA* without automaton took 2.0 times the seconds of that
(median; 2.1 in total) after 2 MB a rank, 1.8 after 3, 1.3 after 6; on the whole harder half 1.65 after 2 MB, .43 after
256. All that is with Manhattan distance. With walking distance in what follows, but not in plain IDA*, the harder half
took 3.3 after 2 MB (5.1 in total), and 1.25 after 256.

Sources: Bu and Korf (2019), "A*+IDA*: a simple hybrid search algorithm", IJCAI; Korf (1985), Artificial Intelligence
27; for the automaton Taylor and Korf (1993), AAAI.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from pdsearch._jit import compiling
from pdsearch.kernels.protocol import INFINITY
from pdsearch.pruning.pruner import pruner_of
from pdsearch.result import Status
from pdsearch.search.best_first.after import After, Found
from pdsearch.search.best_first.below import Below, Goal
from pdsearch.search.best_first.kept_continuation import Keeping
from pdsearch.search.best_first.pieces import deals
from pdsearch.search.depth_first.tree import AnySubtrees, Tree
from pdsearch.search.run import Progress, Run
from pdsearch.search.task import Task
from pdsearch.subtrees import Roots, Subtrees, fastest

LEAST_PORTION_S, MOST_PORTION_S = 0.01, 0.1  # of search between two exchanges


class Facts(NamedTuple):
    """What a rank tells the others after a portion."""

    least_f: int
    is_done: bool
    stop: Status | None
    generated: int
    expanded: int
    found: Goal | None
    left_s: float  # seconds of work
    has_results: bool
    saves: bool  # rank 0 wants a checkpoint


Exchange = Callable[[list[Any]], list[Any]]  # what those of this process say to what all ranks say, in their order


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


def search_below(
    ranks: Sequence[Below],
    run: Run,
    exchange: Exchange,
    incumbent: int,
    before: int,
    keeping: Keeping | None = None,
) -> After:
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
    keeping : Keeping, optional
        Writes checkpoints, and knows what the search goes on from; of the one rank of this process.
    """
    iterations = _go_on(ranks[0], keeping) if keeping is not None else []
    stop: Status | None = None
    everybody = exchange([_facts(one, run) for one in ranks])
    while True:
        bound = min(facts.least_f for facts in everybody)
        if bound >= incumbent or bound >= INFINITY:
            return _after(bound, everybody, None, incumbent, stop, iterations)
        so_far = _expanded(everybody)
        for one in ranks:
            one.begin(bound)
        portion_s = LEAST_PORTION_S
        while True:
            for one in ranks:
                one.go_on(portion_s)
            everybody = exchange([_facts(one, run, keeping) for one in ranks])
            expanded = _expanded(everybody)
            found = next((facts.found for facts in everybody if facts.found), None)
            # from what all ranks know, not from this one's clock: a rank that stops alone leaves the others waiting
            stop = next((facts.stop for facts in everybody if facts.stop), None)
            if stop is None and before + expanded >= run.limits.nodes:
                stop = Status.NODE_LIMIT
            _tell(run, bound, incumbent, before + expanded, ranks)
            if keeping is not None and not found and (stop or any(facts.saves for facts in everybody)):
                _keep(ranks[0], keeping, incumbent, [*iterations, (bound, expanded - so_far)])
            if found or stop:
                iterations.append((bound, expanded - so_far))
                if found is None:
                    return _after(bound, everybody, None, incumbent, stop, iterations)
                told = exchange([one.found_of(found) for one in ranks])  # the rank that it began at knows the way there
                return _after(bound, everybody, next(filter(None, told)), incumbent, None, iterations)
            if all(facts.is_done for facts in everybody):
                break
            portion_s = min(MOST_PORTION_S, max(LEAST_PORTION_S, min(facts.left_s for facts in everybody) / 4))
            _share(ranks, everybody, exchange, portion_s)
        iterations.append((bound, expanded - so_far))


def _share(ranks: Sequence[Below], everybody: list[Facts], exchange: Exchange, portion_s: float) -> None:
    """Give work to ranks that have none left soon, and results to those that gave it; on all ranks or on none."""
    dealt = deals([facts.left_s for facts in everybody], portion_s)
    if not dealt and not any(facts.has_results for facts in everybody):
        return
    told = exchange([one.mail([deal for deal in dealt if deal.giver == one.rank.rank]) for one in ranks])
    for one in ranks:
        one.receive([letter for mail in told for letter in mail])


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


def _facts(one: Below, run: Run, keeping: Keeping | None = None) -> Facts:
    stop, saves = run.why_stop(), keeping is not None and keeping.is_due
    return Facts(
        one.least_f, one.is_done, stop, one.generated, one.expanded, one.found, one.left_s, one.has_results, saves
    )


def _keep(one: Below, keeping: Keeping, incumbent: int, iterations: list[tuple[int, int]]) -> None:
    one.raise_done()
    keeping.save(one.opened, (one.generated, one.expanded), incumbent, None, {"iterations": iterations})


def _go_on(one: Below, keeping: Keeping) -> list[tuple[int, int]]:
    """Return the iterations of before; of one bound there may be several parts."""
    if keeping.begun is None:
        return []
    one.generated, one.expanded = keeping.begun.counts
    return [(bound, expanded) for bound, expanded in keeping.begun.facts["iterations"]]


def _expanded(everybody: list[Facts]) -> int:
    return sum(facts.expanded for facts in everybody)


def _tell(run: Run, bound: int, incumbent: int, expanded: int, ranks: Sequence[Below]) -> None:
    if run.on_progress is not None and ranks and ranks[0].rank.rank == 0:
        best = None if incumbent >= INFINITY else incumbent
        n_open = sum(len(one) for one in ranks)
        run.on_progress(Progress(run.search_s, bound, best, expanded, n_open, ranks[0].rank.used_bytes))
