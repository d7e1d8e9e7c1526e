"""Turns in compiled code over rings: right and finished whoever takes turns when, however small the rings are."""

import threading

import naive
import numpy as np
import pytest
import sas_tasks
import schedules

from pdsearch import Status
from pdsearch.comm import segment
from pdsearch.comm.local import LocalRanks
from pdsearch.comm.rings import RingCommunicator
from pdsearch.domains.planning import scp
from pdsearch.domains.tiles import Tiles
from pdsearch.heuristics import make_heuristic
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import Limits
from pdsearch.search.best_first import lessons
from pdsearch.search.best_first.bae import Bae
from pdsearch.search.best_first.hdastar import HdaStar
from pdsearch.search.best_first.ring_turns import RingTurns, many_records, messages_at_once
from pdsearch.search.best_first.simulation import Schedule
from pdsearch.search.best_first.step import EXPANDED
from pdsearch.search.best_first.two_sided_task import two_sided
from pdsearch.search.best_first.worker import MAX_UNFINISHED
from pdsearch.search.run import Run
from pdsearch.search.setup import make_task

MOST_TURNS = 100_000
KINDS = [("3x3 14", "manhattan"), ("4x4 12", "manhattan"), ("2x3 any", "manhattan"), ("2x3 odd", "manhattan")]


def ring_communicators(n_ranks):
    """Return the ends of rings in this process, which are made together."""
    memory, made = segment.in_process(n_ranks), {}

    def make(rank):
        made[rank] = RingCommunicator(LocalRanks(memory, rank, n_ranks))

    threads = [threading.Thread(target=make, args=(rank,)) for rank in range(n_ranks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [made[rank] for rank in range(n_ranks)]


def workers_of(task, schedule, limits=schedules.LIMITS, turns=RingTurns, kind=HdaStar):
    made = []
    for rank, comm in enumerate(ring_communicators(task.n_ranks)):
        local = kind.rank_type(task, rank, limits.memory_bytes, schedule.message, schedule.batch)
        given = {"turns": turns(local, comm, MAX_UNFINISHED)}
        made.append(kind.worker_type(local, comm, Run(limits), schedule.budget, **given))
    return made


def drive(workers, seed, most_turns=MOST_TURNS):
    """Let the workers take turns by chance, some seldom, until all know that the search is over."""
    rng = np.random.default_rng(seed)
    often = rng.random(len(workers)) ** 2 + 0.01
    for number in rng.choice(len(workers), most_turns, p=often / often.sum()).tolist():
        workers[number].turn()
        if all(worker.agreement.over for worker in workers):
            return
    raise AssertionError("the search does not end")


def expect_nothing_lost(task, workers):
    assert sum(worker.sent for worker in workers) == sum(worker.received for worker in workers)
    assert all(worker.comm.receive() is None and worker.local.unsent == 0 for worker in workers)
    assert len({(one.agreement.last.incumbent, one.agreement.last.least_f) for one in workers}) == 1
    stored = [(state, worker.local.rank) for worker in workers for state in worker.local.stored_states()]
    assert all(task.owner_of(state) == rank for state, rank in stored)
    assert len({state for state, _ in stored}) == len(stored)


def expanded_below(workers, f):
    """Return how many nodes of smaller f were expanded."""
    return sum(int(worker.local.layers[:f].sum()) for worker in workers)


@pytest.mark.few(2)
@pytest.mark.parametrize("words", [1 << 14, 64])  # of a ring; most messages do not fit into the smaller
@pytest.mark.parametrize("block", range(4))
def test_every_order_of_turns_ends_with_the_right_answer_and_no_node_lost(block, words, monkeypatch):
    monkeypatch.setattr(segment, "_RING_BYTES", (4 * words, 4 * words))
    kind, heuristic = KINDS[block]
    sent = 0
    for seed in range(10 * block, 10 * block + 10):
        instance = schedules.short(kind, heuristic, seed // 5)
        task = schedules.shared(instance.puzzle, heuristic, "zobrist", 2 + seed % 4, seed)
        workers = workers_of(task, Schedule.random(seed))

        drive(workers, seed)

        expect_nothing_lost(task, workers)
        last = workers[0].agreement.last
        assert last.incumbent == (INFINITY if instance.cost is None else instance.cost)
        assert (last.stop, last.least_f >= last.incumbent) == (0, True)
        reopened = sum(int(worker.local.statistics[2]) for worker in workers)
        below = expanded_below(workers, last.incumbent)
        assert instance.expanded <= below <= instance.expanded + reopened
        sent += last.sent
    assert sent > 0


@pytest.mark.parametrize("heuristic", ["lmcut", "scp:orders-1"])
def test_expensive_heuristics_and_those_that_learn_end_with_the_right_answer(heuristic, monkeypatch):
    monkeypatch.setattr(scp, "_EVERY", 3)
    monkeypatch.setattr(scp, "_MOVES_PER_EVALUATION", 10**6)
    monkeypatch.setattr(lessons, "_LOOKS", 2)
    learnt = []
    learn = scp.Scp.learn
    monkeypatch.setattr(scp.Scp, "learn", lambda *given: learnt.append(learn(*given)) or learnt[-1])
    for seed in range(12):
        domain = sas_tasks.planning(seed, n_variables=6, n_operators=25, **sas_tasks.KINDS["costs"])
        cost = naive.astar(domain)
        task = make_task(domain, heuristic, "zobrist", 2 + seed % 4, seed=seed)
        workers = workers_of(task, Schedule.random(seed))

        drive(workers, seed)

        expect_nothing_lost(task, workers)
        assert workers[0].agreement.last.incumbent == (INFINITY if cost is None else cost)
    assert bool(learnt) == heuristic.startswith("scp")


def test_where_entering_records_is_expensive_nodes_are_expanded_between_two_messages():
    domain = sas_tasks.planning(0)

    counts = [messages_at_once(make_heuristic(domain, name)) for name in ("lmcut", "hmax", "blind")]

    assert counts == [1, 2, 16]


def test_only_where_evaluations_are_expensive_do_many_small_messages_wait():
    domain = sas_tasks.planning(0)

    assert [many_records(make_heuristic(domain, name)) for name in ("lmcut", "hmax", "blind")] == [8192, 0, 0]


@pytest.mark.parametrize(
    ("many", "size", "most"), [(8192, 1, 8192), (8192, 100, MAX_UNFINISHED), (0, 1, MAX_UNFINISHED)]
)
def test_nobody_outruns_a_receiver_by_many_messages_and_many_records(many, size, most, monkeypatch):
    monkeypatch.setattr("pdsearch.search.best_first.worker.many_records", lambda heuristic: many)
    worker = workers_of(schedules.shared(Tiles.korf(1), "manhattan", "zobrist", 2, 0), Schedule(0, message=size))[0]

    assert not worker._outruns(1, most - 1)
    assert worker._outruns(1, most)


@pytest.mark.parametrize("words", [1 << 14, 64])
def test_every_order_of_turns_from_both_ends_ends_with_the_right_answer(words, monkeypatch):
    monkeypatch.setattr(segment, "_RING_BYTES", (4 * words, 4 * words))
    sent = 0
    for seed in range(20):
        instance = schedules.short(("3x3 14", "4x4 12")[seed % 2], "manhattan", seed)
        task = two_sided(schedules.shared(instance.puzzle, "manhattan", "zobrist", 2 + seed % 4, seed), "bae")
        workers = workers_of(task, Schedule.random(seed), kind=Bae)

        drive(workers, seed)

        expect_nothing_lost(task, workers)
        last = workers[0].agreement.last
        assert (last.incumbent, last.stop, last.least_f >= last.incumbent) == (instance.cost, 0, True)
        assert all(not worker.local.taken for worker in workers)  # the floors know of every message
        sent += last.sent
    assert sent > 0


@pytest.mark.parametrize("seed", range(4))
def test_limits_of_nodes_and_memory_stop_all_ranks_together(seed):
    task = schedules.shared(schedules.short("4x4 30", "manhattan", 1).puzzle, "manhattan", "zobrist", 3, seed)
    for status in (Status.NODE_LIMIT, Status.MEMORY_LIMIT):
        is_full = status is Status.MEMORY_LIMIT
        limits = schedules.LIMITS if is_full else Limits(memory_bytes=2**28, nodes=400)
        workers = workers_of(task, Schedule(seed), limits)
        one = workers[seed % 3]
        if is_full:
            one.local.memory_limit = one.local.granted_bytes + one.comm.buffer_bytes + 1000

        drive(workers, seed)

        assert {worker.agreement.last.stop for worker in workers} == {status.value}
        assert sum(worker.sent for worker in workers) == sum(worker.received for worker in workers)
        expanded = sum(int(worker.local.statistics[EXPANDED]) for worker in workers)
        assert is_full or 400 <= expanded <= 400 + 3 * 2 * 32 * 4


# --- the test of the test: turns that do not count what they receive are found out ---


class Forgetful(RingTurns):
    """Does not say that it has received anything."""

    def take(self, budget, floor, ahead):
        return super().take(budget, floor, ahead)._replace(received=0)


def test_turns_that_do_not_count_are_found_out():
    instance = schedules.short("3x3 14", "manhattan", 0)
    task = schedules.shared(instance.puzzle, "manhattan", "zobrist", 2, 0)
    workers = workers_of(task, Schedule(seed=0), turns=Forgetful)

    with pytest.raises(AssertionError, match="does not end"):
        drive(workers, 0, most_turns=10_000)
