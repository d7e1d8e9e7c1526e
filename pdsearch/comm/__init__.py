"""What carries nodes between ranks: one protocol, over MPI, through shared memory, and simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pdsearch.comm.protocol import Communicator as Communicator
    from pdsearch.comm.protocol import Integers as Integers
    from pdsearch.comm.protocol import Records as Records
    from pdsearch.comm.protocol import Totals as Totals


def __getattr__(name: str) -> Any:
    """Import the protocol on first use: what starts ranks is to start them before it loads numpy."""
    if name not in ("Communicator", "Integers", "Records", "Totals"):
        raise AttributeError(f"module 'pdsearch.comm' has no attribute {name!r}")
    from pdsearch.comm import protocol

    return getattr(protocol, name)
