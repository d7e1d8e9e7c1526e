"""Weighted and anytime search: within W of the exhaustive truth, a right lower bound, never called optimal when not."""

import json
from fractions import Fraction

import jobs
import naive
import pytest
from examples import SMALL, make, params
from schedules import LIMITS, MAX_TURNS, shared, short

from pdsearch import Status, solve
from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.heuristics import HEURISTICS
from pdsearch.heuristics.weighted import Weighted
from pdsearch.limits import Limits
from pdsearch.search.best_first.simulation import Schedule, simulated_outcome
from pdsearch.search.best_first.weighted import Best, WeightedResult, read_weight, weighted
from pdsearch.search.finish import finish
from pdsearch.search.run import Run
from pdsearch.search.setup import make_task

FITTING = [name for name in DISTRIBUTIONS if DISTRIBUTIONS[name].fits(Tiles.korf(1))]


def check(result, weight, truth):
    """Hold a result of a finished search against the cost of a cheapest plan, None if there is none."""
    assert isinstance(result, WeightedResult)
    if truth is None:
        assert (result.status, result.cost, result.lower_bound) == (Status.UNSOLVABLE, None, None)
        return
    assert result.lower_bound <= truth <= result.cost <= weight * truth
    assert result.cost <= weight * result.lower_bound
    assert (result.status is Status.SOLVED) == (result.cost == result.lower_bound)
    if result.status is Status.SOLVED:
        assert (result.cost, result.gap) == (truth, 0.0)
    else:
        assert result.status is Status.WITHIN_BOUND
        assert result.status.exit_code == 0
        assert "optimal" not in result.summary()


@pytest.mark.few(2)
@pytest.mark.parametrize(("name", "text", "options"), params(SMALL))
def test_plans_of_every_domain_cost_at_most_the_weight_times_the_least(name, text, options):
    domain = make(name, text, options)
    truth = naive.distances_to_goal(domain).get(domain.initial)

    for weight in ("1", "1.2", "2", "7.5"):
        check(solve(domain, algorithm="weighted", weight=weight, limits=LIMITS), Fraction(weight), truth)
    last = solve(domain, algorithm="anytime", limits=LIMITS)

    check(last, 1, truth)
    costs = [one.cost for one in last.incumbents]
    assert costs == sorted(costs, reverse=True)
    assert all(one.lower_bound <= truth for one in last.incumbents)


@pytest.mark.few(2)
@pytest.mark.parametrize("seed", range(40))
def test_plans_of_simulated_ranks_cost_at_most_the_weight_times_the_least(seed):
    kind = ["3x3 18", "2x3 any", "3x3 14", "2x3 odd"][seed % 4]
    heuristic = ["manhattan", "linear-conflict"][seed // 4 % 2]
    weight = [Fraction(3, 2), Fraction(5)][seed // 8 % 2]
    instance = short(kind, heuristic, seed % 10)
    schedule = Schedule.random(seed)
    task = shared(instance.puzzle, heuristic, FITTING[seed % len(FITTING)], 2 + seed % 5, seed)

    run = Run(LIMITS, seed=seed)
    best = Best(task, run)
    outcome, _ = simulated_outcome(weighted(task, weight), schedule, run, MAX_TURNS)
    best.add(outcome, weight)

    check(finish(task, run, best.outcome("weighted", [outcome], weight)), weight, instance.cost)


@pytest.mark.parametrize("nodes", [1, 30, 300, 3000])
@pytest.mark.parametrize("algorithm", ["weighted", "anytime"])
def test_a_search_that_is_stopped_says_what_is_proved(algorithm, nodes):
    puzzle = Tiles([8, 6, 7, 2, 5, 4, 3, 0, 1], goal="blank-last")  # 31 moves

    result = solve(puzzle, algorithm=algorithm, weight=2, limits=Limits(memory_bytes=2**28, nodes=nodes))

    assert result.status in (Status.NODE_LIMIT, Status.WITHIN_BOUND)
    assert result.lower_bound <= 31
    if result.cost is not None:
        assert result.cost >= 31
        assert result.gap == pytest.approx(result.cost / result.lower_bound - 1)


@pytest.mark.wide
@pytest.mark.mpi
@pytest.mark.parametrize("n_ranks", [2, 3])
def test_plans_of_real_ranks_cost_at_most_the_weight_times_the_least(n_ranks, python_on):
    code = """
import json
from mpi4py import MPI
from pdsearch import solve
from pdsearch.domains.tiles import Tiles

boards = [Tiles.parse(f"random:3x3", seed=seed) for seed in range(4)] + [Tiles.korf(79)]
results = [
    solve(board, algorithm=name, weight=weight, comm=MPI.COMM_WORLD, memory=2**28).to_dict()
    for board in boards for name, weight in [("weighted", 1.5), ("weighted", 4), ("anytime", None)]
]
everywhere = MPI.COMM_WORLD.gather([(one["cost"], one["plan"], one["lower_bound"]) for one in results])
if MPI.COMM_WORLD.rank == 0:
    print(json.dumps([results, everywhere]))
"""
    job = jobs.run(python_on(n_ranks, "-m", "mpi4py", "-c", code), timeout=120)

    assert job.returncode == 0, job.stderr
    results, everywhere = json.loads(job.stdout)
    assert all(one == everywhere[0] for one in everywhere)
    for i in range(0, len(results), 3):
        *bounded, last = results[i : i + 3]
        assert last["status"] == "solved"
        for one, weight in zip(bounded, (1.5, 4), strict=True):
            assert one["lower_bound"] <= last["cost"] <= one["cost"] <= weight * one["lower_bound"]
            assert one["n_ranks"] == n_ranks
    assert results[-1]["cost"] == 42


def test_the_command_prints_the_bound_and_every_better_plan(capsys):
    from pdsearch.cli import main

    words = ["solve", "tiles", "8 6 7 2 5 4 3 0 1", "--goal", "blank-last", "--memory", "200M", "--json", "-"]

    assert main([*words[:-2], "--weight", "3"]) == 0
    said = capsys.readouterr().out
    assert main([*words, "--anytime"]) == 0
    out, err = capsys.readouterr()

    assert "solved within bound" in said
    assert "times the least, which is at least" in said
    result = json.loads(out)
    assert (result["status"], result["cost"], result["gap"]) == ("solved", 31, 0.0)
    lines = [line for line in err.splitlines() if "a plan of cost" in line]
    assert len(lines) >= 2
    assert lines[-1].endswith("a plan of cost 31, none costs less than 31, gap 0.0 %")


@pytest.mark.parametrize("text", ["0.5", "x", "1e9", "nan", "1.23456", "-1", "9" * 5000])
def test_weights_that_make_no_sense_are_refused(text):
    with pytest.raises(BadInputError, match=r"^weight .{0,100} is not understood; give 1 to 1000, as 1.5"):
        read_weight(text)


def test_heuristics_that_are_no_bounds_and_too_large_products_are_refused():
    task = make_task(make("planning", *SMALL["planning"][0]), "goalcount", inadmissible=True)
    with pytest.raises(BadInputError, match="is not admissible"):
        solve(task.domain, "goalcount", algorithm="weighted", inadmissible=True)
    manhattan = HEURISTICS["manhattan"](Tiles.korf(1))
    manhattan.max_h = 2**24
    with pytest.raises(BadInputError, match=r"weight 999\.5 makes the numbers of such costs too large"):
        Weighted(manhattan, Fraction("999.5"), False)
