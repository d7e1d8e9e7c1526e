"""IDA*: depth-first searches within growing bounds, on one core or many.

Each iteration cuts the tree at a depth and shares the subtrees out. Without duplicate detection
the counts of a finished iteration do not depend on who searched what. A search that stops at
its first solution is made reproducible, too: subtrees are handed out in depth-first order, the
first with a goal wins, and what lies behind it is reported apart. Its counts are then those of
one worker, and without an automaton Korf's.

Where moves are named by words, an automaton leaves out what shorter or earlier words reach
(:mod:`pdsearch.pruning.automaton`, which says why an optimal plan stays); its state is part of a subtree's root, so
that counts do not depend on where the tree was cut either.

Sources: Korf (1985), "Depth-first iterative-deepening: an optimal admissible tree search",
Artificial Intelligence 27, section 4. Sharing out subtrees: Powley and Korf (1991), "Single-agent parallel
window search", IEEE PAMI 13, section 5, and Reinefeld and Schnecke (1994), "AIDA*", SHPCC.
"""

from __future__ import annotations

import math
import os
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch._jit import compiling
from pdsearch.balance.metrics import load_balance
from pdsearch.comm.together import machine_of
from pdsearch.errors import BadInputError
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import whole
from pdsearch.options import Option
from pdsearch.pruning.choice import NONE, length_of
from pdsearch.pruning.pruner import Pruner, pruner_of
from pdsearch.result import RankCounts, Status
from pdsearch.search.algorithms import ALGORITHMS, Algorithm
from pdsearch.search.depth_first.queue import PAUSE, Queue, RankQueue, ThreadQueue
from pdsearch.search.depth_first.result import MODE, PRUNE, IdaResult, Iteration, check_mode
from pdsearch.search.depth_first.saving import Begun, IterationSaving, digest_of_roots
from pdsearch.search.depth_first.team import Counted, Team, first_solution
from pdsearch.search.depth_first.tree import AnySubtrees, Cut, Tree, cut_up
from pdsearch.search.finish import Outcome
from pdsearch.search.run import Progress, Run
from pdsearch.search.task import Task
from pdsearch.subtrees import EXPANDED, GENERATED, GOALS, LEAST_PRUNED, Integers, Roots, Subtrees, fastest

_SUBTREE = 20_000  # nodes a subtree should have: small against an iteration, large against handing it out
_MAX_ROOTS = 2**16
_GROWTH = 6.0  # of iterations, until two of them have shown it


@ALGORITHMS.add("idastar")
class IdaStar(Algorithm):
    """IDA*: depth-first searches within growing bounds; memory does not grow; on threads and ranks.

    Parameters
    ----------
    mode : {"first", "all"}
        Stop at the first solution, or finish the iteration and count all.
    threads : int
        Of each process, the same for all ranks; 0 takes one for each core and divides by the ranks of the machine.
    general : bool
        Leave out code made for the domain and heuristic, where there is some.
    prune : str, optional
        ``fsm`` or ``fsm:LENGTH`` forbids words of moves that smaller ones make needless; ``none`` forbids no more than
        to undo the last move, as Korf did. Left out, ``fsm`` where the domain's moves are known as words.

    Raises
    ------
    BadInputError
        If the mode or the pruning is unknown, or the number of threads negative; when it searches, if ``fsm`` is asked
        for and the domain's moves are no words.

    Examples
    --------
    >>> from pdsearch import solve
    >>> from pdsearch.domains.tiles import Tiles
    >>> result = solve(Tiles.korf(79), algorithm="idastar", prune="none")
    >>> result.cost, result.generated + 1, result.iterations[0].bound
    (42, 540860, 28)
    >>> solve(Tiles.korf(79), algorithm="idastar", prune="fsm:8").generated
    415310
    """

    name = "idastar"
    source = "Korf (1985), Artificial Intelligence 27"
    label = label_without_search = "IDA*"
    writes_checkpoints = True
    options = (
        MODE,
        Option("threads", "of each process; 0 is one for each core", 0, lambda text: whole(text, "threads"), "N"),
        PRUNE,
        Option("general", "leave out the code made for one domain and heuristic", False, is_flag=True),
    )
    result = IdaResult

    def __init__(self, mode: str = "first", threads: int = 1, general: bool = False, prune: str | None = None) -> None:
        check_mode(mode)
        length_of(prune or "fsm", NONE)
        if threads < 0:
            raise BadInputError(f"{threads} threads make no sense; give 1 or more, or 0 for one on each core")
        self.mode, self.threads, self.general, self.prune = mode, threads, general, prune

    def search(self, task: Task, run: Run, comm: Any = None) -> Outcome:
        """Raise the bound until there is a solution, or a reason to stop."""
        with run.phase("automaton"):
            engine = self._engine(task, comm)
        queue: Queue = ThreadQueue() if comm is None else RankQueue(comm)
        saving = IterationSaving(task, run, comm, f"IDA*, mode {self.mode}, prune {engine.pruner.name}")
        threads = self.threads or fair_threads(comm and comm.raw)
        owner = f"domain {task.domain.name!r} or heuristic {task.heuristic.name!r}"

        def begun() -> _Search:
            search = _Search(run, engine, self.mode, threads, queue, saving)
            search.compile()
            return search

        with run.phase("compile"), compiling(owner):
            search = begun() if comm is None else comm.in_turn(begun)
        search.load()
        run.search_begins()
        run.tell = search.progress
        outcome = search.run_all()
        queue.close()  # not when a rank raised: closing waits for all
        return outcome

    def details(self, task: Task) -> dict[str, Any]:
        """Return what an instance without a search says of how it would have been searched."""
        threads, scheme = self.threads or fair_threads(), self._kind(task).name
        return {"mode": self.mode, "threads": threads, "scheme": scheme, "LB": math.nan, "CO": 0.0}

    def _engine(self, task: Task, comm: Any) -> Subtrees:
        """Return the search of a worker; ranks read the automaton that the first of them built."""

        def make() -> Pruner:
            return pruner_of(task.domain, self.prune)

        pruner = make() if comm is None else comm.in_turn(make)
        return self._kind(task)(task.domain, task.heuristic, pruner)

    def _kind(self, task: Task) -> type[Subtrees]:
        """Return the compiled search of subtrees."""
        return (None if self.general else fastest(task.domain, task.heuristic)) or AnySubtrees


def available_cores() -> set[int]:
    """Return the cores this process may use."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def fair_threads(comm: Any = None) -> int:
    """Return the threads of a process, the same on all ranks: a machine's cores are shared out; all must call."""
    if comm is None:
        return len(available_cores())
    node = machine_of(comm)
    cores = set[int]().union(*node.allgather(available_cores()))  # ranks may be bound to some each, or to none
    shares: list[int] = comm.allgather(len(cores) // node.Get_size())
    node.Free()
    return max(1, min(shares))


class _Search:
    """The state of one run."""

    def __init__(
        self, run: Run, engine: Subtrees, mode: str, threads: int, queue: Queue, saving: IterationSaving
    ) -> None:
        self.saving = saving
        self._begun: Begun | None = None
        self.run, self.engine, self.mode, self.threads, self.queue = run, engine, mode, threads, queue
        self.team = Team(engine, threads, queue)
        self.tree = Tree(engine.domain, engine.heuristic, engine.pruner)
        self.root = Roots.initial(engine.domain, engine.heuristic, engine.pruner)
        self.iterations: list[Iteration] = []
        self.loads: Integers = np.zeros((threads * queue.size, 2), np.int64)
        self.bound = int(self.root.h[0])
        self.solutions = self.beyond = 0
        self.plan: list[int] | None = None
        self._generated = self._expanded = 0  # of finished iterations

    def compile(self) -> None:
        """Run the kernels once on nothing."""
        self.tree.begin(self.root, 0, -1)
        self.tree.go_on(-1, 1)
        self.engine.prepare(self.root, self.bound)
        self.engine.run(0, 0, 1, np.zeros(1, np.int64), np.zeros((1, 4), np.int64))

    def load(self) -> None:
        """Go on from a checkpoint, if there is one."""
        begun = self.saving.load()
        if begun is None:
            return
        self._begun, self.bound, self.iterations = begun, begun.bound, begun.iterations
        self._generated, self._expanded = begun.generated, begun.expanded
        if begun.loads.shape == self.loads.shape:
            self.loads += begun.loads

    def run_all(self) -> Outcome:
        """Raise the bound until there is a solution, or a reason to stop."""
        stop = 0
        while self.bound < INFINITY:
            least = self._iterate()
            stop = self.queue.look()
            if stop or self.plan is not None:
                break
            self.bound = least
        return self._outcome(Status(stop) if stop else None, self.run.search_s)

    def _iterate(self) -> int:
        """Search within the bound and return the least f beyond it."""
        start = time.perf_counter()
        cut = cut_up(self.tree, self.root, 0, self.bound, self._depth())
        roots = cut.roots
        counted = self._search(roots)
        generated, expanded = self._count(cut, counted)
        self._generated, self._expanded = self._generated + generated, self._expanded + expanded
        shared = load_balance(counted.loads[:, 0]) if len(roots) > 1 else math.nan
        seconds = time.perf_counter() - start
        self.iterations.append(Iteration(self.bound, generated, expanded, seconds, len(roots), shared))
        pruned = counted.counts[:, LEAST_PRUNED]
        return min(cut.least_pruned, int(pruned[pruned > 0].min(initial=INFINITY)))

    def _search(self, roots: Roots) -> Counted:
        """Search below the roots of an iteration, and write checkpoints on the way."""
        begun, self._begun = self._begun, None
        before = None
        if begun is not None and begun.roots == digest_of_roots(roots):
            before = begun.counts, begun.done
        while True:
            if before is not None and self.queue.rank != 0:
                before[0][:] = 0  # they are added up
            counted = self.team.search(roots, self.bound, self.mode == "first", self._watch, before)
            self.loads += counted.loads
            stop = self.queue.look()
            if not stop or not self.saving.is_on:
                return counted
            done = self.queue.any_of(self.team.done)
            if self.queue.rank == 0:
                self._save(roots, counted.counts, done)
            if stop != PAUSE:
                return counted
            self.queue.go_on()
            before = np.where(done[:, None], counted.counts, 0), done

    def _save(self, roots: Roots, counts: Integers, done: npt.NDArray[np.bool_]) -> None:
        so_far = self._generated, self._expanded, self.loads
        self.saving.save(Begun(self.bound, self.iterations, *so_far, counts, done, digest_of_roots(roots)))

    def _count(self, cut: Cut, counted: Counted) -> tuple[int, int]:
        """Return generated and expanded of the iteration, and keep plan and solutions."""
        counts, roots = counted.counts, cut.roots
        generated, expanded = (int(counts[:, column].sum()) for column in (GENERATED, EXPANDED))
        with_goals = np.flatnonzero(counts[:, GOALS] > 0)
        self.solutions = int(counts[with_goals, GOALS].sum())
        if not len(with_goals):
            return cut.generated + generated, cut.expanded + expanded
        at = int(with_goals[0])
        found = first_solution(self.engine, self.tree, roots, at, self.bound, int(counts[at, GENERATED]))
        self.plan = roots.path(at) + found[2]
        if self.mode == "all":
            return cut.generated + generated, cut.expanded + expanded
        self.solutions = 1
        in_order = int(roots.generated_before[at] + counts[:at, GENERATED].sum()) + found[0]
        self.beyond = generated - int(counts[:at, GENERATED].sum()) - found[0]
        return in_order, int(roots.expanded_before[at] + counts[:at, EXPANDED].sum()) + found[1]

    def _depth(self) -> int:
        """Return where to cut the tree, so that subtrees are small parts of what the iteration is likely to be."""
        if not self.iterations:
            return 0
        last = self.iterations[-1]
        growth = _GROWTH
        if len(self.iterations) > 1:
            growth = last.generated / max(1, self.iterations[-2].generated)
        n_roots = min(_MAX_ROOTS, last.generated * min(max(growth, 1.5), 20.0) / _SUBTREE)
        branching = max(1.5, last.generated / max(1, last.expanded))
        return max(0, round(math.log(max(1.0, n_roots)) / math.log(branching)))

    def _watch(self) -> int:
        """Look at limits and signals; return a status' number, 0 for going on."""
        expanded = self._expanded + int(self.team.loads[:, 1].sum())
        if self.run.on_progress is not None and self.queue.rank == 0:
            self.run.on_progress(self.progress())
        stop = self.run.why_stop(expanded)
        if stop is not None:
            return int(stop.value)
        return PAUSE if self.saving.is_due(self.bound, int(self.team.done.sum())) else 0

    def progress(self) -> Progress:
        """Return how far the search is, as far as this rank knows."""
        generated, expanded = self.team.loads.sum(axis=0).tolist()
        more = {"expanded": self._expanded + expanded, "generated": self._generated + generated}
        return Progress(self.run.search_s, self.bound, **more)

    def _outcome(self, stop: Status | None, seconds: float) -> Outcome:
        """Return what there is to say."""
        generated = self._generated
        details = {
            "n_ranks": self.queue.size,
            "CO": 0.0,
            "mode": self.mode,
            "solutions": self.solutions,
            "iterations": self.iterations,
            "beyond": self.beyond,
            "loads": self.loads[:, 0].tolist(),
            "scheme": self.engine.name,
            "threads": self.threads,
            "prune": self.engine.pruner.name,
            "generated_per_s": (generated + self.beyond) / seconds if seconds else math.nan,
        }
        return Outcome(
            IdaStar.label,
            lower_bound=self.bound,
            incumbent=INFINITY if self.plan is None else self.bound,
            plan=self.plan,
            stop=stop,
            is_complete=self.mode == "first" or stop is None,
            search_s=seconds,
            notes=self.saving.end(0 if stop is None else stop.value),
            ranks=[_worker(number, load) for number, load in enumerate(self.loads.tolist())],
            totals={"generated": generated, "expanded": self._expanded, "evaluated": generated + 1},
            expanded_below=lambda bound: sum(one.expanded for one in self.iterations if one.bound < bound),
            loads=self.loads[:, 0].tolist(),
            result=IdaResult,
            details=details,
        )


def _worker(number: int, load: list[int]) -> RankCounts:
    """Return one worker's counts; it sends nothing and stores nothing."""
    generated, expanded = load
    return RankCounts(rank=number, expanded=expanded, generated=generated, evaluated=generated)
