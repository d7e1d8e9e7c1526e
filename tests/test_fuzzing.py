"""A small slice of `make fuzz`, and that its judges see what is wrong."""

import pytest
from fuzzing import KINDS
from fuzzing.boards import _cube_right, _slid, _tiles_right
from fuzzing.cases import Case, agrees, case_of
from fuzzing.judging import Ending, fault, run_here
from fuzzing.planning_tasks import DATA, _right
from fuzzing.sas_oracle import Task
from naive import astar
from sas_tasks import planning, random_task, sas_text

QUICK = [name for name in KINDS if name != "pddl"]  # a process of the translator's for each


@pytest.mark.few(3)
@pytest.mark.parametrize("number", range(60))
def test_a_damaged_input_is_a_status_or_one_line(number, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)  # which a case replaces
    _, case = case_of(1, number, QUICK)

    assert fault(case, run_here(case)) is None, case.words


def test_the_same_number_is_the_same_case():
    assert [case_of(3, n, [*KINDS])[1].files for n in range(9)] == [case_of(3, n, [*KINDS])[1].files for n in range(9)]


@pytest.mark.parametrize("seed", range(6))
def test_the_second_reading_of_sas_files_agrees_with_the_domain(seed):
    options = {"conditional": seed % 2 == 1, "axioms": seed > 2, "max_cost": 5}

    assert Task(sas_text(random_task(seed, **options))).cost() == astar(planning(seed, **options))


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (Ending(None, "", "Traceback (most recent call last):\nKeyError: 3\n"), "traceback: KeyError: 3"),
        (Ending(-11, "", ""), "exit code -11"),
        (Ending(2, "", "pdsearch: one\nanother\n"), "2 lines of complaint"),
        (Ending(2, "", "pdsearch: " + "9" * 5000 + "\n"), "a complaint of 5011 characters"),
        (Ending(0, "{}", "numpy: RuntimeWarning\n"), "on stderr"),
        (Ending(0, '{"cost": Infinity}', ""), "no JSON"),
    ],
)
def test_what_is_wrong_with_an_ending_is_said(ending, words):
    assert words in str(fault(Case(["solve", "--json", "-"]), ending))


def test_what_is_meant_for_a_person_is_no_fault():
    lines = "0.0 s: a plan of cost 140, none costs less than 140, gap 0.0 %\n1 of 2 solved; 5 generated\n"

    assert fault(Case(["solve"]), Ending(0, "", lines)) is None


def test_a_wrong_answer_is_said():
    text = (DATA / "switches.sas").read_bytes()
    cost = Task(text.decode()).cost()
    right = {"plan": [], "cost": cost, "heuristic": "blind", "lower_bound": cost}

    assert "does not lead to a goal" in str(_right(text, 0, right))
    assert _right(text, 11, right) == f"unsolvable instead of cost {cost}"
    assert agrees(right | {"cost": 9}, 0, 7) == "cost 9 instead of 7"
    assert agrees({"lower_bound": 8}, 23, 7) == "lower bound 8 above the cost 7"


def test_boards_and_cubes_are_followed_by_hand():
    assert _slid([1, 0, 2, 3], 2, ["left"]) == [0, 1, 2, 3]
    assert _slid([1, 0, 2, 3], 2, ["right"]) is None
    assert "does not lead" in str(_tiles_right("1 0 2 3", False, 0, {"plan": ["down"], "cost": 1}))
    assert _cube_right("R U2", 0, {"plan": ["U2", "R'"], "cost": 2}) is None
    assert "does not solve" in str(_cube_right("R U2", 0, {"plan": ["R'", "U2"], "cost": 2}))
