"""From the files of a checkpoint to the ranks of a search, be they as many as wrote it or not.

Every rank reads what is its own from every file: nodes keep their order, so that the number of a node is known from
the owners of those before it. Where the owners are those of before, each rank reads its own file. Where nodes keep
their parents, these get their new ranks and numbers. Of several ranks each asks for the owners of some files, and
leaves them beside the checkpoint for the others, as long as that takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.errors import BadInputError
from pdsearch.kernels.bucket import CHUNK, saved_entries
from pdsearch.kernels.layout import Linked, link, parents_of
from pdsearch.kernels.passes import N_STATISTICS
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.best_first.arrays import MemoryLimitError
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.checkpoint.epochs import Epoch
from pdsearch.search.checkpoint.files import read_arrays
from pdsearch.search.checkpoint.identity import facts_of
from pdsearch.search.task import Task

_AT_ONCE = 1 << 16  # nodes
_ASKED_AT_ONCE = 1 << 12  # nodes: the system gives and takes the memory of larger arrays anew each time
Integers = npt.NDArray[np.int64]


class Moving:
    """Where the nodes of an epoch go.

    Parameters
    ----------
    task : Task
        With the ranks and owners of now.
    epoch : Epoch
        What is read; its files were checked.
    """

    epoch: Epoch

    def __init__(self, task: Task, epoch: Epoch) -> None:
        self.epoch = epoch
        files = [read_arrays(epoch.folder, part.lasting or part) for part in epoch.parts]
        owners = facts_of(task, task.kind)["owners"]
        is_direct = len(files) == task.n_ranks and epoch.task["owners"] == owners
        self._begin(task, files, [part.facts for part in epoch.parts], is_direct)

    @classmethod
    def of_arrays(cls, task: Task, files: list[dict[str, Any]], facts: list[dict[str, Any]]) -> Moving:
        """Return where the nodes of other ranks, other owners, go whose arrays and facts are at hand, as in files."""
        moving = cls.__new__(cls)
        moving._begin(task, files, facts, False)
        return moving

    def _begin(self, task: Task, files: list[dict[str, Any]], facts: list[dict[str, Any]], is_direct: bool) -> None:
        self.task, self.files, self.facts, self.is_direct = task, files, facts, is_direct
        self._layout = task.layout
        self._owners: list[Any] = [None] * len(files)
        self._numbers: list[Any] = [None] * len(files)

    # --- who owns what ---

    def find_owners(self, comm: Any = None, folder: Path | None = None) -> None:
        """Find the new ranks and numbers of all nodes; all ranks of ``comm`` must call, with a folder that all see."""
        n_ranks, n_files = self.task.n_ranks, len(self.files)
        sizes = np.array([len(file["nodes"]) for file in self.files], np.int64)
        if self.is_direct:
            counts = np.diag(sizes)
        elif n_ranks == 1:
            counts = sizes[:, None]
        else:
            counts = self._ask_owners(comm, folder)
        self._first = np.cumsum(counts, axis=0) - counts
        self._counts = counts.sum(axis=0)
        if self._counts.sum() != sizes.sum() or len(counts) != n_files:
            raise AssertionError("nodes of a checkpoint are lost or there twice")
        if not self.is_direct and n_ranks > 1:
            self._number(comm, folder)

    def _ask_owners(self, comm: Any, folder: Path | None) -> Integers:
        """Ask for the owners of the files that are this rank's to ask; return how many nodes go from where to where."""
        counts: dict[int, list[int]] = {}
        for number in self._mine(comm):
            owners = np.concatenate(
                [
                    np.empty(0, np.uint16),
                    *(owners_of(self.task, rows) for rows in in_pieces(self.files[number]["nodes"], _ASKED_AT_ONCE)),
                ]
            )
            counts[number] = np.bincount(owners, minlength=self.task.n_ranks).tolist()
            self._owners[number] = owners
        if comm is None:
            return np.array([counts[number] for number in range(len(self.files))], np.int64)
        assert folder is not None
        for number in counts:
            np.save(folder / f"owners-{number}.npy", self._owners[number])
        everywhere = {number: row for one in comm.exchange(counts) for number, row in one.items()}
        return np.array([everywhere[number] for number in range(len(self.files))], np.int64)

    def _number(self, comm: Any, folder: Path | None) -> None:
        """Count the nodes of each new rank."""
        for number in self._mine(comm):
            owners = self._owners[number]
            numbers = np.empty(len(owners), np.uint32)
            for rank in range(self.task.n_ranks):
                these = np.flatnonzero(owners == rank)
                numbers[these] = self._first[number, rank] + np.arange(len(these))
            self._numbers[number] = numbers
            if comm is not None:
                assert folder is not None
                np.save(folder / f"numbers-{number}.npy", numbers)
        if comm is not None:
            assert folder is not None
            comm.barrier()
            for number in range(len(self.files)):
                self._owners[number] = np.load(folder / f"owners-{number}.npy", mmap_mode="r")
                self._numbers[number] = np.load(folder / f"numbers-{number}.npy", mmap_mode="r")

    def _mine(self, comm: Any) -> range:
        return range(len(self.files)) if comm is None else range(comm.rank, len(self.files), comm.size)

    def where(self, files: Integers, numbers: Integers) -> tuple[Integers, Integers]:
        """Return the new ranks and numbers of nodes by file and number; -1 where these are."""
        if self.is_direct:
            return files, numbers
        if self.task.n_ranks == 1:
            return np.where(files < 0, -1, 0), np.where(files < 0, -1, self._first[files, 0] + numbers)
        ranks, found = np.full((2, len(files)), -1, np.int64)
        for file in np.unique(files[files >= 0]).tolist():
            these = files == file
            ranks[these], found[these] = self._owners[file][numbers[these]], self._numbers[file][numbers[these]]
        return ranks, found

    # --- one rank ---

    def load(self, rank: LocalSearch, opens: bool = True) -> dict[str, Any]:
        """Fill a rank that stores nothing yet; return what was counted outside of it, of its share of the files.

        Without ``opens`` the open list, and the records that are in no table, are left out.

        Raises
        ------
        BadInputError
            If memory is too short for what it is to store.
        """
        try:
            return self._load(rank, opens)
        except MemoryLimitError:
            stored = int(self._counts[rank.rank])
            raise BadInputError(
                f"the checkpoint holds {stored:,} nodes for rank {rank.rank}, which do not fit its memory of "
                f"{rank.memory_limit} bytes; give --memory more, or more ranks"
            ) from None

    def _load(self, rank: LocalSearch, opens: bool) -> dict[str, Any]:
        share = self.share(rank.rank)
        rank.reserve(int(self._counts[rank.rank]), *((self._f_end(), self._chunks(rank.rank)) if opens else (0, 0)))
        for number in self.sources(rank.rank):
            for rows in self._nodes_for(rank.rank, number):
                rank.enter_nodes(rows)
        statistics = np.zeros(N_STATISTICS, np.int64)
        for number in share:
            statistics += self.files[number]["statistics"]
        incumbent = min(int(facts["incumbent"]) for facts in self.facts)
        rank.learn_again(self.facts)
        rank.go_on_from(
            incumbent, self._goal(rank.rank), statistics, [self.files[number]["layers"] for number in share]
        )
        if opens:
            self._enter_open(rank)
        names = ("sent", "received", "messages", "idle_s")
        return {name: sum(self.facts[number][name] for number in share) for name in names}

    def _enter_open(self, rank: LocalSearch) -> None:
        for number in self.sources(rank.rank):
            for prefix, enter in rank.open_lists():
                for nodes, f, h in entries(self.files[number], prefix):
                    owners, numbers = self.where(np.full(len(nodes), number), nodes)
                    mine = owners == rank.rank
                    enter(numbers[mine], f[mine], h[mine])
        for number in range(len(self.files)):
            rank.absorb(self._records_for(rank.rank, number))

    def sources(self, rank: int) -> list[int]:
        """Return the files that hold nodes of a rank."""
        return [rank] if self.is_direct else list(range(len(self.files)))

    def share(self, rank: int) -> list[int]:
        """Return the files whose counts a rank goes on with."""
        return [rank] if self.is_direct else list(range(rank, len(self.files), self.task.n_ranks))

    def _nodes_for(self, rank: int, number: int) -> Iterator[npt.NDArray[np.uint32]]:
        """Yield the nodes of a file that a rank owns, with their new parents."""
        owners, at = self._owners[number], 0
        for rows in in_pieces(self.files[number]["nodes"]):
            kept = rows if owners is None else rows[owners[at : at + len(rows)] == rank]
            at += len(rows)
            yield self.linked(kept)

    def linked(self, rows: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
        """Return nodes or records, a row each, with their new parents."""
        if self.is_direct or not isinstance(self._layout, Linked):
            return rows
        rows = rows.copy()
        link(self._layout, rows, *self.where(*parents_of(self._layout, rows)))
        return rows

    def _records_for(self, rank: int, number: int) -> npt.NDArray[np.uint32]:
        records = self.files[number]["records"].reshape(-1, self.task.record_words)
        return self.linked(records[self.owned(records, rank)]).reshape(-1)

    def owned(self, records: npt.NDArray[np.uint32], rank: int) -> npt.NDArray[np.bool_]:
        """Say which records, a row each, are a rank's."""
        if self.task.n_ranks == 1 or not len(records):
            return np.ones(len(records), np.bool_)
        owned: npt.NDArray[np.bool_] = owners_of(self.task, records) == rank
        return owned

    def _goal(self, rank: int) -> tuple[int, int] | None:
        """Return node and cost of the best plan's goal, if a rank is to store it."""
        costs = [int(facts["goal"][1]) for facts in self.facts]
        best = int(np.argmin(costs))
        if costs[best] >= INFINITY:
            return None
        node = np.array([self.facts[best]["goal"][0]], np.int64)
        owner, number = self.where(np.array([best], np.int64), node)
        return (int(number[0]), costs[best]) if owner[0] == rank else None

    def _f_end(self) -> int:
        """Return the first f that had no place in any open list."""
        lists = [
            (file, name.removesuffix("open_top")) for file in self.files for name in file if name.endswith("open_top")
        ]
        return max((first_f_without_place(file, prefix) for file, prefix in lists), default=0)

    def _chunks(self, rank: int) -> int:
        """Return about how many chunks a rank's open list will fill."""
        n = [int(file["open_scalars"][3]) for file in self.files if "open_top" in file]
        if not n:
            return sum(len(file["heap_f"]) for file in self.files) // self.task.n_ranks
        return (n[rank] if self.is_direct else sum(n) // self.task.n_ranks) - 1  # chunk 0 is never used


def compile_loading(rank: LocalSearch) -> None:
    """Compile what fills a rank, or load it from the disk cache, by giving it nothing."""
    nothing = np.empty(0, np.int64)
    rank.enter_nodes(np.empty((0, rank.task.node_words), np.uint32))
    for _, enter in rank.open_lists():
        enter(nothing, nothing, nothing)
    one_entry = np.zeros(2 * CHUNK, np.uint32)
    list(saved_entries(np.array([CHUNK + 1], np.uint32), one_entry, np.ones(6, np.int64)))


def owners_of(task: Task, rows: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint16]:
    """Return the owners of the states of nodes or records, a row each."""
    states = np.ascontiguousarray(rows[:, : 2 * task.n_words]).view(np.uint64)
    if task.distribution is None:
        return np.zeros(len(states), np.uint16)
    return task.distribution.owners_of(states).astype(np.uint16)


def in_pieces(nodes: npt.NDArray[np.uint32], at_once: int = _AT_ONCE) -> Iterator[npt.NDArray[np.uint32]]:
    """Yield nodes, a row each, some at once."""
    for start in range(0, len(nodes), at_once):
        yield nodes[start : start + at_once]


def first_f_without_place(file: dict[str, Any], prefix: str) -> int:
    """Return the first f that had no place in an open list that was saved, 0 for a heap."""
    top = file.get(f"{prefix}open_top", ())
    return len(top) // int(file[f"{prefix}open_scalars"][5]) if len(top) else 0


def entries(file: dict[str, Any], prefix: str) -> Iterator[tuple[Integers, Integers, Integers]]:
    """Yield nodes of an open list that was saved, their f and h."""
    if f"{prefix}open_top" in file:
        for nodes, f, h in saved_entries(*(file[f"{prefix}open_{name}"] for name in ("top", "pool", "scalars"))):
            yield nodes, np.full(len(nodes), f), np.full(len(nodes), h)
        return
    heap_f, heap_h, heap_node = (file[f"{prefix}heap_{name}"] for name in ("f", "h", "node"))
    order = np.argsort(heap_node, kind="stable")  # by time of entry
    for start in range(0, len(order), _AT_ONCE):
        some = order[start : start + _AT_ONCE]
        nodes = (heap_node[some] & np.uint64(0xFFFFFFFF)).astype(np.int64)
        yield nodes, heap_f[some].astype(np.int64), heap_h[some].astype(np.int64)
