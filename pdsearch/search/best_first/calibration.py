"""Measuring what the parts of a search cost on this machine; see :class:`~pdsearch.search.costs.Costs`.

Two ranks of one process share a search in lockstep while the calls of their kernels are
timed. How often each thing is done differs between one rank (nothing sent) and two (half of
the successors sent), which tells the times apart. Reading a record is measured alone, so
that entering a received node can be split into reading it and keeping it. Messages are
timed between two MPI processes, or within one process when there is no second.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pdsearch._jit import cache_folder
from pdsearch.comm import Communicator
from pdsearch.comm.simulated import Network
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.best_first import step as kernels
from pdsearch.search.best_first.local_search import LocalSearch, compile_kernels
from pdsearch.search.best_first.records import initial_record
from pdsearch.search.best_first.robust import Measured, combined
from pdsearch.search.best_first.worker import Worker
from pdsearch.search.costs import Costs
from pdsearch.search.run import Run
from pdsearch.search.task import Task

_BUDGET = 20_000  # expansions between two exchanges: the time of a call is lost in them
_MEMORY = 2**32
_SIZES = (1, 10, 100, 1000, 4000)  # records of the messages timed
_ROUNDS = 40


@dataclass
class Shared:
    """Seconds and counts of a search that ranks of one process share in lockstep."""

    expand_s: float = 0.0
    absorb_s: float = 0.0
    read_s: float = 0.0
    expanded: int = 0
    generated: int = 0
    sent: int = 0


def share(task: Task, max_expanded: int) -> Shared:
    """Search on all ranks of ``task`` in turn and time the kernels."""
    ranks = [LocalSearch(task, number, _MEMORY, message=INFINITY) for number in range(task.n_ranks)]
    ranks[task.owner_of(task.domain.initial)].absorb(initial_record(task))
    found = Shared()
    while found.expanded < max_expanded:
        floor = min(rank.least_f for rank in ranks)
        incumbent = min(rank.incumbent for rank in ranks)
        if floor >= incumbent:
            break
        for rank in ranks:
            rank.incumbent = incumbent
            found.expand_s += _timed(rank.expand, _BUDGET, floor)
        for rank in ranks:
            _exchange(rank, ranks, found)
        found.expanded = sum(int(rank.statistics[kernels.EXPANDED]) for rank in ranks)
    found.generated = sum(int(rank.statistics[kernels.GENERATED]) for rank in ranks)
    return found


def _exchange(rank: LocalSearch, ranks: list[LocalSearch], found: Shared) -> None:
    """Give a rank's records to their owners."""
    for other in rank.addressees():
        records, _ = rank.take([other])
        found.sent += len(records) // rank.task.record_words
        found.read_s += _timed(rank.least_f_of, records)
        found.absorb_s += _timed(ranks[other].absorb, records)


def _timed(action: Callable[..., Any], *arguments: Any) -> float:
    began = time.perf_counter()
    action(*arguments)
    return time.perf_counter() - began


@dataclass(frozen=True)
class Mail:
    """Seconds of messages: fixed costs at either end, latency, and bytes per second."""

    sent: float
    received: float
    latency: float
    bandwidth: float


def time_messages(comm: Communicator, peer: Communicator | None, record_words: int) -> Mail:
    """Send messages of several sizes to and fro.

    ``peer`` is the other end when both are in this process; None under MPI, where rank 1 runs the
    same and gets the same result.
    """
    sends, receives, flights = [], [], []
    for size in _SIZES:
        records = np.zeros(size * record_words, np.uint32)
        times = np.array([_round_trip(comm, peer, records) for _ in range(_ROUNDS)])
        send, receive, trip = np.percentile(times, 10, axis=0)  # others may use the machine, too
        sends.append(send)
        receives.append(receive)
        flights.append(trip / 2)
    n_bytes = 4 * record_words * np.array(_SIZES)
    slope, start = np.polyfit(n_bytes, flights, 1)
    bandwidth = 1 / max(float(slope), 1e-11)  # 100 GB/s: below what the clock can tell
    latency = max(float(start) - float(sends[0] + receives[0]) / 2, 1e-7)
    return Mail(float(sends[0]), float(receives[0]), latency, bandwidth)


def _round_trip(comm: Communicator, peer: Communicator | None, records: Any) -> tuple[float, float, float]:
    """Return the seconds of a send, of a successful receive, and of a message to the other rank and back."""
    other = 1 - comm.rank
    if peer is None and comm.rank == 1:
        _, receive_s = _await(comm)
        send_s = _timed(comm.send, other, records)
        _finish(comm, other)
        return send_s, receive_s, send_s + receive_s
    began = time.perf_counter()
    send_s = _timed(comm.send, other, records)
    if peer is not None:
        _await(peer)
        peer.send(comm.rank, records)
    _, receive_s = _await(comm)
    trip = time.perf_counter() - began
    _finish(comm, other)
    return send_s, receive_s, trip


def _await(comm: Communicator) -> tuple[Any, float]:
    """Wait for a message; return it and the seconds of the call that took it."""
    while True:
        began = time.perf_counter()
        records = comm.receive()
        if records is not None:
            return records, time.perf_counter() - began


def _finish(comm: Communicator, other: int) -> None:
    while comm.unfinished(other):
        pass


def time_turns(task: Task, comm: Communicator, peer: Communicator | None, n: int = 2000) -> float:
    """Return the seconds of a turn in which nothing is found to do."""
    del peer  # its mailbox stays empty, as ours does
    worker = Worker(LocalSearch(task, comm.rank, _MEMORY), comm, Run())
    rank = worker.local
    began = time.perf_counter()
    for _ in range(n):
        worker.receive()
        rank.step(0, INFINITY)
        worker.send(idle=True)
    return (time.perf_counter() - began) / n


def calibrate(task: Task, comm: Any = None, max_expanded: int = 1_000_000, repeats: int = 5) -> Measured:
    """Measure all costs; under MPI both ranks must call, and rank 0 measures the kernels.

    Everything is measured ``repeats`` times, spread over the whole time that takes, and the medians count: others may
    use the machine meanwhile.

    Parameters
    ----------
    task : Task
        For two ranks.
    comm : Carrier, optional
        Of two ranks.
    max_expanded, repeats : int
        Length and number of the searches that are timed.

    Raises
    ------
    BadInputError
        If the instance is too small.
    """
    alone = Task(task.domain, task.heuristic, None, 1)
    compile_kernels(alone)
    compile_kernels(task)
    network = Network(2, slowness=0.0)
    ours = comm or network.communicator(0)
    peer = None if comm else network.communicator(1)
    found = []
    for _ in range(repeats):
        if comm is not None:
            comm.barrier()  # a rank that still takes empty turns would take the other's first message for one of them
        found.append(_measure(task, alone, ours, peer, max_expanded))
    return combined(found)


def _measure(task: Task, alone: Task, ours: Communicator, peer: Communicator | None, max_expanded: int) -> Costs:
    """Measure everything once."""
    mail = time_messages(ours, peer, task.record_words)
    turn = time_turns(task, ours, peer)
    single, double = share(alone, max_expanded), share(task, max_expanded)
    if not double.sent:
        raise BadInputError(f"{task.domain.instance} is too small to calibrate on; need one that takes a second")
    return _costs(single, double, mail, turn)


def _costs(single: Shared, double: Shared, mail: Mail, turn: float) -> Costs:
    received = double.absorb_s / double.sent
    branching = single.generated / single.expanded
    per_node = single.expand_s / single.expanded
    kept = min(max(0.0, received - double.read_s / double.sent), 0.9 * per_node / branching)
    expansion = per_node - kept * branching
    rest = double.expand_s - expansion * double.expanded - kept * (double.generated - double.sent)
    return Costs(
        expansion=expansion,
        kept=kept,
        posted=max(0.0, rest / double.sent),
        received=received,
        message_sent=mail.sent,
        message_received=mail.received,
        turn=turn,
        reduction=mail.sent + mail.received,  # two collective calls, each about a message
        latency=mail.latency,
        bandwidth=mail.bandwidth,
        branching=branching,
    )


def path_of(domain: Domain, heuristic: str | None = None) -> Path:
    """Return the file that keeps the costs of like searches, next to the compiled kernels.

    Alike are searches in one domain with one heuristic (the domain's default when None), and states of as many
    variables and words: the 24-puzzle has other costs than the 15-puzzle, ten sequences others than three.
    """
    size = f"{domain.n_variables}v{len(domain.initial)}w"
    return cache_folder().parent / f"costs-{domain.name}-{heuristic or domain.default_heuristic}-{size}.json"


def keep(domain: Domain, heuristic: str, values: dict[str, Any]) -> Path:
    """Write costs, and what they were measured on, to the user's cache."""
    path = path_of(domain, heuristic)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values) + "\n")
    return path
