"""IDA* on the CPU: Korf's counts, the same whoever searches, and every way to end."""

import csv
import json
import math
import pickle
import threading
from importlib.resources import files
from itertools import count, islice

import naive
import numpy as np
import pytest
import sas_tasks
from examples import DATA, SMALL, make, params
from hypothesis import given, settings
from hypothesis import strategies as st
from searches import idastar

from pdsearch.cli import main
from pdsearch.console.instances import instances
from pdsearch.domains.planning.task import Planning
from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.idastar import TilesSubtrees
from pdsearch.domains.tiles.instances import korf
from pdsearch.errors import BadInputError
from pdsearch.heuristics import HEURISTICS, make_heuristic
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import Limits
from pdsearch.pruning.pruner import pruner_of
from pdsearch.result import Status
from pdsearch.search.depth_first.queue import ThreadQueue, chunk_ends
from pdsearch.search.depth_first.team import Team, first_solution, split
from pdsearch.search.depth_first.tree import DONE, PAUSED, AnySubtrees, Tree, cut_up
from pdsearch.subtrees import EXPANDED, GENERATED, GOALS, TOO_LARGE, Roots

CHEAPEST = sorted(range(1, 101), key=lambda number: korf(number).idastar_generated)
# whole last iterations, counted by two independent C programs: generated, expanded, optimal paths, earlier generated
WHOLE = {
    9: (6073616, 2967867, 6, 1340860),
    12: (563365, 277724, 1, 105189),
    42: (867117, 435243, 1, 193725),
    79: (929645, 452368, 1, 216571),
    94: (1340700, 675255, 5, 136724),
}
SHAPES = ["2x2", "2x3", "3x2", "3x3", "4x3", "4x4", "5x3", "2x8", "4x5", "5x5"]


def scrambled(shape, goal, moves, seed):
    """Return a board some random moves from its goal."""
    width, height = map(int, shape.split("x"))
    board = list(Tiles(range(width * height), width, height, goal).goal_board())
    puzzle = Tiles(board, width, height, goal)
    state, rng = puzzle.initial, np.random.default_rng(seed)
    for _ in range(moves):
        state = puzzle.apply(state, rng.choice(puzzle.operators(state)))[0]
    return Tiles(puzzle.unpack(state), width, height, goal)


def whole(puzzle, kind, bound, prune="none"):
    """Return the counts of one iteration, searched by one worker."""
    heuristic = make_heuristic(puzzle, None)
    pruner = pruner_of(puzzle, prune)
    return split(kind(puzzle, heuristic, pruner), Roots.initial(puzzle, heuristic, pruner), 0, bound, lambda: False)


@pytest.mark.parametrize("number", CHEAPEST[:12])
def test_first_solution_counts_are_korfs(number):
    result = idastar(Tiles.korf(number), prune="none")

    assert result.cost == korf(number).optimal_length
    assert result.generated + 1 == korf(number).idastar_generated
    assert result.expanded == korf(number).idastar_expanded


@pytest.mark.heavy
@pytest.mark.parametrize("number", CHEAPEST[12:60])
def test_first_solution_counts_are_korfs_on_harder_instances(number):
    result = idastar(Tiles.korf(number), threads=0, prune="none")

    assert result.cost == korf(number).optimal_length
    assert result.generated + 1 == korf(number).idastar_generated
    assert result.expanded == korf(number).idastar_expanded


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("specialised", [True, False])
@pytest.mark.parametrize("number", WHOLE)
def test_counts_of_whole_iterations_are_the_golden_ones(number, specialised, threads):
    generated, expanded, paths, earlier = WHOLE[number]

    result = idastar(Tiles.korf(number), mode="all", general=not specialised, threads=threads, prune="none")

    assert (result.iterations[-1].generated, result.iterations[-1].expanded) == (generated, expanded)
    assert (result.solutions, result.generated) == (paths, generated + earlier)


@pytest.mark.few(2, "4x4", "3x2-fsm")
@pytest.mark.parametrize("goal", ["blank-first", "blank-last"])
@pytest.mark.parametrize(
    ("shape", "prune"), [*((shape, "none") for shape in SHAPES), ("3x2", "fsm:9"), ("4x5", "fsm:7")]
)
def test_machine_code_counts_what_the_general_search_counts(shape, goal, prune):
    puzzle = scrambled(shape, goal, moves=30, seed=5)
    start = make_heuristic(puzzle, None).value(puzzle.initial)
    enough = islice(count(start, 2), 3)

    for bound in enough:
        np.testing.assert_array_equal(*(whole(puzzle, kind, bound, prune) for kind in (TilesSubtrees, AnySubtrees)))


# with words of up to 8 moves forbidden; a program in C++ counts as many: generated in all, in the last iteration
PRUNED = {12: (512284, 426439), 42: (744492, 599748), 79: (839838, 670002)}


@pytest.mark.parametrize(("general", "threads"), [(False, 1), (False, 3), (True, 2)])
def test_counts_with_the_automaton_are_the_golden_ones(general, threads):
    for number, golden in PRUNED.items():
        result = idastar(Tiles.korf(number), mode="all", general=general, threads=threads, prune="fsm:8")

        assert (result.generated, result.iterations[-1].generated) == golden
        assert (result.cost, result.prune) == (korf(number).optimal_length, "fsm:8")


def distances_of_all_boards():
    """Return all 181,440 solvable boards of the 8-puzzle, packed, and their distances: breadth-first, cell by cell."""
    goal = sum(tile << (4 * tile) for tile in range(9))
    layer, seen, distances = np.array([goal], np.uint64), np.empty(0, np.uint64), []
    cell_of_blank = {goal: 0}
    while len(layer):
        seen, distances = np.concatenate([seen, layer]), [*distances, len(layer)]
        reached = {}
        for board in layer.tolist():
            blank = cell_of_blank[board]
            for cell in (blank - 3, blank + 3, *(blank + step for step in (-1, 1) if 0 <= blank % 3 + step < 3)):
                if 0 <= cell < 9:
                    tile = board >> (4 * cell) & 15
                    reached[board ^ (tile << (4 * cell)) ^ (tile << (4 * blank))] = cell
        new = [board for board in reached if board not in cell_of_blank]
        cell_of_blank |= {board: reached[board] for board in new}
        layer = np.array(new, np.uint64)
    return seen, np.repeat(np.arange(len(distances)), distances)


@pytest.mark.wide
def test_all_8_puzzles_are_solved_at_their_distances_with_the_automaton():
    boards, expected = distances_of_all_boards()
    puzzle = Tiles(range(9))
    heuristic, pruner = make_heuristic(puzzle, None), pruner_of(puzzle)
    tiles = (boards[:, None] >> np.arange(0, 36, 4, dtype=np.uint64)) & np.uint64(15)
    cells = np.arange(9)
    far = abs(tiles // 3 - cells // 3) + abs(tiles.astype(int) % 3 - cells % 3)
    h = np.where(tiles > 0, far.astype(int), 0).sum(axis=1)
    found, engine = np.full(len(boards), -1), TilesSubtrees(puzzle, heuristic, pruner)
    assert len(boards) == 181_440

    for slack in range(0, 32, 2):  # the next iteration of all that are not yet solved
        left = np.flatnonzero(found < 0)
        zero = np.zeros(len(left), np.int64)
        words, states = boards[left, None], pruner.states(boards[left, None])
        roots = Roots(words, -h[left], h[left], zero - 1, states, zero, zero, np.empty((len(left), 0), np.int32))
        counts = np.zeros((len(left), 4), np.int64)
        engine.prepare(roots, slack)
        assert engine.run(0, len(left), 2**62, np.array([INFINITY]), counts) == len(left)
        solved = left[counts[:, GOALS] > 0]
        found[solved] = h[solved] + slack

    np.testing.assert_array_equal(found, expected)


@given(number=st.sampled_from(CHEAPEST[:3]), slice_=st.integers(1, 3000))
@settings(max_examples=10, deadline=None)
def test_a_search_that_pauses_counts_as_one_that_does_not(number, slice_):
    puzzle = Tiles.korf(number)
    heuristic = make_heuristic(puzzle, None)
    roots = Roots.initial(puzzle, heuristic)
    tree, bound = Tree(puzzle, heuristic, n_levels=4), int(roots.h[0]) + 8
    tree.begin(roots, 0, bound)

    while tree.go_on(bound, slice_) == PAUSED:
        pass

    tree_at_once = Tree(puzzle, heuristic)
    tree_at_once.begin(roots, 0, bound)
    assert tree_at_once.go_on(bound, 2**62) == DONE
    np.testing.assert_array_equal(tree.counts, tree_at_once.counts)


@pytest.mark.wide
@given(shape=st.sampled_from(SHAPES), depth=st.integers(0, 24), moves=st.integers(0, 24), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_cutting_at_any_depth_changes_no_count_and_steps_over_no_goal(shape, depth, moves, seed):
    puzzle = scrambled(shape, "blank-first", moves, seed)
    heuristic = make_heuristic(puzzle, None)
    tree, roots = Tree(puzzle, heuristic), Roots.initial(puzzle, heuristic)
    bound = int(roots.h[0]) + 4
    tree.begin(roots, 0, bound)
    tree.go_on(bound, 2**62)
    uncut = tree.counts.copy()

    cut = cut_up(tree, roots, 0, bound, depth)

    parts = np.zeros((len(cut.roots), 4), np.int64)
    engine = AnySubtrees(puzzle, heuristic)
    engine.prepare(cut.roots, bound)
    engine.run(0, len(parts), 2**62, np.array([INFINITY]), parts)
    assert cut.generated + parts[:, GENERATED].sum() == uncut[GENERATED]
    assert cut.expanded + parts[:, EXPANDED].sum() == uncut[EXPANDED]
    assert parts[:, GOALS].sum() == uncut[GOALS]


def test_roots_know_their_paths():
    puzzle = Tiles.korf(79)
    heuristic = make_heuristic(puzzle, None)
    roots = cut_up(Tree(puzzle, heuristic), Roots.initial(puzzle, heuristic), 0, 34, 9).roots

    for i in range(len(roots)):
        state = puzzle.initial
        for operator in roots.path(i):
            state = puzzle.apply(state, operator)[0]
        assert state == tuple(roots.words[i].tolist())


def test_a_subtree_too_large_is_given_up_and_split():
    puzzle = Tiles.korf(4)
    heuristic = make_heuristic(puzzle, None)
    roots, bound = Roots.initial(puzzle, heuristic), 56
    engine = TilesSubtrees(puzzle, heuristic)
    engine.prepare(roots, bound)
    counts = np.zeros((1, 4), np.int64)

    assert engine.run(0, 1, 1, np.array([INFINITY]), counts) == 0
    assert counts[0, GOALS] == TOO_LARGE
    assert whole(puzzle, TilesSubtrees, bound).tolist() == [235394063, 118723360, 5, 58]


def test_the_first_solution_is_counted_in_order_however_the_tree_is_cut():
    puzzle = Tiles.korf(4)
    heuristic = make_heuristic(puzzle, None)
    roots, tree = Roots.initial(puzzle, heuristic), Tree(puzzle, heuristic)
    earlier = 40247370

    generated, _, path = first_solution(TilesSubtrees(puzzle, heuristic), tree, roots, 0, 56, size=235394063)

    assert generated + earlier + 1 == korf(4).idastar_generated
    assert puzzle.replay(path) == 56


@pytest.mark.parametrize("threads", [2, 5])
@pytest.mark.parametrize("prune", ["none", "fsm:8"])
def test_threads_change_neither_plan_nor_counts(threads, prune):
    one, many = (idastar(Tiles.korf(94), threads=n, prune=prune) for n in (1, threads))

    assert (many.generated, many.expanded, many.plan) == (one.generated, one.expanded, one.plan)
    assert [i.generated for i in many.iterations] == [i.generated for i in one.iterations]


def test_loads_of_workers_add_up_to_the_nodes_below_the_roots():
    result = idastar(Tiles.korf(9), mode="all", threads=2)
    above = result.generated - sum(worker.generated for worker in result.ranks)

    assert 0 <= above < 0.02 * result.generated
    assert result.LB >= 1


@given(n_roots=st.integers(0, 5000), n_workers=st.integers(1, 300))
def test_chunks_cover_all_roots_in_order(n_roots, n_workers):
    ends = chunk_ends(n_roots, n_workers)

    assert ends == sorted(set(ends))
    assert (ends[-1] if ends else 0) == n_roots


def test_other_heuristics_find_the_same_cost():
    puzzle = scrambled("3x3", "blank-last", moves=60, seed=2)

    assert idastar(puzzle, "linear-conflict").cost == idastar(puzzle, "manhattan").cost == idastar(puzzle, "blind").cost


@pytest.mark.few(1, "gap-pancake")
@pytest.mark.parametrize(("domain_name", "text", "options"), params(SMALL))
@pytest.mark.parametrize("name", HEURISTICS)
def test_every_domain_is_solved_at_the_cost_of_the_plainest_astar(name, domain_name, text, options):
    domain = make(domain_name, text, options)
    if not HEURISTICS[name].fits(domain):
        pytest.skip(f"{name} does not fit {domain_name}")
    if not HEURISTICS[name].admissible:
        pytest.skip(f"{name} is not admissible, which IDA* refuses")
    if name == "lmcut":
        pytest.skip("it cannot handle axioms or conditional effects, and has a test of its own")
    if text.endswith("courier.sas") or (name == "blind" and domain_name == "msa"):
        pytest.skip("without duplicate detection it has far too many paths")

    result = idastar(domain, name, general=True)

    assert result.cost == naive.astar(domain, HEURISTICS[name](domain).value)


@pytest.mark.parametrize("heuristic", ["manhattan", "walking-distance"])
def test_a_goal_that_was_swapped_with_the_board_is_not_that_of_the_machine_code(heuristic):
    puzzle = scrambled("3x3", "blank-first", moves=60, seed=2)

    result = idastar(puzzle.backwards(), heuristic)

    assert (result.cost, result.scheme) == (idastar(puzzle, heuristic).cost, "any")
    assert not HEURISTICS["pdb"].fits(puzzle.backwards())


def test_a_heuristic_that_is_not_admissible_is_refused():
    with pytest.raises(BadInputError, match="'goalcount' is not admissible"):
        idastar(make("planning", str(DATA / "planning" / "pipes.sas"), {}), "goalcount")


@pytest.mark.wide
@pytest.mark.parametrize("heuristic", ["lmcut", "pdb"])
def test_threads_search_with_a_dear_heuristic_at_the_same_counts(heuristic):
    five = Planning(sas_tasks.counters(n_variables=5, size=3, goal=2), "five counters")

    one, many = (idastar(five, heuristic, mode="all", threads=threads) for threads in (1, 6))

    assert one.cost == many.cost == 10
    assert one.solutions == many.solutions == math.factorial(10) // 2**5  # the orders of two steps each
    assert one.generated == many.generated


@pytest.mark.wide
@pytest.mark.parametrize(("name", "pruning"), [("hmax", "stubborn"), *((name, None) for name in HEURISTICS)])
def test_a_search_writes_to_its_own_scratch_only(name, pruning):
    domain = Planning(sas_tasks.counters(n_variables=5, size=3, goal=2), "five counters", pruning=pruning)
    if not HEURISTICS[name].fits(domain):
        pytest.skip(f"{name} does not fit planning")
    heuristic = make_heuristic(domain, name)
    roots = Roots.initial(domain, heuristic)
    tree = Tree(domain, heuristic)
    before = pickle.dumps((domain.space, heuristic.tables))

    tree.begin(roots, 0, 10)
    tree.go_on(10, 1000)

    assert tree.counts[EXPANDED] > 5
    assert pickle.dumps((domain.space, heuristic.tables)) == before


def test_a_solved_board_needs_no_moves():
    for mode in ("first", "all"):
        result = idastar(Tiles(range(16)), mode=mode)

        assert (result.cost, result.plan, result.generated, result.solutions) == (0, [], 0, 1)


def test_an_unsolvable_board_is_proved_so_without_a_search():
    result = idastar(Tiles([0, 2, 1, 3, 4, 5, 6, 7, 8]))

    assert (result.status, result.generated) == (Status.UNSOLVABLE, 0)
    assert "parity" in result.summary()


@pytest.mark.parametrize("threads", [1, 2])
def test_limits_end_a_search_with_what_is_proved(threads):
    for limits, status in (
        (Limits(time_s=0.05), Status.TIME_LIMIT),
        (Limits(nodes=10**7), Status.NODE_LIMIT),
    ):
        result = idastar(Tiles.korf(88), limits=limits, threads=threads)

        assert result.status is status
        assert korf(88).optimal_length > (result.lower_bound or math.inf) >= 43
        assert result.plan is None


@pytest.mark.parametrize("threads", [1, 2])
def test_a_search_for_all_plans_that_is_stopped_after_the_first_says_so(threads, monkeypatch):
    goal_seen, stop_asked_twice, run = threading.Event(), threading.Event(), AnySubtrees.run
    implements = []

    def waits_after_a_goal(engine, at, end, limit, last, counts):
        stop = run(engine, at, end, limit, last, counts)
        if (counts[:, GOALS] > 0).any():
            goal_seen.set()
            stop_asked_twice.wait(60)
        return stop

    def interrupted():
        implements.append(goal_seen.is_set())
        if sum(implements) > 1:
            stop_asked_twice.set()
        return implements[-1]

    monkeypatch.setattr(AnySubtrees, "run", waits_after_a_goal)
    result = idastar(Tiles.korf(9), mode="all", general=True, threads=threads, prune="none", interrupted=interrupted)

    assert result.status is Status.INTERRUPTED
    assert result.cost == result.lower_bound == len(result.plan) == korf(9).optimal_length
    assert result.iterations[-1].generated < WHOLE[9][0]
    assert f"cost {result.cost} is optimal, not all of its plans are counted" in result.summary()


def test_an_interrupted_search_says_so():
    asked = count()

    result = idastar(Tiles.korf(60), interrupted=lambda: next(asked) > 12, threads=2)

    assert result.status is Status.INTERRUPTED


def test_an_error_in_a_thread_reaches_the_caller():
    puzzle = Tiles.korf(79)
    heuristic = make_heuristic(puzzle, None)

    class Broken(AnySubtrees):
        def run(self, *_):
            raise RuntimeError("broken on purpose")

    cut = cut_up(Tree(puzzle, heuristic), Roots.initial(puzzle, heuristic), 0, 40, 6)
    team = Team(Broken(puzzle, heuristic), 2, ThreadQueue())

    with pytest.raises(RuntimeError, match="on purpose"):
        team.search(cut.roots, 40, False, lambda: 0)
    assert threading.active_count() < 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "some"}, "mode 'some' is unknown; it is one of first, all"),
        ({"prune": "fms"}, "pruning 'fms' is unknown; give none, fsm or fsm:LENGTH with a length of 2 or more"),
        ({"threads": -1}, "-1 threads make no sense; give 1 or more, or 0 for one on each core"),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(BadInputError, match=message):
        idastar(Tiles.korf(79), **options)


def test_the_shipped_counts_are_complete():
    rows = list(csv.DictReader(files("pdsearch.domains.tiles").joinpath("korf100.csv").read_text().splitlines()))

    assert sum(int(row["idastar_generated_with_root"]) - 1 for row in rows) == 36_302_807_931


def test_the_command_writes_a_line_an_instance(tmp_path, capsys):
    out = tmp_path / "out.jsonl"

    code = main(
        ["ida", "tiles", "korf:79,12,42", "--prune", "none", "--device", "cpu", "--threads", "1", "--json", str(out)]
    )

    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert code == 0
    assert [(line["instance"], line["generated"] + 1) for line in lines] == [
        (f"korf:{n}", korf(n).idastar_generated) for n in (79, 12, 42)
    ]
    assert {"bound", "nodes", "seconds"} <= set(lines[0]["iterations"][0])
    assert "3 of 3 solved" in capsys.readouterr().out


def test_json_lines_know_no_nan_and_name_the_seed(capsys):
    words = ["random:3x3", "--seed", "5", "--device", "cpu", "--threads", "1", "--json", "-"]

    main(["ida", "tiles", *words])

    result = json.loads(capsys.readouterr().out.splitlines()[0], parse_constant=lambda name: pytest.fail(name))
    assert result["iterations"][0]["LB"] is None
    assert result["seed"] == 5


@pytest.mark.parametrize("command", ["ida", "simulate"])
def test_a_seed_below_0_is_one_line(command, capsys):
    with pytest.raises(SystemExit, match="2"):
        main([command, "tiles", "korf:79", "--seed", "-1"])

    assert capsys.readouterr().err.startswith("pdsearch: argument --seed: seed '-1' is not understood; give a whole")


def test_the_exit_code_is_that_of_the_first_unsolved_instance(tmp_path, capsys):
    boards = tmp_path / "boards.txt"
    boards.write_text("1 0 2 3 4 5 6 7 8\n\n0 2 1 3 4 5 6 7 8\n")

    assert main(["ida", "tiles", str(boards), "--device", "cpu", "--threads", "1"]) == Status.UNSOLVABLE.value
    assert "1 of 2 solved" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("korf:7-3", "instance korf:7-3 is unknown; there are korf:1 to korf:100, written as korf:1, korf:1,4,7"),
        ("korf:99-101", "instance korf:99-101 is unknown; there are korf:1 to korf:100"),
        ("korf:1-99999", "there are korf:1 to korf:100"),
        ("nothing:all", "cannot read 'nothing:all'"),
    ],
)
def test_wrong_instances_are_named(text, message):
    with pytest.raises(BadInputError, match=message):
        instances(Tiles, [text], {})


def test_a_wrong_line_of_a_file_is_named(tmp_path):
    boards = tmp_path / "boards.txt"
    boards.write_text("1 0 2 3 4 5 6 7 8\n1 0 2 3 4 5 6 7 9\n")

    with pytest.raises(BadInputError, match=r"boards.txt, instance 2: tile 9 is out of range"):
        instances(Tiles, [str(boards)], {})


def test_all_of_korfs_instances_have_one_name():
    assert [puzzle.instance for puzzle in instances(Tiles, ["korf:all"], {})] == [f"korf:{n}" for n in range(1, 101)]


def test_the_benchmark_compares_schemes_whose_counts_are_alike(capsys):
    code = main(["bench", "ida", "korf:79,12", "--threads", "2", "--device", "cpu"])

    out, err = capsys.readouterr()
    head, general, one, two, *gpu, verdict = out.splitlines()
    nodes = f"{sum(WHOLE[n][0] + WHOLE[n][3] for n in (79, 12)):,}"
    assert code == 0
    assert head.split()[:3] == ["scheme", "solved", "generated"]
    assert [nodes in row for row in (general, one, two)] == [True] * 3
    assert [row.split()[-2:] for row in gpu] == [["not", "measured"]] * 3
    assert verdict == "counts are alike"
    assert "one core: korf:79 ..." in err


def test_the_benchmark_of_a_domain_without_code_of_its_own_is_json_too(tmp_path):
    file = tmp_path / "ida.json"

    options = ["--domain", "pancake", "--threads", "1", "--device", "cpu", "--json", str(file)]
    code = main(["bench", "ida", "random:9", *options])

    report = json.loads(file.read_text(), parse_constant=lambda name: pytest.fail(name))
    assert code == 0
    assert [row["scheme"] for row in report["rows"]] == ["one core", "GPU, thread", "GPU, block", "GPU, persistent"]
    assert report["rows"][0]["ratio"] == 1
    assert report["rows"][1]["seconds"] is None
    assert report["environment"]["numba"]


@pytest.mark.wide
@pytest.mark.mpi
@pytest.mark.parametrize(("mode", "prune"), [("first", "fsm"), ("all", "none")])
def test_ranks_count_what_one_process_counts(mode, prune, mpirun):
    options = ["--mode", mode, "--prune", prune, "--device", "cpu", "--threads", "1", "--json", "-"]

    run = mpirun(3, "ida", "tiles", "korf:94", *options, timeout=120)

    result = json.loads(run.stdout.splitlines()[-1])
    one = idastar(Tiles.korf(94), mode=mode, prune=prune)
    assert (result["generated"], result["expanded"], result["solutions"]) == (
        one.generated,
        one.expanded,
        one.solutions,
    )
    assert (result["n_ranks"], len(result["ranks"])) == (3, 3)
