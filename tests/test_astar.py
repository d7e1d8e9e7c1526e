"""A* on one rank: costs against exact distances, proofs by exhaustion, limits, memory."""

import itertools
import math
import sys
import time

import jobs
import naive
import numpy as np
import pytest
from examples import SMALL, make, others_wide, params
from searches import astar

from pdsearch import Result, Status, solve
from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.instances import korf
from pdsearch.errors import BadInputError, TooLittleMemoryError, UnknownNameError
from pdsearch.heuristics import HEURISTICS
from pdsearch.kernels.protocol import INFINITY
from pdsearch.limits import Limits
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.step import EXPANDED
from pdsearch.search.setup import make_task

EASY = [79, 12, 42, 55, 97, 19, 94, 93, 47, 9, 48, 31, 30]
UNSOLVABLE = "1 0 2 3 4 5 6 8 7"


def run(domain, heuristic=None, limits=None, interrupted=lambda: False, on_progress=None, **options) -> Result:
    """Search without the domain's own check, with the options that only the search itself takes."""
    task = make_task(domain, heuristic)
    return astar(task, limits, interrupted, on_progress, **options)


def replayed(domain, plan):
    """Return the cost of a plan given by its operators' names, and whether it reaches a goal."""
    state, total = domain.initial, 0
    for name in plan:
        state, cost = domain.apply(state, next(o for o in domain.operators(state) if domain.operator_name(o) == name))
        total += cost
    return total, domain.is_goal(state)


@pytest.mark.few(0, "manhattan-tiles", "octile-grid")
@pytest.mark.parametrize("open_list", ["bucket", "heap"])
@pytest.mark.parametrize(("domain_name", "text", "options"), params(SMALL))
@pytest.mark.parametrize("name", HEURISTICS)
def test_the_cost_is_that_of_the_plainest_astar(name, domain_name, text, options, open_list):
    if open_list == "heap" and domain_name != "tiles":
        pytest.skip("an open list does not know the domain; one is enough for the heap")
    if domain_name == "planning" and name != "blind":
        pytest.skip("test_planning_heuristics.py compares costs on tasks of its own")
    domain = make(domain_name, text, options)
    if not HEURISTICS[name].fits(domain):
        pytest.skip(f"{name} does not fit {domain_name}")
    if not HEURISTICS[name].admissible:
        pytest.skip(f"{name} does not claim to be admissible")
    try:
        heuristic = HEURISTICS[name](domain)
    except BadInputError as error:
        pytest.skip(str(error))

    result = run(domain, name, open_list=open_list)

    assert result.cost == naive.astar(domain, heuristic.value)
    if result.status is Status.SOLVED:
        assert replayed(domain, result.plan) == (result.cost, True)


@pytest.mark.few(2)
@pytest.mark.parametrize("open_list", ["bucket", "heap"])
@pytest.mark.parametrize("name", ["blind", "manhattan", "linear-conflict"])
def test_the_eight_puzzle_is_solved_optimally_from_anywhere(name, open_list, eight_puzzle):
    boards = sorted(eight_puzzle)
    chosen = [boards[i] for i in np.random.default_rng(1).choice(len(boards), 25, replace=False)]
    hardest = [board for board in boards if eight_puzzle[board] == 31]

    for board in chosen + hardest:
        assert run(Tiles(board), name, open_list=open_list).cost == eight_puzzle[board]


@pytest.mark.few(9)
@pytest.mark.parametrize("open_list", ["bucket", "heap"])
@pytest.mark.parametrize("goal", ["blank-first", "blank-last"])
@pytest.mark.parametrize(("width", "height"), [(2, 3), (2, 4), (4, 2)])
@pytest.mark.parametrize("name", ["blind", "manhattan", "linear-conflict"])
def test_boards_of_other_shapes_are_solved_optimally_for_both_goals(name, width, height, goal, open_list):
    distance = naive.tile_distances(width, height, goal == "blank-last")
    boards = sorted(distance, key=lambda board: (distance[board], board))

    for board in [*boards[:: len(boards) // 12], boards[-1]]:
        result = run(Tiles(board, width, height, goal), name, open_list=open_list)
        assert result.cost == distance[board]


@pytest.mark.parametrize("number", EASY)
def test_easy_published_instances_have_their_published_lengths(number):
    puzzle = Tiles.korf(number)

    result = solve(puzzle)

    assert result.status is Status.SOLVED
    assert result.cost == result.lower_bound == korf(number).optimal_length
    assert replayed(puzzle, result.plan) == (result.cost, True)


@pytest.mark.heavy
@pytest.mark.parametrize("number", sorted(range(1, 101), key=lambda number: korf(number).idastar_generated)[:60])
def test_the_sixty_easiest_published_instances_have_their_published_lengths(number):
    puzzle = Tiles.korf(number)

    result = solve(puzzle, limits=Limits(memory_bytes=4 * 2**30))

    assert result.status is Status.SOLVED
    assert result.cost == korf(number).optimal_length
    assert replayed(puzzle, result.plan) == (result.cost, True)


@pytest.mark.parametrize("number", EASY[:4])
def test_a_better_heuristic_gives_the_same_length_with_fewer_expansions(number):
    manhattan, conflict = (solve(Tiles.korf(number), name) for name in ("manhattan", "linear-conflict"))

    assert manhattan.cost == conflict.cost
    assert conflict.expanded_before_last_layer < manhattan.expanded_before_last_layer


@pytest.mark.wide
@pytest.mark.parametrize(
    "text", others_wide(["random:4x5", "random:2x7", "random:3x6", "random:5x5", "random:2x12", "random:6x4"])
)
def test_wide_boards_a_short_walk_from_the_goal_are_solved_as_the_plainest_astar_does(text):
    template = Tiles.parse(text)
    state = template.pack(template.goal_board())
    rng = np.random.default_rng(0)
    for _ in range(24):
        state, _ = template.apply(state, int(rng.choice(template.operators(state))))
    puzzle = Tiles(template.unpack(state), template.width, template.height)

    for name in ("manhattan", "linear-conflict"):
        assert solve(puzzle, name).cost == naive.astar(puzzle, HEURISTICS[name](puzzle).value)


def test_a_solved_board_needs_no_moves():
    result = solve(Tiles.parse("0 1 2 3 4 5 6 7 8"))

    assert (result.status, result.cost, result.plan, result.expanded) == (Status.SOLVED, 0, [], 0)


# --- counts ---


@pytest.mark.parametrize("name", ["manhattan", "linear-conflict"])
@pytest.mark.parametrize("open_list", ["bucket", "heap"])
def test_expansions_before_the_last_layer_do_not_depend_on_the_batch(name, open_list):
    puzzle = Tiles.korf(79)

    results = [run(puzzle, name, batch=batch, open_list=open_list) for batch in (1, 2, 7, 32, 100)]

    # a batch expands some nodes before a cheaper path to them is found: those are the reopened ones
    once = {result.expanded_before_last_layer - result.reopened for result in results}
    assert max(once) - min(once) <= 0.001 * max(once)
    assert {result.cost for result in results} == {42}


def test_nothing_is_reopened_when_nodes_are_expanded_one_at_a_time():
    assert run(Tiles.korf(79), batch=1).reopened == 0


def test_counts_fit_together():
    result = solve(Tiles.korf(79))
    (rank,) = result.ranks

    assert (result.n_ranks, result.distribution, result.algorithm) == (1, None, "A*")
    assert (result.sent, result.received, result.messages, result.CO, result.LB) == (0, 0, 0, 0.0, 1.0)
    assert result.evaluated == result.generated + 1
    assert rank.stored <= result.generated + 1 - result.duplicates
    assert result.expanded_before_last_layer < result.expanded <= rank.stored
    assert (rank.expanded, rank.generated) == (result.expanded, result.generated)
    assert result.total_s >= result.search_s > 0
    assert result.expanded_per_s == pytest.approx(result.expanded / result.search_s)


def test_a_stored_node_of_the_fifteen_puzzle_takes_no_more_than_24_bytes():
    results = [solve(Tiles.korf(number)) for number in (19, 31, 30)]

    assert np.mean([result.bytes_per_node for result in results]) <= 24
    assert all(result.peak_memory_bytes >= 12 * result.ranks[0].stored for result in results)


# --- no solution ---


def test_parity_proves_a_board_unsolvable_without_a_search():
    result = solve(Tiles.parse(UNSOLVABLE))

    assert result.status is Status.UNSOLVABLE
    assert (result.cost, result.plan, result.lower_bound, result.expanded) == (None, None, None, 0)
    assert result.reason.startswith("the permutation of the tiles has the wrong parity for the goal 'blank, 1 ... ")


@pytest.mark.parametrize("name", ["blind", "manhattan", "linear-conflict"])
def test_exhausting_the_search_proves_it_after_exactly_half_of_all_boards(name):
    result = solve(Tiles.parse(UNSOLVABLE), name, check_solvable=False)

    assert result.status is Status.UNSOLVABLE
    assert result.expanded - result.reopened == result.ranks[0].stored == math.factorial(9) // 2
    assert (result.cost, result.lower_bound) == (None, None)


# --- limits ---


@pytest.mark.parametrize("nodes", [1, 2, 31, 1000, 50_001])
def test_the_node_limit_is_exact(nodes):
    result = solve(Tiles.korf(1), limits=Limits(nodes=nodes))

    assert result.status is Status.NODE_LIMIT
    assert result.expanded == nodes
    assert 41 <= result.lower_bound <= 57
    assert result.plan is None


def test_a_limit_that_is_just_enough_does_not_hide_the_answer():
    needed = solve(Tiles.korf(79)).expanded

    assert solve(Tiles.korf(79), limits=Limits(nodes=needed + 1)).status is Status.SOLVED


def test_the_time_limit_stops_the_search_soon_after():
    result = solve(Tiles.korf(88), limits=Limits(time_s=0.2))

    assert result.status is Status.TIME_LIMIT
    assert 0.2 <= result.total_s < 1.5
    assert 43 <= result.lower_bound <= 65


@pytest.mark.parametrize("memory", [2**20, 3_000_000, 5_000_000, 2**24, 2**25 + 1, 2**26])
@pytest.mark.parametrize("open_list", ["bucket", "heap"])
def test_a_full_memory_is_a_status_with_a_lower_bound(memory, open_list):
    result = run(Tiles.korf(1), limits=Limits(memory_bytes=memory), open_list=open_list, when_full="stop")

    assert result.status is Status.MEMORY_LIMIT
    assert 41 <= result.lower_bound <= 57
    assert result.expanded > 1000
    assert memory / 2 < result.peak_memory_bytes <= memory


@pytest.mark.wide
def test_a_system_that_gives_less_than_the_limit_allows_is_a_memory_limit():
    code = """
import resource
from pathlib import Path
from pdsearch import solve
from pdsearch.limits import Limits
from pdsearch.domains.tiles import Tiles

solve(Tiles.korf(79))  # compiled before the system becomes stingy
pages = int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 2**27,) * 2)
result = solve(Tiles.korf(88), limits=Limits(memory_bytes=2**40), when_full="stop")
print(result.status.words, 43 <= result.lower_bound <= 65, result.expanded > 10**5)
"""

    job = jobs.run([sys.executable, "-c", code])

    assert (job.returncode, job.stdout, job.stderr) == (0, "memory limit True True\n", "")


def test_the_tables_of_a_heuristic_are_part_of_what_a_search_uses():
    puzzle = Tiles.parse("random:3x3")

    small, large = (solve(puzzle, name) for name in ("manhattan", "pdb"))

    assert large.peak_memory_bytes - small.peak_memory_bytes > 2**17  # of 9!/2 entries
    with pytest.raises(TooLittleMemoryError, match="too small for the first tables"):
        LocalSearch(make_task(puzzle, "pdb"), 0, 2**17)


def test_states_of_many_moves_are_expanded_fewer_at_a_time_where_memory_is_small():
    puzzle = Tiles.parse("random:3x3")
    puzzle.max_moves = 20_000
    task = make_task(puzzle)

    ranks = {memory: LocalSearch(task, 0, memory) for memory in (2**27, 2**28, 2**34)}

    batches = [rank._batch_size for rank in ranks.values()]
    assert batches == sorted(batches)
    assert 1 <= batches[0] < batches[1] < batches[2] == task.heuristic.batch
    assert all(rank.granted_bytes < memory // 4 for memory, rank in ranks.items())
    assert solve(puzzle, memory=2**27).cost == solve(puzzle, memory=2**34).cost
    too_little = solve(puzzle, memory=2**22)
    assert (too_little.status, too_little.cost) == (Status.MEMORY_LIMIT, None)
    assert "is too small for the first tables" in too_little.notes[0]


@pytest.mark.parametrize("cost_s", [1e-3, 1e-2])
def test_expensive_expansions_do_not_keep_a_search_from_the_clock(cost_s, monkeypatch):
    expand, budgets = LocalSearch.expand, []

    def slow(rank, budget, **limits):
        budgets.append(budget)
        before = int(rank.statistics[EXPANDED])
        why = expand(rank, budget, **limits)
        time.sleep(cost_s * (int(rank.statistics[EXPANDED]) - before))
        return why

    monkeypatch.setattr(LocalSearch, "expand", slow)
    run(Tiles.korf(79), limits=Limits(nodes=int(1 / cost_s)))

    assert max(budgets) * cost_s <= 0.2
    assert min(budgets) >= 1


@pytest.mark.few(1)
@pytest.mark.parametrize("name", ["blind", "manhattan", "linear-conflict"])
@pytest.mark.parametrize("text", ["random:2x2", "random:4x4", "random:5x5", "random:2x12"])
def test_the_least_memory_that_may_be_asked_for_gives_a_status_too(name, text):
    puzzle = Tiles.parse(text)

    result = solve(puzzle, name, limits=Limits(memory_bytes=2**20), when_full="stop")

    assert result.status in (Status.SOLVED, Status.MEMORY_LIMIT)
    if result.status is Status.MEMORY_LIMIT:
        assert result.lower_bound >= HEURISTICS[name](puzzle).value(puzzle.initial)


@pytest.mark.parametrize("asked", [1, 2, 10])
def test_an_interrupted_search_reports_what_it_has_proved(asked):
    times = itertools.count(1)

    result = solve(Tiles.korf(88), interrupted=lambda: next(times) >= asked)

    assert result.status is Status.INTERRUPTED
    assert 43 <= result.lower_bound <= 65
    assert 0 < result.expanded <= asked * 50_000


def test_progress_shows_a_search_that_advances():
    seen = []

    solve(Tiles.korf(88), limits=Limits(nodes=300_000), on_progress=seen.append)

    assert len(seen) > 3
    assert [p.expanded for p in seen] == sorted({p.expanded for p in seen})
    assert all(43 <= p.least_f < INFINITY and p.open > 0 and p.memory_bytes > 0 and p.incumbent is None for p in seen)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"time_s": 0}, "time limit 0 makes no sense; give more than 0 seconds"),
        ({"time_s": -1.5}, "time limit -1.5 makes no sense"),
        ({"time_s": math.nan}, "time limit nan makes no sense"),
        ({"memory_bytes": 0}, "memory limit 0 bytes is too small; give at least 1M"),
        ({"memory_bytes": 2**20 - 1}, "memory limit 1048575 bytes is too small"),
        ({"nodes": 0}, "node limit 0 makes no sense; give at least 1"),
    ],
)
def test_limits_that_make_no_sense_are_refused(arguments, message):
    with pytest.raises(BadInputError, match=message):
        Limits(**arguments)


def test_wrong_names_are_refused_before_searching():
    with pytest.raises(UnknownNameError, match="did you mean 'manhattan'"):
        solve(Tiles.korf(1), "manhatten")
    with pytest.raises(UnknownNameError, match="did you mean 'zobrist'"):
        solve(Tiles.korf(1), distribution="zobist")


def test_a_node_with_very_many_successors_is_no_memory_limit():
    result = run(Tiles.korf(97), batch=4000)  # an eighth of the nodes is less than four batches make

    assert (result.status, result.cost) == (Status.SOLVED, korf(97).optimal_length)
