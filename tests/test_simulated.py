"""HDA* on simulated ranks: right and finished under every schedule, and stopped together by every limit."""

import itertools

import numpy as np
import pytest
import schedules
from examples import others_wide
from schedules import LIMITS, Short, check, run, shared, short, walked
from searches import astar

from pdsearch import Status
from pdsearch.comm import termination
from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import Limits
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.simulation import NeverEndsError, Schedule, simulate
from pdsearch.search.best_first.step import EXPANDED
from pdsearch.search.best_first.worker import Worker
from pdsearch.search.setup import make_task
from pdsearch.search.task import Task

PER_BLOCK = 100
FITTING = [name for name in DISTRIBUTIONS if DISTRIBUTIONS[name].fits(Tiles.korf(1))]
RANKS = [2, 3, 2, 4, 3, 5, 2, 7, 3, 10, 4, 16, 2, 6, 3]  # few more often: each rank makes a schedule longer
KINDS = [  # (instance, heuristic), in turn
    ("3x3 14", "manhattan"),
    ("4x4 10", "linear-conflict"),
    ("2x3 any", "linear-conflict"),
    ("4x4 12", "manhattan"),
    ("3x3 18", "linear-conflict"),
    ("2x3 8", "blind"),
    ("2x3 any", "manhattan"),
    ("4x4 16", "linear-conflict"),
    ("2x3 odd", "manhattan"),
    ("3x3 6", "blind"),
]


def run_schedules(distribution, kind, heuristic, seeds):
    """Run a schedule for each seed, over several numbers of ranks and ten boards."""
    for seed in seeds:
        instance = short(kind, heuristic, seeds.start // 10 + seed % 10)
        try:
            check(instance, distribution, RANKS[seed % len(RANKS)], Schedule.random(seed))
        except AssertionError as error:
            error.add_note(f"{kind} {heuristic} {distribution}, {instance.puzzle.board}, {Schedule.random(seed)}")
            raise


def run_block(block):
    kind, heuristic = KINDS[block % len(KINDS)]
    distribution = FITTING[(block + block // len(KINDS)) % len(FITTING)]
    run_schedules(distribution, kind, heuristic, range(PER_BLOCK * block, PER_BLOCK * (block + 1)))


@pytest.mark.few(4)
@pytest.mark.parametrize("block", others_wide(list(range(50)), 10))
def test_every_schedule_ends_with_the_right_answer_and_no_node_lost(block):
    run_block(block)


@pytest.mark.heavy
@pytest.mark.parametrize("block", range(50, 550))
def test_ten_times_as_many_schedules_end_with_the_right_answer(block):
    run_block(block)


@pytest.mark.few(8)
@pytest.mark.parametrize("distribution", FITTING)
@pytest.mark.parametrize("n_ranks", [2, 5, 16])
def test_the_hardest_boards_of_the_eight_puzzle_are_solved_by_any_number_of_ranks(n_ranks, distribution):
    puzzle = Tiles([8, 6, 7, 2, 5, 4, 3, 0, 1], goal="blank-last")
    task = shared(puzzle, "manhattan", distribution, n_ranks, 0)

    result, _ = run(task, Schedule(seed=1, slowness=0.5, fairness=0.5))

    assert result.cost == 31


def test_the_same_schedule_gives_the_same_search():
    instance = short("3x3 16", "manhattan", 3)
    task = make_task(instance.puzzle, "manhattan", "zobrist", 5)

    (one, first), (other, second) = (run(task, Schedule.random(7)) for _ in range(2))

    assert first.turns == second.turns
    assert [rank.expanded for rank in one.ranks] == [rank.expanded for rank in other.ranks]
    assert one.plan == other.plan


@pytest.mark.wide
def test_between_two_floors_a_rank_expands_a_sixteenth_above_them_at_most(monkeypatch):
    ahead = dict[tuple[int, int], int]()  # expansions above the floor, by rank and highest floor
    made = dict[int, int]()  # all of a rank's expansions
    expand = Worker._expand

    def watched(worker, most, f_limit):
        expanded = expand(worker, most, f_limit)
        rank = worker.local.rank
        if f_limit > worker.floor:
            key = rank, worker._highest_floor
            ahead[key] = ahead.get(key, 0) + expanded
            assert ahead[key] <= made[rank] / 16 + 8 * 4  # a batch is finished once begun
        made[rank] = int(worker.local.statistics[EXPANDED])
        return expanded

    monkeypatch.setattr(Worker, "_expand", watched)
    total = 0
    for seed in range(12):
        instance = short("4x4 30", "manhattan", seed)
        task = make_task(instance.puzzle, "manhattan", "zobrist", 4, seed=seed)
        result, _ = run(task, Schedule(seed, slowness=0.9, message=20))
        assert result.cost == instance.cost
        total += sum(ahead.values())
        ahead.clear(), made.clear()
    assert total > 0  # something was done while mail was slow


def test_a_floor_that_is_not_known_for_a_moment_does_not_end_work_above_it_where_evaluations_are_expensive(monkeypatch):
    floors = list[int]()
    learn = Worker._learn
    monkeypatch.setattr("pdsearch.search.best_first.worker.messages_at_once", lambda heuristic: 1)

    def watched(worker, last):
        learn(worker, last)
        floors.append(worker.floor)

    monkeypatch.setattr(Worker, "_learn", watched)
    seen = 0
    for seed in range(12):
        instance = short("4x4 30", "manhattan", seed)
        task = make_task(instance.puzzle, "manhattan", "zobrist", 4, seed=seed)
        result, simulation = run(task, Schedule(seed, slowness=0.9, message=20))
        assert result.cost == instance.cost
        last_known = max(i for i, floor in enumerate(floors) if floor < INFINITY)
        seen += max(floors[: last_known + 1]) >= INFINITY
        assert all(worker._highest_floor < INFINITY for worker in simulation.workers)
        floors.clear()
    assert seen > 0  # all that was open was under way in some round, and something is known later


def test_slow_links_and_small_messages_make_no_endless_work_above_the_floor():
    puzzle = Tiles.parse("random:3x3", seed=18)
    schedule = Schedule(18, slowness=0.98, fairness=0.5, message=1, batch=Schedule.random(18).batch, budget=200)

    result, _ = run(make_task(puzzle, "manhattan", "zobrist", 4, seed=18), schedule)

    alone = astar(make_task(puzzle, "manhattan"), LIMITS)
    assert result.cost == alone.cost
    assert result.expanded < 20 * alone.expanded  # 256 times where small messages may wait in any number


# --- the test of the test: with a wrong rule, the checks above find something wrong ---


def ignores_what_is_under_way(before, now):
    return before.active == 0 and now.active == 0


def looks_at_one_round(before, now):
    return now.active == 0 and now.sent == now.received


def forgets_who_is_active(before, now):
    return before.received == now.sent


def believes_the_first_goal(before, now):
    return now.incumbent < 2**40


@pytest.mark.parametrize(
    "wrong", [ignores_what_is_under_way, looks_at_one_round, forgets_who_is_active, believes_the_first_goal]
)
def test_a_wrong_termination_rule_is_found_out(wrong, monkeypatch):
    monkeypatch.setattr(termination, "agree", wrong)
    monkeypatch.setattr(schedules, "MAX_TURNS", 300_000)

    def some_hundred_schedules():
        for kind, heuristic in KINDS:
            run_schedules("zobrist", kind, heuristic, range(10))
        for seed in range(600):  # much under way, one node at a time: finds the subtlest of them once in 70
            instance = short("2x3 odd", "manhattan", seed % 10)
            schedule = Schedule(seed, slowness=0.98, fairness=0.5, message=1, batch=2, budget=5)
            check(instance, "zobrist", 5, schedule)

    with pytest.raises(AssertionError):
        some_hundred_schedules()


def test_a_search_that_never_agrees_is_stopped_and_said_to_hang(monkeypatch):
    monkeypatch.setattr(termination, "agree", lambda before, now: False)
    task = make_task(Tiles.parse("1 0 2 3 4 5 6 7 8"), None, None, 3)

    with pytest.raises(NeverEndsError, match="still runs after"):
        simulate(task, Schedule(), max_turns=20_000)


# --- every way to stop ---

FAULTS = range(40)


def fault_problem(seed) -> tuple[Short, Task]:
    instance = short("4x4 30", "manhattan", seed)
    distribution = FITTING[seed % len(FITTING)]
    return instance, make_task(instance.puzzle, "manhattan", distribution, 2 + seed % 15, seed=seed)


def check_stopped(result, instance, status):
    """A search stopped early has proved no more than is true; one that had just finished is right."""
    assert result.status in (status, Status.SOLVED)
    assert instance.puzzle is not None
    assert result.lower_bound <= instance.cost
    if result.cost is not None:
        assert result.cost >= instance.cost
        assert len(result.plan) == result.cost
    if result.status is Status.SOLVED:
        assert result.cost == instance.cost


@pytest.mark.few(8)
@pytest.mark.parametrize("seed", FAULTS)
def test_a_node_limit_stops_all_ranks_together(seed):
    instance, task = fault_problem(seed)
    nodes = 1 + int(np.random.default_rng(seed).integers(instance.expanded + 1))

    result, _ = run(task, Schedule.random(seed), Limits(nodes=nodes, memory_bytes=2**28))

    check_stopped(result, instance, Status.NODE_LIMIT)
    assert result.expanded <= 1.5 * nodes + task.n_ranks  # exact on one rank only
    if result.status is Status.NODE_LIMIT:
        assert result.expanded >= nodes


@pytest.mark.few(8)
@pytest.mark.parametrize("seed", FAULTS)
def test_an_interruption_of_one_rank_stops_all_together(seed):
    instance, task = fault_problem(seed)
    times, when = itertools.count(), int(np.random.default_rng(seed).integers(2000))

    result, _ = run(task, Schedule.random(seed), interrupted=lambda: next(times) == when)

    check_stopped(result, instance, Status.INTERRUPTED)


@pytest.mark.wide
@pytest.mark.parametrize("kind", ["3x3 18", "2x3 any"])
def test_a_search_interrupted_at_its_first_plan_knows_what_that_costs(kind, monkeypatch):
    found: list[int] = []
    expand = LocalSearch.expand

    def noting(rank, *arguments, **options):
        why = expand(rank, *arguments, **options)
        found.extend([rank.incumbent] if rank.incumbent < INFINITY else [])
        return why

    monkeypatch.setattr(LocalSearch, "expand", noting)

    statuses = set()
    for seed in range(100):
        found.clear()
        instance = short(kind, "manhattan", seed % 20)
        task = make_task(instance.puzzle, "manhattan", "zobrist", 5, seed=seed)
        schedule = Schedule(seed, slowness=0.98, fairness=0.5, message=1, batch=2, budget=5)
        result, _ = run(task, schedule, interrupted=lambda: bool(found))
        check_stopped(result, instance, Status.INTERRUPTED)
        assert (result.status is Status.SOLVED) == (result.cost == result.lower_bound)
        statuses.add(result.status)

    assert statuses == {Status.SOLVED, Status.INTERRUPTED}


@pytest.mark.few(3)
@pytest.mark.parametrize("seed", range(10))
def test_a_memory_that_fills_in_the_middle_stops_all_ranks_together(seed, monkeypatch):
    monkeypatch.setattr("pdsearch.limits.MIN_MEMORY", 2**14)
    puzzle = Tiles.korf(1)
    distribution = FITTING[seed % len(FITTING)]
    task = make_task(puzzle, "manhattan", distribution, 2 + seed % 7, seed=seed)
    limits = Limits(memory_bytes=200_000)

    result, simulation = run(task, Schedule.random(seed), limits)

    assert result.status is Status.MEMORY_LIMIT
    assert 41 <= result.lower_bound <= 57
    assert result.expanded > 100
    assert all(worker.local.used_bytes <= limits.memory_bytes for worker in simulation.workers)
    assert result.plan is None


@pytest.mark.wide
def test_many_ranks_in_little_memory_solve_it_or_end_with_a_status():
    task = make_task(Tiles.korf(79), "manhattan", "zobrist", 100)

    def status():
        try:
            return run(task, Schedule(message=1000, batch=32), Limits(memory_bytes=2**20))[0].status
        except BadInputError:
            return "refused"

    assert status() in (Status.SOLVED, Status.MEMORY_LIMIT, "refused")


def test_a_time_limit_stops_all_ranks_together():
    task = make_task(Tiles.korf(88), "manhattan", None, 4)

    result, _ = run(task, Schedule(seed=3, slowness=0.5), Limits(time_s=0.1, memory_bytes=2**28))

    assert result.status is Status.TIME_LIMIT
    assert 43 <= result.lower_bound <= 65


def test_a_search_that_could_not_begin_proves_the_heuristic_of_the_first_state():
    puzzle = walked("4x4", "blank-first", 30, 1)
    task = make_task(puzzle, "manhattan", None, 3)

    result, _ = run(task, Schedule.random(5), interrupted=lambda: True)

    assert result.status is Status.INTERRUPTED
    assert result.lower_bound == task.heuristic.value(puzzle.initial)
    assert result.expanded == 0
