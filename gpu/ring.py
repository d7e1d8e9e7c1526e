"""The queue of packets that warps share: a ring of slots in global memory.

A *packet* is up to a warp's worth of states of one instance. Who wants a packet draws a ticket from ``HEAD``, whether
or not a packet is there yet; who publishes one draws from ``TAIL``. So *tickets drawn beyond packets published*
says how many warps are hungry. Slot ``t mod n_slots`` goes through ``sequence`` values t (free for the packet of
ticket t), t + 1 (published) and t + n_slots (read, free for the next round). ``PENDING`` counts the packets in work:
raised before a packet is published, lowered when the warp that took it has emptied its stack. At 0 every warp leaves.

Contents are written by all lanes, each of which fences; after the warp has met, lane 0 fences again and then writes
``sequence``. A reader sees ``sequence`` first, fences, and then reads.

No wait is endless. A warp gives up after ``patience`` polls, which only a fault of the program or the device can
bring about: it writes why to ``ERROR`` and raises ``PAUSE``, upon which all warps leave. The host then
reports the error (:class:`pdsearch.gpu.schemes.KernelError`).

The words of ``control`` lie ``LINE`` integers, 128 bytes, apart: idle warps poll a slot's ``sequence`` and, every
eighth time, ``PENDING`` and ``PAUSE``, and must not slow down those who draw tickets.
"""

from __future__ import annotations

from typing import Any

from numba import int32, uint32

from pdsearch.gpu.shim import cuda, peek

LINE = 32  # integers of a cache line
HEAD, TAIL, PENDING, PAUSE, ERROR = (LINE * i for i in range(5))
N_CONTROL = 5 * LINE
PATIENCE = 100_000  # polls; a tenth of a second and more, several times what a launch takes
_FIRST_NAP, _LONGEST_NAP = 32, 2048  # nanoseconds between two polls

# why a warp gave up
NO_PACKET, NO_SLOT = 1, 2
ERRORS = {
    NO_PACKET: "a warp waited for work that nobody published",
    NO_SLOT: "a slot of the ring was not read in time",
}


def taker(patience: int) -> Any:
    """Return the device function that waits for a packet: (ticket, slot), slot -1 when there will be none now."""

    def take(sequence, control, ticket, lane):
        if ticket < 0:
            drawn = int32(0)
            if lane == 0:
                drawn = int32(cuda.atomic.add(control, HEAD, int32(1)))
            ticket = int32(cuda.shfl_sync(0xFFFFFFFF, drawn, 0))
        slot = int32(uint32(ticket) % uint32(sequence.shape[0]))
        word, polls, nap = int32(0), int32(0), int32(_FIRST_NAP)
        while word == 0:
            if lane == 0:
                if peek(sequence, slot) == int32(ticket + 1):
                    word = int32(1)
                elif polls & 7 == 0 and (peek(control, PENDING) == 0 or peek(control, PAUSE) != 0):
                    word = int32(2)
                elif polls >= patience:
                    cuda.atomic.exch(control, ERROR, int32(NO_PACKET))
                    cuda.atomic.exch(control, PAUSE, int32(1))
                    word = int32(2)
                else:
                    cuda.nanosleep(uint32(nap))
            polls = int32(polls + 1)
            if nap < _LONGEST_NAP:
                nap = int32(nap + nap)
            word = int32(cuda.shfl_sync(0xFFFFFFFF, word, 0))
        if word == 2:
            slot = int32(-1)
        cuda.threadfence()
        return ticket, slot

    return cuda.jit(device=True, inline=True)(take)


@cuda.jit(device=True, inline=True)
def release(sequence, slot, ticket, lane):
    """Say that a packet was read, after all lanes have read."""
    cuda.threadfence()
    cuda.syncwarp()
    if lane == 0:
        cuda.atomic.exch(sequence, slot, int32(ticket + sequence.shape[0]))


def opener(patience: int) -> Any:
    """Return the device function that draws a slot to publish a packet in: (ticket, slot), slot -1 after an error."""

    def draw(sequence, control, lane):
        ticket, slot = int32(0), int32(0)
        if lane == 0:
            cuda.atomic.add(control, PENDING, int32(1))
            ticket = int32(cuda.atomic.add(control, TAIL, int32(1)))
            slot = int32(uint32(ticket) % uint32(sequence.shape[0]))
            polls = int32(0)
            while peek(sequence, slot) != ticket and slot >= 0:
                # whoever read this slot a round ago is about to say so
                polls = int32(polls + 1)
                cuda.nanosleep(uint32(_FIRST_NAP))
                if polls >= patience:
                    cuda.atomic.exch(control, ERROR, int32(NO_SLOT))
                    cuda.atomic.exch(control, PAUSE, int32(1))
                    slot = int32(-1)
        ticket, slot = int32(cuda.shfl_sync(0xFFFFFFFF, ticket, 0)), int32(cuda.shfl_sync(0xFFFFFFFF, slot, 0))
        cuda.threadfence()
        return ticket, slot

    return cuda.jit(device=True, inline=True)(draw)


@cuda.jit(device=True, inline=True)
def publish(sequence, slot, ticket, lane):
    """Say that a packet is complete, after all lanes have written."""
    cuda.threadfence()
    cuda.syncwarp()
    if lane == 0:
        cuda.threadfence()
        cuda.atomic.exch(sequence, slot, int32(ticket + 1))


@cuda.jit(device=True, inline=True)
def finish(control, lane):
    """Say that a packet's subtrees are searched, after all lanes have written what came of it."""
    cuda.threadfence()
    cuda.syncwarp()
    if lane == 0:
        cuda.threadfence()
        cuda.atomic.sub(control, PENDING, int32(1))
