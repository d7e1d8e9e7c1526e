"""The engine of unified-planning: plans its own validator accepts, statuses, and no process left behind."""

import subprocess
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("unified_planning", reason="the extra unified-planning is not installed")
pytest.importorskip("fast_downward", reason="the extra planning is not installed")

from unified_planning import shortcuts as up
from unified_planning.engines import PlanGenerationResultStatus as Outcome
from unified_planning.engines import ValidationResultStatus
from unified_planning.engines.pddl_planner import run_command
from unified_planning.environment import Environment

from pdsearch.errors import BadInputError
from pdsearch.planning.unified_planning import Engine, register

LINE = {(0, 1): 2, (1, 2): 3, (0, 2): 9}  # the direct road is longer


@pytest.fixture(autouse=True)
def registered():
    up.get_environment().credits_stream = None
    register()


def delivery(roads=LINE, n_places=3, n_parcels=1, metric=up.MinimizeActionCosts):
    """One van, which starts at the first place, takes all parcels there from the last; (un)loading costs 1."""
    place, parcel = up.UserType("place"), up.UserType("parcel")
    van_at = up.Fluent("van_at", up.BoolType(), p=place)
    lies = up.Fluent("lies", up.BoolType(), c=parcel, p=place)
    loaded = up.Fluent("loaded", up.BoolType(), c=parcel)
    road = up.Fluent("road", up.BoolType(), a=place, b=place)
    length = up.Fluent("length", up.IntType(), a=place, b=place)
    drive = up.InstantaneousAction("drive", a=place, b=place)
    drive.add_precondition(van_at(drive.a))
    drive.add_precondition(road(drive.a, drive.b))
    drive.add_effect(van_at(drive.a), False)
    drive.add_effect(van_at(drive.b), True)
    load = up.InstantaneousAction("load", c=parcel, p=place)
    load.add_precondition(van_at(load.p))
    load.add_precondition(lies(load.c, load.p))
    load.add_effect(lies(load.c, load.p), False)
    load.add_effect(loaded(load.c), True)
    unload = up.InstantaneousAction("unload", c=parcel, p=place)
    unload.add_precondition(van_at(unload.p))
    unload.add_precondition(loaded(unload.c))
    unload.add_effect(loaded(unload.c), False)
    unload.add_effect(lies(unload.c, unload.p), True)

    problem = up.Problem("delivery")
    for fluent, default in ((van_at, False), (lies, False), (loaded, False), (road, False), (length, 0)):
        problem.add_fluent(fluent, default_initial_value=default)
    problem.add_actions([drive, load, unload])
    places = [problem.add_object(f"place{n}", place) for n in range(n_places)]
    parcels = [problem.add_object(f"parcel{n}", parcel) for n in range(n_parcels)]
    for (a, b), cost in roads.items():
        for start, end in ((places[a], places[b]), (places[b], places[a])):
            problem.set_initial_value(road(start, end), True)
            problem.set_initial_value(length(start, end), cost)
    problem.set_initial_value(van_at(places[0]), True)
    for number, item in enumerate(parcels):
        problem.set_initial_value(lies(item, places[-1 - number % (n_places - 1)]), True)
        problem.add_goal(lies(item, places[0]))
    if metric is up.MinimizeActionCosts:
        problem.add_quality_metric(metric({drive: length(drive.a, drive.b)}, default=up.Int(1)))
    elif metric is not None:
        problem.add_quality_metric(metric())
    return problem


def planned(problem, timeout=None, **params):
    with up.OneshotPlanner(name="pdsearch", params=params) as planner:
        return planner.solve(problem, timeout=timeout)


@pytest.mark.few(1)
@pytest.mark.parametrize("ranks", [1, pytest.param(2, marks=pytest.mark.mpi)])
def test_plans_are_optimal_and_valid(ranks, python_on):
    problem = delivery()

    result = planned(problem, ranks=ranks, heuristic="lmcut")

    assert result.status is Outcome.SOLVED_OPTIMALLY
    assert (result.metrics["cost"], result.metrics["n_ranks"]) == ("12", str(ranks))
    assert int(result.metrics["generated"]) >= int(result.metrics["expanded"]) > 0
    assert all(isinstance(value, str) for value in result.metrics.values())
    with up.PlanValidator(name="sequential_plan_validator") as validator:
        validation = validator.validate(problem, result.plan)
    assert validation.status is ValidationResultStatus.VALID
    assert list(validation.metric_evaluations.values()) == [12]


@pytest.mark.few(1)
@pytest.mark.parametrize(
    ("metric", "length", "status"),
    [(up.MinimizeSequentialPlanLength, 4, Outcome.SOLVED_OPTIMALLY), (None, 4, Outcome.SOLVED_SATISFICING)],
)
def test_without_costs_the_actions_are_counted(metric, length, status):
    result = planned(delivery(metric=metric), heuristic="blind")

    assert result.status is status
    assert len(result.plan.actions) == length


def test_a_goal_out_of_reach_is_proved_so():
    result = planned(delivery(roads={(0, 1): 2}), heuristic="blind")

    assert result.status is Outcome.UNSOLVABLE_PROVEN
    assert result.plan is None


@pytest.mark.wide
@pytest.mark.mpi
def test_a_timeout_leaves_no_process(tmp_path, monkeypatch, python_on):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ring = {(n, n + 1): 1 for n in range(11)}

    result = planned(delivery(ring, n_places=12, n_parcels=14), timeout=4.0, ranks=2, heuristic="blind")

    assert result.status is Outcome.TIMEOUT
    commands = subprocess.run(["ps", "-A", "-ww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    assert str(tmp_path) not in commands


@pytest.mark.wide
def test_what_a_heuristic_cannot_handle_is_unsupported_and_says_why():
    problem = delivery()
    drive, is_heavy = problem.action("drive"), problem.fluent("loaded")(problem.object("parcel0"))
    drive.add_effect(problem.fluent("road")(drive.a, drive.b), False, is_heavy)

    result = planned(problem, heuristic="lmcut", pruning="stubborn")

    assert result.status is Outcome.UNSUPPORTED_PROBLEM
    assert any("stubborn" in log.message and "conditional" in log.message for log in result.log_messages)
    assert planned(problem, heuristic="blind").status is Outcome.SOLVED_OPTIMALLY


def several(problem, **asked):
    with up.AnytimePlanner(name="pdsearch", params={"heuristic": "blind"}) as planner:
        return list(planner.get_solutions(problem, **asked))


@pytest.mark.wide
def test_all_optimal_plans_are_given_one_by_one():
    problem = delivery({(0, 1): 2, (1, 3): 3, (0, 2): 3, (2, 3): 2}, n_places=4)
    results = several(problem)

    assert [result.status for result in results] == [Outcome.SOLVED_OPTIMALLY] * 4
    assert {result.metrics["cost"] for result in results} == {"12"}
    assert len({str(result.plan) for result in results}) == 4
    with up.PlanValidator(problem_kind=problem.kind) as validator:
        assert all(validator.validate(problem, one.plan).status is ValidationResultStatus.VALID for one in results)
    assert len(several(problem, all_optimal=3)) == 3


@pytest.mark.wide
def test_more_plans_are_given_by_cost_and_none_of_what_has_none():
    costs = [int(result.metrics["cost"]) for result in several(delivery(), top_k=3)]
    within = several(delivery(), quality=1.5)

    assert len(costs) == 3
    assert costs == sorted(costs)
    assert within[0].status is Outcome.SOLVED_OPTIMALLY
    assert {result.status for result in within[1:]} == {Outcome.SOLVED_SATISFICING}
    assert [result.status for result in several(delivery({(0, 1): 2}))] == [Outcome.UNSOLVABLE_PROVEN]


def test_a_plan_proved_just_before_the_timeout_is_optimal(monkeypatch):
    def late(engine, command, **options):
        _, said, code = run_command(engine, command, **options)
        assert code == 0
        Path(command[command.index("--plan-file") + 1]).unlink()
        return True, said, -15

    monkeypatch.setattr("unified_planning.engines.pddl_planner.run_command", late)
    problem = delivery()

    result = planned(problem, heuristic="blind")

    assert result.status is Outcome.SOLVED_OPTIMALLY
    assert len(result.plan.actions) == 6
    with up.PlanValidator(name="sequential_plan_validator") as validator:
        assert validator.validate(problem, result.plan).status is ValidationResultStatus.VALID


def test_a_cost_that_is_an_expression_is_unsupported_and_says_why():
    problem = delivery(metric=None)
    drive, length = problem.action("drive"), problem.fluent("length")
    cost = up.Plus(length(drive.a, drive.b), 1)
    problem.add_quality_metric(up.MinimizeActionCosts({drive: cost}, default=up.Int(1)))

    result = planned(problem, heuristic="blind")

    assert result.status is Outcome.UNSUPPORTED_PROBLEM
    assert any("cost of action 'drive' is an expression" in log.message for log in result.log_messages)


def test_preprocessing_pruning_and_seed_are_parameters():
    result = planned(delivery(), heuristic="blind", preprocess="h2", pruning="stubborn", seed=3)

    assert (result.status, result.metrics["cost"]) == (Outcome.SOLVED_OPTIMALLY, "12")


def test_the_library_finds_the_engine_by_its_configuration(tmp_path):
    (tmp_path / "up.ini").write_text(
        "[engine pdsearch]\nmodule_name: pdsearch.planning.unified_planning\nclass_name: Engine\n"
    )
    environment = Environment()

    environment.factory.configure_from_file(str(tmp_path / "up.ini"))

    assert environment.factory.engine("pdsearch") is Engine


def test_too_little_memory_is_said():
    ring = {(n, n + 1): 1 for n in range(11)}

    result = planned(delivery(ring, n_places=12, n_parcels=14), heuristic="blind", memory="8M", when_full="stop")

    assert result.status is Outcome.MEMOUT


def test_costs_and_start_values_as_competition_files_have_them_are_supported():
    kind = delivery().kind
    kind.set_actions_cost_kind("REAL_NUMBERS_IN_ACTIONS_COST")
    kind.set_initial_state("UNDEFINED_INITIAL_NUMERIC")
    durative = kind.clone()
    durative.set_time("CONTINUOUS_TIME")

    assert Engine.supports(kind)
    assert not Engine.supports(durative)


def test_no_ranks_are_refused():
    with pytest.raises(BadInputError, match="0 ranks"):
        Engine(ranks=0)
