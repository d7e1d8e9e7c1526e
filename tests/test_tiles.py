"""Sliding tiles: reading, packing, moves, solvability and the published instances."""

import drivers
import numpy as np
import pytest
from examples import BESIDE, LARGE, SMALL, make, params, walk
from hypothesis import given
from hypothesis import strategies as st
from naive import reachable, successors, tile_distances

from pdsearch.domains import DOMAINS
from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.instances import korf, random_board
from pdsearch.errors import BadInputError, UnknownNameError, WrongPlanError
from pdsearch.heuristics import make_heuristic

SHAPES = ["2x2", "3x3", "4x4", "2x7", "4x5", "5x5", "2x12", "12x2", "6x4", "3x5", "3x6", "2x10", "7x3", "11x2"]
KORF_1 = (14, 13, 15, 7, 11, 12, 9, 5, 6, 0, 2, 1, 4, 8, 10, 3)


def shape(text):
    width, height = map(int, text.split("x"))
    return width, height


# --- every domain ---


def test_every_domain_has_instances_to_be_tested_on():
    assert set(SMALL) == set(LARGE) == set(DOMAINS)


@pytest.mark.parametrize(("name", "text", "options"), params(SMALL, BESIDE) + params(LARGE))
def test_compiled_successors_are_those_of_the_domain_in_python(name, text, options):
    domain = make(name, text, options)

    for state, created_by in walk(domain, 60, seed=1):
        moves, n = drivers.expanded(domain, state)
        assert sorted(drivers.rows(domain, moves, n)) == sorted(successors(domain, state))
        assert len(domain.operators(state)) <= domain.max_moves

        # told how the state was reached, a domain may leave out what leads back, and nothing else
        fewer, n_fewer = drivers.expanded(domain, state, created_by)
        missing = set(drivers.rows(domain, moves, n)) - set(drivers.rows(domain, fewer, n_fewer))
        back = {domain.undo(state, created_by)} if created_by >= 0 and not domain.is_linked else set()
        assert {successor for _, successor, _ in missing} <= back


@pytest.mark.parametrize(("name", "text", "options"), params(SMALL, BESIDE) + params(LARGE))
def test_the_features_a_move_removes_and_adds_turn_the_parents_into_the_successors(name, text, options):
    domain = make(name, text, options)

    for state, _ in walk(domain, 30, seed=2):
        moves, n = drivers.expanded(domain, state)
        for c, (_, successor, _) in enumerate(drivers.rows(domain, moves, n)):
            mine = slice(c * domain.n_changes, (c + 1) * domain.n_changes)
            changed = set(domain.features(state).tolist())
            changed -= set(moves.removed[mine].tolist())
            changed |= set(moves.added[mine].tolist()) - {-1}
            assert changed == set(domain.features(successor).tolist())


@pytest.mark.parametrize(("name", "text", "options"), params(SMALL, BESIDE) + params(LARGE))
def test_undo_leads_back_from_every_successor(name, text, options):
    domain = make(name, text, options)
    if domain.is_linked:
        pytest.skip(f"operators of {name} have no inverse")

    for state, _ in walk(domain, 40, seed=3):
        for operator, successor, _ in successors(domain, state):
            assert domain.undo(successor, operator) == state


@pytest.mark.parametrize(("name", "text", "options"), params(SMALL, BESIDE))
def test_the_compiled_goal_test_agrees_with_the_domain_on_every_state(name, text, options):
    domain = make(name, text, options)

    for state in reachable(domain):
        assert drivers.goal_reached(domain.space, drivers.words_of(state)) == domain.is_goal(state)


@pytest.mark.parametrize(("name", "text", "options"), params(SMALL, BESIDE) + params(LARGE))
def test_a_plan_that_does_not_apply_or_ends_elsewhere_is_refused(name, text, options):
    domain = make(name, text, options)
    wrong = next(operator for operator in range(1000) if operator not in domain.operators(domain.initial))

    with pytest.raises(WrongPlanError, match="step 0 of the plan does not apply"):
        domain.replay([wrong])
    if not domain.is_goal(domain.initial):
        with pytest.raises(WrongPlanError, match="the plan of 0 steps does not reach a goal"):
            domain.replay([])


def test_a_misspelt_domain_gets_a_suggestion():
    with pytest.raises(UnknownNameError, match="no domain is called 'tile'; did you mean 'tiles'"):
        DOMAINS["tile"]


# --- packing ---


@pytest.mark.parametrize("text", SHAPES)
@given(data=st.data())
def test_a_packed_board_unpacks_to_itself(text, data):
    width, height = shape(text)
    board = tuple(data.draw(st.permutations(range(width * height))))
    for goal in ("blank-first", "blank-last"):
        puzzle = Tiles(board, width, height, goal)

        assert puzzle.unpack(puzzle.initial) == board
        assert all(0 <= word < 2**64 for word in puzzle.initial)


def test_different_boards_are_packed_differently():
    puzzle = Tiles.parse("2x3: 0 1 2 3 4 5")

    states = reachable(puzzle)

    assert len({puzzle.unpack(state) for state in states}) == len(states) == 360


# --- reading ---


@pytest.mark.parametrize(
    "text",
    [
        "korf:1",
        "14 13 15 7 11 12 9 5 6 0 2 1 4 8 10 3",
        "14,13,15,7, 11,12,9,5, 6,0,2,1, 4,8,10,3",
        "4x4: 14 13 15 7 11 12 9 5 6 0 2 1 4 8 10 3",
        " 4x4 :14 13 15 7\n11 12 9 5\n6 0 2 1\n4 8 10 3\n",
    ],
)
def test_every_way_to_write_an_instance_gives_the_same_board(text):
    puzzle = Tiles.parse(text)

    assert (puzzle.width, puzzle.height, puzzle.board) == (4, 4, KORF_1)


@pytest.mark.parametrize("content", ["1 0 2\n3 4 5\n6 7 8\n", "3x3: 1 0 2 3 4 5 6 7 8", "1,0,2,3,4,5,6,7,8\n\n"])
def test_an_instance_is_read_from_a_file(content, tmp_path):
    file = tmp_path / "board.txt"
    file.write_text(content)

    puzzle = Tiles.parse(str(file))

    assert puzzle.board == (1, 0, 2, 3, 4, 5, 6, 7, 8)


def test_a_board_that_is_not_square_is_written_with_its_shape():
    puzzle = Tiles.parse("2x3: 1 0 2 3 4 5")

    assert (puzzle.width, puzzle.height) == (2, 3)
    assert puzzle.show(puzzle.initial) == " 1  .\n 2  3\n 4  5"


@pytest.mark.parametrize(
    ("goal", "board"), [("blank-first", (0, 1, 2, 3, 4, 5, 6, 7, 8)), ("blank-last", (1, 2, 3, 4, 5, 6, 7, 8, 0))]
)
def test_both_goals_are_goals(goal, board):
    puzzle = Tiles.parse(" ".join(map(str, board)), goal=goal)

    assert puzzle.goal_board() == board
    assert puzzle.is_goal(puzzle.initial)
    assert [puzzle.goal_cell(tile) for tile in board if tile] == [cell for cell in range(9) if board[cell]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the instance is empty; give korf:1, random:4x4, a file or the tiles row by row"),
        ("korf:0", "instance korf:0 is unknown; there are korf:1 to korf:100"),
        ("korf:101", "instance korf:101 is unknown; there are korf:1 to korf:100"),
        ("korf:one", "instance korf:one is unknown"),
        ("korf:", "instance korf: is unknown"),
        ("korf:-1", "instance korf:-1 is unknown"),
        ("random:", "board shape '' is not understood; write it as 4x4"),
        ("random:4", "board shape '4' is not understood"),
        ("random:4x", "board shape '4x' is not understood"),
        ("random:axb", "board shape 'axb' is not understood"),
        ("random:6x6", "board 6x6 is not supported; both sides at least 2, at most 25 cells"),
        ("random:1x9", "board 1x9 is not supported"),
        ("random:0x0", "board 0x0 is not supported"),
        ("1 2 3", "3 tiles given; a square board needs 4, 9, 16 or 25, another shape is written '2x3: 1 0 2 3 4 5'"),
        ("0", "1 tiles given; a square board needs 4, 9, 16 or 25"),
        ("2x3: 1 0 2 3 4", "5 tiles given; a board of 2x3 needs 6"),
        ("0 1 2 3 4 5 6 7 7", "tile 7 is there twice and tile 8 is missing"),
        ("0 1 2 3 4 5 6 7 9", "tile 9 is out of range; 9 cells hold the numbers 0 to 8"),
        ("-1 1 2 3 4 5 6 7 8", "tile -1 is out of range; 9 cells hold the numbers 0 to 8"),
        (
            "1-2 3",
            "instance '1-2 3': '1-2' is no number, or too large; give korf:1 to korf:100, random:4x4, a file",
        ),
        ("1 2x 3 0", "'2x' is no number, or too large; give korf:1"),
        ("2x3x4: 0 1", "board shape '2x3x4' is not understood"),
        ("no/such/file", "cannot read 'no/such/file' .No such file or directory.; give korf:1"),
        ("k" * 5000, ".File name too long"),
        (".", ".not a regular file"),
    ],
)
def test_an_instance_that_makes_no_sense_is_named_in_the_error(text, message):
    with pytest.raises(BadInputError, match=message) as caught:
        Tiles.parse(text)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00", ".not a text file"),
        (b"one two three four", "instance 'one two three four': 'one' is no number"),
        (b"", "0 tiles given"),
        (b"0 1 2 3 4 5 6 7 7", "tile 7 is there twice"),
    ],
)
def test_a_file_that_holds_no_board_is_refused(content, message, tmp_path):
    file = tmp_path / "board.txt"
    file.write_bytes(content)

    with pytest.raises(BadInputError, match=message):
        Tiles.parse(str(file))


def test_an_unknown_goal_is_refused_with_the_known_ones():
    with pytest.raises(BadInputError, match="goal 'blank' is unknown; it is one of blank-first, blank-last"):
        Tiles.parse("korf:1", goal="blank")


# --- solvability ---


@pytest.mark.parametrize("goal", ["blank-first", "blank-last"])
@pytest.mark.parametrize("text", ["2x2", "2x3", "3x2", "3x3"])
def test_parity_calls_exactly_those_boards_unsolvable_that_no_moves_solve(text, goal):
    width, height = shape(text)
    solvable = tile_distances(width, height, goal == "blank-last")
    rng = np.random.default_rng(0)

    for _ in range(400):
        board = tuple(rng.permutation(width * height).tolist())
        verdict = Tiles(board, width, height, goal).why_unsolvable()
        assert (verdict is None) == (board in solvable)


@pytest.mark.parametrize("goal", ["blank-first", "blank-last"])
@pytest.mark.parametrize("text", SHAPES)
def test_a_random_board_is_solvable_and_the_same_for_the_same_seed(text, goal):
    boards = [Tiles.parse(f"random:{text}", goal=goal, seed=seed) for seed in range(20)]

    assert all(board.why_unsolvable() is None for board in boards)
    assert [board.board for board in boards] == [
        Tiles.parse(f"random:{text}", goal=goal, seed=seed).board for seed in range(20)
    ]
    assert len({board.board for board in boards}) >= 8


def test_random_boards_are_spread_evenly_over_the_solvable_ones():
    counts: dict[tuple[int, ...], int] = {}
    for seed in range(2400):
        board = tuple(random_board(2, 2, seed, blank_last=False))
        counts[board] = counts.get(board, 0) + 1

    assert set(counts) == set(tile_distances(2, 2))  # 12 boards, 200 times each
    assert all(150 < count < 250 for count in counts.values())


# --- Korf's hundred ---


def test_there_are_a_hundred_published_instances_all_solvable_and_different():
    boards = [Tiles.korf(number) for number in range(1, 101)]

    assert len({puzzle.board for puzzle in boards}) == 100
    assert all(puzzle.why_unsolvable() is None for puzzle in boards)
    assert boards[0].board == KORF_1


@pytest.mark.parametrize("heuristic", ["manhattan", "linear-conflict"])
def test_no_published_length_is_below_the_heuristic_or_of_the_wrong_parity(heuristic):
    for number in range(1, 101):
        puzzle, length = Tiles.korf(number), korf(number).optimal_length
        h = make_heuristic(puzzle, heuristic).value(puzzle.initial)
        assert h <= length
        assert (length - h) % 2 == 0


def test_the_published_lengths_have_the_published_mean():
    assert np.mean([korf(number).optimal_length for number in range(1, 101)]) == pytest.approx(53.05)
