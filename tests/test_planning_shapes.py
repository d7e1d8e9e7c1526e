"""Small tasks of our own in the shapes of competition domains that have conditional effects, axioms and quantifiers.

``turns`` is like rubiks-cube, ``painter`` nurikabe, ``assembly`` assembly, ``telegraph`` optical-telegraphs, ``supply``
psr-large, ``roads`` citycar, and ``guards`` recharging-robots.
"""

import functools
from pathlib import Path

import naive
import pytest

from pdsearch import solve
from pdsearch.domains.planning.task import Planning
from pdsearch.heuristics import HEURISTICS, make_heuristic
from pdsearch.kernels.protocol import INFINITY

DATA = Path(__file__).parent / "data" / "planning" / "shapes"
COSTS = {"turns": 5, "painter": 8, "assembly": 7, "telegraph": 4, "supply": 5, "roads": 13, "guards": 5}
NAMES = [name for name in HEURISTICS if HEURISTICS[name].fits(Planning.parse(f"{DATA}/turns.sas"))]


@functools.cache
def domain(shape):
    return Planning.parse(f"{DATA / shape}.sas")


@functools.cache
def exact(shape):
    return naive.distances_to_goal(domain(shape))


@pytest.mark.few(5)
@pytest.mark.parametrize("shape", COSTS)
@pytest.mark.parametrize("name", [name for name in NAMES if HEURISTICS[name].admissible])
def test_no_heuristic_exceeds_the_distance_and_all_find_the_cost(shape, name):
    heuristic, distance = make_heuristic(domain(shape), name), exact(shape)

    assert solve(domain(shape), name).cost == COSTS[shape] == distance[domain(shape).initial]
    assert all(heuristic.value(state) <= distance.get(state, INFINITY) for state in naive.reachable(domain(shape)))


@pytest.mark.parametrize("shape", COSTS)
def test_it_is_translated_to_the_task_that_was_kept(shape):
    pytest.importorskip("fast_downward.translate", reason="the extra pdsearch-hda[planning] is not installed")

    assert Planning.parse(f"{DATA / shape}.pddl").task == domain(shape).task


def test_all_conditions_seen_is_the_exact_distance():
    heuristic, distance = make_heuristic(domain("turns"), "pdb:0,1,2,3,4"), exact("turns")

    assert all(heuristic.value(state) == distance.get(state, INFINITY) for state in naive.reachable(domain("turns")))
