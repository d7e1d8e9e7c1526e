"""What follows when memory is full: depth-first searches below the open nodes, with the nodes as they are.

A* is cut where every node that was expanded has its successors in the table, on their way, or dropped for a cheaper
duplicate or the incumbent. Whatever the cut, some open node lies on an optimal plan with its least g, unless the
incumbent is optimal (Hart, Nilsson and Raphael 1968, lemma 1). So the cheapest plan is the cheapest of those below the
open nodes, and iterative deepening finds that without asking the table: each bound is the least f that is still
possible below any open node; the nodes of such f are searched, and f of each becomes the least that was pruned below
it. Every rank searches below its own open nodes, and below the records that reached no table. The automaton
that prunes duplicates begins anew at each node: it never loses the least plan below a node.

In the last iteration nodes of low h come first, which are the likeliest to be near a goal; the plan is traced from the
open node through the table and goes on with the moves below.

Where moves cannot be named by words, paths to equal states are too many for a search that remembers none.

Sources: Bu and Korf (2019), "A*+IDA*: a simple hybrid search algorithm", IJCAI; Korf (1985), Artificial Intelligence
27; for the automaton Taylor and Korf (1993), AAAI.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pdsearch.errors import BadInputError
from pdsearch.kernels.protocol import INFINITY, NO_OPERATOR
from pdsearch.options import Option
from pdsearch.pruning.pruner import pruner_of
from pdsearch.pruning.words import has_words
from pdsearch.result import Status
from pdsearch.search.best_first.below import Below, Found
from pdsearch.search.best_first.trace import Ask, way_to
from pdsearch.search.depth_first.tree import AnySubtrees
from pdsearch.search.run import Progress, Run
from pdsearch.search.task import Task
from pdsearch.subtrees import Subtrees, fastest

CHOICES = ("continue", "stop")
WHEN_FULL = Option(
    "when_full",
    "at the memory limit search on by IDA* below the open nodes (tiles, pancakes, TopSpin, rubik2), or stop",
    CHOICES[0],
    choices=CHOICES,
)
_RESERVED = 4  # of memory, one part in so many is left for what follows


class Facts(NamedTuple):
    """What a rank tells the others after a portion."""

    least_f: int
    is_done: bool
    stop: Status | None
    generated: int
    expanded: int
    found: Found | None


Exchange = Callable[[list[Facts]], list[Facts]]  # those of this process to those of all ranks, in their order


class After(NamedTuple):
    """How it ended.

    Attributes
    ----------
    bound : int
        No plan costs less; where one was found, it costs as much.
    found : Found or None
        A goal below an open node, cheaper than the incumbent.
    stop : Status or None
        Why it ended early.
    ranks : list of (int, int)
        Generated and expanded by each rank.
    expanded : list of (int, int)
        Bound and expansions of all ranks in it.
    """

    bound: int
    found: Found | None
    stop: Status | None
    ranks: list[tuple[int, int]]
    expanded: list[tuple[int, int]]

    @property
    def note(self) -> str:
        """Return what a user should know."""
        n = sum(expanded for _, expanded in self.ranks)
        return f"memory was full: {n:,} of the expansions were made by IDA* below the open nodes"


def check_when_full(when_full: str) -> None:
    """Raise BadInputError unless there is such a choice."""
    if when_full not in CHOICES:
        raise BadInputError(f"when_full {when_full!r:.40} is unknown; it is one of {', '.join(CHOICES)}")


def may_go_on(task: Task, when_full: str) -> bool:
    """Say whether a search goes on when memory is full."""
    fits = has_words(task.domain) and not task.domain.is_linked and task.heuristic.admissible
    return when_full == "continue" and fits


def memory_before(memory_bytes: int) -> int:
    """Return what a rank may take of its memory before it is full."""
    return memory_bytes - memory_bytes // _RESERVED


def new_engine(task: Task) -> Subtrees:
    """Return the depth-first search of a task."""
    kind = fastest(task.domain, task.heuristic) or AnySubtrees
    return kind(task.domain, task.heuristic, pruner_of(task.domain))


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
            return _after(bound, everybody, None, stop, iterations)
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
                return _after(bound, everybody, found, None if found else stop, iterations)
            if all(facts.is_done for facts in everybody):
                break
        iterations.append((bound, expanded - so_far))


def _after(
    bound: int, everybody: list[Facts], found: Found | None, stop: Status | None, expanded: list[tuple[int, int]]
) -> After:
    return After(bound, found, stop, [(facts.generated, facts.expanded) for facts in everybody], expanded)


def _facts(one: Below, run: Run) -> Facts:
    return Facts(one.least_f, one.is_done, run.why_stop(), one.generated, one.expanded, one.found)


def _expanded(everybody: list[Facts]) -> int:
    return sum(facts.expanded for facts in everybody)


def _tell(run: Run, bound: int, incumbent: int, expanded: int, ranks: Sequence[Below]) -> None:
    if run.on_progress is not None and ranks and ranks[0].rank.rank == 0:
        best = None if incumbent >= INFINITY else incumbent
        n_open = sum(len(one) for one in ranks)
        run.on_progress(Progress(run.search_s, bound, best, expanded, n_open, ranks[0].rank.used_bytes))


def plan_of(task: Task, found: Found, ask: Ask) -> list[int]:
    """Return the plan through an open node."""
    if found.is_stored:
        return way_to(task, found.state, ask) + found.below
    if found.operator == NO_OPERATOR:
        return found.below
    above = task.domain.undo(found.state, found.operator)
    return [*way_to(task, above, ask), found.operator, *found.below]
