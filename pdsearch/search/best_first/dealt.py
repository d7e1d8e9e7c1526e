"""All shares of a rank, which take turns in memory, as one rank of a search by layers.

To who drives it there is one rank: what arrives is dealt to the files of the shares, and what they send to other ranks
leaves as from any. So ranks that have shares are driven, agree and end as ranks that have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.kernels.layout import g_of
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.best_first import dealing
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.arrays import MemoryLimitError
from pdsearch.search.best_first.shares import Share
from pdsearch.search.best_first.under_way import Goal, UnderWay

_MESSAGE = 500  # records to another rank


class Dealt:
    """All shares of a rank, as one rank of a search by layers; see :class:`Layered` for what is not said here.

    Parameters
    ----------
    shares : sequence of Share
        None of them in memory.
    n_ranks : int
        Real ones.
    memory_bytes : int
        For all shares together, with the tables of domain, heuristic and distribution.
    """

    def __init__(self, shares: Sequence[Share], n_ranks: int, memory_bytes: int) -> None:
        first = shares[0]
        self.shares, self.task, self.n_ranks = shares, first.task, n_ranks
        self.memory_limit, self.mail_bytes, self.floor = memory_bytes, 0, 0
        self.statistics = np.zeros(kernels.N_STATISTICS, np.int64)
        self.message_size = np.full(n_ranks, _MESSAGE, np.int64)
        self.taken: list[tuple[int, int]] = []
        self._has_failed, self.archive = False, first.archive
        self._incumbent, self._layout, self._at = first.incumbent, first.task.layout, 0
        self._leaving: list[list[npt.NDArray[np.uint32]]] = [[] for _ in range(n_ranks)]
        self._waiting = np.zeros(n_ranks, np.int64)  # records
        self._least_g = np.full(n_ranks, INFINITY, np.int64)

    def roots(self) -> list[Any]:
        """Return nothing: they wait."""
        return []

    def close(self) -> None:
        """Give up all files."""
        for one in self.shares:
            one.close()

    # --- what it does ---

    def absorb(self, records: npt.NDArray[np.uint32]) -> None:
        """Deal records from other ranks to the shares."""
        task, n = self.task, len(self.shares)
        dealt = dealing.shares_of(records, task.record_words, task.n_words, n)
        rows = records.reshape(-1, task.record_words)[np.argsort(dealt, kind="stable")]
        ends = np.cumsum(np.bincount(dealt, minlength=n)).tolist()
        with self._files():
            for one, start, end in zip(self.shares, [0, *ends], ends, strict=False):
                if end > start:
                    one.post(rows[start:end].reshape(-1), int(g_of(self._layout, rows[start:end]).min()))

    def expand(self, budget: int, f_limit: int = INFINITY, most: int = INFINITY) -> int:
        """Expand nodes of the layer under way, of the share whose turn it is; return why it ended.

        Never above the floor: a layer is taken to its end before the next, for to bring a share back has its price.
        """
        if self.ready():
            return kernels.MESSAGE_FULL
        floor = self.floor if self.n_ranks > 1 else self.least_open_f
        with self._files():
            one = self._whose_turn(min(f_limit, floor, self._incumbent - 1))
            if one is None:
                return kernels.EMPTY
            one.incumbent = self._incumbent
            one.take_mail()  # before the floor rises: a step back from what sent it leads to layers below it
            one.floor = floor
            why = one.expand(budget, floor, most)
            self._incumbent = one.incumbent
            self._add_up()
            self._deliver(one)
        return why

    def _whose_turn(self, g: int) -> Share | None:
        """Return a share that has something to expand of a g up to this one, in memory; None if no share has.

        The one in memory goes on as long as it has. Another is brought in its place only then, so that what arrives
        late in a layer does not bring each share back at once.
        """
        for _ in self.shares:
            one = self.shares[self._at]
            if one.least_g <= g:
                if not one.is_here:
                    self._make_room()
                    one.bring_back()
                return one
            self._at = (self._at + 1) % len(self.shares)
        return None

    def _make_room(self) -> None:
        for one in self.shares:
            if one.is_here:
                one.forget_most()
                one.put_away()

    def _deliver(self, share: Share) -> None:
        """Post what a share has for others of this rank, and keep what leaves."""
        records, ends = share.take(share.addressees())
        for (to, least_g), start, end in zip(share.taken, [0, *ends], ends, strict=False):
            if to >= self.n_ranks:
                self.shares[to - self.n_ranks].post(records[start:end], least_g)
                continue
            self._leaving[to].append(records[start:end].copy())
            self._waiting[to] += (end - start) // self.task.record_words
            self._least_g[to] = min(self._least_g[to], least_g)
        share.taken.clear()

    @property
    def has_failed(self) -> bool:
        """Say whether a file could not be written or read, which is reported as memory that is full."""
        return self._has_failed or any(one.has_failed for one in self.shares)

    @contextmanager
    def _files(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._has_failed = True
            raise MemoryLimitError from error

    # --- in a checkpoint ---

    def under_way(self) -> UnderWay:
        """Return all that the shares know; valid until they go on."""
        self._make_room()
        each = [one.under_way() for one in self.shares]
        arrays = {f"{i}_{name}": array for i, one in enumerate(each) for name, array in one.arrays.items()}
        if self.archive is not None:
            arrays |= self.archive.kept()
        return UnderWay(arrays, {"shares": [one.facts for one in each], "incumbent": self._incumbent})

    def go_on_with(self, before: UnderWay) -> None:
        """Take over all that as many shares knew."""
        for i, (one, facts) in enumerate(zip(self.shares, before.facts["shares"], strict=True)):
            prefix = f"{i}_"
            arrays = {name: array for name, array in before.arrays.items() if name.startswith(prefix)}
            one.go_on_with(UnderWay({name.removeprefix(prefix): array for name, array in arrays.items()}, facts))
        if self.archive is not None:
            self.archive.go_on_with(before.arrays["archive"], before.arrays["archive_end"])
        self._incumbent = min(self._incumbent, before.facts["incumbent"])
        self._add_up()

    def _add_up(self) -> None:
        self.statistics[:] = np.sum([share.statistics for share in self.shares], axis=0)

    # --- what leaves ---

    @property
    def unsent(self) -> int:
        """Return the records waiting to be sent."""
        return int(self._waiting.sum())

    def ready(self) -> list[int]:
        """Return the ranks for which a message is worth sending."""
        ready: list[int] = np.flatnonzero(self._waiting >= self.message_size).tolist()
        return ready

    def addressees(self, g: int = INFINITY) -> list[int]:
        """Return the ranks for which a record of at most this g waits."""
        waiting: list[int] = np.flatnonzero((self._waiting > 0) & (self._least_g <= g)).tolist()
        return waiting

    def take(self, destinations: list[int]) -> tuple[npt.NDArray[np.uint32], list[int]]:
        """Return the records waiting for some ranks, one rank after the other, and the end of each; forget them."""
        parts: list[npt.NDArray[np.uint32]] = [np.empty(0, np.uint32)]
        ends: list[int] = (np.cumsum(self._waiting[destinations]) * self.task.record_words).tolist()
        for to in destinations:
            parts += self._leaving[to]
            self._leaving[to] = []
            self.taken.append((to, int(self._least_g[to])))
        self._waiting[destinations], self._least_g[destinations] = 0, INFINITY
        return np.concatenate(parts), ends

    # --- what others ask ---

    def grow_early(self) -> bool:
        """Say that nothing is made larger: only one share is in memory."""
        return False

    @property
    def incumbent(self) -> int:
        """Return the cost of the best plan that it knows of."""
        return self._incumbent

    @incumbent.setter
    def incumbent(self, cost: int) -> None:
        self._incumbent = cost

    @property
    def least_open_f(self) -> int:
        """Return the least g of what is open, waits, or was sent to a share."""
        return min(one.least_g for one in self.shares)

    @property
    def least_f(self) -> int:
        """Return the least g of all that is here, unsent records included."""
        return min(self.least_open_f, int(self._least_g.min()))

    def least_f_of(self, records: npt.NDArray[np.uint32]) -> int:
        """Return the least g of records."""
        return self.shares[0].least_f_of(records)

    @property
    def pruned(self) -> tuple[int, npt.NDArray[np.int64]]:
        """Return the least f beyond the bound, INFINITY without, and how many there were of each class."""
        all_pruned = [one.pruned for one in self.shares]
        return min(least for least, _ in all_pruned), np.sum([counts for _, counts in all_pruned], axis=0)

    @property
    def found(self) -> Goal | None:
        """Return the cheapest goal, if one was found."""
        found = [one.found for one in self.shares if one.found]
        return min(found) if found else None

    @property
    def n_open(self) -> int:
        """Return the entries of all open lists."""
        return sum(one.n_open for one in self.shares)

    @property
    def used_bytes(self) -> int:
        """Return the memory in use."""
        return self.granted_bytes - sum(one.granted_bytes - one.used_bytes for one in self.shares)

    @property
    def granted_bytes(self) -> int:
        """Return the memory that may come to be used without asking."""
        leaving = 4 * self.unsent * self.task.record_words
        return sum(one.own_bytes for one in self.shares) + leaving + self.mail_bytes + self.task.table_bytes

    @property
    def most_bytes(self) -> int:
        """Return about the most memory that it took: the tables, one share, and the buffers of all others."""
        return max(one.most_bytes for one in self.shares) + sum(one.own_bytes for one in self.shares if not one.is_here)
