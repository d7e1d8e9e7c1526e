"""IDA*: depth-first searches within growing bounds, on one core or many.

Each iteration cuts the tree at a depth and shares the subtrees out. Without duplicate detection
the counts of a finished iteration do not depend on who searched what. A search that stops at
its first solution is made reproducible, too: subtrees are handed out in depth-first order, the
first with a goal wins, and what lies behind it is reported apart. Its counts are then those of
one worker, and Korf's.

Sources: Korf (1985), "Depth-first iterative-deepening: an optimal admissible tree search",
Artificial Intelligence 27, section 4. Sharing out subtrees: Powley and Korf (1991), "Single-agent parallel
window search", IEEE PAMI 13, section 5, and Reinefeld and Schnecke (1994), "AIDA*", SHPCC.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pdsearch.balance.metrics import load_balance
from pdsearch.comm.together import in_turn
from pdsearch.domains import Domain
from pdsearch.environment import environment
from pdsearch.errors import BadInputError, WrongPlanError
from pdsearch.heuristics import Heuristic, check_admissible, make_heuristic
from pdsearch.kernels.protocol import NEVER
from pdsearch.limits import Limits
from pdsearch.result import RankCounts, Status
from pdsearch.search.best_first.report import Clock
from pdsearch.search.depth_first.queue import Queue, RankQueue, ThreadQueue
from pdsearch.search.depth_first.result import IdaResult, Iteration
from pdsearch.search.depth_first.team import Outcome, Team, first_solution
from pdsearch.search.depth_first.tree import AnySubtrees, Frontier, Tree, cut_up
from pdsearch.subtrees import EXPANDED, GENERATED, GOALS, LEAST_PRUNED, Integers, Roots, Subtrees, fastest

MODES = ("first", "all")
_SUBTREE = 20_000  # nodes a subtree should have: small against an iteration, large against handing it out
_MAX_ROOTS = 2**16
_GROWTH = 6.0  # of iterations, until two of them have shown it


@dataclass(frozen=True)
class IdaProgress:
    """What a running search can say of itself; counts are this process's."""

    seconds: float
    bound: int
    generated: int


OnIdaProgress = Callable[[IdaProgress], None]


def idastar(
    domain: Domain,
    heuristic: str | None = None,
    *,
    mode: str = "first",
    threads: int = 1,
    comm: Any = None,
    specialised: bool = True,
    limits: Limits | None = None,
    interrupted: Callable[[], bool] | None = None,
    on_progress: OnIdaProgress | None = None,
    check_solvable: bool = True,
    seed: int = 0,
) -> IdaResult:
    """Find an optimal plan by IDA* on the CPU.

    Parameters
    ----------
    domain : Domain
        The instance.
    heuristic : str, optional
        An admissible one; the domain's default when left out.
    mode : {"first", "all"}
        Stop at the first solution, or finish the iteration and count all.
    threads : int
        Of each process, the same for all ranks; 0 takes one for each core and divides by the ranks of the machine.
    comm : mpi4py.MPI.Comm, optional
        Share the work with its ranks, all of which must call and all of which get the result.
    specialised : bool
        Use code made for the domain and heuristic where there is some.
    limits, interrupted, check_solvable
        As in :func:`pdsearch.search.solve`; the memory limit has no meaning here.
    on_progress : callable, optional
        Called with an :class:`IdaProgress` some fifty times a second.
    seed : int
        Of the instance, for the result; the search draws nothing.

    Returns
    -------
    IdaResult
        Its plan has been replayed.

    Raises
    ------
    UnknownNameError, BadInputError
        If an argument makes no sense.

    Examples
    --------
    >>> from pdsearch.domains.tiles import Tiles
    >>> result = idastar(Tiles.korf(79))
    >>> result.cost, result.generated + 1, result.iterations[0].bound
    (42, 540860, 28)
    """
    if mode not in MODES:
        raise BadInputError(f"mode {mode!r} is unknown; it is one of {', '.join(MODES)}")
    if threads < 0:
        raise BadInputError(f"{threads} threads make no sense; give 1 or more, or 0 for one on each core")
    clock = Clock.start()
    chosen = in_turn(comm, lambda: make_heuristic(domain, heuristic))
    check_admissible(chosen)
    kind = (fastest(domain, chosen) if specialised else None) or AnySubtrees
    queue: Queue = ThreadQueue() if comm is None else RankQueue(comm)
    search = _Search(domain, chosen, kind, mode, threads or fair_threads(comm), queue, limits or Limits(), clock)
    search.seed = seed
    reason = domain.why_unsolvable() if check_solvable else None
    if reason is not None:
        result = search.result(Status.UNSOLVABLE, reason)
    else:
        in_turn(comm, search.compile)
        search.interrupted = interrupted or (lambda: False)
        search.on_progress = on_progress
        search.clock.search_begins()
        result = search.run()
    queue.close()  # not when a rank raised: closing waits for all
    return result


def available_cores() -> set[int]:
    """Return the cores this process may use."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def fair_threads(comm: Any = None) -> int:
    """Return the threads of a process, the same on all ranks: a machine's cores are shared out; all must call."""
    if comm is None:
        return len(available_cores())
    from mpi4py import MPI

    node = comm.Split_type(MPI.COMM_TYPE_SHARED)
    cores = set[int]().union(*node.allgather(available_cores()))  # ranks may be bound to some each, or to none
    shares: list[int] = comm.allgather(len(cores) // node.Get_size())
    node.Free()
    return max(1, min(shares))


class _Search:
    """The state of one run."""

    def __init__(
        self,
        domain: Domain,
        heuristic: Heuristic,
        kind: type[Subtrees],
        mode: str,
        threads: int,
        queue: Queue,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self.domain, self.heuristic, self.kind, self.mode = domain, heuristic, kind, mode
        self.threads, self.queue, self.limits, self.clock = threads, queue, limits, clock
        self.team = Team(domain, heuristic, kind, threads, queue)
        self.tree = Tree(domain, heuristic)
        self.root = Roots.initial(domain, heuristic)
        self.iterations: list[Iteration] = []
        self.loads: Integers = np.zeros((threads * queue.size, 2), np.int64)
        self.bound = int(self.root.h[0])
        self.solutions = self.beyond = 0
        self.plan: list[int] | None = None
        self.interrupted: Callable[[], bool] = lambda: False
        self.on_progress: OnIdaProgress | None = None
        self._generated = self._expanded = 0  # of finished iterations
        self._search_s = 0.0
        self.seed = 0

    def compile(self) -> None:
        """Run the kernels once on nothing."""
        self.tree.begin(self.root, 0, -1)
        self.tree.go_on(-1, 1)
        engine = self.kind(self.domain, self.heuristic)
        engine.prepare(self.root, self.bound)
        engine.run(0, 0, 1, np.zeros(1, np.int64), np.zeros((1, 4), np.int64))

    def run(self) -> IdaResult:
        """Raise the bound until there is a solution, or a reason to stop."""
        status = Status.UNSOLVABLE
        while self.bound < NEVER:
            least = self._iterate()
            stop = self.queue.look()
            if self.plan is not None and (self.mode == "first" or not stop):
                status = Status.SOLVED
                break
            if stop:  # perhaps with an optimal plan, but not with all of them
                status = Status(stop)
                break
            self.bound = least
        self._search_s = self.clock.search_s
        return self.result(status)

    def _iterate(self) -> int:
        """Search within the bound and return the least f beyond it."""
        start = time.perf_counter()
        frontier = cut_up(self.tree, self.root, 0, self.bound, self._depth())
        roots = frontier.roots
        outcome = self.team.search(roots, self.bound, self.mode == "first", self._watch)
        generated, expanded = self._count(frontier, outcome)
        self.loads += outcome.loads
        self._generated, self._expanded = self._generated + generated, self._expanded + expanded
        shared = load_balance(outcome.loads[:, 0]) if len(roots) > 1 else math.nan
        seconds = time.perf_counter() - start
        self.iterations.append(Iteration(self.bound, generated, expanded, seconds, len(roots), shared))
        pruned = outcome.counts[:, LEAST_PRUNED]
        return min(frontier.least_pruned, int(pruned[pruned > 0].min(initial=NEVER)))

    def _count(self, frontier: Frontier, outcome: Outcome) -> tuple[int, int]:
        """Return generated and expanded of the iteration, and keep plan and solutions."""
        counts, roots = outcome.counts, frontier.roots
        generated, expanded = (int(counts[:, column].sum()) for column in (GENERATED, EXPANDED))
        with_goals = np.flatnonzero(counts[:, GOALS] > 0)
        self.solutions = int(counts[with_goals, GOALS].sum())
        if not len(with_goals):
            return frontier.generated + generated, frontier.expanded + expanded
        at = int(with_goals[0])
        found = first_solution(self.kind, self.tree, roots, at, self.bound, int(counts[at, GENERATED]))
        self.plan = roots.path(at) + found[2]
        if self.mode == "all":
            return frontier.generated + generated, frontier.expanded + expanded
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
            growth = last.nodes / max(1, self.iterations[-2].nodes)
        n_roots = min(_MAX_ROOTS, last.nodes * min(max(growth, 1.5), 20.0) / _SUBTREE)
        branching = max(1.5, last.nodes / max(1, last.expanded))
        return max(0, round(math.log(max(1.0, n_roots)) / math.log(branching)))

    def _watch(self) -> int:
        """Look at limits and signals; return a status' number, 0 for going on."""
        generated, expanded = self.team.loads.sum(axis=0).tolist()
        if self.on_progress is not None:
            self.on_progress(IdaProgress(self.clock.search_s, self.bound, self._generated + generated))
        if self.interrupted():
            return Status.INTERRUPTED.value
        if self.clock.search_s >= self.limits.time_s:
            return Status.TIME_LIMIT.value
        if self._expanded + expanded >= self.limits.nodes:
            return Status.NODE_LIMIT.value
        return 0

    def result(self, status: Status, reason: str | None = None) -> IdaResult:
        """Check the plan and return what there is to say."""
        cost = None
        if self.plan is not None:
            cost = self.domain.replay(self.plan)
            if cost != self.bound:
                raise WrongPlanError(f"the plan costs {cost}, the search claims {self.bound}")
        before = [iteration.expanded for iteration in self.iterations if cost is None or iteration.bound < cost]
        seconds = self._search_s
        return IdaResult(
            status=status,
            cost=cost,
            plan=None if self.plan is None else [self.domain.operator_name(operator) for operator in self.plan],
            lower_bound=None if status is Status.UNSOLVABLE else self.bound,
            domain=self.domain.name,
            instance=self.domain.instance,
            heuristic=self.heuristic.name,
            algorithm="IDA*",
            distribution=None,
            n_ranks=self.queue.size,
            expanded=self._expanded,
            expanded_before_last_layer=sum(before),
            generated=self._generated,
            evaluated=self._generated + 1,
            reopened=0,
            duplicates=0,
            sent=0,
            received=0,
            messages=0,
            search_s=seconds,
            total_s=self.clock.total_s,
            peak_memory_bytes=0,
            bytes_per_node=math.nan,
            expanded_per_s=self._expanded / seconds if seconds else math.nan,
            LB=load_balance(self.loads[:, 0]),
            CO=0.0,
            ranks=[_worker(i, load) for i, load in enumerate(self.loads.tolist())],
            seed=self.seed,
            environment=environment(),
            reason=reason,
            mode=self.mode,
            solutions=self.solutions,
            iterations=self.iterations,
            beyond=self.beyond,
            loads=self.loads[:, 0].tolist(),
            scheme=self.kind.name,
            threads=self.threads,
            generated_per_s=(self._generated + self.beyond) / seconds if seconds else math.nan,
        )


def _worker(number: int, load: list[int]) -> RankCounts:
    """Return one worker's counts; it sends nothing and stores nothing."""
    return RankCounts(number, load[1], load[0], load[0], 0, 0, 0, 0, 0, 0, 0, 0, 0.0)
