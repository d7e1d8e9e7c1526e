"""Memory that is full is no end: from every cut the searches below the open nodes find what exhaustion finds."""

import itertools
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import schedules
from searches import astar

from pdsearch import Status, solve
from pdsearch.domains.pancake import Pancake
from pdsearch.domains.tiles import Tiles
from pdsearch.domains.topspin import TopSpin
from pdsearch.errors import BadInputError
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import Limits
from pdsearch.search.best_first import below as below_open
from pdsearch.search.best_first import deepening
from pdsearch.search.best_first.arrays import MemoryLimitError
from pdsearch.search.best_first.below import Below
from pdsearch.search.best_first.deepening import new_engine, search_below
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.open_nodes import given_up
from pdsearch.search.best_first.pieces import Parcel, Result
from pdsearch.search.best_first.records import initial_record
from pdsearch.search.best_first.simulation import Schedule, simulate
from pdsearch.search.run import Run
from pdsearch.search.setup import make_task

HARDEST = Tiles([8, 6, 7, 2, 5, 4, 3, 0, 1], goal="blank-last")  # 31 moves, as far as boards of the 8-puzzle are
SEVERAL = [
    (HARDEST, "manhattan", 31),
    (HARDEST, "linear-conflict", 31),
    (Pancake([3, 0, 2, 5, 1, 4, 6]), "gap", None),
    (TopSpin([3, 0, 2, 5, 1, 4], 2), "blind", None),
]
CUTS = [1, 2, 3, 5, 8, 20, 50, 150, 400, 1000, 2000, 5000]


def full_at(n_nodes, monkeypatch, more_than=0):
    """Let the memory of every rank be full at so many nodes, whatever it is doing."""
    expand, absorb = LocalSearch.expand, LocalSearch.absorb

    def limited_expand(rank, budget, *rest, **options):
        if rank.n_nodes >= n_nodes:
            raise MemoryLimitError
        return expand(rank, min(budget, 4), *rest, **options)

    def limited_absorb(rank, records):
        size = rank.task.record_words
        for start in range(0, len(records), size):
            if rank.n_nodes >= n_nodes + more_than:
                raise MemoryLimitError
            absorb(rank, records[start : start + size])

    monkeypatch.setattr(LocalSearch, "expand", limited_expand)
    monkeypatch.setattr(LocalSearch, "absorb", limited_absorb)


@pytest.mark.few(1)
@pytest.mark.parametrize("cut", CUTS)
def test_from_every_cut_the_cost_is_that_of_a_search_with_all_memory(cut, monkeypatch):
    truth = [cost or astar(make_task(domain, heuristic)).cost for domain, heuristic, cost in SEVERAL]
    full_at(cut, monkeypatch)

    for (domain, heuristic, _), cost in zip(SEVERAL, truth, strict=True):
        result = astar(make_task(domain, heuristic), batch=2)

        assert (result.status, result.cost, len(result.plan)) == (Status.SOLVED, cost, cost)
        assert domain is not HARDEST or cut >= 1000 or any("memory was full" in note for note in result.notes)


@pytest.mark.few(2)
@pytest.mark.parametrize("n_ranks", [1, 2, 3, 5])
def test_simulated_ranks_that_are_full_at_any_moment_find_the_optimum_and_lose_no_record(n_ranks, monkeypatch):
    draw = np.random.default_rng(n_ranks)
    kinds = ["3x3 14", "3x3 any", "3x3 18"]
    gone_on = 0
    for seed in range(60):
        instance = schedules.short(kinds[seed % 3], "manhattan", seed % 10)
        task = make_task(instance.puzzle, "manhattan", ["zobrist", "abstract-zobrist"][seed % 2], n_ranks, seed=seed)
        with monkeypatch.context() as patch:
            full_at(int(draw.integers(1, 60)), patch, more_than=int(draw.integers(0, 20)))
            result, _ = simulate(task, Schedule.random(seed), max_turns=10**6, when_full="continue")

        assert result.cost == instance.cost, (seed, instance)
        gone_on += bool(result.notes)
    assert gone_on > 20


@pytest.fixture
def dealt(monkeypatch):
    """Let ranks search a few nodes at a time, and cut up and give away all they can; return what was sent."""
    sent, mail = [], Below.mail
    for name, least in (("_LEAST_SLICE", 10), ("_CHUNK", 8), ("_LARGE", 20), ("SPLIT_DEPTH", 2)):
        monkeypatch.setattr(below_open, name, least)
    for name in ("LEAST_PORTION_S", "MOST_PORTION_S"):
        monkeypatch.setattr(deepening, name, 0.0)

    def watched(rank, dealt):
        letters = mail(rank, dealt)
        sent.extend(letters)
        return letters

    monkeypatch.setattr(Below, "mail", watched)
    return sent


@pytest.mark.parametrize(
    ("n_ranks", "domain", "heuristic"),
    [(2, *SEVERAL[0][:2]), (4, *SEVERAL[0][:2]), (2, Pancake([3, 0, 2, 5, 1, 4]), "blind"), (4, *SEVERAL[3][:2])],
)
def test_ranks_that_give_each_other_work_raise_every_f_as_if_each_did_its_own(
    n_ranks, domain, heuristic, monkeypatch, dealt
):
    task = make_task(domain, heuristic)

    def searched(deals):
        ranks, raised = [], []
        for number in range(n_ranks):  # the first has everything, or nearly
            rank = LocalSearch(task, 0, 2**24)
            rank.rank = number
            rank.absorb(initial_record(task))
            rank.expand(200 if number == 0 else 2 * number)
            ranks.append(Below(rank, new_engine(task), given_up(rank, []), lambda: False))
        with monkeypatch.context() as patch:
            patch.setattr(deepening, "deals", deals)
            begin = Below.begin
            patch.setattr(Below, "begin", lambda one, bound: (raised.append((bound, *one._f)), begin(one, bound)))
            after = search_below(ranks, Run(), lambda mine: mine, INFINITY, 0)
        return after, raised

    alone, by_each = searched(lambda left_s, portion_s: [])
    assert not dealt
    together, by_all = searched(deepening.deals)

    assert by_all == by_each
    assert together.bound == alone.bound
    assert {type(one) for one in dealt} == {Parcel, Result}
    cut_up = [one for one in dealt if isinstance(one, Parcel) and one.paths.shape[1]]
    assert bool(cut_up) == (domain is not HARDEST)


@pytest.mark.parametrize("n_ranks", [2, 4])
def test_what_ranks_give_each_other_is_never_lost(n_ranks, monkeypatch, dealt):
    truth = [cost or astar(make_task(domain, heuristic)).cost for domain, heuristic, cost in SEVERAL]
    for seed in range(8):
        (domain, heuristic, _), cost = list(zip(SEVERAL, truth, strict=True))[seed % len(SEVERAL)]
        task = make_task(domain, heuristic, None, n_ranks, seed=seed)
        with monkeypatch.context() as patch:
            full_at([5, 30, 100][seed % 3], patch, more_than=10)
            result, _ = simulate(task, Schedule.random(seed), max_turns=10**6, when_full="continue")

        assert (result.cost, len(result.plan)) == (cost, cost), seed
    assert len(dealt) > 20


def test_a_rank_without_open_nodes_has_nothing_below_them():
    task = make_task(HARDEST, "manhattan")
    rank = LocalSearch(task, 0, 2**24)
    below = Below(rank, new_engine(task), given_up(rank, []), lambda: False)

    assert (len(below), below.least_f, below.is_done) == (0, INFINITY, True)


def test_a_rank_that_waited_long_for_the_others_goes_on():
    task = make_task(HARDEST, "manhattan")
    rank = LocalSearch(task, 0, 2**24)
    rank.absorb(initial_record(task))
    rank.expand(20)
    below = Below(rank, new_engine(task), given_up(rank, []), lambda: False)

    for bound in (below.least_f, below.least_f + 2):
        below.begin(bound)
        for _ in range(100):  # most of them with nothing left to do
            below.go_on(0.05)
        assert below.is_done

    assert below.least_f > bound


@pytest.mark.parametrize("memory", [2**20, 2**21, 2**22, 2**24])
def test_korfs_instances_in_little_memory(memory):
    for number, cost in ((79, 42), (12, 45)):
        result = solve(Tiles.korf(number), limits=Limits(memory_bytes=memory))

        assert (result.status, result.cost) == (Status.SOLVED, cost)
        assert result.peak_memory_bytes <= memory


def test_limits_hold_below_the_open_nodes_and_progress_goes_on():
    seen, asked = [], itertools.count()

    by_time = solve(Tiles.korf(88), limits=Limits(time_s=0.7, memory_bytes=2**21), on_progress=seen.append)
    by_nodes = solve(Tiles.korf(88), limits=Limits(nodes=10**6, memory_bytes=2**21))
    stopped = solve(Tiles.korf(88), memory=2**21, interrupted=lambda: next(asked) > 40)

    assert (by_time.status, by_nodes.status) == (Status.TIME_LIMIT, Status.NODE_LIMIT)
    assert stopped.status is Status.INTERRUPTED
    assert all(43 <= one.lower_bound <= 65 for one in (by_time, by_nodes, stopped))
    assert [one.least_f for one in seen] == sorted(one.least_f for one in seen)


@pytest.mark.few(1)
@pytest.mark.parametrize("on", [{"algorithm": "astar"}, {"ranks": 2}], ids=["one", "two"])
def test_a_search_may_be_told_to_go_on_early(on):
    result = solve(Tiles.korf(83), when_full="early", **on)  # 2 million expansions by A*

    assert (result.status, result.cost) == (Status.SOLVED, 49)
    assert result.peak_memory_bytes < 2**24
    assert any("memory was full" in note for note in result.notes)


def test_a_search_may_be_told_to_stop():
    result = solve(Tiles.korf(88), algorithm="astar", when_full="stop", memory=2**21)

    assert result.status is Status.MEMORY_LIMIT
    with pytest.raises(BadInputError, match="when_full 'never' is unknown; it is one of continue, early, stop"):
        solve(Tiles.korf(88), algorithm="astar", when_full="never")


@pytest.mark.mpi
def test_real_ranks_search_on_together(mpirun):
    run = mpirun(3, "solve", "tiles", "korf:79", "--memory", "1M", "--json", "-", timeout=120)

    result = json.loads(run.stdout.splitlines()[-1])
    assert (result["status"], result["cost"]) == ("solved", 42)
    assert any("memory was full" in note for note in result["notes"])


class Endless:
    """A rank with open nodes below which nothing is ever found."""

    least_f, is_done, found, generated, left_s, has_results = 0, False, None, 0, 0.0, False

    def __init__(self):
        self.expanded = 0

    def begin(self, bound):
        pass

    def go_on(self, portion_s):
        self.expanded += 1


@pytest.mark.parametrize("late", [0, 1])
@pytest.mark.parametrize(("limits", "status"), [(Limits(), Status.TIME_LIMIT), (Limits(nodes=20), Status.NODE_LIMIT)])
def test_ranks_whose_clocks_differ_stop_after_the_same_exchange(late, limits, status):
    table, meeting, asked = [None, None], threading.Barrier(2, timeout=20), [0, 0]

    def search(number):
        run = Run(limits)

        def why_stop(expanded=0):
            asked[number] += 1
            # the clocks of both are looked at twice for each exchange: one is past the limit between the two
            return Status.TIME_LIMIT if limits == Limits() and asked[number] > 10 + 3 * (number == late) else None

        run.why_stop = why_stop

        def exchange(mine):
            table[number] = mine
            meeting.wait()
            everybody = [facts for one in table for facts in one]
            meeting.wait()
            return everybody

        return search_below([Endless()], run, exchange, INFINITY, 0)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(search, range(2))
    assert first == second
    assert first.stop is status
