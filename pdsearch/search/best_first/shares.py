"""A search by layers whose states are dealt to shares by hash, and whose shares take turns in memory.

Where not even two layers fit into memory, a smaller group of roots is of little use: from a few roots nearly the same
states are reached as from all. So each rank deals its states to virtual ranks, as HDA* deals them to real ones, and
only one of these is in memory at a time: the nodes, index and open list of the others, and the records that were sent
to them, are in temporary files. Layer after layer each has its turn: it takes its records in, expands what is open, and
sends what belongs to others. No state is searched more often than in memory, and files are written and read in order.

A root is given to any share, not to its owner: an open node of the frozen table is reached again only at less cost.

Sources: Korf (2004), "Best-first frontier search with delayed duplicate detection", AAAI; Jabbar and Edelkamp (2006),
"Parallel external directed model checking with linear I/O", VMCAI. That each share is a rank of HDA* is ours.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from functools import partial
from io import FileIO
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.kernels.protocol import INFINITY
from pdsearch.kernels.store import LINE, NodeTable, new_index, new_table
from pdsearch.search.best_first import dealing
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.arrays import allocated
from pdsearch.search.best_first.layered import Layered
from pdsearch.search.best_first.layered_task import LayeredTask
from pdsearch.search.best_first.layers_pipeline import compile_layers
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.under_way import UnderWay
from pdsearch.search.task import Task

_READ = 1 << 14  # records read at once


def compile_shares(task: Task) -> None:
    """Compile a search in shares, or load it from the disk cache; errors are those of ``compile_layers``."""
    with_shares = dataclasses.replace(task, n_ranks=task.n_ranks + 1)
    compile_layers(with_shares, [dealing.deal])
    dealing.compile_dealing()


class Share(Layered):
    """One share.

    Parameters
    ----------
    task : LayeredTask
        Of the ranks alone.
    number, n : int
        Which of how many shares of this rank it is. To itself it is a rank after all the real ones.
    memory_bytes, frozen, given, options
        As of :class:`Layered`; ``frozen`` is the rank of the shares.

    Attributes
    ----------
    file_bytes : int
        In its files.
    """

    def __init__(
        self,
        task: LayeredTask,
        number: int,
        n: int,
        memory_bytes: int,
        frozen: LocalSearch,
        *given: Any,
        **options: Any,
    ) -> None:
        self._n_ranks, self._n_shares, self._real_rank = task.n_ranks, n, frozen.rank
        task = dataclasses.replace(task, n_ranks=task.n_ranks + n)
        super().__init__(task, self._n_ranks + number, memory_bytes, frozen, *given, **options)
        self._file, self._mail = _new_file(), _new_file()
        self._mail_g = self._g = INFINITY
        self._sizes: list[int] = []
        self.is_here, self.file_bytes = True, 0
        try:
            self.put_away()
        except OSError:
            self.close()
            raise

    def _addresses(self) -> npt.NDArray[np.int64]:
        found = super()._addresses().copy()
        self._rank_owner = found[kernels.OWNER]
        found[kernels.OWNER] = dealing.deal.made_for(self._layout).address
        return found

    def _place_tables(self) -> None:
        super()._place_tables()
        words = self._frame.words
        words[dealing.RANK_OWNER], words[dealing.REAL_RANK] = self._rank_owner, self._real_rank
        words[dealing.FIRST_SHARE], words[dealing.N_SHARES] = self._n_ranks, self._n_shares

    @property
    def _own_rank(self) -> int:
        return self._real_rank

    @property
    def least_g(self) -> int:
        """Return the least g of what is open, waits, or was sent to it, wherever that is."""
        return min(self.least_open_f if self.is_here else self._g, self._mail_g)

    def close(self) -> None:
        """Give up the files."""
        self._file.close()
        self._mail.close()

    # --- in a checkpoint ---

    def under_way(self) -> UnderWay:
        """Return all that it knows, its files mapped; it must not be in memory."""
        files = {"file": _mapped(self._file, self.file_bytes), "mail": _mapped(self._mail, self._mail.tell())}
        arrays = {"statistics": self.statistics, "layers": self.layers, "scalars": self._open_list[-1]}
        numbers = {"sizes": self._sizes, "used": self._used, "g": self._g, "mail_g": self._mail_g}
        facts = {**self._numbers(), **numbers, "n_nodes": self.n_nodes}
        return UnderWay({**files, **arrays, "counts": self._counts}, facts)

    def go_on_with(self, before: UnderWay) -> None:
        """Take over the files of a share."""
        arrays, facts = before.arrays, before.facts
        for file, content in ((self._file, arrays["file"]), (self._mail, arrays["mail"])):
            file.seek(0)
            _write(file, content)
        self.file_bytes = len(arrays["file"])
        self._sizes, self._used, self._g, self._mail_g = (facts[name] for name in ("sizes", "used", "g", "mail_g"))
        self._table.n_nodes[0] = facts["n_nodes"]
        self._open_list[-1][:] = arrays["scalars"]
        self._take_over(before)
        self._measure()

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
        self.is_here = False
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
        self.is_here = True
        self._measure()

    def post(self, records: npt.NDArray[np.uint32], least_g: int) -> None:
        """Keep records for its next turn."""
        _write(self._mail, records)
        self._mail_g = min(self._mail_g, least_g)

    def take_mail(self) -> None:
        """Enter what was sent to it; it must be in memory.

        Where that fails all of it stays, for to enter a record twice does no harm.
        """
        end, stride = self._mail.tell(), self.task.record_words
        n = end // 4
        self._mail.seek(0)
        try:
            for start in range(0, n, _READ * stride):
                records = np.empty(min(_READ * stride, n - start), np.uint32)
                _read(self._mail, records)
                self.absorb(records)
        except BaseException:
            self._mail.seek(end)
            raise
        self._mail.seek(0)
        self._mail.truncate()
        self._mail_g = INFINITY

    def forget_most(self) -> None:
        """Forget what is below the layers that a step back leads to (late mail: two), where that is most of all."""
        rows = self._rows[: self.n_nodes : max(1, self.n_nodes // 4096)]
        limit = self.floor - self.task.domain.max_cost * (1 if self._n_ranks == 1 else 2)
        g = self._g_of_closed(rows)
        if 2 * np.count_nonzero(g < limit) > len(rows):
            self._forget_below(limit)


def _mapped(file: FileIO, n_bytes: int) -> npt.NDArray[np.uint8]:
    """Return what is in a file, not read yet."""
    return np.memmap(file, np.uint8, "r", shape=(n_bytes,)) if n_bytes else np.empty(0, np.uint8)


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
