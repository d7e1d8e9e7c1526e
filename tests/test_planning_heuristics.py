"""hmax, LM-cut and goal counting against slow versions, exact distances, and the search that uses them."""

from collections import defaultdict

import naive
import pytest
import sas_tasks
from schedules import run

from pdsearch import Status, solve
from pdsearch.domains.planning.hmax import Hmax
from pdsearch.domains.planning.lmcut import Lmcut
from pdsearch.domains.planning.relaxed import relaxed
from pdsearch.domains.planning.sas import Effect, Operator, SasTask, Variable
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import BadInputError
from pdsearch.heuristics import HEURISTICS
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.best_first.simulation import Schedule
from pdsearch.search.setup import make_task

INFINITE = float("inf")


class Slow:
    """LM-cut over dictionaries and lists, h^max with one list per cost from which the last is taken first."""

    def __init__(self, domain: Planning) -> None:
        task = relaxed(domain.task)
        self.first, self.always, self.goal = task.first.tolist(), task.always.tolist(), task.goal
        rows = [(rows.first.tolist(), rows.items.tolist()) for rows in (task.needs, task.adds)]
        self.needs, self.adds = (
            [items[first[o] : first[o + 1]] for o in range(len(task.cost))] for first, items in rows
        )
        self.cost, self.origin = task.cost.tolist(), task.origin.tolist()

    def facts(self, values):
        return [self.first[var] + value for var, value in enumerate(values)]

    def hmax(self, values):
        self._begin(values)
        return INFINITY if self.h[self.goal] == INFINITE else self.h[self.goal]

    def lmcut(self, values):
        hmax = self.hmax(values)
        if hmax == INFINITY:
            return INFINITY
        total = 0
        while self.h[self.goal] > 0:
            zone: set[int] = set()
            self._mark(self.goal, zone)
            cut = self._cut([*self.always, *self.facts(values)], zone)
            cut += self._other_parts(cut)
            least = min(self.left[o] for o in cut)
            total += least
            for o in cut:
                self.left[o] -= least
            self._spread([(fact, self.h[self.supporter[o]] + self.left[o]) for o in cut for fact in self.adds[o]])
        return max(total, hmax)

    def _other_parts(self, cut):
        return [
            o
            for o in range(len(self.cost))
            if o not in cut and o in self.supporter and any(self.origin[o] == self.origin[one] for one in cut)
        ]

    def _begin(self, values):
        self.left = list(self.cost)
        self.h = defaultdict(lambda: INFINITE)
        self.supporter = {}
        missing = [set(needs) for needs in self.needs]
        queue = defaultdict(list)
        for fact in [*self.facts(values), *self.always]:
            self.h[fact] = 0
            queue[0].append(fact)
        while any(queue.values()):
            cost = min(cost for cost, facts in queue.items() if facts)
            fact = queue[cost].pop()
            if cost > self.h[fact]:
                continue
            for o in range(len(self.needs)):
                if fact in missing[o]:
                    missing[o].remove(fact)
                    if not missing[o]:
                        self.supporter[o] = fact
                        for added in self.adds[o]:
                            if cost + self.cost[o] < self.h[added]:
                                self.h[added] = cost + self.cost[o]
                                queue[self.h[added]].append(added)

    def _spread(self, offers):
        queue = defaultdict(list)
        support = {o: self.h[fact] for o, fact in self.supporter.items()}

        def offer(fact, cost):
            if cost < self.h[fact]:
                self.h[fact] = cost
                queue[cost].append(fact)

        for fact, cost in offers:
            offer(fact, cost)
        while any(queue.values()):
            cost = min(cost for cost, facts in queue.items() if facts)
            fact = queue[cost].pop()
            if cost > self.h[fact]:
                continue
            for o in range(len(self.needs)):
                if self.supporter.get(o) == fact and support[o] > cost:
                    dearest = max(self.h[need] for need in self.needs[o])
                    if dearest > self.h[fact]:
                        self.supporter[o] = next(need for need in self.needs[o] if self.h[need] == dearest)
                    changed = dearest != support[o]
                    support[o] = dearest
                    if changed:
                        for added in self.adds[o]:
                            offer(added, dearest + self.left[o])

    def _mark(self, fact, zone):
        zone.add(fact)
        for o in range(len(self.adds)):
            if fact in self.adds[o] and self.left[o] == 0 and o in self.supporter:
                dearest = self.h[self.supporter[o]]
                for need in self.needs[o]:
                    border = all(self.left[other] > 0 for other in range(len(self.adds)) if need in self.adds[other])
                    if self.h[need] == dearest and (need in zone or border):
                        self.supporter[o] = need
                        break
                if self.supporter[o] not in zone:
                    self._mark(self.supporter[o], zone)

    def _cut(self, start, zone):
        waiting, before, cut = list(start), set(start), []
        while waiting:
            fact = waiting.pop()
            for o in range(len(self.needs)):
                if self.supporter.get(o) == fact:
                    if zone & set(self.adds[o]):
                        cut.append(o)
                        continue
                    for added in self.adds[o]:
                        if added not in before:
                            before.add(added)
                            waiting.append(added)
        return cut


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
            cut_apart += fast.value(state) not in (INFINITY, slow.hmax(values))
    assert cut_apart > 0


@pytest.mark.parametrize("options", [{}, {"max_cost": 9, "least_cost": 0}, {"conditional": True, "axioms": True}])
def test_hmax_is_the_slow_version_on_every_state(options):
    for seed in range(40):
        domain = sas_tasks.planning(seed, **options)
        fast, slow = Hmax(domain), Slow(domain)
        for state in list(naive.reachable(domain))[:60]:
            assert fast.value(state) == slow.hmax(domain.unpack(state))


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


def test_an_inadmissible_heuristic_is_refused_unless_asked_for():
    domain = sas_tasks.planning(5, max_cost=3)

    with pytest.raises(BadInputError, match="'goalcount' is not admissible"):
        solve(domain, "goalcount")
    result = solve(domain, "goalcount", inadmissible=True)

    cost = naive.astar(domain)
    assert result.status is (Status.UNSOLVABLE if cost is None else Status.SOLVED)
    assert cost is None or result.cost >= cost
    assert result.lower_bound is None
