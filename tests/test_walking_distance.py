"""Walking distance, held against its definition, and the machine code that searches with it."""

from collections import Counter, deque
from functools import cache

import numpy as np
import pytest
from examples import walk
from naive import distances_to_goal
from searches import idastar
from test_idastar import scrambled

from pdsearch import solve
from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles import walks as walks_module
from pdsearch.domains.tiles.idastar_walking import WalkingSubtrees
from pdsearch.domains.tiles.instances import korf
from pdsearch.domains.tiles.walks import UNREACHED, Walk
from pdsearch.errors import BadInputError, MemoryLimitError, TimeLimitError
from pdsearch.heuristics import make_heuristic
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import Deadline
from pdsearch.pruning.pruner import pruner_of
from pdsearch.search.depth_first.team import split
from pdsearch.search.depth_first.tree import AnySubtrees
from pdsearch.subtrees import GOALS, Roots

NAME = "walking-distance"


@cache
def distances_of_lines(n_lines, length, goal_line):
    """Return the distance of every state, a tuple of lines; a line is a tuple of its tiles' goal lines in order."""
    goal = tuple((line,) * (length - (line == goal_line)) for line in range(n_lines))
    distance, waiting = {goal: 0}, deque([goal])
    while waiting:
        state = waiting.popleft()
        blank = min(range(n_lines), key=lambda line: len(state[line]))
        for line in {blank - 1, blank + 1} & set(range(n_lines)):
            for tile in set(state[line]):
                lines = list(state)
                lines[line] = tuple((Counter(state[line]) - Counter([tile])).elements())
                lines[blank] = (*state[blank], tile)
                after = tuple(tuple(sorted(tiles)) for tiles in lines)
                if after not in distance:
                    distance[after] = distance[state] + 1
                    waiting.append(after)
    return distance


def goal_lines(puzzle, board):
    """Return the rows of a board and its columns, each tile by its goal row, or its goal column, in order."""
    rows = [board[y * puzzle.width :][: puzzle.width] for y in range(puzzle.height)]
    columns = [board[x :: puzzle.width] for x in range(puzzle.width)]
    return [
        tuple(tuple(sorted(divmod(puzzle.goal_cell(tile), puzzle.width)[i] for tile in line if tile)) for line in lines)
        for i, lines in enumerate((rows, columns))
    ]


@pytest.mark.parametrize(
    "lines", [(2, 2, 0), (2, 4, 1), (3, 2, 2), (3, 3, 0), (3, 3, 1), (4, 3, 3), (4, 4, 0), (5, 2, 4)]
)
def test_distances_of_lines_are_those_of_breadth_first_search(lines):
    of_lines = Walk(*lines)
    expected = distances_of_lines(*lines)
    keys = np.array([[sum(of_lines.weights[list(line)]) for line in state] for state in expected])

    distances = of_lines.distances(Deadline())

    assert distances[of_lines.indices(keys)].tolist() == list(expected.values())
    assert (distances != UNREACHED).sum() == len(expected)


@pytest.mark.parametrize("goal", ["blank-first", "blank-last"])
@pytest.mark.parametrize("shape", ["2x2", "3x2", "2x3", "3x3", "4x3", "2x5", "4x4"])
def test_the_value_is_the_sum_over_rows_and_columns_and_at_least_manhattan_distance(shape, goal):
    puzzle = scrambled(shape, goal, moves=60, seed=1)
    row, column = divmod(puzzle.goal_cell(0), puzzle.width)
    rows = distances_of_lines(puzzle.height, puzzle.width, row)
    columns = distances_of_lines(puzzle.width, puzzle.height, column)
    walking, manhattan = (make_heuristic(puzzle, name) for name in (NAME, "manhattan"))

    for state, _ in walk(puzzle, 60, seed=2):
        by_row, by_column = goal_lines(puzzle, puzzle.unpack(state))
        assert walking.value(state) == rows[by_row] + columns[by_column]
        assert (walking.value(state) - manhattan.value(state)) % 2 == 0
        assert walking.value(state) >= manhattan.value(state)


def test_of_korfs_hundred_most_are_farther_than_manhattan_distance_says():
    puzzles = [Tiles.korf(number) for number in range(1, 101)]
    walking, manhattan = (make_heuristic(puzzles[0], name) for name in (NAME, "manhattan"))
    more = [walking.value(puzzle.initial) - manhattan.value(puzzle.initial) for puzzle in puzzles]

    assert min(more) >= 0
    assert sum(difference > 0 for difference in more) > 50
    assert all(walking.value(puzzles[i].initial) <= korf(i + 1).optimal_length for i in range(100))


def packed(boards, goal):
    """Return 3x3 boards of the goal 'blank, 1 ... 8' as words, turned by half and renumbered for the other goal."""
    cells = np.array(boards, np.uint64)
    if goal == "blank-last":
        cells = np.where(cells > 0, 9 - cells, 0).astype(np.uint64)[:, ::-1]
    return (cells << np.arange(0, 36, 4, dtype=np.uint64)).sum(axis=1, dtype=np.uint64)[:, None]


def values(heuristic, words):
    """Return walking distances of packed boards."""
    tables = heuristic.tables.rows, heuristic.tables.columns
    return sum(lines.distance[index].astype(int) for lines, index in zip(tables, heuristic.indices(words), strict=True))


@pytest.mark.parametrize("goal", ["blank-first", "blank-last"])
def test_no_8_puzzle_is_nearer_than_walking_distance_says(goal, eight_puzzle):
    h = values(make_heuristic(Tiles.parse("random:3x3", goal=goal), NAME), packed(list(eight_puzzle), goal))
    distances = np.array(list(eight_puzzle.values()))

    assert len(h) == 181_440
    assert (h <= distances).all()
    assert ((distances - h) % 2 == 0).all()
    assert (h == distances).sum() > 181


@pytest.mark.parametrize("goal", ["blank-first", "blank-last"])
@pytest.mark.parametrize("shape", ["2x3", "3x2"])
def test_no_small_board_is_nearer_and_no_move_changes_more_than_it_costs(shape, goal):
    puzzle = Tiles.parse(f"random:{shape}", goal=goal)
    heuristic = make_heuristic(puzzle, NAME)
    back = heuristic.towards(puzzle.backwards())

    for state, distance in distances_to_goal(puzzle).items():
        h = heuristic.value(state)
        assert h <= distance
        assert {abs(heuristic.value(puzzle.apply(state, move)[0]) - h) for move in puzzle.operators(state)} == {1}
    for state, distance in distances_to_goal(puzzle.backwards()).items():
        assert back.value(state) <= distance


@pytest.mark.parametrize("shape", ["4x5", "5x5", "2x7", "3x6"])
def test_boards_whose_tables_would_be_large_are_refused(shape):
    with pytest.raises(BadInputError, match=f"heuristic '{NAME}' does not fit domain 'tiles' .random:{shape} seed 0."):
        make_heuristic(Tiles.parse(f"random:{shape}"), NAME)


@pytest.mark.parametrize(
    ("deadline", "error"), [(Deadline(0.0), TimeLimitError), (Deadline(memory_bytes=2**16), MemoryLimitError)]
)
def test_limits_hold_while_distances_are_built(deadline, error, monkeypatch):
    monkeypatch.setattr(walks_module, "_built", {})
    puzzle = Tiles.korf(1)
    puzzle.deadline = deadline

    with pytest.raises(error, match="walking distances"):
        make_heuristic(puzzle, NAME)


def counted(puzzle, heuristic, bound):
    """Return generated, expanded and goals of one iteration: the definition, in plain recursion."""
    generated = expanded = goals = 0

    def below(state, g, last):
        nonlocal generated, expanded, goals
        if puzzle.is_goal(state):
            goals += 1
            return
        expanded += 1
        for operator in puzzle.operators(state):
            if operator != 3 - last:
                generated += 1
                child, _ = puzzle.apply(state, operator)
                if g + 1 + heuristic.value(child) <= bound:
                    below(child, g + 1, operator)

    below(puzzle.initial, 0, 4)
    return generated, expanded, goals


def whole(puzzle, kind, bound, prune):
    heuristic, pruner = make_heuristic(puzzle, NAME), pruner_of(puzzle, prune)
    return split(kind(puzzle, heuristic, pruner), Roots.initial(puzzle, heuristic, pruner), 0, bound, lambda: False)


@pytest.mark.parametrize(
    ("shape", "goal", "prune"),
    [
        ("4x4", "blank-first", "none"),
        ("4x4", "blank-last", "fsm:8"),
        ("3x4", "blank-first", "fsm:7"),
        pytest.param("4x3", "blank-last", "none", marks=pytest.mark.wide),
        pytest.param("2x5", "blank-first", "none", marks=pytest.mark.wide),
        pytest.param("3x3", "blank-last", "fsm:9", marks=pytest.mark.wide),
    ],
)
def test_machine_code_counts_what_the_general_search_counts(shape, goal, prune):
    puzzle = scrambled(shape, goal, moves=40, seed=5)
    heuristic = make_heuristic(puzzle, NAME)
    start = heuristic.value(puzzle.initial)
    assert WalkingSubtrees.fits(puzzle, heuristic)

    for bound in (start, start + 2, start + 4):
        np.testing.assert_array_equal(*(whole(puzzle, kind, bound, prune) for kind in (WalkingSubtrees, AnySubtrees)))
    if prune == "none":
        assert tuple(whole(puzzle, WalkingSubtrees, start + 2, prune)[:3]) == counted(puzzle, heuristic, start + 2)


@pytest.mark.parametrize("goal", ["blank-first"])
def test_all_8_puzzles_are_solved_at_their_distances(goal, eight_puzzle):
    puzzle = Tiles.parse("random:3x3", goal=goal)
    heuristic, pruner = make_heuristic(puzzle, NAME), pruner_of(puzzle)
    boards, distances = packed(list(eight_puzzle), goal), np.array(list(eight_puzzle.values()))
    h, found, engine = values(heuristic, boards), np.full(len(boards), -1), WalkingSubtrees(puzzle, heuristic, pruner)

    for slack in range(0, 32, 2):  # the next iteration of all that are not yet solved
        left = np.flatnonzero(found < 0)
        zero = np.zeros(len(left), np.int64)
        states, paths = pruner.states(boards[left]), np.empty((len(left), 0), np.int32)
        counts = np.zeros((len(left), 4), np.int64)
        engine.prepare(Roots(boards[left], -h[left], h[left], zero - 1, states, zero, zero, paths), slack)
        assert engine.run(0, len(left), 2**62, np.array([INFINITY]), counts) == len(left)
        solved = left[counts[:, GOALS] > 0]
        found[solved] = h[solved] + slack

    np.testing.assert_array_equal(found, distances)


@pytest.mark.parametrize("prune", ["none", "fsm:8"])
def test_counts_are_the_same_over_threads_and_below_manhattan_distances(prune):
    for number in (12, 79):
        one, three = (idastar(Tiles.korf(number), NAME, threads=threads, prune=prune) for threads in (1, 3))
        general = idastar(Tiles.korf(number), NAME, threads=1, prune=prune, general=True)
        manhattan = idastar(Tiles.korf(number), threads=1, prune=prune)

        assert (one.scheme, general.scheme) == ("tiles-walking-distance", "any")
        assert one.cost == korf(number).optimal_length
        for other in (three, general):
            assert (one.generated, one.expanded, one.plan) == (other.generated, other.expanded, other.plan)
        assert one.generated < manhattan.generated


@pytest.mark.wide
def test_a_search_that_goes_on_early_does_so_in_machine_code():
    result = solve(Tiles.korf(83), NAME, memory="64M", when_full="early")

    assert result.cost == korf(83).optimal_length
    assert any("memory was full" in note for note in result.notes)
