"""Symmetries are what they say, states that stand for others lead to real plans, and nothing costs more or less."""

import json
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import drivers
import naive
import numpy as np
import pytest
import sas_tasks
from schedules import run

from pdsearch import solve
from pdsearch.cli import main
from pdsearch.domains.planning import automorphisms as module
from pdsearch.domains.planning.automorphisms import automorphisms
from pdsearch.domains.planning.sas import EXAMPLE, Effect, SasTask, Variable, parse_sas
from pdsearch.domains.planning.semantics import holds, successor
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import BadInputError, TimeLimitError, WrongPlanError
from pdsearch.limits import Deadline
from pdsearch.search.best_first.simulation import Schedule
from pdsearch.search.setup import make_task

DATA = Path(__file__).parent / "data" / "planning"


def copies(seed, n=3, **options):
    """Return a random task whose variables but the first are there ``n`` times, in the same roles."""
    one = sas_tasks.random_task(seed, n_variables=3, n_operators=6, **options)
    n_own = len(one.variables) - 1

    def moved(facts, copy):
        return tuple(sorted((var and var + copy * n_own, value) for var, value in facts))

    operators = [
        replace(
            operator,
            name=f"{operator.name} {copy}",
            preconditions=moved(operator.preconditions, copy),
            effects=tuple(Effect((), *fact) for fact in moved([effect[1:] for effect in operator.effects], copy)),
        )
        for operator in one.operators
        for copy in range(n)
    ]
    goal = tuple(sorted({fact for copy in range(n) for fact in moved(one.goal, copy)}))
    variables = (one.variables[0], *one.variables[1:] * n)
    return SasTask(True, variables, (), (0,) * len(variables), goal, tuple(operators))


def symmetric(task):
    return Planning(task, "with symmetries", pruning="symmetry")


def image(task, one, values):
    first = np.concatenate([[0], np.cumsum([len(variable.values) for variable in task.variables])])
    facts = [int(one.facts[first[var] + value]) for var, value in enumerate(values)]
    after = {int(np.searchsorted(first, fact, side="right")) - 1: fact for fact in facts}
    return tuple(after[var] - int(first[var]) for var in range(len(values)))


def test_what_is_found_maps_every_transition_to_one_and_goals_to_goals():
    found = 0
    for seed in range(40):
        task = copies(seed, max_cost=3)
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
    assert found >= 60


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


def test_the_compiled_code_is_the_slow_version():
    replaced = 0
    for seed in range(30):
        domain = symmetric(copies(seed))
        if domain._pruning.space.n_changes != len(domain.sizes):
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
                expected = [var for var, value in enumerate(after) if before[var] != value]
                assert changed == [var * domain.n_values + after[var] for var in expected]
    assert replaced > 100


COMPILED = [pytest.param(name, marks=pytest.mark.heavy) for name in ("lmcut", "pdb", "scp")]  # anew for these states


@pytest.mark.parametrize("heuristic", ["blind", *COMPILED])
def test_the_optimal_cost_stays_and_the_plan_is_real(heuristic):
    fewer = 0
    for seed in range(100 if heuristic == "blind" else 40):
        task = copies(seed, max_cost=3, least_cost=0)

        without, found = solve(Planning(task, "plain"), heuristic), solve(symmetric(task), heuristic)

        assert (found.cost, found.status) == (without.cost, without.status)
        fewer += found.expanded < without.expanded
    assert fewer > (5 if heuristic == "blind" else 0)


def test_the_optimal_cost_stays_under_every_schedule():
    for seed in range(40):
        domain = symmetric(copies(seed))
        task = make_task(domain, "blind", "zobrist", 2 + seed % 4, seed=seed)

        result, _ = run(task, Schedule.random(seed))

        assert result.cost == naive.astar(Planning(domain.task, "plain"))


def test_depth_first_search_finds_a_real_plan():
    assert solve(symmetric(sas_tasks.balls(3)), "hmax", algorithm="idastar").cost == 9


@pytest.mark.mpi
def test_ranks_agree(python_on):
    result = solve(symmetric(sas_tasks.balls(6)), "blind", ranks=2)

    assert result.cost == solve(symmetric(sas_tasks.balls(6)), "blind").cost == 17


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


def test_conditional_effects_are_refused_in_one_line():
    with pytest.raises(BadInputError, match="'symmetry' is not defined for conditional effects"):
        Planning.parse(str(DATA / "switches.sas"), pruning="symmetry")


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
