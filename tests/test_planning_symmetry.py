"""Symmetries are what they say, states that stand for others lead to real plans, and nothing costs more or less."""

import json
from dataclasses import replace
from itertools import permutations

import all_automorphisms
import drivers
import naive
import numpy as np
import pytest
import sas_tasks
from networkx.utils import UnionFind
from schedules import run

from pdsearch import solve
from pdsearch.cli import main
from pdsearch.domains.planning import automorphisms as module
from pdsearch.domains.planning.automorphisms import automorphisms
from pdsearch.domains.planning.sas import EXAMPLE, Axiom, Effect, Operator, SasTask, Variable, parse_sas
from pdsearch.domains.planning.semantics import holds, successor
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import BadInputError, TimeLimitError, WrongPlanError
from pdsearch.limits import Deadline
from pdsearch.search.best_first.simulation import Schedule
from pdsearch.search.setup import make_task


def copies(seed, n=3, n_variables=3, shuffled=False, **options):
    """Return a random task whose variables but the first are there ``n`` times, in the same roles.

    ``shuffled``: each copy begins elsewhere, in place of all at 0.
    """
    one = sas_tasks.random_task(seed, n_variables=n_variables, n_operators=6, **options)
    n_own = len(one.variables) - 1

    def moved(facts, copy):
        return tuple(sorted((var and var + copy * n_own, value) for var, value in facts))

    def moved_rule(rule, copy):
        return (moved(rule.conditions, copy), *moved([rule[1:]], copy)[0])

    operators = [
        replace(
            operator,
            name=f"{operator.name} {copy}",
            preconditions=moved(operator.preconditions, copy),
            effects=tuple(Effect(*moved_rule(effect, copy)) for effect in operator.effects),
        )
        for operator in one.operators
        for copy in range(n)
    ]
    goal = tuple(sorted({fact for copy in range(n) for fact in moved(one.goal, copy)}))
    variables = (one.variables[0], *one.variables[1:] * n)
    rng, initial = np.random.default_rng(seed), [one.initial[0], *one.initial[1:] * n]
    for var, variable in enumerate(variables):
        if shuffled and variable.layer < 0:
            initial[var] = int(rng.integers(len(variable.values)))
    axioms = tuple(Axiom(*moved_rule(axiom, copy)) for axiom in one.axioms for copy in range(n))
    return SasTask(True, variables, (), tuple(initial), goal, tuple(operators), axioms)


def symmetric(task):
    return Planning(task, "with symmetries", pruning="symmetry")


def image(task, one, values):
    first = np.concatenate([[0], np.cumsum([len(variable.values) for variable in task.variables])])
    facts = [int(one.facts[first[var] + value]) for var, value in enumerate(values)]
    after = {int(np.searchsorted(first, fact, side="right")) - 1: fact for fact in facts}
    return tuple(after[var] - int(first[var]) for var in range(len(values)))


@pytest.mark.parametrize("kind", ["costs", "conditional", "axioms", "everything"])
def test_what_is_found_maps_every_transition_to_one_and_goals_to_goals(kind):
    found = 0
    for seed in range(40 if kind == "costs" else 12):
        task = copies(seed, shuffled=seed % 2 == 1, **sas_tasks.KINDS[kind])
        domain, rng = Planning(task, "copies"), np.random.default_rng(seed)
        states = [domain.unpack(state) for state in list(naive.reachable(domain))]
        for one in automorphisms(task):
            found += 1
            for values in [states[i] for i in rng.choice(len(states), min(20, len(states)), replace=False)]:
                other = image(task, one, values)
                assert holds(task.goal, values) == holds(task.goal, other)
                for number, operator in enumerate(task.operators):
                    same = task.operators[one.operators[number]]
                    assert holds(operator.preconditions, values) == holds(same.preconditions, other)
                    assert operator.cost == same.cost
                    if holds(operator.preconditions, values):
                        after = successor(task, values, operator)
                        assert image(task, one, after) == successor(task, other, same)
    assert found >= (60 if kind == "costs" else 18)


def with_derived(task, rng):
    """Return a task whose variables but the first have a derived one each, which operators and the goal may need."""
    n, own = len(task.variables), task.variables[1:]
    value, other, needed = int(rng.integers(len(own[0].values))), int(rng.integers(2)), int(rng.integers(2))
    derived = tuple(Variable(f"derived{var}", 0, ("no", "yes")) for var in range(len(own)))
    axioms = tuple(Axiom(((0, other), (1 + var, value), (n + var, 0)), n + var, 1) for var in range(len(own)))
    operators = tuple(
        replace(operator, preconditions=(*operator.preconditions, (n + operator.effects[0].variable - 1, needed)))
        if number < len(own) and operator.effects[0].variable
        else operator
        for number, operator in enumerate(task.operators)
    )
    goal = tuple((n + var, 1) for var in range(len(own)))
    return replace(
        task,
        variables=(*task.variables, *derived),
        axioms=axioms,
        operators=operators,
        goal=goal,
        initial=(*task.initial, *(0,) * len(own)),
    )


@pytest.mark.wide
@pytest.mark.parametrize("kind", ["costs", "conditional", "axioms", "everything"])
def test_as_many_orbits_are_searched_as_all_automorphisms_leave(kind):
    joined = 0
    options = dict(sas_tasks.KINDS[kind])
    has_axioms = options.pop("axioms", False)
    for seed in range(30 if kind == "costs" else 16):
        task = copies(seed, n_variables=2, shuffled=seed % 2 == 1, **options)
        task = with_derived(task, np.random.default_rng(seed)) if has_axioms else task
        group, generators = all_automorphisms.of(task), automorphisms(task)
        plain = Planning(task, "plain")
        reached = {plain.unpack(state) for state in naive.reachable(plain)}

        def least(values, group=group):
            return min(all_automorphisms.image(one, values) for one in group)

        orbits, found, waiting = {least(values) for values in reached}, UnionFind(), list(reached)
        while waiting:
            values = waiting.pop()
            for one in generators:
                other = image(task, one, values)
                waiting += [] if other in found.parents else [other]
                found.union(values, other)
        domain = symmetric(task)
        stored = {domain.unpack(state) for state in naive.reachable(domain)}

        assert len({found[values] for values in reached}) == len(orbits)
        assert {least(values) for values in stored} == orbits
        joined += len(reached) - len(orbits)
    assert joined > 60


def test_all_symmetries_of_balls_and_hands_are_found():
    for n in (2, 3, 4):
        task = sas_tasks.balls(n)
        domain, plain = symmetric(task), Planning(task, "balls")
        states = {plain.unpack(state) for state in naive.reachable(plain)}

        def orbit(values, n=n):
            left, right, own = *values[1:3], values[3:]
            for order in permutations(range(n)):
                moved = tuple(own[i] for i in order)
                yield (values[0], left, right, *moved)
                yield (values[0], right, left, *({2: 3, 3: 2}.get(value, value) for value in moved))

        orbits = {min(orbit(values)) for values in states}
        stored = {domain.unpack(state) for state in naive.reachable(domain)}

        assert {min(orbit(values)) for values in stored} == orbits
        assert len(stored) <= len(orbits) + 1  # the initial state is stored as it is


@pytest.mark.few(1)
@pytest.mark.parametrize("kind", ["plain", "everything"])
def test_the_compiled_code_is_the_slow_version(kind):
    replaced = 0
    for seed in range(30 if kind == "plain" else 12):
        domain = symmetric(copies(seed, n=3 if kind == "plain" else 2, **sas_tasks.KINDS[kind]))
        if not hasattr(domain.space, "generators"):
            continue  # symmetries are not used
        for state in list(naive.reachable(Planning(domain.task, "plain")))[:40]:
            before = domain.unpack(state)
            moves, n = drivers.expanded(domain, state)
            rows = drivers.rows(domain, moves, n)
            assert sorted(number for number, _, _ in rows) == domain.operators(state)
            for c, (number, found, _) in enumerate(rows):
                plain = successor(domain.task, before, domain.task.operators[number])
                after = domain._pruning._canonical(plain)[0]
                assert domain.unpack(found) == after == domain.unpack(domain.apply(state, number)[0])
                replaced += after != plain
                changed = moves.added[c * domain.n_changes : (c + 1) * domain.n_changes].tolist()
                changed = changed[: changed.index(-1)] if -1 in changed else changed
                expected = [var for var in domain.primary if before[var] != after[var]]
                assert changed == [var * domain.n_values + after[var] for var in expected]
    assert replaced > 100


COMPILED = [
    pytest.param(name, marks=pytest.mark.heavy) for name in ("lmcut", "pdb", "scp", "merge-and-shrink")
]  # anew for these states


@pytest.mark.wide
@pytest.mark.parametrize("kind", ["costs", "everything"])
@pytest.mark.parametrize("heuristic", ["blind", *COMPILED])
def test_the_optimal_cost_stays_and_the_plan_is_real(heuristic, kind):
    fewer = 0
    for seed in range({"blind": 100, "merge-and-shrink": 30}.get(heuristic, 40)):
        task = copies(seed, n=3 if kind == "costs" else 2, shuffled=seed % 2 == 1, **sas_tasks.KINDS[kind])

        without, found = solve(Planning(task, "plain"), "blind"), solve(symmetric(task), heuristic)

        assert (found.cost, found.status) == (without.cost, without.status)
        fewer += found.expanded < without.expanded
    assert fewer > (5 if heuristic == "blind" else 0)


@pytest.mark.few(1)
@pytest.mark.parametrize("kind", ["plain", "everything"])
def test_the_optimal_cost_stays_under_every_schedule(kind):
    for seed in range(40 if kind == "plain" else 20):
        domain = symmetric(copies(seed, n=2 + (kind == "plain"), **sas_tasks.KINDS[kind]))
        task = make_task(domain, "blind", "zobrist", 2 + seed % 4, seed=seed)

        result, _ = run(task, Schedule.random(seed))

        assert result.cost == naive.astar(Planning(domain.task, "plain"))


@pytest.mark.wide
def test_depth_first_search_finds_a_real_plan():
    assert solve(symmetric(sas_tasks.balls(3)), "hmax", algorithm="idastar").cost == 9


@pytest.mark.wide
@pytest.mark.mpi
def test_ranks_agree(python_on):
    result = solve(symmetric(sas_tasks.balls(6)), "blind", ranks=2)

    assert result.cost == solve(symmetric(sas_tasks.balls(6)), "blind").cost == 17


def twice_set(orders, conditions=(((1, 1),), ((2, 1),)), mutexes=()):
    """Return a task whose variables 0 and 3 are set by two effects each, in an order."""
    bits = [Variable(f"v{var}", -1, ("0", "1", "2")[: 3 if var in (0, 3) else 2]) for var in range(4)]
    operators = [
        Operator(f"set {var}", (), tuple(Effect(conditions[i], var, i + 1) for i in order), 1)
        for var, order in zip((0, 3), orders, strict=True)
    ]
    flips = [sas_tasks.changes(f"flip {var}", ((var, 0),), var, 1) for var in (1, 2)]
    return SasTask(True, tuple(bits), mutexes, (0,) * 4, ((0, 2), (3, 2)), (*operators, *flips))


def test_the_order_of_effects_counts_where_both_may_happen():
    clash, exclude = ((1, 1),), ((1, 0),)
    never = (((1, 1), (2, 1)),)

    assert automorphisms(twice_set([(0, 1), (0, 1)]))
    assert not automorphisms(twice_set([(0, 1), (1, 0)]))
    assert automorphisms(twice_set([(0, 1), (1, 0)], (clash, exclude)))
    assert automorphisms(twice_set([(0, 1), (1, 0)], mutexes=never))
    assert not automorphisms(twice_set([(0, 1), (1, 0)], ((*clash, (2, 1)), ((2, 1),)), mutexes=never))


def test_axioms_whose_order_counts_are_refused():
    variables = (Variable("v", -1, ("0", "1")), *[Variable("d", 0, ("no", "yes"))] * 2)
    axioms = tuple(Axiom(((a, 0), (b, 0)), b, 1) for a, b in ((1, 2), (2, 1)))
    task = SasTask(True, variables, (), (0, 0, 0), ((1, 1),), (sas_tasks.changes("o", (), 0, 1),), axioms)

    with pytest.raises(BadInputError, match="'symmetry' is not defined for axioms that deny what their own stratum"):
        symmetric(task)


def test_a_map_that_is_no_symmetry_is_not_taken_for_one():
    graph = module._graph(sas_tasks.balls(2))
    search = module._Search(graph, 10**6, Deadline())
    same = np.arange(len(graph.colour))
    swapped = same.copy()
    swapped[[3, 4]] = [4, 3]  # two balls, but none of their facts

    assert search._is_automorphism(same)
    assert not search._is_automorphism(swapped)


def test_states_that_stand_for_others_without_being_symmetric_give_wrong_plans(monkeypatch):
    """The same test as above fails if the map is wrong: balls that start in different rooms are no images."""

    def wrong(task, **options):
        one = automorphisms(sas_tasks.balls(2))[0]
        return [one._replace(operators=np.arange(len(one.operators)))]

    monkeypatch.setattr("pdsearch.domains.planning.symmetry.automorphisms", wrong)

    with pytest.raises((WrongPlanError, BadInputError)):
        solve(symmetric(sas_tasks.balls(2)), "blind")


def test_without_symmetries_nothing_changes_and_the_note_says_so():
    domain = Planning(parse_sas(EXAMPLE, "lamp"), "lamp", pruning="symmetry")

    assert solve(domain, "blind").notes[0] == "no symmetries were found"
    assert type(domain.space) is type(Planning(domain.task, "plain").space)


def test_symmetries_that_replace_next_to_nothing_are_not_used():
    chain = tuple(sas_tasks.changes(f"step {at}", ((0, at),), 0, at + 1) for at in range(200))
    far = tuple(sas_tasks.changes(f"push {var}", ((0, 200), (var, 0)), var, 1) for var in (1, 2))
    variables = (Variable("place", -1, ("",) * 201), *[Variable("late", -1, ("", ""))] * 2)
    task = SasTask(True, variables, (), (0, 0, 0), ((1, 1), (2, 1)), chain + far)
    domain = symmetric(task)

    result = solve(domain, "blind")

    assert result.cost == 202
    assert result.notes[0] == "symmetries are not used: they would replace 0.0 % of the successors on random walks"


def test_work_and_time_are_limited():
    assert automorphisms(sas_tasks.balls(4), most_work=1) == []
    with pytest.raises(TimeLimitError):
        automorphisms(sas_tasks.balls(4), deadline=Deadline(0.0))
    with pytest.raises(TimeLimitError):  # while the graph is drawn
        module._graph(sas_tasks.balls(4), Deadline(0.0))
    drawing = module._Drawing(sas_tasks.balls(1), Deadline())
    drawing._deadline = Deadline(0.0)
    with pytest.raises(TimeLimitError):  # within one operator
        drawing._order([(0, Effect((), 0, 1))])


def test_all_plans_are_refused():
    with pytest.raises(BadInputError):
        solve(symmetric(sas_tasks.balls(2)), "blind", algorithm="plans")


def test_the_command_says_what_was_replaced(tmp_path):
    out, task = tmp_path / "result.json", tmp_path / "balls.sas"
    task.write_text(sas_tasks.sas_text(sas_tasks.balls(5)))

    assert main(["plan", str(task), "--heuristic", "blind", "--pruning", "symmetry", "--json", str(out)]) == 0

    result = json.loads(out.read_text())
    assert (result["cost"], len(result["plan"])) == (15, 15)
    assert "symmetries that 5 generate replaced" in result["notes"][0]
