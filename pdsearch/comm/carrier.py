"""What carriers between processes have in common: everything that ranks do together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pdsearch.comm.shared import SharedArrays
from pdsearch.comm.together import Value, in_turn, once, ranks_of_node, together, wait_for_all


class Carrier:
    """Collective calls over a communicator; subclasses carry messages, reductions and counters.

    Parameters
    ----------
    raw : mpi4py.MPI.Comm or LocalRanks
        The ranks.

    Attributes
    ----------
    raw : mpi4py.MPI.Comm or LocalRanks
        For what is not a message of nodes.
    share : SharedArrays
        Arrays that are built once a machine.
    """

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self.share = SharedArrays(raw)
        self.rank, self.size = int(raw.Get_rank()), int(raw.Get_size())

    def broadcast(self, value: Any, root: int) -> Any:
        """Broadcast a Python object."""
        return self.raw.bcast(value, root)

    def gather(self, value: Any) -> list[Any] | None:
        """Gather Python objects on rank 0."""
        gathered: list[Any] | None = self.raw.gather(value)
        return gathered

    def exchange(self, value: Any) -> list[Any]:
        """Return the Python objects of all ranks, in their order."""
        self.barrier()  # which waits politely
        everywhere: list[Any] = self.raw.allgather(value)
        return everywhere

    def barrier(self) -> None:
        """Wait for all ranks."""
        wait_for_all(self.raw)

    def together(self, act: Callable[[], Value]) -> Value:
        """Return ``act()`` of each rank, or raise on all what it raised on one; see :mod:`.together`."""
        return together(self.raw, act)

    def once(self, act: Callable[[], Value]) -> Value:
        """Return on all ranks what ``act()`` returns on rank 0, the only one to do it."""
        return once(self.raw, act)

    def in_turn(self, act: Callable[[], Value]) -> Value:
        """Do the same, rank 0 before the others."""
        return in_turn(self.raw, act)

    def split(self, colour: int) -> Any:
        """Return a carrier between the ranks that give the same colour; None on all where there can be none.

        All must call, and close what they get.
        """
        part = self.raw.Split(colour)
        if part is None:
            return None
        carrier = type(self)(part)
        part.Free()
        return carrier

    def ranks_of_node(self) -> int:
        """Return how many ranks share this machine's memory."""
        return ranks_of_node(self.raw)[1]

    def machines(self) -> list[int]:
        """Return for each rank the lowest one with which it shares arrays; all must call."""
        return self.exchange(self.share.first(self.rank))

    def settle(self) -> None:
        """Take and drop all that was told and not heard; all must call, and none may tell more before it is through."""

    def close(self) -> None:
        """Give back what is held; all ranks must call."""
        self.share.close()
