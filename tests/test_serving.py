"""The queue is M/D/1, value iteration is the best there is, and policies come as near to it as they should."""

import doctest
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from pdsearch.balance.serving.policies import POLICIES, policy_of
from pdsearch.balance.serving.queueing import mean_wait, wait_within
from pdsearch.balance.serving.simulation import simulate
from pdsearch.balance.serving.system import Model, System
from pdsearch.balance.serving.value_iteration import best_policy
from pdsearch.cli import main
from pdsearch.errors import BadInputError, UnknownNameError

ONE = (Model("only", 1.0, 0.9),)
TWO = (Model("small", 0.3, 0.5), Model("large", 1.0, 1.0))


def served(system, text, requests=100_000):
    policy = policy_of(text)
    policy.fit(system, 1)
    return simulate(system, policy.choose, requests)


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.7])
def test_one_model_on_one_server_is_the_queue_in_closed_form(rate):
    result = served(System(rate, ONE, deadline=2.5), "static", 400_000)

    assert result.wait_s == pytest.approx(mean_wait(rate, 1.0), rel=0.05)
    assert result.response_s == pytest.approx(1 + result.wait_s)
    in_time = wait_within(1.5, rate, 1.0)
    assert result.on_time == pytest.approx(in_time, abs=5 * result.error / 0.9 + 1e-4)
    assert result.quality == pytest.approx(0.9 * in_time, abs=5 * result.error + 1e-4)
    assert result.busy == pytest.approx((rate,), rel=0.02)
    assert result.shares == (1.0,)


def test_the_distribution_of_waits_has_the_mean_of_the_formula():
    at = np.linspace(0, 15, 3001)
    beyond = 1 - np.array([wait_within(t, 0.6, 1.0) for t in at])

    assert np.trapezoid(beyond, at) == pytest.approx(mean_wait(0.6, 1.0), rel=1e-3)
    assert wait_within(-0.1, 0.6, 1.0) == 0
    assert wait_within(0, 0.6, 1.0) == pytest.approx(0.4)
    with pytest.raises(BadInputError, match="never end"):
        mean_wait(2.0, 1.0)


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.7])
def test_value_iteration_of_one_model_is_the_queue_in_closed_form(rate):
    assert best_policy(System(rate, ONE, deadline=2.5)).quality == pytest.approx(
        0.9 * wait_within(1.5, rate, 1.0), abs=2e-3
    )


@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0])
def test_the_best_policy_reaches_its_value_and_no_threshold_more(rate):
    system = System(rate, TWO)
    best = best_policy(system)

    result = served(system, "optimal", 400_000)
    assert result.quality == pytest.approx(best.quality, abs=5 * result.error + 2e-3)
    for limit in np.linspace(0, 1, 11):  # every policy of two models by one threshold
        rule = simulate(system, lambda backlogs, limit=limit: (backlogs[:, 0] <= limit).astype(np.int64), 50_000)
        assert rule.quality <= best.quality + 5 * rule.error + 2e-3
    assert (best.actions[best.backlogs > system.deadline] == 0).all()  # nothing to win: get done


def test_a_threshold_beats_every_static_policy_and_is_near_the_best():
    system = System(1.0)

    threshold = served(system, "threshold:requests=5000").quality
    static = max(served(system, f"static:model={model}").quality for model in range(3))

    assert threshold > static + 0.02
    assert threshold > 0.97 * best_policy(system).quality


def test_more_servers_share_the_work_and_serve_better():
    one, four = (served(System(0.8 * n, TWO, n_servers=n), "static:model=1") for n in (1, 4))

    assert four.quality > one.quality
    assert sum(four.busy) == pytest.approx(3.2, rel=0.03)
    assert max(four.busy) < 1.2 * min(four.busy)


def test_a_network_learns_to_serve_nearly_as_well_as_can_be():
    pytest.importorskip("torch")
    system = System(1.0, TWO)

    result = served(system, "learned:steps=600:hidden=32", 20_000)

    assert result.quality > max(served(system, f"static:model={model}").quality for model in (0, 1))
    assert result.quality > 0.95 * best_policy(system).quality


def test_training_with_the_same_seed_gives_the_same_policy():
    pytest.importorskip("torch")
    backlogs, choices = np.linspace(0, 3, 50)[:, None], []
    for _ in range(2):
        policy = policy_of("learned:steps=30:hidden=8")
        policy.fit(System(1.0), 5)
        choices.append(policy.choose(backlogs).tolist())

    assert choices[0] == choices[1]


def test_without_torch_that_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)

    with pytest.raises(ImportError, match="torch is not installed; run: pip install"):
        policy_of("learned").fit(System(1.0), 0)


@pytest.mark.parametrize("name", [name for name in POLICIES if name != "learned"])
def test_every_policy_names_a_model_for_every_backlog(name):
    system = System(1.5, TWO)
    policy = policy_of(name)
    policy.fit(system, 0)

    chosen = policy.choose(np.array([[0.0], [0.5], [1.0], [5.0], [1e9]]))
    assert chosen.shape == (5,)
    assert set(chosen.tolist()) <= {0, 1}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rate": 0}, "rate 0"),
        ({"deadline": float("inf")}, "deadline inf"),
        ({"n_servers": 0}, "0 servers"),
        ({"models": ()}, "give at least one"),
        ({"models": (Model("a", 0, 1),)}, "seconds above 0"),
        ({"models": (Model("a", 1, 2),)}, "quality from 0 to 1"),
        ({"models": TWO[::-1]}, "give the fastest first"),
    ],
)
def test_systems_that_make_no_sense_are_refused(wrong, message):
    with pytest.raises(BadInputError, match=message):
        System(**{"rate": 1.0} | wrong)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("threshold:grid=0", "grid 0"),
        ("learned:discount=1", "discount 1.0"),
        ("static:size=1", "give OPTION=VALUE with one of model"),
    ],
)
def test_policies_that_make_no_sense_are_refused(text, message):
    with pytest.raises(BadInputError, match=message):
        policy_of(text)


def test_what_needs_a_model_a_name_or_one_server_says_so():
    with pytest.raises(BadInputError, match="there is no model 7; give one from 0 to 2"):
        served(System(1.0), "static:model=7")
    with pytest.raises(BadInputError, match="value iteration is for one server, and there are 2"):
        served(System(1.0, n_servers=2), "optimal")
    with pytest.raises(UnknownNameError, match="no serving policy is called 'best'"):
        policy_of("best")
    with pytest.raises(BadInputError, match="need a request and 2 streams"):
        simulate(System(1.0), lambda backlogs: backlogs, 0)


def test_the_page_runs():
    page = Path(__file__).parents[1] / "docs" / "serving.md"

    assert doctest.testfile(str(page), module_relative=False).failed == 0


# --- pdsearch bench serving ---

QUICK = ["bench", "serving", "--rates", "0.5,2", "--requests", "5000"]


def test_the_benchmark_prints_a_row_for_each_rate_and_policy(capsys):
    assert main([*QUICK, "--policies", "static,optimal"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        [rate, policy] for rate in ("0.5", "2") for policy in ("static", "static", "static", "optimal")
    ]


def test_its_json_has_the_settings_the_rows_and_their_reports(capsys):
    words = ["--servers", "2", "--models", "a:0.5:0.5,b:1:1", "--policies", "static:model=1,threshold:requests=2000"]
    assert main([*QUICK, *words, "--json", "-"]) == 0

    result = json.loads(capsys.readouterr().out)
    assert (result["servers"], result["requests"], len(result["rows"])) == (2, 5000, 4)
    for row in result["rows"]:
        assert row["report"]["n_bins"] == 2
        assert sum(row["shares"]) == pytest.approx(1)
        assert 0 <= row["quality"] <= row["on_time"] + 1e-12 <= 1 + 1e-12


def test_its_figure_is_written(tmp_path, capsys):
    pytest.importorskip("matplotlib")

    assert main([*QUICK, "--policies", "static", "--plot", str(tmp_path / "x.png")]) == 0
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_its_help_shows_examples(capsys):
    with pytest.raises(SystemExit):
        main(["bench", "serving", "--help"])

    assert "  pdsearch bench serving --servers 4" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rates", "x"], "rate 'x' is no number; write 0.5,1,2"),
        (["--rates", "-1"], "rate -1.0"),
        (["--models", "a:1"], "model 'a:1' is not understood"),
        (["--policies", "best"], "no serving policy is called 'best'"),
        (["--servers", "2", "--policies", "optimal"], "value iteration is for one server"),
        (["--requests", "0"], "0 requests"),
        (["--seed", "-1"], "the seed is -1"),
        (["--json", "nowhere/x.json"], "cannot write 'nowhere/x.json'"),
        (["--plot", "nowhere/x.png"], "cannot write 'nowhere/x.png'"),
    ],
)
def test_its_mistakes_are_one_line(words, message, capsys):
    assert main(["bench", "serving", "--requests", "1000", *words]) == 2

    err = capsys.readouterr().err
    assert message in err
    assert len(err.splitlines()) == 1
