"""HDA-BAE* on simulated ranks: right and finished under every schedule, and wrong where its rules are broken."""

import functools

import pytest

from pdsearch import Status, solve
from pdsearch.domains import DOMAINS
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError, WrongPlanError
from pdsearch.kernels.protocol import INFINITY
from pdsearch.kernels.sides import sides_and_b
from pdsearch.limits import Limits
from pdsearch.search.best_first import simulation
from pdsearch.search.best_first.bae import Bae
from pdsearch.search.best_first.simulation import Schedule, simulate
from pdsearch.search.best_first.two_sided_task import two_sided
from pdsearch.search.best_first.two_sided_worker import TwoSidedWorker
from pdsearch.search.best_first.two_sides import TwoSides
from pdsearch.search.run import Run
from pdsearch.search.setup import make_task

run_all = simulation.take_turns
LIMITS = Limits(memory_bytes=2**28)
MAX_TURNS = 1_000_000
PER_BLOCK = 40
RANKS = [2, 3, 2, 4, 3, 5, 2, 8]
DISTRIBUTIONS = ["zobrist", "abstract-zobrist", "zobrist", "sampled-cut"]
KINDS = [  # (domain, instance, options, heuristic), in turn
    ("grid", "12x12", {}, "octile"),
    ("tiles", "2x3", {}, "manhattan"),
    ("pancake", "6", {}, "gap"),
    ("grid", "15x15", {"neighbours": 4}, "octile"),
    ("tiles", "3x3", {}, "linear-conflict"),
    ("topspin", "6", {}, "token-pdb"),
]


@functools.cache
def instance(kind, seed):
    """Return an instance of a kind, drawn with a seed, its heuristic, and its cost by A*; None where it has no plan."""
    name, text, options, heuristic = kind[0], kind[1], dict(kind[2]), kind[3]
    domain = DOMAINS[name].parse(f"random:{text}", seed=seed, **options)
    return domain, heuristic, solve(domain, heuristic, algorithm="astar").cost


def frozen(kind):
    return (*kind[:2], tuple(kind[2].items()), kind[3])


def run(domain, heuristic, n_ranks, schedule, kind=None, distribution="zobrist", limits=LIMITS):
    """Simulate one schedule."""
    task = two_sided(make_task(domain, heuristic, distribution, n_ranks, seed=schedule.seed), "bae")
    return simulate(task, schedule, Run(limits), MAX_TURNS, kind=kind or Bae())


class _Hasty(TwoSidedWorker):
    """Never waits for the floors: it expands the best it has, as far ahead as there is anything."""

    def _expand(self, most, f_limit):
        self._is_ahead = True
        return super()._expand(most, f_limit)


class _Trusting(TwoSides):
    """Takes every node that the other side has closed for settled."""

    def trusted(self):
        return [INFINITY, INFINITY]


class Hasty(Bae):
    worker_type = _Hasty


class HastyAndTrusting(Hasty):
    rank_type = _Trusting


def check(kind, seed, algorithm):
    """Run one schedule; AssertionError unless the answer is right and nothing is left over."""
    domain, heuristic, cost = instance(frozen(kind), seed // len(KINDS) % 40)
    schedule = Schedule.random(seed)
    distribution = DISTRIBUTIONS[seed % len(DISTRIBUTIONS)]
    try:
        result, ended = run(domain, heuristic, RANKS[seed % len(RANKS)], schedule, algorithm, distribution)
    except BadInputError:  # too coarse for so many ranks, or not for this domain
        result, ended = run(domain, heuristic, RANKS[seed % len(RANKS)], schedule, algorithm)
    workers = ended.workers
    assert (result.cost, result.status is Status.SOLVED) == (cost, cost is not None), (kind, seed, schedule)
    assert result.lower_bound == cost
    assert ended.network.under_way == 0
    assert result.sent == result.received == sum(worker.received for worker in workers)
    assert all(worker.agreement.over and not worker.local.unsent for worker in workers)
    stored = [(state, worker) for worker in workers for state in worker.local.stored_states()]
    assert len({state for state, _ in stored}) == len(stored)
    assert all(ended.task.owner_of(state) == worker.local.rank for state, worker in stored)


def run_block(block, kinds=KINDS):
    for seed in range(PER_BLOCK * block, PER_BLOCK * (block + 1)):
        check(kinds[seed % len(kinds)], seed, (Bae(), Hasty())[seed // len(kinds) % 2])


@pytest.mark.few(1)
@pytest.mark.parametrize("block", range(8))
def test_every_schedule_ends_with_the_right_answer(block):
    run_block(block)


@pytest.mark.heavy
@pytest.mark.parametrize("block", range(8, 2508))
def test_a_hundred_thousand_schedules_end_with_the_right_answer(block):
    run_block(block)


def wrong_answers(algorithm, seeds):
    """Return how many schedules on small maps end with a wrong answer, or a plan that is not what was counted."""
    wrong = 0
    for seed in seeds:
        domain, heuristic, cost = instance(frozen(("grid", "20x20", {}, "octile")), seed % 20)
        try:
            result, _ = run(domain, heuristic, 3, Schedule.random(seed), algorithm)
            wrong += result.cost != cost
        except (WrongPlanError, BadInputError):
            wrong += 1
    return wrong


@pytest.mark.wide
def test_leaving_out_what_is_closed_but_not_proved_to_be_settled_gives_wrong_answers():
    """The rule of :func:`pdsearch.kernels.side_passes.load`, kept and broken, where ranks run ahead."""
    assert wrong_answers(Hasty(), range(60)) == 0
    assert wrong_answers(HastyAndTrusting(), range(60)) > 0


def test_a_floor_that_forgets_mail_under_way_is_too_high(monkeypatch):
    """With the rule of :mod:`pdsearch.search.best_first.two_sided_worker` broken, some answers are wrong."""
    monkeypatch.setattr(TwoSidedWorker, "_more_maxima", lambda worker: [-b for b in worker.local.least_held_b])

    assert wrong_answers(Hasty(), range(60)) > 0


def true_least_b(simulation):
    """Return the least b of each side of all that is open, waits to be sent, or is in the network."""
    least = [INFINITY, INFINITY]
    for worker in simulation.workers:
        least = [min(pair) for pair in zip(least, worker.local.least_held_b, strict=True)]
    layout = simulation.workers[0].local._layout
    for box in simulation.network.queues:
        for records in (message for queue in box.values() for message in queue):
            for side, b in zip(*map(list, sides_and_b(layout, records)), strict=True):
                least[side] = min(least[side], b)
    return least


def test_no_floor_that_a_rank_believes_is_above_what_is_open_or_under_way(monkeypatch):
    turn, simulations, looks = TwoSidedWorker.turn, [], 0

    def watched(worker):
        nonlocal looks
        over = turn(worker)
        looks += 1
        if looks % 3 == 0:
            least = true_least_b(simulations[-1])
            assert all(floor <= b for floor, b in zip(worker.local.proved, least, strict=True))
        return over

    monkeypatch.setattr(TwoSidedWorker, "turn", watched)
    monkeypatch.setattr(simulation, "take_turns", lambda one, *rest: (simulations.append(one), run_all(one, *rest))[1])
    for seed in range(8):
        domain, heuristic, _ = instance(frozen(("grid", "20x20", {}, "octile")), seed)
        run(domain, heuristic, 3, Schedule.random(seed), Hasty())
    assert looks > 100


@pytest.mark.parametrize("limits", [Limits(nodes=300, memory_bytes=2**28), Limits(time_s=1e-9, memory_bytes=2**28)])
def test_ranks_stop_together_with_a_bound_that_holds(limits):
    domain = Tiles.korf(12)
    result, ended = run(domain, "manhattan", 3, Schedule(seed=1, slowness=0.5), limits=limits)

    assert result.status in (Status.NODE_LIMIT, Status.TIME_LIMIT)
    assert 0 <= result.lower_bound <= 45
    assert ended.network.under_way == 0


def test_the_same_schedule_gives_the_same_search():
    domain, heuristic, _ = instance(frozen(KINDS[0]), 3)
    (one, first), (other, second) = (run(domain, heuristic, 4, Schedule.random(7)) for _ in range(2))

    assert first.turns == second.turns
    assert one.plan == other.plan
    assert [rank.expanded for rank in one.ranks] == [rank.expanded for rank in other.ranks]


def test_owners_that_are_no_function_of_the_state_are_refused():
    with pytest.raises(BadInputError, match="one owner for each state"):
        run(Tiles.korf(79), "manhattan", 2, Schedule(), distribution="random")
