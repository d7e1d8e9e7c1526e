"""hmax, LM-cut and goal counting against slow versions, exact distances, and the search that uses them."""

from collections import defaultdict
from itertools import pairwise

import naive
import pytest
import sas_tasks
from schedules import run

from pdsearch import Status, solve
from pdsearch.domains.planning.hmax import Hmax
from pdsearch.domains.planning.lmcut import Lmcut
from pdsearch.domains.planning.relaxed import relaxed
from pdsearch.domains.planning.relevant import relevant
from pdsearch.domains.planning.sas import Effect, Operator, SasTask, Variable
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import BadInputError
from pdsearch.heuristics import HEURISTICS
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.best_first.simulation import Schedule
from pdsearch.search.setup import make_task

INFINITE = float("inf")


class Slow:
    """LM-cut over dictionaries and lists, with one list per cost from which the last fact is taken first."""

    def __init__(self, domain: Planning) -> None:
        task = relevant(relaxed(domain.task))
        self.first, self.always, self.goal = task.first.tolist(), task.always.tolist(), task.goal
        self.needs, self.adds = lists(task.needs), lists(task.adds)
        self.cost, self.origin = task.cost.tolist(), task.origin.tolist()

    def lmcut(self, values):
        self.left, self.taken, self.supporter = list(self.cost), set(), {}
        self.h, self.support = defaultdict(lambda: INFINITE), defaultdict(lambda: INFINITE)
        self.queue = defaultdict(list)
        for fact in [*(self.first[var] + value for var, value in enumerate(values)), *self.always]:
            self._offer([fact], 0)
        self._spread(INFINITE)
        hmax, total = self.h[self.goal], 0
        while 0 < self.h[self.goal] < INFINITE:
            cut = self._cut()
            least = min(self.left[o] for o in cut)
            total += least
            self.queue.clear()
            for o in cut:
                self.left[o] -= least
            for o in cut:
                self._offer(self.adds[o], self.support[o] + self.left[o], self.h[self.goal])
            self._spread()
        return INFINITY if hmax == INFINITE else max(total, hmax)

    def _offer(self, facts, cost, below=INFINITE):
        for fact in facts if cost < below else ():
            if cost < self.h[fact]:
                self.h[fact] = cost
                self.queue[cost].append(fact)

    def _spread(self, below=None):
        while any(self.queue.values()):
            cost = min(cost for cost, facts in self.queue.items() if facts)
            if cost >= self.h[self.goal]:
                break
            fact = self.queue[cost].pop()
            if cost > self.h[fact]:
                continue
            is_new = fact not in self.taken
            self.taken.add(fact)
            for o, needs in enumerate(self.needs):
                if fact in needs and self.taken.issuperset(needs) and (is_new or self.supporter[o] == fact):
                    before = self.support[o]
                    self.support[o] = max(self.h[need] for need in needs)
                    self.supporter[o] = next(need for need in needs if self.h[need] == self.support[o])
                    if below == INFINITE:
                        self.supporter[o] = fact
                    if self.support[o] < before:
                        self._offer(self.adds[o], self.support[o] + self.left[o], below or self.h[self.goal])

    def _cut(self):
        self.zone: list[int] = []
        self._mark(self.goal)
        entering = [o for o in self._entering() if all(map(self._may_be_before, self.needs[o]))]
        return [o for o in range(len(self.cost)) if self.origin[o] in {self.origin[one] for one in entering}]

    def _mark(self, fact):
        self.zone.append(fact)
        for o in self._achievers(fact):
            if self.left[o] == 0:
                far = [need for need in self.needs[o] if self.h[need] >= self.h[self.goal]]
                free = [need for need in far if not all(self.left[other] for other in self._achievers(need))]
                if not set(far) & set(self.zone):
                    self._mark(max(reversed(far), key=lambda need: (self.h[need], need not in free)))

    def _achievers(self, fact):
        return [o for o in range(len(self.adds)) if fact in self.adds[o]]

    def _entering(self):
        return [o for o in range(len(self.adds)) if self.left[o] > 0 and set(self.zone) & set(self.adds[o])]

    def _may_be_before(self, fact):
        others = set(self._achievers(fact)) - set(self._entering())
        is_added = any(not set(self.zone) & set(self.needs[o]) for o in others)
        return self.h[fact] < self.h[self.goal] or (fact not in self.zone and is_added)


def lists(rows):
    return [rows.items[start:end].tolist() for start, end in pairwise(rows.first.tolist())]


def slow_hmax(domain, values):
    """Go through all operators until nothing changes."""
    task = relaxed(domain.task)
    facts = [*(first + value for first, value in zip(task.first.tolist(), values, strict=False)), *task.always.tolist()]
    h = defaultdict(lambda: INFINITE, dict.fromkeys(facts, 0))
    before, operators = None, list(zip(lists(task.needs), lists(task.adds), task.cost.tolist(), strict=True))
    while h != before:
        before = dict(h)
        for needs, adds, cost in operators:
            for added in adds:
                h[added] = min(h[added], max(h[need] for need in needs) + cost)
    return INFINITY if h[task.goal] == INFINITE else h[task.goal]


@pytest.mark.few(2)
@pytest.mark.parametrize("options", [*sas_tasks.KINDS.values(), {"n_operators": 25, "max_cost": 3}])
def test_lmcut_is_the_slow_version_on_every_state(options):
    cut_apart = 0
    for seed in range(120):
        domain = sas_tasks.planning(seed, **options)
        fast, slow = Lmcut(domain), Slow(domain)
        for state in list(naive.reachable(domain))[:30]:
            values = domain.unpack(state)
            assert fast.value(state) == slow.lmcut(values)
            cut_apart += fast.value(state) not in (INFINITY, slow_hmax(domain, values))
    assert cut_apart > 0


@pytest.mark.parametrize("options", [{}, {"max_cost": 9, "least_cost": 0}, {"conditional": True, "axioms": True}])
def test_hmax_is_the_slow_version_on_every_state(options):
    for seed in range(40):
        domain = sas_tasks.planning(seed, **options)
        fast = Hmax(domain)
        for state in list(naive.reachable(domain))[:60]:
            assert fast.value(state) == slow_hmax(domain, domain.unpack(state))


FITTING = [name for name in HEURISTICS if HEURISTICS[name].fits(sas_tasks.planning(0)) and HEURISTICS[name].admissible]


@pytest.mark.few(20)
@pytest.mark.parametrize("name", FITTING)
@pytest.mark.parametrize("options", [*sas_tasks.KINDS.values(), {"n_operators": 25, "max_cost": 3}])
def test_no_heuristic_exceeds_the_exact_distance(name, options):
    for seed in range(40):
        domain = sas_tasks.planning(seed, **options)
        heuristic = HEURISTICS[name](domain)
        exact = naive.distances_to_goal(domain)
        for state in naive.reachable(domain):
            assert heuristic.value(state) <= exact.get(state, INFINITY)


@pytest.mark.few(3)
@pytest.mark.parametrize("name", FITTING)
@pytest.mark.parametrize("options", [{"max_cost": 9, "least_cost": 0}, {"conditional": True, "axioms": True}])
def test_astar_and_hdastar_find_what_exhaustive_search_finds(name, options):
    for seed in range(40):
        domain = sas_tasks.planning(seed, **options)
        try:
            alone = solve(domain, name)
        except BadInputError:
            assert options.get("conditional")
            pytest.skip(f"{name} says that it cannot handle these")
        task = make_task(domain, name, "zobrist", 2 + seed % 4, seed=seed)

        shared, _ = run(task, Schedule.random(seed))

        assert alone.cost == shared.cost == naive.astar(domain)


def test_two_effects_of_an_operator_pay_once_for_it():
    def lit(lamp, needs=()):
        return Effect(needs, lamp, 1)

    lamps = tuple(Variable(f"lamp{n}", -1, ("off", "on")) for n in range(3))
    press = Operator("press", (), (lit(1, ((0, 0),)), lit(2, ((0, 0),))), 3)
    task = SasTask(True, lamps, (), (0, 0, 0), ((1, 1), (2, 1)), (press,))
    domain = Planning(task, "one switch for two lamps")

    assert Lmcut(domain).value(domain.initial) == 3


def test_what_leads_to_no_goal_is_left_out():
    names = ("lamp", "bell", "door")
    ring, light = Effect((), 1, 1), Effect((), 0, 1)
    operators = (Operator("ring", (), (ring,), 1), Operator("press", ((2, 0),), (light, ring), 2))
    variables = tuple(Variable(name, -1, ("off", "on")) for name in names)
    task = relaxed(SasTask(True, variables, (), (0, 0, 0), ((0, 1),), operators))

    smaller = relevant(task)

    assert (smaller.cost.tolist(), smaller.origin.tolist(), smaller.first_part.tolist()) == ([2, 0], [0, 1], [0, 1, 2])
    assert lists(smaller.needs) == [[4], [1]]
    assert lists(smaller.adds) == [[1], [task.goal]]


def test_an_inadmissible_heuristic_is_refused_unless_asked_for():
    domain = sas_tasks.planning(5, max_cost=3)

    with pytest.raises(BadInputError, match="'goalcount' is not admissible"):
        solve(domain, "goalcount")
    result = solve(domain, "goalcount", inadmissible=True)

    cost = naive.astar(domain)
    assert result.status is (Status.UNSOLVABLE if cost is None else Status.SOLVED)
    assert cost is None or result.cost >= cost
    assert result.lower_bound is None
