"""Planning tasks: files read back, successors against a slow reference, plans against exhaustive search."""

from contextlib import suppress
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import drivers
import naive
import numpy as np
import pytest
import sas_tasks
from hypothesis import given
from hypothesis import strategies as st
from schedules import LIMITS, run
from searches import astar

from pdsearch import Status, solve
from pdsearch.domains.planning.sas import EXAMPLE, Axiom, SasTask, Variable, parse_sas
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import BadInputError
from pdsearch.search.best_first.simulation import Schedule
from pdsearch.search.setup import make_task

DATA = Path(__file__).parent / "data" / "planning"
KINDS = sas_tasks.KINDS | {"wide": {"n_variables": 40, "n_operators": 30}}


def compiled(domain, state):
    """Return what the compiled code makes of one state: (successor, cost, removed, added) sorted."""
    moves, n = drivers.expanded(domain, state)
    found = []
    for row, (_, successor, cost) in enumerate(drivers.rows(domain, moves, n)):
        changes = slice(row * domain.n_changes, (row + 1) * domain.n_changes)
        added = list(takewhile(lambda feature: feature >= 0, moves.added[changes].tolist()))
        found.append((successor, cost, sorted(moves.removed[changes][: len(added)].tolist()), sorted(added)))
    return sorted(found)


def expected(domain, state):
    before = set(domain.features(state).tolist())
    found = []
    for _, successor, cost in naive.successors(domain, state):
        after = set(domain.features(successor).tolist())
        found.append((successor, cost, sorted(before - after), sorted(after - before)))
    return sorted(found)


@pytest.mark.few(2)
@pytest.mark.parametrize("kind", KINDS)
def test_compiled_successors_are_those_of_the_definition(kind):
    for seed in range(30):
        domain = sas_tasks.planning(seed, **KINDS[kind])
        state, rng = domain.initial, np.random.default_rng(seed)
        for _ in range(15):
            assert compiled(domain, state) == expected(domain, state)
            choices = naive.successors(domain, state)
            if not choices:
                break
            state = choices[int(rng.integers(len(choices)))][1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_task_is_read_back_from_its_file(kind):
    for seed in range(20):
        task = sas_tasks.random_task(seed, **KINDS[kind])

        assert parse_sas(sas_tasks.sas_text(task), "task.sas") == task


@pytest.mark.few(2)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "wide"])
def test_astar_finds_what_exhaustive_search_finds(kind):
    found = []
    for seed in range(60):
        domain = sas_tasks.planning(seed, **KINDS[kind])
        cost = naive.astar(domain)

        result = solve(domain, "blind")

        assert result.cost == cost
        assert result.status is (Status.UNSOLVABLE if cost is None else Status.SOLVED)
        found.append(cost)
    assert None in found
    assert max(cost or 0 for cost in found) >= 3


@pytest.mark.few(1)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "wide"])
def test_hdastar_finds_the_same_under_every_schedule(kind):
    for seed in range(60):
        domain = sas_tasks.planning(seed, **KINDS[kind])
        task = make_task(domain, "blind", "zobrist", 2 + seed % 5, seed=seed)

        result, _ = run(task, Schedule.random(seed))

        assert result.cost == naive.astar(domain)


def test_a_batch_of_one_expands_what_a_large_one_does_before_the_last_layer():
    for seed in range(20):
        domain = sas_tasks.planning(seed, max_cost=3)
        task = make_task(domain, "blind")

        one, many = (astar(task, LIMITS, batch=batch) for batch in (1, 64))

        assert one.expanded_before_last_layer == many.expanded_before_last_layer


def test_a_task_without_operators_is_unsolvable():
    stuck = Planning.parse(str(DATA / "stuck.sas"))

    assert solve(stuck, "blind").status is Status.UNSOLVABLE


@pytest.mark.parametrize("name", ["courier", "switches", "pipes", "stuck"])
def test_pddl_is_translated_to_the_task_that_was_kept(name):
    pytest.importorskip("fast_downward.translate", reason="the extra pdsearch-hda[planning] is not installed")

    task = Planning.parse(str(DATA / f"{name}.pddl")).task

    assert task == Planning.parse(str(DATA / f"{name}.sas")).task


def test_axioms_that_set_a_variable_to_different_values_are_refused():
    """The order in which they stand would decide."""
    variables = (Variable("v", -1, ("0", "1")), Variable("d", 0, ("0", "1", "2")))
    rules = [Axiom(((0, at), (1, 0)), 1, value) for at, value in ((0, 1), (0, 1), (1, 2))]
    task = SasTask(True, variables, (), (0, 0), ((1, 2),), (sas_tasks.changes("o", (), 0, 1),), tuple(rules[:2]))
    text = sas_tasks.sas_text(replace(task, axioms=tuple(rules)))

    assert parse_sas(sas_tasks.sas_text(task), "ok.sas") == task
    with pytest.raises(
        BadInputError, match=r"d\.sas, line 54: axioms set variable 1 to 1 and to 2; all must set it to"
    ):
        parse_sas(text, "d.sas")


def lines_of(text, at, line):
    lines = text.split("\n")
    lines[at] = line
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (lines_of(EXAMPLE, 1, "4"), "line 3: SAS+ format version 4"),
        (lines_of(EXAMPLE, 0, "begin_versio"), "line 1: 'begin_version' is needed"),
        (lines_of(EXAMPLE, 4, "2"), "the metric is 0 or 1"),
        (lines_of(EXAMPLE, 9, "-2"), "variable 'lamp' is in stratum -2; it is 0 or more, -1 where nothing derives it"),
        (lines_of(EXAMPLE, 10, "two"), "line 11: whole numbers are needed, not 'two'"),
        (lines_of(EXAMPLE, 28, "1_000"), "line 29: whole numbers are needed, not '1_000'"),
        (lines_of(EXAMPLE, 28, "\N{ARABIC-INDIC DIGIT THREE}"), "line 29: whole numbers are needed"),
        (lines_of(EXAMPLE, 16, "7"), "line 17: variable 0 has no value 7"),
        (lines_of(EXAMPLE, 20, "3 1"), "line 21: there is no variable 3"),
        (lines_of(EXAMPLE, 27, "0 0 0"), "an effect is a count of conditions"),
        (lines_of(EXAMPLE, 28, "-1"), "costs are 0 or more"),
        (EXAMPLE + "begin_rule\n", "more follows"),
        ("".join(EXAMPLE.splitlines(True)[:15]), "ends too early"),
        ("", "line 1"),
    ],
)
def test_a_malformed_file_is_named_with_its_line(text, words):
    with pytest.raises(BadInputError, match=r"lamp\.sas, line") as error:
        parse_sas(text, "lamp.sas")

    assert words in str(error.value)


@given(st.text(alphabet=" \n-0123456789begin_versiontricaxuplme", max_size=300), st.integers(0, 50))
def test_no_text_makes_the_parser_fail_otherwise(noise, at):
    for text in (noise, EXAMPLE[:at] + noise, EXAMPLE[: 5 * at] + noise + EXAMPLE[5 * at :]):
        with suppress(BadInputError):
            assert Planning(parse_sas(text, "noise.sas"), "noise").max_moves >= 1
