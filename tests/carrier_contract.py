"""What every carrier of nodes promises, as a program for each of its ranks.

The parts are generators that yield where a rank has to wait: real ranks run one to its end, simulated ones take turns.
As a program it runs the whole contract on the ranks of mpiexec, or on those of ``pdsearch.comm.launch``.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pytest

from pdsearch.comm.news import DONE, News
from pdsearch.errors import BadInputError

MANY, LARGE, HELD_BACK, TOLD = 120, 300_000, 300, 30


def message(source, number):
    """Return the words of a message: who sent it, its number, and words that nobody else would write."""
    n = LARGE if number == MANY // 2 else number * 37 % 91
    return np.concatenate([[source, number], (np.arange(n) * 2654435761 + number + source) % 2**32]).astype(np.uint32)


def order_and_no_loss(comm):
    """All send to all, themselves included: everything arrives once, unchanged, in the order of its sender."""
    expected = [0] * comm.size
    for number in range(MANY):
        records = message(comm.rank, number)
        if number % 2:
            for destination in range(comm.size):
                comm.send(destination, records)
        else:
            comm.send_all(
                list(range(comm.size)), np.tile(records, comm.size), [len(records) * (i + 1) for i in range(comm.size)]
            )
        records[:] = 0  # the array may be used again
        if number % 3 == 0:
            take(comm, expected)
        yield
    while min(expected) < MANY or sum(comm.backlog(list(range(comm.size)))):
        take(comm, expected)
        yield
    assert [comm.unfinished(destination) for destination in range(comm.size)] == [0] * comm.size
    assert comm.receive() is None


def take(comm, expected):
    """Take one message and hold it against the next one of its sender."""
    records = comm.receive()
    if records is not None:
        source = int(records[0])
        assert np.array_equal(records, message(source, expected[source]))
        expected[source] += 1


def reductions(comm, start=0):
    """Sums and maxima of all ranks, round after round, the same everywhere."""
    for number in range(start, start + 20):
        sums = np.array([comm.rank + 1, number, -(2**40) * comm.rank], np.int64)
        maxima = np.array([comm.rank * number, -comm.rank, -(2**62)], np.int64)
        comm.start_reduction(sums, maxima)
        while (totals := comm.finish_reduction()) is None:
            yield
        n = comm.size
        assert totals.sums.tolist() == [n * (n + 1) // 2, n * number, -(2**40) * n * (n - 1) // 2]
        assert totals.maxima.tolist() == [(n - 1) * number, 0, -(2**62)]


def back_pressure(comm):
    """A rank that does not take its mail holds nobody up, and shows in what is unfinished."""
    last, records = comm.size - 1, np.arange(500, dtype=np.uint32)
    if comm.rank == 0 and last:
        for _ in range(HELD_BACK):
            comm.send(last, records)
        assert comm.unfinished(last) == HELD_BACK
    yield from reductions(comm, 20)
    if comm.rank == 0 and last:
        while comm.unfinished(last):
            yield
    taken = 0
    while comm.rank == last and last and taken < HELD_BACK:
        taken += comm.receive() is not None
        yield
    yield from reductions(comm, 40)  # as a barrier


def others_of(comm):
    """Return all ranks but one's own."""
    return [rank for rank in range(comm.size) if rank != comm.rank]


def telling(comm):
    """What ranks tell each other arrives once, unchanged, in whatever order, and never among the nodes."""
    comm.send(comm.rank, message(comm.rank, 1))
    for number in range(TOLD):
        words = message(comm.rank, number)
        comm.tell(others_of(comm), words)
        words[:] = 0  # the array may be used again
    missing = {(source, number) for source in others_of(comm) for number in range(TOLD)}
    while missing:
        words = comm.told()
        if words is not None:
            source, number = words[:2].tolist()
            assert np.array_equal(words, message(source, number))
            missing.remove((source, number))
        yield
    while (records := comm.receive()) is None:
        yield
    assert np.array_equal(records, message(comm.rank, 1))
    yield from reductions(comm, 60)  # as a barrier
    assert comm.told() is None
    assert comm.receive() is None


def messages(comm):
    """All parts about messages and reductions."""
    yield from order_and_no_loss(comm)
    if hasattr(comm, "tell"):  # ranks that may lie on several machines
        yield from telling(comm)
    yield from reductions(comm)
    yield from back_pressure(comm)
    yield from order_and_no_loss(comm)


def collectives(comm):
    """What ranks that are processes do together."""
    rank, size = comm.rank, comm.size
    large = np.arange(150_000) + rank
    for root in range(size):
        assert np.array_equal(comm.broadcast(large, root), np.arange(150_000) + root)
    assert comm.exchange({"rank": rank}) == [{"rank": one} for one in range(size)]
    assert comm.gather({"rank": rank}) == ([{"rank": one} for one in range(size)] if rank == 0 else None)
    assert [part[0] for part in comm.raw.allgather(large)] == list(range(size))
    assert comm.add_up(large).tolist()[:2] == [size * (size - 1) // 2, size * (size - 1) // 2 + size]
    assert comm.least_of(large[::-1]).tolist()[-2:] == [1, 0]
    assert comm.together(lambda: rank) == rank
    with pytest.raises(BadInputError, match="no") as heard:
        comm.together(lambda: refuse() if rank == size - 1 else None)
    assert heard.value.is_shared
    for root in range(size):
        (shared,) = comm.share(lambda: (np.arange(10) + rank,), root)
        assert shared.tolist() == list(range(root, 10 + root))
    assert comm.ranks_of_node() == size
    assert comm.machines() == [0] * size
    if hasattr(comm, "tell"):
        for number in range(rank):
            comm.tell(others_of(comm), message(rank, number))
    comm.settle()  # what nobody has heard is not there any more
    comm.barrier()
    assert not hasattr(comm, "tell") or comm.told() is None
    tickets(comm)
    parts(comm)
    news(comm)


def parts(comm):
    """Ranks that give the same colour have a carrier of their own, which leaves that of all as it was."""
    part = comm.split(comm.rank % 2 + 7)
    members = list(range(comm.rank % 2, comm.size, 2))
    assert part.exchange(comm.rank) == members
    assert (part.rank, part.size) == (members.index(comm.rank), len(members))
    for generator in (order_and_no_loss(part), reductions(part), back_pressure(part), reductions(comm, 60)):
        for _ in generator:
            time.sleep(0)
    part.close()


def news(comm):
    """Speakers hear all that is told until the end, however late they look; the others hear nothing."""
    speakers = [0, comm.size - 1] if comm.size > 1 else [0]
    heard = News(comm, speakers, incumbent=1000)
    if comm.rank in speakers:
        for number in range(HELD_BACK * 10):
            heard.tell(bound=number + 1)
        heard.tell(incumbent=900 - comm.rank, how=DONE)
    heard.end()
    if comm.rank in speakers:
        assert (heard.incumbent, heard.bound) == (901 - comm.size, HELD_BACK * 10)
        assert (heard.done, heard.is_over, heard.ends_all) == (len(speakers) - 1, False, True)
    else:
        assert (heard.incumbent, heard.bound, heard.done) == (1000, 0, 0)
    assert comm.receive() is None
    for _ in reductions(comm, 80):
        time.sleep(0)


def refuse():
    """Raise what all ranks are to raise."""
    raise BadInputError("no")


def tickets(comm):
    """Every number is given out once; least, largest and the written word are the same for all."""
    counters = comm.counters(3)
    if comm.rank == 0:
        for entry, value in enumerate((0, 1000, 0)):
            counters.set(entry, value)
    comm.barrier()
    mine = [counters.add(0, 1) for _ in range(500)]
    counters.lower(1, 500 - comm.rank)
    counters.raise_to(2, 7 + comm.rank)
    comm.barrier()
    everybody = comm.raw.allgather(mine)
    assert sorted(number for part in everybody for number in part) == list(range(500 * comm.size))
    assert [counters.read(entry) for entry in range(3)] == [500 * comm.size, 501 - comm.size, 6 + comm.size]
    comm.barrier()
    counters.close()


def contract(comm):
    """Run everything on a real rank, within a minute."""
    until = time.monotonic() + 60
    for part in (messages, messages):  # the second finds what the first left behind
        for _ in part(comm):
            assert time.monotonic() < until, "nothing arrives any more"
            time.sleep(0)
        collectives(comm)


def main():
    """Run it on the ranks of a launcher; one of the ranks says so."""
    from pdsearch.comm.world import carrier_of, world

    for _ in range(2):
        carrier = carrier_of(world())
        contract(carrier)
        carrier.close()
    if carrier.rank == 0:
        sys.stdout.write(f"kept on {carrier.size} ranks\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
