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

Bounds grow (:mod:`pdsearch.search.best_first.bounds`). A goal that is found within a bound above the least f lowers the
incumbent, and no more than what could be cheaper is searched then.

When a group does not fit into memory even with all layers below the current one forgotten, each rank deals its states
to shares that take turns in memory (:mod:`pdsearch.search.best_first.shares`). Where files cannot be written, the bound
is lowered to the least f, then the group is split, by depth and then in pieces; one node that does not fit is replaced
by its successors, and these by theirs, depth first. States on the way there are not met again, so that ends, too.

Source: Bu and Korf (2021), "A*+BFHS: a hybrid heuristic search algorithm", arXiv 2103.12701. The parts and
the proof for frozen tables of several ranks are ours.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import cast

import numpy as np

from pdsearch.comm import Records
from pdsearch.errors import BadInputError, TimeLimitError
from pdsearch.kernels.layout import Integers
from pdsearch.kernels.protocol import INFINITY
from pdsearch.result import Status
from pdsearch.search.best_first.after import After, Crew, Found
from pdsearch.search.best_first.archive import Archive
from pdsearch.search.best_first.archives import Archives
from pdsearch.search.best_first.arrays import MemoryLimitError
from pdsearch.search.best_first.begun import Begun
from pdsearch.search.best_first.bounds import Bounds
from pdsearch.search.best_first.dealt import Dealt
from pdsearch.search.best_first.frontier import Frontier, Part, Root
from pdsearch.search.best_first.kept_continuation import Keeping
from pdsearch.search.best_first.layered import Layered
from pdsearch.search.best_first.opened_node import Node, successors
from pdsearch.search.best_first.shares import compile_shares
from pdsearch.search.best_first.under_way import Goal, UnderWay
from pdsearch.search.run import Progress, Run

_MOST_SHARES = 64
_SHARES = 4  # at first; then so many times as many
_Searches = Sequence[Layered] | Sequence[Dealt]
_Told = tuple[int, Integers, Goal | None]  # least f beyond the bound, counts, and a goal
_MESSAGE = 500  # records
_ALL = Part(0, INFINITY)
_KEPT = ("bound", "began", "n_split", "n_opened", "lost", "n_shares")  # in checkpoints


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
        self.bounds = Bounds(fronts, crew)
        self._n_split = self._n_opened = 0
        self._n_shares = run.shares  # that take turns in memory; below 0 that is not possible
        self.least = self._expanded = 0
        self._ranks: list[tuple[int, int]] = []
        self._lost = 0  # of the work of this bound, for it did not fit into memory
        self._is_again = False  # the part is to be searched again, for files could not be written
        self._bound: int | None = None  # under way
        self._began = 0  # the expansions before it
        self._parts: list[Part] = []  # what is left of it
        self._keeping, self._is_kept = keeping, False
        self._under_way: tuple[int, UnderWay] | None = None  # a search that a checkpoint was written in, and its bound
        if keeping is not None and keeping.begun is not None:
            self._go_on(keeping.begun)
        self._hear()

    def search(self) -> After:
        """Raise the bound until there is a proof or a reason to stop."""
        while self.least < min(self.incumbent, INFINITY) and not self.stop:
            if self._bound is None:
                self._bound, self._began, self._lost = self.bounds.next(self.least, self.incumbent), self._expanded, 0
                self._parts = [_ALL]
            bound = self._bound
            self._within(bound)
            if not self.stop:
                self.bounds.end(bound, self._expanded - self._began - self._lost)
                self._bound = None
        if self._keeping is not None and (self.stop or self.found is not None) and not self._is_kept:
            self._keep()
        if self._bound is not None:
            self.bounds.done.append((self._bound, self._expanded - self._began))
        notes = [self._tight()] if self._n_split else []
        bound = min(self.least, self.incumbent)
        how = "breadth-first searches by layers"
        return After(bound, self.found, self.incumbent, self.stop, self._ranks, self.bounds.done, how, notes)

    @property
    def progress(self) -> Progress:
        """Return how far the search is."""
        return self._told(Progress(self.run.search_s, 0))

    def _tight(self) -> str:
        opened = f", nodes searched below one successor after the other: {self._n_opened:,}" * bool(self._n_opened)
        return f"little memory was left; groups of open nodes that had to be split: {self._n_split:,}{opened}"

    # --- checkpoints ---

    def _keep_if_due(self) -> None:
        if self._keeping is not None and not self.stop and any(self.crew.exchange([self._keeping.is_due])):
            self._keep()

    def _keep(self, bound: int = 0, under_way: UnderWay | None = None) -> None:
        """Write how far the search is, with the one under way, if there is one, and its bound."""
        assert self._keeping is not None
        (one,) = self.fronts
        facts = {name: getattr(self, f"_{name}") for name in _KEPT}
        facts |= {**self.bounds.kept(), "parts": self._parts, "under_way": bound, "memory": self.crew.memory}
        self._keeping.save(one.opened, (one.generated, one.expanded), self.incumbent, self.found, facts, under_way)

    def _go_on(self, begun: Begun) -> None:
        """Take over how far it was."""
        (one,) = self.fronts
        for name in _KEPT:
            setattr(self, f"_{name}", begun.facts[name])
        self._parts = [Part(*part) for part in begun.facts["parts"]]
        self.bounds.go_on_with(begun.facts)
        self.incumbent, self.found = begun.incumbent, begun.found(one.rank.task)
        one.generated, one.expanded = begun.counts
        self.run.shares = self._n_shares
        is_there = begun.under_way is not None and self.crew.memory >= begun.facts["memory"]
        if all(self.crew.exchange([is_there])):
            assert begun.under_way is not None
            self._under_way = begun.facts["under_way"], begun.under_way

    # --- groups ---

    def _within(self, bound: int) -> None:
        """Search the parts that are left of a bound."""
        while self._parts and self.least < self.incumbent and not self.stop:
            part = self._parts[-1]
            self._is_again = False
            is_done = self._part(part, min(bound, self.incumbent - 1))
            if self.stop:
                return
            if is_done:
                self._parts.pop()
                self._keep_if_due()
            elif self._is_again:  # without files
                continue
            elif self._more_shares():
                self._parts = [_ALL]
            elif bound > self.least:
                bound = self._bound = self.least
                self.bounds.cautious = True
            else:
                more = self._split(part, bound)
                if not self.stop:
                    self._parts[-1:] = more

    def _part(self, part: Part, bound: int) -> bool:
        """Search a part; say whether that is done, for it fits into memory or there is a reason to stop."""
        bound = bound if self._under_way is None else self._under_way[0]
        chosen = [one.chosen(part, bound) for one in self.fronts]

        def make(archives: Sequence[Archive | None]) -> _Searches:
            parts, limits = list(zip(self.fronts, chosen, archives, strict=True)), (bound, self.incumbent)
            if self._n_shares > 0:
                return [one.below_in_shares(which, *limits, self._n_shares, to) for one, which, to in parts]
            return [one.below(which, *limits, _MESSAGE, to) for one, which, to in parts]

        with ExitStack() as files:
            archives = Archives(self.fronts, self.crew, files, wanted=self._n_shares >= 0)
            if not archives.are_there:
                self._share_no_more()
                if self._under_way is not None and "archive" in self._under_way[1].arrays:
                    self._under_way = None  # its nodes keep the numbers of records, which cannot be taken over
            origin = partial(archives.found, open_node=self._open_node)
            least = self._search(lambda: self._begun(lambda: make(archives.each)), origin, bound)
        if least is None:
            return self.stop is not None
        for one, which in zip(self.fronts, chosen, strict=True):
            one.raise_f(which, max(least, bound + 1))
        self._hear()
        return True

    def _begun(self, make: Callable[[], _Searches]) -> _Searches:
        """Return searches that go on from a checkpoint, on all ranks or on none; else such as begin."""
        if self._under_way is None:
            return make()
        (_, before), self._under_way, searches = self._under_way, None, cast(_Searches, [])
        try:
            searches = make()
            searches[0].go_on_with(before)
            searches[0].absorb(before.loose)
            goes_on = True
        except (BadInputError, MemoryLimitError, OSError):
            goes_on = False
        if all(self.crew.exchange([goes_on])):
            return searches
        for one in searches:
            if isinstance(one, Dealt):
                one.close()
        return make()

    def _open_node(self, rank: int, number: int) -> tuple[Found, Root]:
        """Return an open node from the rank that has it; all must call."""
        mine = [(one.found(number), one.root(number)) if one.rank.rank == rank else None for one in self.fronts]
        told: tuple[Found, Root] = self.crew.exchange(mine)[rank]
        return told

    def _more_shares(self) -> bool:
        """Let states be dealt to more shares that take turns in memory; say whether that is possible."""
        if self._n_shares < 0 or self._n_shares * _SHARES > _MOST_SHARES:
            self._share_no_more()
            return False
        self.run.shares = self._n_shares = max(1, self._n_shares) * _SHARES
        try:
            with self.run.phase("compile"):
                self.crew.in_turn(lambda: compile_shares(self.fronts[0].rank.task))
        except TimeLimitError:
            self.stop = Status.TIME_LIMIT
        return True

    def _search(
        self,
        make: Callable[[], _Searches],
        origin: Callable[[Goal], Found],
        bound: int | None = None,
    ) -> int | None:
        """Search by layers; return the least f that was dropped as too large, None where that did not come to its end.

        ``make`` returns the search of a front, and ``origin`` the way to a goal and its root. Where the bound is named,
        checkpoints are written of the search under way.
        """
        try:
            searches = make()
        except (BadInputError, MemoryLimitError, OSError):  # not even the first tables fit
            searches = []
        with ExitStack() as files:
            for one in searches:
                if isinstance(one, Dealt):
                    files.callback(one.close)
            if not all(self.crew.exchange([bool(searches)] * len(self.fronts))):
                self.stop = None if self._n_shares > 0 else Status.MEMORY_LIMIT
                self._share_no_more()
                return None
            return self._driven(searches, origin, bound)

    def _driven(self, searches: _Searches, origin: Callable[[Goal], Found], bound: int | None) -> int | None:
        loose: list[Records] = []

        def save(records: list[Records], goes_on: bool) -> None:
            loose[:] = records
            if goes_on:
                self._keep(bound or 0, self._under_way_of(searches[0], records))

        keeps = self._keeping is not None and bound is not None
        last = self.crew.drive(searches, self._portion(keeps), save if keeps else None)
        told = self.crew.exchange([(*one.pruned, one.found) for one in searches])
        if not all(self.crew.exchange([self._is_written(one, told) for one in searches])):
            self._share_no_more()
            self._is_again, last = True, dataclasses.replace(last, stop=last.stop or Status.MEMORY_LIMIT.value)
        goal = min((found for *_, found in told if found), default=(INFINITY, 0, ()))
        if goal[0] < self.incumbent and not self._is_again:
            self.incumbent, self.found = goal[0], origin(goal)
        is_early = last.stop not in (0, Status.MEMORY_LIMIT.value)
        if is_early and keeps:
            self._keep(bound or 0, self._under_way_of(searches[0], loose))
            self._is_kept = True
        for i, one in enumerate(self.fronts):
            one.done(searches[i])
        if last.stop:
            self._lost += last.expanded
            self._hear()
            self.stop = Status(last.stop) if is_early else None
            return None
        self.bounds.count(searches[0].task.bound + 1, [counts for _, counts, _ in told])
        least: int = min(least for least, *_ in told)
        return least

    def _under_way_of(self, search: Layered | Dealt, loose: list[Records]) -> UnderWay | None:
        """Return a search that is to be written, None where files of some rank failed; with one rank in each process.

        Without it the checkpoint says that the part is to be searched from its beginning.
        """
        try:
            mine = None if self._is_again else search.under_way().with_loose(loose)
        except OSError:
            mine = None
        return mine if all(self.crew.exchange([mine is not None])) else None

    def _is_written(self, search: Layered | Dealt, told: list[_Told]) -> bool:
        """Say whether all files of a rank could be written, the last records too where they are to be read."""
        archive = search.archive if any(found for *_, found in told) else None
        return not search.has_failed and (archive is None or archive.finish())

    def _share_no_more(self) -> None:
        self.run.shares = self._n_shares = -1

    def _portion(self, pauses: bool) -> Run:
        """Return the run of one search: its limits are what is left, and what it tells is told of the whole."""
        run = copy.copy(self.run)
        run.pauses = pauses
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

        def make() -> _Searches:
            roots = [node.root if front.rank.rank == rank else None for front in self.fronts]
            limits = min(bound, self.incumbent - 1), self.incumbent, _MESSAGE
            return [front.below_one(root, *limits) for front, root in zip(self.fronts, roots, strict=True)]

        place = node.root.state, node.root.g
        return self._search(make, lambda goal: found._replace(below=node.path, rest=(place[0], goal[0] - place[1])))

    def _opened(self, node: Node, bound: int) -> tuple[list[Node], int]:
        self._n_opened += 1
        return successors(self.fronts[0].rank.task, node, min(bound, self.incumbent - 1))
