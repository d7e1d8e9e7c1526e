"""``pdsearch plan``: one rank and several, the plan file, exit codes, and one line for what is wrong."""

import json
import sys
from pathlib import Path

import jobs
import pytest

from pdsearch.domains.planning.task import Planning

DATA = Path(__file__).parent / "data" / "planning"
COURIER = str(DATA / "courier.sas")


def plan(*args, timeout=240):
    return jobs.run([sys.executable, "-m", "pdsearch", "plan", *args], timeout)


def test_the_plan_file_is_that_of_fast_downward_and_leads_to_the_goal(tmp_path):
    job = plan(COURIER, "--heuristic", "hmax", "--plan-file", str(tmp_path / "sas_plan"), "--json", "-")

    assert job.returncode == 0, job.stderr
    *actions, last = (tmp_path / "sas_plan").read_text().splitlines()
    task = Planning.parse(COURIER)
    numbers = {task.operator_name(number): number for number in range(len(task.task.operators))}
    assert task.replay([numbers[action] for action in actions]) == json.loads(job.stdout)["cost"] == 18
    assert last == "; cost = 18 (general cost)"


@pytest.mark.wide
def test_unit_costs_are_called_so(tmp_path):
    plan(str(DATA / "switches.sas"), "--heuristic", "blind", "--plan-file", str(tmp_path / "plan"))

    assert (tmp_path / "plan").read_text().endswith("; cost = 2 (unit cost)\n")


def test_pddl_is_planned_for_with_its_domain_beside_it_or_named():
    pytest.importorskip("fast_downward.translate", reason="the extra pdsearch-hda[planning] is not installed")
    beside = plan(str(DATA / "pipes.pddl"), "--heuristic", "blind", "--json", "-")
    named = plan(str(DATA / "pipes-domain.pddl"), str(DATA / "pipes.pddl"), "--heuristic", "blind", "--json", "-")

    assert [json.loads(job.stdout)["cost"] for job in (beside, named)] == [4, 4]


def test_a_task_without_a_plan_is_unsolvable():
    job = plan(str(DATA / "stuck.sas"), "--heuristic", "blind")

    assert job.returncode == 11, job.stderr
    assert "unsolvable" in job.stdout


@pytest.mark.mpi
@pytest.mark.heavy  # each is compiled for half a minute; test_planning_stubborn.py has one on real ranks
@pytest.mark.parametrize("heuristic", ["blind", "lmcut", "pdb", "merge-and-shrink"])
def test_several_ranks_share_tables_and_find_the_same_cost(heuristic, mpirun):
    job = mpirun(3, "plan", COURIER, "--heuristic", heuristic, "--json", "-")

    assert job.returncode == 0, job.stderr
    result = json.loads(job.stdout)
    assert (result["cost"], result["n_ranks"], result["heuristic"]) == (18, 3, heuristic)


@pytest.mark.wide
@pytest.mark.mpi
def test_what_rank_0_cannot_translate_ends_all_ranks_with_one_line(mpirun, tmp_path):
    pytest.importorskip("fast_downward.translate", reason="the extra pdsearch-hda[planning] is not installed")
    (tmp_path / "domain.pddl").write_text("(define (domain broken)\n")
    (tmp_path / "p.pddl").write_text("(define (problem p) (:domain broken))\n")

    job = mpirun(2, "plan", str(tmp_path / "p.pddl"))

    assert job.returncode == 2
    assert "domain.pddl', line 1: the '(' here is never closed" in job.stderr
    assert len(job.stderr.strip().splitlines()) == 1


@pytest.mark.few(2)
@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["no.sas"], "cannot read 'no.sas'"),
        (["no.pddl"], "no PDDL domain lies beside 'no.pddl'"),
        (["a", "b", "c"], "3 files given"),
        ([COURIER, "--heuristic", "goalcount"], "'goalcount' is not admissible"),
        ([COURIER, "--heuristic", "lmcutt"], "did you mean 'lmcut'"),
        ([COURIER, "--heuristic", "manhattan"], "does not fit domain 'planning'"),
        ([str(DATA / "courier.pddl"), "--domain-file", "no.pddl"], "cannot read 'no.pddl'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(args, words):
    job = plan(*args)

    assert job.returncode == 2
    assert words in job.stderr
    assert len(job.stderr.strip().splitlines()) == 1
