"""A search by layers whose states are shared out by hash, and whose shares take turns in memory.

Where not even two layers fit into memory, a smaller group of roots is of little use: from a few roots nearly the same
states are reached as from all. So the states are dealt to virtual ranks, as HDA* deals them to real ones, and only one
of these is in memory at a time: the nodes, index and open list of the others, and the records that were sent to them,
are in temporary files. Layer after layer each has its turn: it takes its records in, expands what is open, and sends
what belongs to others. No state is searched more often than in memory, and files are written and read in order.

A root is given to any share, not to its owner: an open node of the frozen table is reached again only at less cost.

Sources: Korf (2004), "Best-first frontier search with delayed duplicate detection", AAAI; Jabbar and Edelkamp (2006),
"Parallel external directed model checking with linear I/O", VMCAI. That each share is a rank of HDA* is ours.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from io import FileIO
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from pdsearch.comm.termination import Round
from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.kernels.protocol import INFINITY
from pdsearch.kernels.store import LINE, NodeTable, new_index, new_table
from pdsearch.result import Status
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.arrays import MemoryLimitError, allocated
from pdsearch.search.best_first.layered import Layered
from pdsearch.search.best_first.pace import Pace
from pdsearch.search.run import Progress, Run
from pdsearch.search.task import Task

SomeTask = TypeVar("SomeTask", bound=Task)
_MOST = 50_000  # expansions between two looks at the clock
_READ = 1 << 14  # records read at once


def shared_out(task: SomeTask, n: int) -> SomeTask:
    """Return a task of one rank as one of ``n``."""
    return dataclasses.replace(task, distribution=DISTRIBUTIONS["multiplicative"](task.domain, n), n_ranks=n)


class Share(Layered):
    """One share; parameters are those of :class:`Layered`, of a task with as many ranks as there are shares.

    Attributes
    ----------
    file_bytes : int
        In its files.
    """

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._file, self._mail = _new_file(), _new_file()
        self._pace = Pace(self, _MOST)
        self._mail_g = self._g = INFINITY
        self._sizes: list[int] = []
        self.file_bytes = 0
        try:
            self.put_away()
        except OSError:
            self.close()
            raise

    @property
    def least_g(self) -> int:
        """Return the least g of what is open, waits, or was sent to it, wherever that is."""
        return min(self._g, self._mail_g)

    def close(self) -> None:
        """Give up the files."""
        self._file.close()
        self._mail.close()

    # --- to files and back ---

    def put_away(self) -> None:
        """Write nodes, index and open list to a file, and give up the memory."""
        self._g = self.least_open_f
        table, opened = self._table, list[Any](self._open_list)
        used = [len(part) for part in self._open_list.saved().values()][: len(opened) - 1]  # the last are the scalars
        self._sizes = [len(table.nodes), len(table.index), *(len(array) for array in opened[: len(used)])]
        parts = [table.nodes[: self.n_nodes * self.task.node_words], table.index]
        parts += [array[:n] for array, n in zip(opened, used, strict=False)]
        self._used = [len(part) for part in parts]
        self._file.seek(0)
        for part in parts:
            _write(self._file, part)
        self.file_bytes = self._file.tell()
        nothing = new_table(self.task.node_words, 0, LINE)
        self._table = NodeTable(nothing.nodes, nothing.index, table.n_nodes)
        self._reserved, self._index_room = self._table.nodes, self._table.index
        self._open_list = _like(self._open_list, [array[:0] for array in opened[: len(used)]])
        self._measure()

    def bring_back(self) -> None:
        """Read them."""
        n_nodes, n_slots, *sizes = self._sizes
        used, opened = self._used, list[Any](self._open_list)
        self._reserved = self._address_space(n_nodes, self.task.node_words)
        self._index_room = allocated(lambda: new_index(max(n_slots, self._most_slots)))
        self._table = self._table._replace(nodes=self._reserved[:n_nodes], index=self._index_room[:n_slots])
        kinds = [array.dtype for array in opened]
        arrays: list[Any] = [allocated(partial(np.empty, n, kind)) for n, kind in zip(sizes, kinds, strict=False)]
        self._open_list = _like(self._open_list, arrays)
        self._file.seek(0)
        for array, n in zip([self._table.nodes, self._table.index, *arrays], used, strict=True):
            _read(self._file, array[:n])
        self._measure()

    def post(self, records: npt.NDArray[np.uint32], least_g: int) -> None:
        """Keep records for its next turn."""
        _write(self._mail, records)
        self._mail_g = min(self._mail_g, least_g)

    def _take_mail(self) -> None:
        n, stride = self._mail.tell() // 4, self.task.record_words
        self._mail.seek(0)
        for start in range(0, n, _READ * stride):
            records = np.empty(min(_READ * stride, n - start), np.uint32)
            _read(self._mail, records)
            self.absorb(records)
        self._mail.seek(0)
        self._mail.truncate()
        self._mail_g = INFINITY

    # --- its turn ---

    def turn(
        self, g: int, most: int, send: Callable[[Share], None], stops: Callable[[], Status | None]
    ) -> Status | None:
        """Take in what was sent, and expand all nodes of one g, at most ``most``; return why to stop, if it is so."""
        self.bring_back()
        self._take_mail()  # a step back from what sent it leads to layers below those that matter from now on
        self.floor = g
        before, stop = int(self.statistics[kernels.EXPANDED]), None
        while stop is None and self.least_open_f <= g < self.incumbent:
            left = most - int(self.statistics[kernels.EXPANDED]) + before
            with self._pace.timed():
                why = self.expand(self._pace.budget, g, left)
            if why == kernels.MESSAGE_FULL:
                send(self)
            stop = stops()
        send(self)
        self._forget_most()
        self.put_away()
        return stop

    def _forget_most(self) -> None:
        """Forget what is below the layers that a step back leads to, where that is most of all."""
        rows = self._rows[: self.n_nodes : max(1, self.n_nodes // 4096)]
        limit = self.floor - self.task.domain.max_cost
        g = self._g_of_closed(rows)
        if 2 * np.count_nonzero(g < limit) > len(rows):
            self._forget_below(limit)


def _like(opened: Any, arrays: Sequence[npt.NDArray[Any]]) -> Any:
    """Return an open list with other arrays; the scalars, which are last, stay where these do not replace them."""
    return type(opened)(*arrays, *opened[len(arrays) :])


def _new_file() -> FileIO:
    """Return an empty file that has no name, and is gone when it is closed or forgotten."""
    return tempfile.TemporaryFile(buffering=0)


def _write(file: FileIO, array: npt.NDArray[Any]) -> None:
    """Write an array to where a file is."""
    words, at = array.view(np.uint8), 0
    while at < len(words):
        at += file.write(words[at:].data)


def _read(file: FileIO, array: npt.NDArray[Any]) -> None:
    """Fill an array from where a file is."""
    words, at = array.view(np.uint8), 0
    while at < len(words):
        n = file.readinto(words[at:].data)
        if not n:
            raise OSError("a temporary file of the search is shorter than what was written")
        at += n


class Turns:
    """The search by all shares.

    Parameters
    ----------
    shares : sequence of Share
        All of a task.
    run : Run
        Limits, signals and progress.
    """

    def __init__(self, shares: Sequence[Share], run: Run) -> None:
        self.shares, self.run = shares, run

    def search(self) -> Round:
        """Search layer after layer."""
        stop: Status | None = None
        try:
            while stop is None and self._g < min(self.shares[0].incumbent, INFINITY):
                g = self._g
                for one in self.shares:
                    if stop is None and one.least_g <= g < one.incumbent:
                        stop = one.turn(g, self.run.limits.nodes - self._expanded, self._send, self._stops)
        except MemoryLimitError:
            stop = Status.MEMORY_LIMIT
        return self._round(stop)

    @property
    def _g(self) -> int:
        return min(one.least_g for one in self.shares)

    @property
    def _expanded(self) -> int:
        return sum(int(one.statistics[kernels.EXPANDED]) for one in self.shares)

    def _send(self, share: Share) -> None:
        """Deliver what a share has for others, and tell them of the incumbent."""
        least = min(one.incumbent for one in self.shares)
        for one in self.shares:
            one.incumbent = least
        records, ends = share.take(share.addressees())
        for (to, least_g), start, end in zip(share.taken, [0, *ends], ends, strict=False):
            self.shares[to].post(records[start:end], least_g)
        share.taken.clear()

    def _stops(self) -> Status | None:
        if self.run.on_progress is not None:
            now = self._round(None)
            best = now.incumbent if now.incumbent < INFINITY else None
            self.run.on_progress(
                Progress(self.run.search_s, now.least_f, best, now.expanded, now.open, now.memory_bytes)
            )
        return self.run.why_stop(self._expanded)

    def _round(self, stop: Status | None) -> Round:
        return Round(
            expanded=self._expanded,
            open=sum(one.n_open for one in self.shares),
            least_f=self._g,
            incumbent=min(one.incumbent for one in self.shares),
            stop=0 if stop is None else stop.value,
            memory_bytes=max(one.most_bytes for one in self.shares),
        )
