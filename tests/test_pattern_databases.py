"""Pattern databases: against brute force, and the file in the cache folder."""

import errno
import itertools
import os
from collections import deque

import numpy as np
import pytest

from pdsearch.cli import main
from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.instances import korf, korf_felner
from pdsearch.domains.tiles.partitions import partition, partitions, shared_tables
from pdsearch.domains.tiles.pdb import database
from pdsearch.domains.tiles.retrograde import board_of, distances
from pdsearch.errors import BadInputError, MemoryLimitError, TimeLimitError
from pdsearch.heuristics import make_heuristic
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import Deadline
from pdsearch.pdb import AUTOMATIC_ENTRIES, DamagedDatabaseError, Database, MissingDatabaseError
from pdsearch.pdb.ranking import lehmer, n_placements
from pdsearch.search import solve


def pattern_distances(width, height, pattern):
    """Return the least moves of the pattern's tiles from each placement, by search over (places, blank)."""
    n = width * height
    beside = [[o for o in range(n) if abs(c // width - o // width) + abs(c % width - o % width) == 1] for c in range(n)]
    distance = {(pattern, 0): 0}
    least: dict[tuple[int, ...], int] = {}
    done = set()
    waiting = deque(distance)
    while waiting:
        state = waiting.popleft()
        if state in done:
            continue
        done.add(state)
        places, blank = state
        least.setdefault(places, distance[state])
        for cell in beside[blank]:
            moves = cell in places
            after = tuple(blank if place == cell else place for place in places), cell
            if distance[state] + moves < distance.get(after, INFINITY):
                distance[after] = distance[state] + moves
                waiting.append(after) if moves else waiting.appendleft(after)
    return least


@pytest.mark.wide
@pytest.mark.parametrize(
    ("width", "height", "pattern"),
    [(4, 4, (1, 4)), (4, 4, (1, 2, 3)), (2, 4, (1, 2, 3, 4)), (3, 3, (1, 2, 4, 5)), (5, 3, (6, 7, 8)), (5, 5, (6, 12))],
)
def test_a_table_holds_the_distances_of_an_independent_search(width, height, pattern):
    puzzle = Tiles.of_size(f"{width}x{height}")
    (table,), _ = shared_tables(width, height, [pattern])
    board = board_of(width, height, puzzle.space.neighbours, len(pattern))

    entries = distances(
        board, lehmer(pattern, puzzle.n_cells), sum(1 << cell for cell in table.blanks), lambda *_: None
    )

    least = pattern_distances(width, height, pattern)
    assert len(least) == len(entries) == n_placements(puzzle.n_cells, len(pattern))
    assert all(entries[lehmer(places, puzzle.n_cells)] == distance for places, distance in least.items())


@pytest.mark.parametrize("goal", ["blank-first", "blank-last"])
def test_one_pattern_of_all_tiles_is_exact(goal, eight_puzzle):
    heuristic = make_heuristic(Tiles.parse("random:3x3", goal=goal), "pdb")

    for board in itertools.islice(eight_puzzle, 0, None, 97):
        turned = board if goal == "blank-first" else tuple(9 - tile if tile else 0 for tile in reversed(board))
        assert heuristic.value(Tiles(turned, goal=goal).initial) == eight_puzzle[board]


@pytest.mark.parametrize(("width", "height"), [(2, 2), (3, 3), (4, 4), (5, 5), (2, 12), (6, 4), (4, 5), (11, 2)])
@pytest.mark.parametrize("name", ["pdb", "pdb-7-8", "pdb-6-6-6-6"])
def test_each_tile_belongs_to_one_pattern(width, height, name):
    patterns = partition(width, height, name)
    if patterns is None:
        pytest.skip("the board has no such partition")

    assert sorted(cell for pattern in patterns for cell in pattern) == list(range(1, width * height))


@pytest.mark.parametrize(
    ("size", "name", "n", "n_tables"),
    [(4, "pdb-max", 2, 3), (5, "pdb-6-6-6-6-max", 2, 2), (5, "pdb-catalogue", 14, 11)],
)
def test_each_partition_of_a_maximum_is_whole_and_shares_its_tables_with_its_mirror_image(size, name, n, n_tables):
    named = partitions(size, size, name) or []

    assert (len(named), partitions(size, size - 1, name)) == (n, None)
    for patterns in named:
        assert sorted(cell for pattern in patterns for cell in pattern) == list(range(1, size * size))
    patterns = [pattern for one in named for pattern in one]
    assert len(shared_tables(size, size, patterns)[0]) == n_tables
    if n == 2:
        assert database(size, size, name).path == database(size, size, name.removesuffix("-max")).path


def test_the_maximum_is_that_of_the_board_and_its_mirror_image():
    for number in (1, 5, 88):
        puzzle = Tiles.korf(number)
        mirrored = [puzzle.board[4 * (cell % 4) + cell // 4] for cell in range(16)]
        other = Tiles([4 * (tile % 4) + tile // 4 for tile in mirrored])
        both = [make_heuristic(one, "pdb").value(one.initial) for one in (puzzle, other)]

        assert make_heuristic(puzzle, "pdb-max").value(puzzle.initial) == max(both)


def test_three_of_the_four_patterns_of_six_share_a_table():
    patterns = partition(5, 5, "pdb-6-6-6-6")
    assert patterns is not None

    tables, views = shared_tables(5, 5, patterns)

    assert [view.table for view in views] == [0, 1, 1, 1]
    assert tables[1].pattern == (3, 4, 8, 9, 13, 14)
    for pattern, view in zip(patterns, views, strict=True):
        assert sorted(view.image[cell] for cell in pattern) == list(tables[view.table].pattern)


def test_patterns_of_the_15_puzzle_never_exceed_the_published_lengths_and_keep_their_parity():
    values = []
    for number in range(1, 101):
        puzzle = Tiles.korf(number)
        values.append(make_heuristic(puzzle, "pdb").value(puzzle.initial))
        assert values[-1] <= korf(number).optimal_length
        assert (korf(number).optimal_length - values[-1]) % 2 == 0
    assert np.mean(values) > 41  # Manhattan distance: 37.05


def test_a_star_with_patterns_finds_a_published_length_with_fewer_expansions():
    puzzle = Tiles.korf(30)

    patterns, manhattan = solve(puzzle, "pdb"), solve(puzzle, "manhattan")

    assert patterns.cost == manhattan.cost == korf(30).optimal_length
    assert patterns.expanded < manhattan.expanded / 10


def test_the_fifty_24_puzzles_are_solvable_and_have_the_published_mean():
    boards = [Tiles.parse(f"korf-felner:{number}") for number in range(1, 51)]
    lengths = [korf_felner(number).optimal_length for number in range(1, 51)]

    assert len({puzzle.board for puzzle in boards}) == 50
    assert all(puzzle.why_unsolvable() is None for puzzle in boards)
    assert np.mean(lengths) == pytest.approx(100.78)
    for puzzle, length in zip(boards, lengths, strict=True):
        h = make_heuristic(puzzle, "manhattan").value(puzzle.initial)
        assert h <= length
        assert (length - h) % 2 == 0


@pytest.mark.parametrize("text", ["korf-felner:0", "korf-felner:51", "korf-felner:", "korf-felner:x"])
def test_an_unknown_24_puzzle_is_refused(text):
    with pytest.raises(BadInputError, match=f"instance {text} is unknown; there are korf-felner:1 to korf-felner:50"):
        Tiles.parse(text)


@pytest.mark.heavy
def test_patterns_of_the_24_puzzle_never_exceed_the_published_lengths():
    for number in range(1, 51):
        puzzle = Tiles.parse(f"korf-felner:{number}")
        h = make_heuristic(puzzle, "pdb").value(puzzle.initial)
        assert h <= korf_felner(number).optimal_length
        assert (korf_felner(number).optimal_length - h) % 2 == 0


# --- the file ---


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A database of ten entries in a folder of its own, that counts how often it is built."""
    monkeypatch.setattr("pdsearch.pdb.database_folder", lambda: tmp_path)
    built: list[int] = []

    def build(filled):
        built.append(len(built))
        filled(10, 10)
        return np.arange(10, dtype=np.uint8)

    return Database("small", {"domain": "test"}, 10, build, "pdsearch pdb build test 10"), built


def test_a_database_is_built_once_and_read_afterwards(small):
    database, built = small

    for _ in range(3):
        assert database.load().tolist() == list(range(10))
    assert built == [0]
    assert database.load(rebuild=True).tolist() == list(range(10))
    assert built == [0, 1]
    assert [path.suffix for path in sorted(database.path.parent.iterdir())] == [".lock", ".pdb"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda content: b"", "does not begin like one"),
        (lambda content: b"something else", "does not begin like one"),
        (lambda content: content.replace(b"{", b"[", 1), "has no readable header"),
        (lambda content: content.replace(b'"blake2b"', b'"sha"'), "has no readable header"),
        (lambda content: content.replace(b'"test"', b'"toast"'), "was made for something else"),
        (lambda content: content[:-1], "holds 9 entries instead of 10"),
        (lambda content: content + b"x", "holds 11 entries instead of 10"),
        (lambda content: content[:-1] + b"x", "has a wrong checksum"),
        (lambda content: content[: len(content) // 2], "has no readable header"),
        (lambda content: content.split(b"\n")[0] + b"\n" + b"[" * 9000 + b"\n", "has no readable header"),
    ],
)
def test_a_file_that_is_not_the_database_is_refused_and_rebuilt_on_request(small, spoil, message):
    database, built = small
    database.load()
    database.path.write_bytes(spoil(database.path.read_bytes()))

    with pytest.raises(
        DamagedDatabaseError, match=f"{message}; build it again with: pdsearch pdb build test 10 --rebuild"
    ):
        database.load()
    assert built == [0]
    assert database.load(rebuild=True).tolist() == list(range(10))
    assert database.load().tolist() == list(range(10))


def test_a_folder_or_a_pipe_in_its_place_is_refused(small):
    database, built = small
    for make, remove in ((database.path.mkdir, database.path.rmdir), (lambda: os.mkfifo(database.path), lambda: None)):
        make()
        with pytest.raises(DamagedDatabaseError, match="is no regular file; remove it"):
            database.load()
        remove()
    assert database.load(rebuild=True).tolist() == list(range(10))
    assert built == [0]


def test_what_a_killed_process_left_is_swept_away(small):
    database, _ = small
    database.path.with_suffix(".123456").write_bytes(b"half")
    database.load()

    assert not database.path.with_suffix(".123456").exists()


def test_a_folder_that_cannot_be_written_is_one_line(small, monkeypatch):
    database, _ = small

    def full(entries):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Database, "_write", lambda self, entries: full(entries))
    with pytest.raises(BadInputError, match=r"No space left on device; name another folder in PDSEARCH_CACHE_DIR"):
        database.load()


def test_building_ends_with_the_time_and_before_it_exceeds_the_memory(small):
    database, built = small

    with pytest.raises(TimeLimitError, match="ended building a pattern database"):
        database.load(deadline=Deadline(0.0))
    assert not database.path.exists()
    with pytest.raises(MemoryLimitError, match="pattern database small needs 10 bytes"):
        database.load(deadline=Deadline(memory_bytes=9))
    assert built == [0]
    assert database.load(deadline=Deadline(60.0, 10)).tolist() == list(range(10))


def test_a_large_database_is_not_built_unasked(small):
    database = Database("large", {}, AUTOMATIC_ENTRIES + 1, small[0].build, "pdsearch pdb build large 1")

    with pytest.raises(MissingDatabaseError, match="large of 16,777,217 entries is not built; run: pdsearch pdb build"):
        database.load()


def test_the_command_builds_lists_and_finds_what_is_there(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("pdsearch.pdb.database_folder", lambda: tmp_path)
    monkeypatch.setattr("pdsearch.cli.pdb.database_folder", lambda: tmp_path)

    assert main(["pdb", "build", "tiles", "2x3"]) == 0
    assert "tiles-2x3-pdb: 720 entries, largest 21, built in" in capsys.readouterr().out
    assert main(["pdb", "build", "tiles", "2x3"]) == 0
    assert "was there already" in capsys.readouterr().out
    assert main(["pdb", "list"]) == 0
    assert "tiles-2x3-pdb" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["build"], "pdb build needs a domain and a size, as in: pdsearch pdb build tiles 5x5"),
        (["build", "tiles", "9x9"], "board 9x9 is not supported"),
        (["build", "pancake", "9"], "no heuristic has a pattern database for pancake 9"),
        (["build", "tiles", "4x4", "--heuristic", "manhattan"], "heuristic 'manhattan' has no pattern database"),
        (["build", "tiles", "4x4", "--heuristic", "pdbb"], "no heuristic is called 'pdbb'; did you mean 'pdb'?"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(argv, message, capsys):
    assert main(["pdb", *argv]) == 2
    assert message in capsys.readouterr().err
