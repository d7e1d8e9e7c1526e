"""Numbers of thousands of digits, foreign files and mistaken goals: one short line each."""

import os
from pathlib import Path

import pytest

from pdsearch.cli import main
from pdsearch.domains import DOMAINS
from pdsearch.domains.grid import Grid
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError, shown
from pdsearch.limits import MOST, bytes_, count, whole
from pdsearch.search import solve

DIGITS = "9" * 5000
ROOMS = Path(__file__).parent / "data" / "rooms.map.scen"
INSTANCES = {
    "tiles": ["korf:{}", "korf-felner:{}", "random:{}x4", "{}x4: 1 2", "1 {} 2 3", "{}"],
    "pancake": ["random:{}", "1 {} 0", "{}"],
    "topspin": ["random:{}", "1 {} 0 2 3 4 5", "{}"],
    "rubik2": ["random:{}", "{}"],
    "grid": ["random:{}x4", "rooms.map.scen:{}", "rooms.map:{},1-1,1", "{}"],
    "msa": ["random:{}x4", "random:3x{}", "{}"],
    "planning": ["{}", "{}.sas", "{}.pddl"],
}
OPTIONS = {
    "tiles": ["--goal"],
    "topspin": ["--turnstile"],
    "grid": ["--neighbours"],
    "msa": ["--gap", "--gap-open", "--matrix"],
    "planning": ["--preprocess", "--pruning", "--heuristic"],
}
GOOD = {"tiles": "random:3x3", "topspin": "random:8", "grid": "random:8x8", "msa": "random:2x9"}


def said(capsys, *words):
    """Run a command that must fail and return its one line."""
    try:
        code = main([*words])
    except SystemExit as error:  # its parser's
        code = error.code
    captured = capsys.readouterr()
    assert code == 2
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert len(captured.err) < 700
    return captured.err


def test_every_domain_is_tried():
    assert set(INSTANCES) == set(DOMAINS)


@pytest.mark.parametrize(("domain", "form"), [(domain, form) for domain in INSTANCES for form in INSTANCES[domain]])
def test_a_number_of_5000_digits_in_an_instance_is_one_short_line(domain, form, capsys, monkeypatch):
    monkeypatch.chdir(ROOMS.parent)

    assert DIGITS not in said(capsys, "solve", domain, form.format(DIGITS))


@pytest.mark.parametrize(("domain", "option"), [(domain, option) for domain in OPTIONS for option in OPTIONS[domain]])
def test_a_number_of_5000_digits_in_an_option_is_one_short_line(domain, option, capsys):
    instance = GOOD.get(domain, str(ROOMS.parent / "planning" / "courier.sas"))

    assert DIGITS not in said(capsys, "solve", domain, instance, option, DIGITS)


@pytest.mark.parametrize("option", ["--time-limit", "--memory", "--node-limit", "--batch", "--seed"])
def test_so_it_is_in_a_limit(option, capsys):
    assert DIGITS not in said(capsys, "solve", "tiles", "random:3x3", option, DIGITS)


@pytest.mark.parametrize(
    "command", ["balance loads.csv --axis {}", "place loads.csv --gpus {}", "solve tiles 1 --{}", "{}"]
)
def test_so_it_is_where_the_parser_itself_complains(command, capsys):
    assert DIGITS not in said(capsys, *command.format(DIGITS).split())


@pytest.mark.parametrize("command", ["route x.csv --router=--", "solve tiles 1 --plan-file=--", "bench ida --json=--"])
def test_two_dashes_are_no_value(command, capsys):
    assert "'--' is no value" in said(capsys, *command.split())


def test_numbers_beyond_64_bits_are_refused_where_they_are_read():
    for read in (bytes_, count, lambda text: whole(text, "seed")):
        with pytest.raises(BadInputError, match=r"too large|not understood"):
            read("1" + "0" * 30)
    assert count("1e18") == 10**18 < MOST
    with pytest.raises(BadInputError, match="count '1e30' is too large"):
        count("1e30")


def test_what_is_shown_is_short_and_one_line():
    assert shown("a\nb") == r"'a\nb'"
    assert len(shown("x" * 10**6)) < 90
    assert len(shown(10**100)) < 90
    assert shown(10**6000).endswith("digits")


@pytest.mark.parametrize("number", [0, -1, 101, 10**30])
def test_there_are_a_hundred_of_korf(number):
    with pytest.raises(BadInputError, match="there are korf:1 to korf:100"):
        Tiles.korf(number)


def test_a_puzzle_that_the_other_goal_fits_says_so():
    near = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0, 15]

    reason = Tiles(near).why_unsolvable()

    assert reason is not None
    assert "for the goal 'blank, 1 ... 15'" in reason
    assert "'1 ... 15, blank' can be reached: --goal blank-last" in reason
    assert Tiles(near, goal="blank-last").why_unsolvable() is None
    assert Tiles.korf(1).notes() == []


def test_a_puzzle_solved_but_for_the_other_goal_names_both():
    result = solve(Tiles([1, 2, 3, 4, 5, 6, 7, 8, 0]))

    assert result.cost == 22
    assert result.notes == [
        "the board is the other usual goal, and was taken to 'blank, 1 ... 8'; for '1 ... 8, blank': --goal blank-last"
    ]


def scenario(folder, old, new):
    (folder / "rooms.map").write_text((ROOMS.parent / "rooms.map").read_text())
    lines = ROOMS.read_text().splitlines()
    words = lines[1].split()
    assert words[old] != new
    words[old] = new
    (folder / "rooms.map.scen").write_text("\n".join([lines[0], "\t".join(words)]) + "\n")
    return Grid.parse(f"{folder}/rooms.map.scen:1")


@pytest.mark.parametrize("column", [2, 3])
def test_a_scenario_for_a_map_of_another_size_is_refused(column, tmp_path):
    with pytest.raises(BadInputError, match=r"scenario 1 of rooms.map.scen is for a map of .* cells, and"):
        scenario(tmp_path, column, "777")


def test_a_scenario_of_another_length_is_solved_with_a_note(tmp_path):
    assert solve(Grid.parse(f"{ROOMS}:1")).notes == []

    (note,) = solve(scenario(tmp_path, 8, "3.5")).notes

    assert "but the scenario file says 3.50000000" in note


def test_folders_pipes_and_foreign_bytes_are_no_instances(tmp_path, capsys):
    (tmp_path / "folder.sas").mkdir()
    (tmp_path / "bytes.sas").write_bytes(bytes(range(128, 256)))
    os.mkfifo(tmp_path / "pipe.sas")
    for name, words in (("folder", "not a regular file"), ("bytes", "not a text file"), ("pipe", "not a regular")):
        for domain in ("planning", "tiles", "msa"):
            assert words in said(capsys, "solve", domain, str(tmp_path / f"{name}.sas"))
