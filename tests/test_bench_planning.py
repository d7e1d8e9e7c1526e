"""``pdsearch bench planning``: what is run, taken over, compared and refused."""

import dataclasses
import importlib.util
import json
import runpy
import sys
from pathlib import Path

import pytest

from pdsearch.benchmarking._peers import PEERS
from pdsearch.benchmarking._planning_runs import AUTO, Trial
from pdsearch.benchmarking.planning import compare_costs, table, tasks_of
from pdsearch.cli import main
from pdsearch.domains.planning.hmax import Hmax
from pdsearch.errors import BadInputError, TimeLimitError, WrongPlanError
from pdsearch.heuristics import HEURISTICS
from pdsearch.search.best_first import portfolio
from pdsearch.search.best_first.astar import AStar

DATA = Path(__file__).parent / "data" / "planning"
RUN = Trial("a.sas", "pdsearch", "blind", 60.0, 2**31, "solved", cost=3, generated=600, evaluated=300, cpu_s=2.0)
THEIRS = dataclasses.replace(RUN, planner="fast-downward", cpu_s=3.0)


def bench(*words):
    return main(["bench", "planning", *map(str, words)])


def complaint(capsys, *words):
    """Return the single line that a mistake prints."""
    assert bench(*words) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


@pytest.fixture
def tasks(tmp_path):
    """A list of one task with costs and one that cannot be solved."""
    path = tmp_path / "tasks.txt"
    path.write_text(f"# cheap ones\n{DATA / 'courier.sas'}\n\n{DATA / 'stuck.sas'}  # no plan\n")
    return path


@pytest.mark.wide
def test_every_task_is_solved_with_every_configuration_and_known_runs_are_kept(tasks, tmp_path, capsys):
    log = tmp_path / "runs.jsonl"

    assert bench("--tasks", tasks, "--configs", "blind,hmax", "--json", log) == 0
    first = log.read_text()
    shown = capsys.readouterr().out
    assert bench("--tasks", tasks, "--configs", "blind,hmax", "--json", log) == 0

    rows = [json.loads(line) for line in first.splitlines()]
    assert [(Path(row["task"]).stem, row["config"], row["status"], row["cost"]) for row in rows] == [
        ("courier", "blind", "solved", 18),
        ("courier", "hmax", "solved", 18),
        ("stuck", "blind", "unsolvable", None),
        ("stuck", "hmax", "unsolvable", None),
    ]
    assert rows[3]["initial_h"] is None  # a dead end
    assert rows[0]["initial_h"] <= rows[1]["initial_h"] <= 18
    assert rows[1]["expanded"] <= rows[0]["expanded"]
    assert "hmax by pdsearch: 2 of 2 solved" in shown
    assert log.read_text() == first
    assert capsys.readouterr().out == shown


@pytest.mark.wide
def test_the_choice_of_a_heuristic_stands_beside_the_others(tasks, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(portfolio, "FIRST_S", 1e9)  # the first short search ends on slow machines, too
    monkeypatch.setattr(portfolio, "_FIRST", 1.0)
    log = tmp_path / "runs.jsonl"

    assert bench("--tasks", tasks, "--configs", "auto,lmcut", "--json", log) == 0
    auto, named = [json.loads(line) for line in log.read_text().splitlines()][:2]
    assert (auto["config"], auto["status"], auto["cost"]) == ("auto", "solved", 18)
    assert (auto["expanded"], auto["initial_h"]) == (named["expanded"], named["initial_h"])  # lmcut is tried first
    assert auto["cpu_s"] > 0
    assert "auto by pdsearch: 2 of 2 solved" in capsys.readouterr().out


@pytest.mark.wide
def test_what_a_heuristic_cannot_handle_is_a_line_of_its_own(capsys, monkeypatch):
    made = Hmax.__init__

    def refuse(self, domain):
        if domain.task.has_conditional_effects:
            raise BadInputError("heuristic 'hmax' is not for these effects")
        made(self, domain)

    monkeypatch.setattr(Hmax, "__init__", refuse)

    assert bench("--tasks", DATA / "switches.sas", "--configs", "blind,hmax", "--json", "-") == 0

    blind, hmax = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert blind["status"] == "solved"
    assert hmax["status"] == "refused"
    assert "hmax" in hmax["reason"]


def test_a_folder_stands_for_its_problems_once_each(tmp_path):
    for name in ("domain.pddl", "a-domain.pddl", "a.pddl", "b.pddl", "b.sas", "notes.txt"):
        (tmp_path / name).touch()

    assert [Path(task).name for task in tasks_of(str(tmp_path))] == ["a.pddl", "b.sas"]


@pytest.mark.wide
def test_mistakes_are_one_line(tasks, tmp_path, capsys):
    (tmp_path / "other.jsonl").write_text("{}\n")
    empty = tmp_path / "empty"
    empty.mkdir()

    assert "cannot read 'none.sas'" in complaint(capsys, "--tasks", "none.sas")
    assert "no planning tasks in" in complaint(capsys, "--tasks", empty)
    assert "did you mean 'lmcut'?" in complaint(capsys, "--tasks", tasks, "--configs", "lmcutt")
    assert "not admissible" in complaint(capsys, "--tasks", tasks, "--configs", "goalcount")
    assert "is no run" in complaint(capsys, "--tasks", tasks, "--json", tmp_path / "other.jsonl")
    assert "time 'soon'" in complaint(capsys, "--tasks", tasks, "--time-limit", "soon")


def test_a_peer_that_is_not_installed_is_named(tasks, monkeypatch, capsys):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "up_fast_downward" else real(name))

    assert "pip install up-fast-downward" in complaint(capsys, "--tasks", tasks, "--configs", "blind", "--peers")
    assert "known: fast-downward, symk" in complaint(capsys, "--tasks", tasks, "--configs", "blind", "--peers=lama")


@pytest.mark.parametrize("other", [{"cost": 4}, {"status": "unsolvable", "cost": None}])
def test_proofs_that_disagree_are_an_error(other):
    with pytest.raises(WrongPlanError, match=r"a\.sas: fast-downward with hmax"):
        compare_costs([RUN, dataclasses.replace(RUN, planner="fast-downward", config="hmax", **other)])


def test_what_is_no_proof_is_not_compared():
    unfinished = dataclasses.replace(RUN, config="hmax", status="time limit", cost=4)

    compare_costs([RUN, unfinished, dataclasses.replace(RUN, task="b.sas", cost=5)])

    assert "hmax by pdsearch: 0 of 1 solved" in table([RUN, unfinished])


def test_a_limit_that_ends_compiling_is_a_status(tasks, monkeypatch, capsys):
    def too_late(*_):
        raise TimeLimitError("the time limit ended compiling; give more time")

    monkeypatch.setattr(AStar, "solve", too_late)

    assert bench("--tasks", tasks, "--configs", "blind") == 0
    assert "time limit" in capsys.readouterr().out


def test_a_choice_has_no_rates():
    assert "150" in table([RUN])  # evaluated a second
    assert "150" not in table([dataclasses.replace(RUN, config="auto")])


def test_ratios_are_rates_of_ours_over_theirs():
    at_once = [dataclasses.replace(found, task="b.sas", cpu_s=0.01) for found in (RUN, THEIRS)]

    shown = table([RUN, THEIRS, *at_once])

    assert "blind over Fast Downward, median of 1 tasks: generated/s x 1.50 (1.50 to 1.50)" in shown


@pytest.mark.parametrize("name", PEERS)
def test_other_planners_agree(name, tasks, tmp_path, capsys):
    peer, log = PEERS[name], tmp_path / "runs.jsonl"
    if importlib.util.find_spec(peer.package.replace("-", "_")) is None:
        pytest.skip(f"{peer.package} is not installed; it is in the dependency group peers")

    assert bench("--tasks", tasks, "--configs", "blind", f"--peers={name}", "--json", log) == 0

    searches = list(peer.searches(["blind"]))
    rows = [row for row in map(json.loads, log.read_text().splitlines()) if row["planner"] == name]
    assert [(row["config"], row["status"], row["cost"]) for row in rows] == [
        *((config, "solved", 18) for config in searches),
        *((config, "unsolvable", None) for config in searches),
    ]
    assert f"{searches[-1]} by {name}: 2 of 2 solved" in capsys.readouterr().out


@pytest.mark.parametrize("name", PEERS)
def test_searches_of_other_planners_have_names_that_no_configuration_of_ours_has(name):
    assert not set(PEERS[name].own) & {*HEURISTICS, AUTO}
    assert set(PEERS[name].beside) <= {*HEURISTICS}


def test_tasks_of_a_list_may_lie_elsewhere(tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text("courier.sas\n")

    assert tasks_of(str(listed), str(DATA)) == [str(DATA / "courier.sas")]
    with pytest.raises(BadInputError, match="cannot read"):
        tasks_of(str(listed))


def test_a_list_that_names_itself_by_way_of_another_is_refused(tmp_path, capsys):
    (tmp_path / "one.txt").write_text(f"{DATA / 'courier.sas'}\ntwo.txt\n")
    (tmp_path / "two.txt").write_text("one.txt\n")

    assert "names itself, or a list that names it" in complaint(capsys, "--tasks", tmp_path / "one.txt")


@pytest.mark.parametrize("script", ["lmcut.py", "lookups.py"])
def test_a_script_says_in_a_line_what_it_cannot_find(script, tmp_path, monkeypatch, capsys):
    path = Path(__file__).parents[1] / "benchmarks" / script
    monkeypatch.setattr(sys, "argv", [script, str(tmp_path), "--only", "nothing"])
    with pytest.raises(SystemExit, match="2"):
        runpy.run_path(str(path), run_name="__main__")
    assert "'nothing'" in capsys.readouterr().err

    monkeypatch.setattr(sys, "argv", [script, str(tmp_path), "--only", "driverlog"])
    with pytest.raises(SystemExit, match=rf"^{script}: .*driverlog[^\n]*$"):
        runpy.run_path(str(path), run_name="__main__")
