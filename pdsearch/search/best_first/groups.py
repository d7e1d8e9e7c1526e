"""What follows when memory is full and paths are many: breadth-first heuristic searches below groups of open nodes.

Some open node lies on an optimal plan with its least g, unless the incumbent is optimal (Hart, Nilsson and Raphael
1968, lemma 1). So bounds on f are searched one after the other: for each the open nodes of f within it, as one group
and one search by layers (:mod:`pdsearch.search.best_first.layered`). After it no plan below the nodes of the group
costs less than the least f that was dropped as too large, and that is their f from then on.

A state that the frozen table reached at no more cost is not searched again. Nothing is lost: let C be the least cost
of a plan, below the incumbent. Of the open nodes that lie on plans of cost C at their least g take the one from which
the cost, and then the number of moves, to a goal is least. Its own continuation meets no such state: one that is open
there would be nearer to a goal, and one that is closed has an open node behind it that is. So the search below that
node follows its continuation, within a bound of C to the goal, and else at least to an f of at most C.

Bounds grow so that each takes about twice the work of the one before: what was dropped is counted by f, and the next
bound is the least that lets as many of these in as nodes were expanded. A goal that is found within a bound above the
least f lowers the incumbent, and no more than what could be cheaper is searched then. Where h is never more than what
one move costs, a bound saves nothing, for nodes are expanded in the order of g anyway, and the first is far away.

When a group does not fit into memory even with all layers below the current one forgotten, one rank deals all open
nodes to shares that take turns in memory (:mod:`pdsearch.search.best_first.shares`). On several ranks, and where no
files can be written, the bound is lowered to the least f, then the group is split, by depth and then in pieces; one
node that does not fit is replaced by its successors, and these by theirs, depth first. States on the way there are not
met again, so that ends, too.

Source: Bu and Korf (2021), "A*+BFHS: a hybrid heuristic search algorithm", arXiv 2103.12701; growing bounds: Sarkar,
Chakrabarti, Ghose and De Sarkar (1991), "Reducing reexpansions in iterative-deepening search by controlling cutoff
bounds", Artificial Intelligence 50. The growth, the parts and the proof for frozen tables of several ranks are ours.
"""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import cast

import numpy as np

from pdsearch.comm.termination import Round
from pdsearch.errors import BadInputError, TimeLimitError
from pdsearch.kernels.layout import Integers
from pdsearch.kernels.protocol import INFINITY
from pdsearch.result import Status
from pdsearch.search.best_first.after import After, Crew, Found
from pdsearch.search.best_first.arrays import MemoryLimitError
from pdsearch.search.best_first.begun import Begun
from pdsearch.search.best_first.frontier import Frontier, Part, Root, place_of
from pdsearch.search.best_first.kept_continuation import Keeping
from pdsearch.search.best_first.layered import N_COUNTS, Layered, compile_layers, layered
from pdsearch.search.best_first.opened_node import Node, successors
from pdsearch.search.best_first.shares import Share, Turns, shared_out
from pdsearch.search.run import Progress, Run

_MOST_SHARES = 64
_SHARES = 4  # at first; then so many times as many
_Told = tuple[int, Integers, tuple[int, int] | None]  # least f beyond the bound, counts, and a goal
_MESSAGE = 500  # records
_ALL = Part(0, INFINITY)
_LARGEST_STEP = 8  # units by which a bound may rise further than what was dropped says, or twice the rise before
_FAR = 16  # times what is proved: where the bound is only to be finite
_FIRST_SHARE = 16  # the first bound lets in one root for so many stored nodes
# in checkpoints
_KEPT = ("bound", "began", "work", "growth", "cautious", "first", "n_split", "n_opened", "lost", "n_shares")


class Groups:
    """The search below the open nodes of all ranks.

    Parameters
    ----------
    fronts : sequence of Frontier
        Those of this process.
    crew : Crew
        What the ranks do together.
    run : Run
        Limits, signals and progress.
    incumbent : int
        The cost of the best plan so far.
    before : int
        Expansions of all ranks so far, which count for a limit on nodes.
    keeping : Keeping, optional
        Writes checkpoints, and knows what the search goes on from; of the one front of this process.
    """

    def __init__(
        self,
        fronts: Sequence[Frontier],
        crew: Crew,
        run: Run,
        incumbent: int,
        before: int,
        keeping: Keeping | None = None,
    ) -> None:
        self.fronts, self.crew, self.run, self.incumbent, self._before = fronts, crew, run, incumbent, before
        self.found: Found | None = None
        self.stop: Status | None = None
        self.iterations: list[tuple[int, int]] = []
        self._cautious = False  # memory was too small for a bound above the least f
        self._n_split = self._n_opened = 0
        self._n_shares = run.shares  # that take turns in memory; below 0 that is not possible
        self.least = self._expanded = 0
        self._ranks: list[tuple[int, int]] = []
        self._work = self._lost = 0  # of the bound before, and what of this one did not fit into memory
        self._growth = 0.0  # of the work, for each unit by which the bound rose last: its logarithm
        self._counts, self._first = np.zeros(N_COUNTS, np.int64), 0
        self._shift = layered(fronts[0].rank.task, 0, INFINITY).count_shift
        self._bound: int | None = None  # under way
        self._began = 0  # the expansions before it
        self._parts: list[Part] = []  # what is left of it
        self._keeping = keeping
        if keeping is not None and keeping.begun is not None:
            self._go_on(keeping.begun)
        self._hear()
        if len(self._ranks) > 1:
            self._n_shares = -1

    def search(self) -> After:
        """Raise the bound until there is a proof or a reason to stop."""
        while self.least < min(self.incumbent, INFINITY) and not self.stop:
            if self._bound is None:
                self._bound, self._began, self._lost = self._next_bound(), self._expanded, 0
                self._parts = [_ALL]
            bound = self._bound
            self._within(bound)
            if not self.stop:
                self._done(bound)
        if self._keeping is not None and (self.stop or self.found is not None):
            self._keep()
        if self._bound is not None:
            self.iterations.append((self._bound, self._expanded - self._began))
        notes = [self._tight()] if self._n_split else []
        bound = min(self.least, self.incumbent)
        how = "breadth-first searches by layers"
        return After(bound, self.found, self.incumbent, self.stop, self._ranks, self.iterations, how, notes)

    def _done(self, bound: int) -> None:
        """Take note of the work of a bound."""
        work = self._expanded - self._began - self._lost
        if self.iterations:
            self._growth = math.log(max(1, work) / max(1, self._work)) / max(1, bound - self.iterations[-1][0])
        self._work, self._bound = work, None
        self.iterations.append((bound, work))

    @property
    def progress(self) -> Progress:
        """Return how far the search is."""
        return self._told(Progress(self.run.search_s, 0))

    def _tight(self) -> str:
        opened = f", nodes searched below one successor after the other: {self._n_opened:,}" * bool(self._n_opened)
        return f"little memory was left; groups of open nodes that had to be split: {self._n_split:,}{opened}"

    # --- bounds ---

    def _next_bound(self) -> int:
        """Return the least bound that lets in as much as was expanded within the last, or the first one."""
        counts, first, wanted = self._counts, self._first, self._work
        if not self.iterations:
            first, counts = self.least, self._added(np.stack([self._of_roots(one, self.least) for one in self.fronts]))
            wanted = sum(self.crew.exchange([one.rank.n_nodes for one in self.fronts])) // _FIRST_SHARE
        self._counts, self._first = np.zeros(N_COUNTS, np.int64), 0
        if self._cautious:
            return self.least
        task = self.fronts[0].rank.task
        if task.upper_bound < INFINITY:  # a plan of the cost just below it is known to be there
            return self.incumbent - 1
        if task.heuristic.max_h <= task.domain.max_cost:  # f is hardly more than g, so that a bound would save nothing
            return min(self.least + _FAR * (self.least + task.domain.max_cost), self.incumbent - 1)
        known = counts[: N_COUNTS - 1]  # the last class has no upper end
        enough = np.flatnonzero(np.cumsum(known) >= min(wanted, known.sum()))
        bound = first + (int(enough[0] + 1) << self._shift) - 1
        if len(self.iterations) > 1:  # where all that was dropped is of the next f, growth may be slow nevertheless
            (before, _), (last, _) = self.iterations[-2:]
            step = max(_LARGEST_STEP, 2 * (last - before))
            bound = max(bound, last + int(math.log(2) / max(self._growth, math.log(2) / step)))
        return min(max(self.least, bound), self.incumbent - 1)

    def _of_roots(self, front: Frontier, first: int) -> Integers:
        """Count the open nodes by class of f."""
        f = front.f[front.f < np.iinfo(front.f.dtype).max].astype(np.int64)
        classes = np.clip((f - first) >> self._shift, 0, N_COUNTS - 1)
        counts: Integers = np.bincount(classes, minlength=N_COUNTS)
        return counts

    def _added(self, mine: Integers) -> Integers:
        counts: Integers = np.sum(self.crew.exchange(list(mine)), axis=0)
        return counts

    # --- checkpoints ---

    def _keep_if_due(self) -> None:
        if self._keeping is not None and not self.stop and any(self.crew.exchange([self._keeping.is_due])):
            self._keep()

    def _keep(self) -> None:
        """Write how far the search is."""
        assert self._keeping is not None
        (one,) = self.fronts
        facts = {name: getattr(self, f"_{name}") for name in _KEPT}
        facts |= {"iterations": self.iterations, "counts": self._counts.tolist(), "parts": self._parts}
        self._keeping.save(one.opened, (one.generated, one.expanded), self.incumbent, self.found, facts)

    def _go_on(self, begun: Begun) -> None:
        """Take over how far it was."""
        (one,) = self.fronts
        for name in _KEPT:
            setattr(self, f"_{name}", begun.facts[name])
        self._parts = [Part(*part) for part in begun.facts["parts"]]
        self._counts = np.array(begun.facts["counts"], np.int64)
        self.iterations = [(bound, expanded) for bound, expanded in begun.facts["iterations"]]
        self.incumbent, self.found = begun.incumbent, begun.found(one.rank.task)
        one.generated, one.expanded = begun.counts
        self.run.shares = self._n_shares

    # --- groups ---

    def _within(self, bound: int) -> None:
        """Search the parts that are left of a bound."""
        while self._parts and self.least < self.incumbent and not self.stop:
            part = self._parts[-1]
            is_done = self._part(part, min(bound, self.incumbent - 1))
            if self.stop:
                return
            if is_done:
                self._parts.pop()
                self._keep_if_due()
            elif self._more_shares():
                self._parts = [_ALL]
            elif bound > self.least:
                bound = self._bound = self.least
                self._cautious = True
            else:
                more = self._split(part, bound)
                if not self.stop:
                    self._parts[-1:] = more

    def _part(self, part: Part, bound: int) -> bool:
        """Search a part; say whether that is done, for it fits into memory or there is a reason to stop."""
        chosen = [one.chosen(part, bound) for one in self.fronts]

        def make() -> Sequence[Layered]:
            if self._n_shares > 0:
                return self.fronts[0].below_in_shares(chosen[0], bound, self.incumbent, self._n_shares)
            return [
                one.below(which, bound, self.incumbent, _MESSAGE)
                for one, which in zip(self.fronts, chosen, strict=True)
            ]

        least = self._search(make, lambda way: self._open_node(*place_of(way)))
        if least is None:
            return self.stop is not None
        for one, which in zip(self.fronts, chosen, strict=True):
            one.raise_f(which, max(least, bound + 1))
        self._hear()
        return True

    def _open_node(self, rank: int, number: int) -> tuple[Found, Root]:
        """Return an open node from the rank that has it; all must call."""
        mine = [(one.found(number), one.root(number)) if one.rank.rank == rank else None for one in self.fronts]
        told: tuple[Found, Root] = self.crew.exchange(mine)[rank]
        return told

    def _more_shares(self) -> bool:
        """Let states be dealt to more shares that take turns in memory; say whether that is possible."""
        if self._n_shares < 0 or len(self._ranks) > 1 or self._n_shares * _SHARES > _MOST_SHARES:
            self._share_no_more()
            return False
        self.run.shares = self._n_shares = max(1, self._n_shares) * _SHARES
        try:
            with self.run.phase("compile"):
                compile_layers(shared_out(self.fronts[0].rank.task, self._n_shares))
        except TimeLimitError:
            self.stop = Status.TIME_LIMIT
        return True

    def _search(self, make: Callable[[], Sequence[Layered]], origin: Callable[[int], tuple[Found, Root]]) -> int | None:
        """Search by layers; return the least f that was dropped as too large, None where that did not come to its end.

        ``make`` returns the search of a front, and ``origin`` the way to a goal and its root.
        """
        try:
            searches = make()
        except (BadInputError, MemoryLimitError, OSError):  # not even the first tables fit
            searches = []
        if not all(self.crew.exchange([bool(searches)] * len(self.fronts))):
            self.stop = None if self._n_shares > 0 else Status.MEMORY_LIMIT
            self._share_no_more()
            return None
        last, told = self._in_turns(searches) if self._n_shares > 0 else self._at_once(searches)
        cost, way = min((found for *_, found in told if found), default=(INFINITY, 0))
        if cost < self.incumbent:
            found, root = origin(way)
            self.incumbent, self.found = cost, found._replace(rest=(root.state, cost - root.g))
        if last.stop:
            self._lost += last.expanded
            self._hear()
            self.stop = None if last.stop == Status.MEMORY_LIMIT.value else Status(last.stop)
            return None
        self._count(searches[0].task.bound + 1, [counts for _, counts, _ in told])
        least: int = min(least for least, *_ in told)
        return least

    def _at_once(self, searches: Sequence[Layered]) -> tuple[Round, list[_Told]]:
        """Search on all ranks together; return the last round, and what all were told."""
        last = self.crew.drive(searches, self._portion())
        for one, search in zip(self.fronts, searches, strict=True):
            one.done(search)
        return last, self.crew.exchange([(*one.pruned, one.found) for one in searches])

    def _in_turns(self, searches: Sequence[Layered]) -> tuple[Round, list[_Told]]:
        """Search in shares that take turns in memory; where files cannot be written, never again."""
        shares = cast(Sequence[Share], searches)
        try:
            last = Turns(shares, self._portion()).search()
        except OSError:
            self._share_no_more()
            last = Round(stop=Status.MEMORY_LIMIT.value)
        finally:
            for one in shares:
                one.close()
        for one in shares:
            self.fronts[0].done(one)
        return last, [(*one.pruned, one.found) for one in shares]

    def _share_no_more(self) -> None:
        self.run.shares = self._n_shares = -1

    def _count(self, first: int, told: list[Integers]) -> None:
        """Add up what was dropped, by class from a first f on; what belongs to a larger bound is forgotten."""
        if first != self._first:
            self._counts, self._first = np.zeros(N_COUNTS, np.int64), first
        self._counts += np.sum(told, axis=0)

    def _portion(self) -> Run:
        """Return the run of one search: its limits are what is left, and what it tells is told of the whole."""
        run = copy.copy(self.run)
        run.pauses = False  # between two groups only
        left = run.limits.nodes - self._before - self._expanded
        run.limits = dataclasses.replace(run.limits, nodes=max(1, left))
        if run.on_progress is not None:
            tell = run.on_progress
            run.on_progress = lambda now: tell(self._told(now))
        return run

    def _told(self, now: Progress) -> Progress:
        """Return what a search says of itself as progress of the whole."""
        best = None if self.incumbent >= INFINITY else self.incumbent
        expanded = self._before + self._expanded + now.expanded
        memory = now.memory_bytes + max(one.rank.used_bytes for one in self.fronts)
        n_open = sum(len(one) for one in self.fronts)
        return Progress(self.run.search_s, self.least, best, expanded, n_open, memory)

    def _hear(self) -> None:
        """Learn what all ranks have done, and what is proved."""
        told = self.crew.exchange([(one.least_f, one.generated, one.expanded) for one in self.fronts])
        self.least = min(least for least, *_ in told)
        self._ranks = [(generated, expanded) for _, generated, expanded in told]
        self._expanded = sum(expanded for *_, expanded in told)
        if self._before + self._expanded >= self.run.limits.nodes:
            self.stop = Status.NODE_LIMIT

    def _split(self, part: Part, bound: int) -> list[Part]:
        """Return two parts, or none for a single node, which is searched in other ways."""
        told = self.crew.exchange([one.sample(part, bound) for one in self.fronts])
        if sum(n for n, _ in told) <= 1:
            self._one(part, bound)
            return []
        self._n_split += 1
        g = np.sort(np.concatenate([one for _, one in told]))
        middle = int(g[len(g) // 2])
        if middle == g[0]:
            middle = int(g[np.searchsorted(g, middle, side="right")]) if g[-1] > middle else middle
        if g[0] < middle:
            return [part._replace(high=middle), part._replace(low=middle)]
        pieces = 2 * part.pieces
        return [part._replace(piece=piece, pieces=pieces) for piece in (part.piece, part.piece + part.pieces)]

    # --- one node that does not fit ---

    def _one(self, part: Part, bound: int) -> None:
        """Search below a single open node: its successors, and where one of them does not fit, those of that."""
        chosen = [one.chosen(part, bound) for one in self.fronts]
        numbers = [int(which[0]) if len(which) else -1 for which in chosen]
        told = self.crew.exchange(numbers)
        rank = next(rank for rank, number in enumerate(told) if number >= 0)
        found, root = self._open_node(rank, told[rank])
        pending, least = self._opened(Node(root, [], frozenset([root.state])), bound)
        while pending and self.least < self.incumbent and not self.stop:
            node = pending.pop()
            pruned = self._below_node(node, rank, found, bound)
            if pruned is None and not self.stop:
                more, pruned = self._opened(node, bound)
                pending += more
            least = min(least, INFINITY if pruned is None else pruned)
        if not pending and not self.stop:
            for one, which in zip(self.fronts, chosen, strict=True):
                one.raise_f(which, max(least, bound + 1))
        self._hear()

    def _below_node(self, node: Node, rank: int, found: Found, bound: int) -> int | None:
        """Search below a successor of an open node that ``rank`` has."""

        def make() -> Sequence[Layered]:
            roots = [node.root if front.rank.rank == rank else None for front in self.fronts]
            limits = min(bound, self.incumbent - 1), self.incumbent, _MESSAGE
            return [front.below_one(root, *limits) for front, root in zip(self.fronts, roots, strict=True)]

        return self._search(make, lambda _: (found._replace(below=node.path), node.root))

    def _opened(self, node: Node, bound: int) -> tuple[list[Node], int]:
        self._n_opened += 1
        return successors(self.fronts[0].rank.task, node, min(bound, self.incumbent - 1))
