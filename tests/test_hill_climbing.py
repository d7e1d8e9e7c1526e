"""Patterns that grow where that raises h: never too large an h, what smaller ones miss, and no more than fits."""

import naive
import pytest
import sas_tasks
from sas_tasks import KINDS

from pdsearch.domains.planning.hill_climbing import _Climb, climbed_projections
from pdsearch.domains.planning.pdb_tables import projector_of
from pdsearch.domains.planning.sas import Effect, Operator, SasTask, Variable
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import TimeLimitError
from pdsearch.heuristics import make_heuristic
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import Deadline


def relay(n, copies=1):
    """Return a task in which each variable needs the one before it, and uses it up: n steps for each copy."""
    variables = tuple(Variable(f"v{var}", -1, ("0", "1")) for var in range(n * copies))
    operators = []
    for var in range(n * copies):
        before = ((var - 1, 1),) if var % n else ()
        effects = (*(Effect((), other, 0) for other, _ in before), Effect((), var, 1))
        operators.append(Operator(f"set {var}", (*before, (var, 0)), effects, 1))
    goal = tuple((n * copy + n - 1, 1) for copy in range(copies))
    return Planning(SasTask(True, variables, (), (0,) * n * copies, goal, tuple(operators)), "relay")


@pytest.mark.few(1)
@pytest.mark.parametrize("kind", KINDS)
def test_no_h_is_too_large(kind):
    for seed in range(12):
        domain = sas_tasks.planning(seed, **KINDS[kind])
        heuristic, exact = make_heuristic(domain, "pdb:hill-climbing"), naive.distances_to_goal(domain)
        for state in naive.reachable(domain):
            assert heuristic.value(state) <= exact.get(state, INFINITY)


def test_patterns_grow_until_they_tell_all():
    domain = relay(4, copies=2)
    patterns = [one.pattern for one in climbed_projections(domain, projector_of(domain), 10**6, 10**6)]

    assert {(0, 1, 2, 3), (4, 5, 6, 7)} <= set(patterns)
    assert (2, 3, 6, 7) not in patterns
    assert make_heuristic(domain, "pdb").value(domain.initial) == 4
    assert make_heuristic(domain, "pdb:hill-climbing").value(domain.initial) == 8
    assert make_heuristic(domain, "scp:projections,hill-climbing").value(domain.initial) == 8


@pytest.mark.parametrize(("states", "moves"), [(20, 10**6), (10**6, 12), (1, 1)])
def test_there_are_no_more_states_and_transitions_than_have_room(states, moves):
    domain = relay(4, copies=2)

    found = climbed_projections(domain, projector_of(domain), states, moves)

    assert sum(len(one.live) for one in found) <= states
    assert sum(len(one.source) for one in found) <= moves
    assert bool(found) == (states > 1)


def test_time_is_limited():
    domain = relay(4)
    domain.deadline = Deadline(0.0)

    with pytest.raises(TimeLimitError):
        climbed_projections(domain, projector_of(domain), 10**6, 10**6)


@pytest.mark.parametrize("spent", ["effort", "time"])
def test_patterns_that_are_known_are_not_looked_at_when_effort_or_time_is_spent(spent):
    """All candidates are known once they were looked at."""
    domain = relay(4, copies=3)
    climb = _Climb(domain, projector_of(domain), 10**6, 10**6)
    first = list(climb._neighbours())
    made, before = len(climb._candidates), climb._effort

    assert len(list(climb._neighbours())) == len(first) > 1
    assert len(climb._candidates) == made
    assert before - climb._effort == made * len(climb._samples)
    if spent == "effort":
        climb._effort = len(climb._samples)
    else:
        climb._end_s = -1.0
    assert len(list(climb._neighbours())) == (spent == "effort")
