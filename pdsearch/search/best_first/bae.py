"""BAE*: from both ends, each side led by how wrong the other's heuristic was; on one rank, and hash-distributed.

Source: Sadhukhan (2012), "A new approach to bidirectional heuristic search using error functions", SoCS (BAE*);
Alcázar, Riddle and Barley (2020), "A unifying view on individual bounds and heuristic inaccuracies in bidirectional
search", AAAI (the bound); the distributed search, HDA-BAE*, is ours: docs/search.md.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from pdsearch._jit import compiling
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError
from pdsearch.search.algorithms import ALGORITHMS
from pdsearch.search.best_first.arrays import new_open_list
from pdsearch.search.best_first.astar import expand_all, round_of
from pdsearch.search.best_first.hdastar import MESSAGE_SIZE, HdaStar
from pdsearch.search.best_first.pipeline import compile_passes
from pdsearch.search.best_first.report import outcome_of, report
from pdsearch.search.best_first.saving import Saving
from pdsearch.search.best_first.trace import Ask
from pdsearch.search.best_first.two_sided_task import TwoSidedTask, two_sided
from pdsearch.search.best_first.two_sided_trace import trace_both
from pdsearch.search.best_first.two_sided_worker import TwoSidedWorker
from pdsearch.search.best_first.two_sides import TwoSides, side_pipeline
from pdsearch.search.finish import Outcome
from pdsearch.search.run import Run
from pdsearch.search.task import Task


@ALGORITHMS.add("bae")
class Bae(HdaStar):
    """BAE*: search from the initial state and from the goal at once, every state stored once; on any number of ranks.

    For domains whose moves can be undone, and heuristics that are consistent for both ways. On several ranks it is
    HDA-BAE*: the owner of a state expands it for both sides.

    Parameters
    ----------
    message_size : int, optional
        Records per message; as many as measurement finds best when left out.
    batch : int, optional
        Nodes expanded together; what suits the heuristic when left out.
    open_list : {"auto", "bucket", "heap"}
        Buckets when costs are small enough for them.
    """

    name = "bae"
    source = "Sadhukhan (2012), SoCS; Alcázar, Riddle and Barley (2020), AAAI"
    label = "BAE*"
    options = (MESSAGE_SIZE,)
    shared_label = "HDA-BAE*"
    needs_comm = False
    rank_type = TwoSides
    worker_type = TwoSidedWorker

    def __init__(self, message_size: int | None = None, batch: int | None = None, open_list: str = "auto") -> None:
        super().__init__(message_size, batch, open_list, when_full="stop")

    def compile(self, task: Task) -> None:
        """Compile every kernel of the search, or load it from the disk cache."""
        assert isinstance(task, TwoSidedTask)
        compile_two_sides(task, self.open_list)

    def check(self, domain: Domain) -> None:
        """Raise BadInputError unless there is a way back."""
        super().check(domain)
        if domain.backwards() is None:
            raise BadInputError(
                f"algorithm {self.name!r} searches from the goal, too, and domain {domain.name!r} has no moves that "
                "lead back, or several goals; use astar or hdastar"
            )

    def search(self, task: Task, run: Run, comm: Any = None) -> Outcome:
        """Expand until the best plan through nodes of both sides is proved to be the cheapest."""
        both = two_sided(task, self.name)
        return self._alone(both, run) if comm is None or comm.size == 1 else super().search(both, run, comm)

    def trace(self, task: Task, finder: int, ask: Ask) -> list[int]:
        """Return the plan through the node where the sides met on rank ``finder``."""
        return trace_both(task, finder, ask)

    def _alone(self, task: TwoSidedTask, run: Run) -> Outcome:
        """Search with one rank's own knowledge of what is open."""
        with run.phase("compile"):
            self.compile(task)
        memory = run.limits.memory(1, task.table_bytes)
        rank = TwoSides(task, 0, memory, batch=self.batch, open_list=self.open_list)
        saving = Saving(task, run)
        begins = saving.load(rank) is None
        run.search_begins()
        save = partial(saving.save, rank, []) if saving.is_on else None
        stop = expand_all(rank, run, begins, save)
        if stop is not None and save is not None:
            save()
        search_s = run.search_s
        notes = saving.end(stop)
        plan = None
        if rank.incumbent < task.upper_bound:
            plan = trace_both(task, 0, lambda _, question: question(rank))
        last = round_of(rank, stop)
        return outcome_of(task, self.label, [report(rank)], last, plan=plan, search_s=search_s, notes=notes)


def compile_two_sides(task: TwoSidedTask, open_list: str) -> None:
    """Compile every kernel of a search from both ends, or load it from the disk cache."""
    with compiling(f"domain {task.domain.name!r} or heuristic {task.heuristic.label!r}"):
        opened, _ = new_open_list(task, open_list, 1)
        compile_passes(task, side_pipeline(task, task.layout, opened))
