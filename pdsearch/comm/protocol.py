"""What every carrier of nodes between ranks promises: over MPI, through shared memory, and simulated."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Records = npt.NDArray[np.uint32]  # (n_records * record_words,)
Integers = npt.NDArray[np.int64]


class Totals(NamedTuple):
    """The outcome of one reduction over all ranks."""

    sums: Integers
    maxima: Integers


class Messenger(Protocol):
    """How ranks that may lie on several machines tell each other what is no node and may be lost.

    Such words are not counted when the ranks agree on the end, and nothing is promised about their order.
    """

    rank: int

    def tell(self, destinations: list[int], words: Records) -> None:
        """Start sending words to some ranks; the array may be reused at once."""

    def told(self) -> Records | None:
        """Return words that have arrived, or None."""


class Communicator(Protocol):
    """How one rank talks to the others.

    Messages between two ranks arrive in the order they were sent; nothing is promised about
    different pairs. Nothing here blocks; what ranks do together is in :class:`~pdsearch.comm.carrier.Carrier`.
    """

    rank: int
    size: int
    buffer_bytes: int  # held for messages under way and received

    def send(self, destination: int, records: Records) -> None:
        """Start sending; the array may be reused at once."""

    def send_all(self, destinations: list[int], records: Records, ends: list[int]) -> None:
        """Start sending to each destination the words from the end before (0 at first) to its own."""

    def unfinished(self, destination: int) -> int:
        """Return the messages to a rank that it has not begun to receive."""

    def backlog(self, destinations: list[int]) -> list[int]:
        """Return :meth:`unfinished` of some ranks."""

    def receive(self) -> Records | None:
        """Return one message that has arrived, or None; valid until the next call."""

    def start_reduction(self, sums: Integers, maxima: Integers) -> None:
        """Contribute to the next reduction; every rank starts each reduction once, in the same order."""

    def finish_reduction(self) -> Totals | None:
        """Return the reduction started last once every rank has contributed; else None."""
