"""Every registered distribution keeps its promises: one owner per state, the same on all ranks, none left out."""

from dataclasses import replace
from itertools import permutations

import drivers
import numpy as np
import pytest
import sas_tasks
from examples import LARGE, SMALL, make, params, walk
from naive import reachable

from pdsearch.distribution import DISTRIBUTIONS, Distribution, make_distribution
from pdsearch.distribution.abstract_zobrist import AbstractZobrist
from pdsearch.distribution.joint_graph import joint_degree
from pdsearch.distribution.walk import Walk
from pdsearch.distribution.zobrist import Zobrist
from pdsearch.domains import DOMAINS, GroundOperator
from pdsearch.domains.grid import Grid
from pdsearch.domains.planning.task import Planning
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError, UnknownNameError
from pdsearch.search.best_first.simulation import Schedule, simulate
from pdsearch.search.setup import make_task

RANKS = [1, 2, 3, 7, 8, 48, 64]
FUNCTIONS = [name for name in DISTRIBUTIONS if DISTRIBUTIONS[name].is_function]
SEEDED = [name for name in FUNCTIONS if DISTRIBUTIONS[name].is_seeded]
ALL_VARIABLES = ["abstract-zobrist", "greedy-feature", "sparsest-cut", "zobrist"]  # every one has a say
LARGE_MSA = ("msa", *LARGE["msa"][0])
SQUARES = ["random:3x3", "korf:1"]


def distribution_for(name, domain, n_ranks, seed=0):
    if not DISTRIBUTIONS[name].fits(domain):
        pytest.skip(f"{name} does not fit {domain.name}")
    try:
        return make_distribution(domain, name, n_ranks, seed)
    except BadInputError as error:  # a grid has two variables only
        pytest.skip(str(error))


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_distribution_says_what_it_is_and_where_it_comes_from(name):
    assert DISTRIBUTIONS[name].name == name
    assert DISTRIBUTIONS[name].source
    assert DISTRIBUTIONS[name].__doc__


@pytest.mark.few(1, "zobrist-tiles", "zobrist-pancake")
@pytest.mark.parametrize(("domain_name", "text", "options"), params(LARGE))
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_compiled_owner_is_the_owner_from_scratch_along_a_walk(name, domain_name, text, options):
    domain = make(domain_name, text, options)

    for n_ranks in (3, 16):
        distribution = distribution_for(name, domain, n_ranks)
        owners = np.empty(domain.max_moves, np.int64)
        for state, _ in walk(domain, 25, seed=n_ranks):
            moves, n = drivers.expanded(domain, state)
            here = distribution.owner_of(state)
            drivers.owners_of_all(distribution.tables, here, domain.space, moves, n, owners)
            assert owners[:n].tolist() == [
                distribution.owner_of(successor) for _, successor, _ in drivers.rows(domain, moves, n)
            ]
        states = [state for state, _ in walk(domain, 25, seed=n_ranks)]
        found = distribution.owners_of(np.array(states, np.uint64))
        assert found.tolist() == [distribution.owner_of(state) for state in states]


@pytest.mark.wide
@pytest.mark.parametrize("n_ranks", RANKS)
@pytest.mark.parametrize("name", ALL_VARIABLES)
def test_every_rank_owns_its_share_of_the_fifteen_puzzle(name, n_ranks):
    puzzle = Tiles.korf(1)
    rng = np.random.default_rng(0)
    boards = np.array([puzzle.features(puzzle.pack(rng.permutation(16).tolist())) for _ in range(8000)])

    for seed in range(3):
        words = distribution_for(name, puzzle, n_ranks, seed).tables.words
        owners = np.bincount(words[boards].sum(axis=1) % n_ranks, minlength=n_ranks)
        assert len(owners) == n_ranks
        assert owners.min() > 0.5 * owners.mean()
        assert owners.max() < 1.5 * owners.mean()


@pytest.mark.parametrize("n_ranks", [1, 2, 5, 8])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_rank_owns_some_of_the_eight_puzzle(name, n_ranks):
    puzzle = Tiles.parse("random:3x3")
    distribution = distribution_for(name, puzzle, n_ranks)
    rng = np.random.default_rng(0)

    owners = {distribution.owner_of(puzzle.pack(rng.permutation(9).tolist())) for _ in range(200 * n_ranks)}

    assert owners == set(range(n_ranks))


@pytest.mark.few(1, "zobrist-tiles", "zobrist-planning")
@pytest.mark.parametrize(("domain_name", "text", "options"), params(SMALL))
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_owner_depends_on_the_state_alone(name, domain_name, text, options):
    domain = make(domain_name, text, options)
    one, other = (distribution_for(name, domain, 3, seed=9) for _ in range(2))
    states = list(reachable(domain))[:500]

    owners = [one.owner_of(state) for state in states]

    assert set(owners) <= {0, 1, 2}
    assert owners == [one.owner_of(tuple(state)) for state in states]
    assert [other.owner_of(state) for state in reversed(states)] == owners[::-1]  # as another rank would see it


@pytest.mark.parametrize("text", SQUARES)
@pytest.mark.parametrize("name", SEEDED)
def test_another_seed_gives_other_owners(name, text):
    puzzle = Tiles.parse(text)
    one, other = (distribution_for(name, puzzle, 16, seed) for seed in (1, 2))

    states = [state for state, _ in walk(puzzle, 200)]

    assert [one.owner_of(state) for state in states] != [other.owner_of(state) for state in states]


@pytest.mark.parametrize("text", SQUARES)
@pytest.mark.parametrize("name", ALL_VARIABLES)
def test_every_variable_has_a_say_in_who_owns_a_state(name, text):
    puzzle = Tiles.parse(text)
    distribution = distribution_for(name, puzzle, 64)
    rng = np.random.default_rng(0)

    for tile in range(1, puzzle.n_cells):
        owners = set()
        for _ in range(40):  # exchange one tile with the others, one after the other
            board = rng.permutation(puzzle.n_cells).tolist()
            at, other = board.index(tile), int(rng.integers(puzzle.n_cells))
            before = distribution.owner_of(puzzle.pack(board))
            board[at], board[other] = board[other], board[at]
            owners.add((distribution.owner_of(puzzle.pack(board)) - before) % 64)
        assert len(owners) > 2


@pytest.mark.wide
def test_zobrist_words_are_drawn_for_every_feature():
    zobrist = Zobrist(Tiles.parse("random:3x3"), n_ranks=2**40)
    words = zobrist.words[1:, :9]  # of real tiles on real cells

    assert len(np.unique(words)) == 72
    assert (words != 0).all()


def test_zobrist_matches_its_definition_written_out():
    puzzle = Tiles.parse("2x2: 3 2 1 0")
    zobrist = Zobrist(puzzle, n_ranks=6, seed=7)

    total = int(zobrist.words[3, 0]) + int(zobrist.words[2, 1]) + int(zobrist.words[1, 2])

    assert zobrist.owner_of(puzzle.initial) == total % 6


@pytest.mark.parametrize("domain_name", ["pancake", "tiles", "topspin"])
def test_the_owner_of_a_permutation_is_its_place_in_the_order_of_a_dictionary(domain_name):
    domain = DOMAINS[domain_name].of_size("2x3" if domain_name == "tiles" else "6")
    ordered = sorted(permutations(range(domain.n_variables)))
    distribution = make_distribution(domain, "permutation", 7)

    owners = [distribution.owner_of(domain.pack(items)) for items in ordered]

    assert owners == [number % 7 for number in range(len(ordered))]


# --- projections ---


HALVES = " ".join(["0"] * 8 + ["1"] * 8)


@pytest.mark.parametrize(
    "content", [HALVES, "\n".join([HALVES] * 15), f"[{HALVES.replace(' ', ', ')}]", HALVES.replace("1", "7")]
)
def test_a_projection_can_be_read_from_a_file(content, tmp_path):
    file = tmp_path / "halves.txt"
    file.write_text(content)

    read = make_distribution(Tiles.korf(1), f"abstract-zobrist:{file}", 8)

    known = make_distribution(Tiles.korf(1), "abstract-zobrist:halves", 8)
    assert np.array_equal(read.groups, known.groups)
    assert np.array_equal(read.words, known.words)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("0 1 1", "has 3 groups for variable 1; it has 16 values"),
        ("\n".join([HALVES] * 16), r"has groups for 16 variables; tiles \(korf:1\) has 15"),
        ("0 1 x", "does not hold lists of whole numbers"),
        ("", "does not hold lists of whole numbers"),
        ('{"a": 1}', "does not hold lists of whole numbers"),
        ("[0.5, 1]", "does not hold lists of whole numbers"),
        ("-2 " * 16, "does not hold lists of whole numbers"),
        ("-1 " * 16, "hashes no value"),
        ("0 " * 16, "gives states to 1 of 8 ranks on this instance"),
    ],
)
def test_a_projection_file_that_does_not_fit_is_refused_in_one_line(content, complaint, tmp_path):
    file = tmp_path / "wrong.txt"
    file.write_text(content)

    with pytest.raises(BadInputError, match=complaint) as refusal:
        make_distribution(Tiles.korf(1), f"abstract-zobrist:{file}", 8)

    assert "\n" not in str(refusal.value)


def test_coordinates_come_in_runs_of_any_length():
    alignment = make(*LARGE_MSA)

    groups = make_distribution(alignment, "abstract-zobrist:l=7", 4).groups

    assert groups.tolist() == [[position // 7 for position in range(alignment.n_values)]] * alignment.n_variables
    with pytest.raises(BadInputError, match="projection 'l=7' is unknown; tiles has halves"):
        make_distribution(Tiles.korf(1), "abstract-zobrist:l=7", 4)


@pytest.mark.parametrize(("domain_name", "text", "options"), params(SMALL) + params(LARGE))
def test_a_projection_gives_the_same_features_a_group_as_the_domain_hashes(domain_name, text, options):
    domain = make(domain_name, text, options)
    hashed = {feature for state, _ in walk(domain, 200) for feature in domain.features(state).tolist()}

    n_groups = []
    for name, projection in domain.projections().items():
        assert projection.shape == (domain.n_variables * domain.n_values,)
        assert (projection[list(hashed)] >= 0).all() or name == "four-blocks"  # leaves the centre out
        groups = np.unique(projection[projection >= 0])
        assert groups.tolist() == list(range(len(groups)))
        n_groups.append(len(groups))
    assert not n_groups or max(n_groups) > 1  # the coarser ones may see a small instance as one


@pytest.mark.parametrize("text", ["random:4x4", "random:3x3", "random:5x5", "random:2x7", "random:6x4"])
def test_a_tile_projection_puts_every_cell_in_one_group_the_same_for_each_tile(text):
    puzzle = Tiles.parse(text)

    for name, projection in puzzle.projections().items():
        table = projection.reshape(puzzle.n_cells, 32)
        assert (table[0] == -1).all()  # the blank
        assert (table[:, puzzle.n_cells :] == -1).all()
        assert (table[1:, : puzzle.n_cells] == table[1, : puzzle.n_cells]).all()
        assert np.flatnonzero(table[1, : puzzle.n_cells] < 0).tolist() == ([12] if name == "four-blocks" else [])


def test_the_halves_of_the_fifteen_puzzle_are_the_upper_and_the_lower():
    halves = Tiles.korf(1).projections()["halves"].reshape(16, 32)[1, :16]

    assert halves.tolist() == [0] * 8 + [1] * 8


@pytest.mark.parametrize(("name", "crossing"), [("blocks", 16), ("four-blocks", 12), ("odd", 16), ("rows", 20)])
def test_so_many_of_the_40_borders_between_cells_of_the_24_puzzle_lie_between_groups(name, crossing):
    group = Tiles.parse("random:5x5").projections()[name].reshape(25, 32)[1, :25].reshape(5, 5)

    assert (group[1:] != group[:-1]).sum() + (group[:, 1:] != group[:, :-1]).sum() == crossing


def test_the_blocks_of_the_24_puzzle_are_five_of_five_connected_cells():
    blocks = Tiles.parse("random:5x5").projections()["blocks"].reshape(25, 32)[1, :25]

    assert np.bincount(blocks).tolist() == [5] * 5
    for block in range(5):
        cells = set(np.flatnonzero(blocks == block).tolist())
        connected = {min(cells)}
        for _ in cells:
            connected |= {b for b in cells for a in connected if abs(a // 5 - b // 5) + abs(a % 5 - b % 5) == 1}
        assert connected == cells


@pytest.mark.parametrize("projection", Tiles.korf(1).projections())
def test_abstract_zobrist_keeps_moves_within_a_group_on_their_rank(projection):
    puzzle = Tiles.korf(1)
    distribution = AbstractZobrist(puzzle, 8, option=projection)
    groups = puzzle.projections()[projection]

    for state, _ in walk(puzzle, 100):
        moves, n = drivers.expanded(puzzle, state)
        for c, (_, successor, _) in enumerate(drivers.rows(puzzle, moves, n)):
            if groups[moves.removed[c]] == groups[moves.added[c]]:
                assert distribution.owner_of(successor) == distribution.owner_of(state)


def test_a_projection_too_coarse_for_the_ranks_is_refused():
    with pytest.raises(BadInputError, match=r"'abstract-zobrist' gives states to \d of 64 ranks"):
        AbstractZobrist(Tiles.parse("2x2: 3 2 1 0"), 64)


def test_more_ranks_than_the_first_projection_tells_apart_get_a_finer_one():
    grid = make("grid", "random:40x30", {"seed": 1})
    few, many = AbstractZobrist(grid, 2), AbstractZobrist(Tiles.parse("random:3x3"), 48)

    assert np.array_equal(few.groups.reshape(-1), grid.projections()["squares-4"])
    assert many.groups.max() > 1  # more than halves
    with pytest.raises(BadInputError, match="gives states to"):
        AbstractZobrist(Tiles.parse("random:3x3"), 512, option="halves")


def test_an_unknown_projection_is_refused_with_the_known_ones():
    with pytest.raises(BadInputError, match="projection 'thirds' is unknown; tiles has halves, quadrants, rows"):
        make_distribution(Tiles.korf(1), "abstract-zobrist:thirds", 2)


# --- what is sent ---

# around the means of other programs on Korf's instances; words of one seed alone may be far from them
SENT = [
    ("zobrist", 8, 0.865, 0.885),
    ("zobrist", 2, 0.45, 0.55),
    ("abstract-zobrist:halves", 8, 0.13, 0.15),
    ("abstract-zobrist:halves", 2, 0.06, 0.10),
    ("abstract-zobrist:quadrants", 8, 0.25, 0.35),
    ("abstract-zobrist:quadrants", 2, 0.12, 0.20),
    ("state-abstraction:first-3", 8, 0.10, 0.17),
    ("permutation", 8, 0.18, 0.30),
    ("random", 8, 0.865, 0.885),
    ("random", 2, 0.48, 0.52),
]


@pytest.mark.few(2)
@pytest.mark.parametrize(("name", "n_ranks", "least", "most"), SENT)
def test_the_share_of_nodes_sent_on_the_fifteen_puzzle_is_the_known_one(name, n_ranks, least, most):
    seeds = range(12 if DISTRIBUTIONS[name.partition(":")[0]].is_seeded else 1)
    problems = [make_task(Tiles.korf(42), None, name, n_ranks, seed=seed) for seed in seeds]

    sent = [simulate(task, Schedule())[0].CO for task in problems]

    assert least <= np.mean(sent) <= most


# --- who is left out ---


@pytest.mark.parametrize(("domain_name", "text", "options"), params(SMALL) + params(LARGE))
def test_a_walk_meets_states_of_the_domain_and_knows_their_features(domain_name, text, options):
    domain = make(domain_name, text, options)

    walk = Walk.through(domain, 200, seed=3)

    for state, features in zip(walk.states.tolist(), walk.features.tolist(), strict=True):
        assert sorted(feature for feature in features if feature >= 0) == sorted(domain.features(tuple(state)).tolist())
    assert len(np.unique(walk.states, axis=0)) > 7  # the smallest example has eight


def test_a_walk_does_not_stay_in_a_corner_where_moves_cannot_be_undone():
    task = sas_tasks.counters(n_variables=6, size=3, goal=2)
    toggles = tuple(sas_tasks.changes(f"to {value}", (), 0, value) for value in range(3))  # goes on for ever

    walk = Walk.through(Planning(replace(task, operators=task.operators + toggles), "counters"), 4096)

    assert len(np.unique(walk.states, axis=0)) > 150  # of 3**6; 7 in a walk that never begins again


@pytest.mark.few(16)
@pytest.mark.parametrize("n_ranks", [2, 8, 48])
@pytest.mark.parametrize(("domain_name", "text", "options"), params({n: named[-2:-1] for n, named in LARGE.items()}))
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_rank_owns_a_state_or_the_method_is_refused(name, domain_name, text, options, n_ranks):
    domain = make(domain_name, text, options)
    distribution = distribution_for(name, domain, n_ranks, seed=1)
    owners = np.empty(domain.max_moves, np.int64)

    missing = set(range(n_ranks))
    for state in Walk.through(domain, 200 * n_ranks, seed=7).states[::2].tolist():
        moves, n = drivers.expanded(domain, tuple(state))
        drivers.owners_of_all(distribution.tables, distribution.owner_of(tuple(state)), domain.space, moves, n, owners)
        missing -= set(owners[:n].tolist())
        if not missing:
            break

    assert not missing


@pytest.mark.parametrize("name", ["sparsest-cut", "greedy-feature", "fluency"])
def test_a_cut_of_two_variables_cannot_give_every_one_of_48_ranks_a_state(name):
    with pytest.raises(BadInputError, match=f"{name!r} gives states to 4 of 48 ranks on this instance; use"):
        make_distribution(make("grid", "random:40x30", {"seed": 1}), name, 48)


def test_a_space_with_fewer_states_than_ranks_has_idle_ranks_under_zobrist_alone():
    small = Tiles.parse("2x2: 3 2 1 0")

    assert 6 <= Zobrist(small, 64).reached(Zobrist(small, 64).words) <= 12


# --- choosing one ---


def test_the_default_is_abstract_zobrist_where_there_is_a_projection_else_zobrist(monkeypatch):
    puzzle = Tiles.korf(1)

    assert make_distribution(puzzle, None, 8).name == "sampled-cut"  # what measurement recommends for many ranks
    assert make_distribution(puzzle, None, 2).name == "abstract-zobrist"
    assert make_distribution(Tiles.parse("2x2: 3 2 1 0"), None, 48).name == "zobrist"  # of 12 states
    monkeypatch.setattr(Tiles, "projections", lambda self: {})
    assert make_distribution(puzzle, None, 2).name == "zobrist"


def test_a_distribution_that_does_not_fit_is_refused_with_those_that_do(monkeypatch):
    monkeypatch.setattr(Tiles, "projections", lambda self: {})

    with pytest.raises(
        BadInputError,
        match=r"distribution 'abstract-zobrist' does not fit domain 'tiles' \(korf:1\); those that do: .*zobrist",
    ):
        make_distribution(Tiles.korf(1), "abstract-zobrist", 2)
    with pytest.raises(BadInputError, match="distribution 'abstract-zobrist' does not fit domain 'tiles'"):
        Distribution.__init__(AbstractZobrist.__new__(AbstractZobrist), Tiles.korf(1), 2)


def test_a_misspelt_distribution_gets_a_suggestion():
    with pytest.raises(UnknownNameError, match="no distribution is called 'zobrits'; did you mean 'zobrist'"):
        make_distribution(Tiles.korf(1), "zobrits", 2)


@pytest.mark.parametrize(
    "name",
    [
        *("sparsest-cut:code:ignore=0.5", "sparsest-cut:metis", "greedy-feature:code", "fluency:0.5"),
        *("state-abstraction:1000:zobrist", "state-abstraction:zobrist", "dynamic-abstraction:0.5:zobrist"),
    ],
)
def test_the_values_of_the_published_code_are_options(name):
    puzzle = Tiles.parse("random:3x3")

    distribution = make_distribution(puzzle, name, 8)

    assert not np.array_equal(distribution.words, make_distribution(puzzle, name.partition(":")[0], 8).words)
    assert distribution.reached(distribution.words) == 8


@pytest.mark.parametrize(
    "name",
    [
        *("fluency:2", "fluency:x", "state-abstraction:0", "sparsest-cut:x", "sparsest-cut:exact:metis", "zobrist:3"),
        *("greedy-feature:x", "operator-zobrist:2", "dynamic-abstraction:x:zobrist"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused_in_one_line(name):
    with pytest.raises(BadInputError) as refusal:
        make_distribution(Tiles.korf(1), name, 2)

    assert "\n" not in str(refusal.value)
    assert name.partition(":")[0] in str(refusal.value)


def test_an_abstraction_with_fewer_states_than_ranks_is_refused():
    with pytest.raises(BadInputError, match="an abstraction of at most 20 states has 16 for 48 ranks; raise the limit"):
        make_distribution(Tiles.korf(1), "state-abstraction:20", 48)


def test_an_abstraction_larger_than_the_limit_is_refused():
    with pytest.raises(BadInputError, match=r"larger than the limit of 10 states \(.* 16 values\)"):
        make_distribution(Tiles.korf(1), "state-abstraction:10", 2)


def test_an_unknown_abstraction_is_refused_with_the_known_ones():
    with pytest.raises(BadInputError, match=r"'corner' is unknown; tiles has first-3, first-4, .*10000"):
        make_distribution(Tiles.korf(1), "state-abstraction:corner", 2)


def test_the_abstractions_found_best_by_hand_are_the_defaults():
    kept = {}
    for domain in (Tiles.korf(1), Tiles.parse("random:5x5"), make(*LARGE_MSA)):
        kept[domain.instance] = [graph.variable for graph in make_distribution(domain, "state-abstraction", 2).kept]

    tiles15, tiles24, longest = kept.values()
    assert tiles15 == [1, 2, 3]
    assert tiles24 == [1, 2, 3, 4, 5]
    lengths = make(*LARGE_MSA).lengths
    assert longest == [lengths.index(max(lengths))]


@pytest.mark.parametrize(("n_ranks", "places"), [(8, (210, 14, 1)), (48, (210, 14, 1)), (7, (256, 16, 1))])
def test_three_tiles_are_numbered_perfectly_unless_one_would_have_no_say(n_ranks, places):
    words = make_distribution(Tiles.korf(1), "state-abstraction:first-3", n_ranks).words

    for tile, place in enumerate(places, 1):
        assert words[tile, :16].tolist() == [cell * place % n_ranks for cell in range(16)]
    assert not words[4:].any()


def test_the_greedy_choice_keeps_what_makes_the_least_abstract_out_degree(monkeypatch):
    grid = make("grid", "random:9x7", {"seed": 3})
    rows, columns = grid.transition_graphs()
    up_and_down = [GroundOperator((r,), (r,), (r + d,)) for r in range(1, 6) for d in (-1, 1)]
    one_way = [GroundOperator((9 + c,), (9 + c,), (9 + c + 1,)) for c in range(8)]
    monkeypatch.setattr(Grid, "ground_operators", lambda self: up_and_down + one_way)

    distribution = make_distribution(grid, "state-abstraction:20", 2)

    assert [graph.variable for graph in distribution.kept] == [columns.variable]
    assert joint_degree([rows, columns], up_and_down + one_way, grid.n_values) == 3
    assert joint_degree([rows], up_and_down + one_way, grid.n_values) == 2


def test_operators_are_made_to_cancel_out_in_the_order_of_their_preconditions(monkeypatch):
    grid = make("grid", "random:9x7", {"seed": 3})
    diagonal = [GroundOperator((1, 10), (1, 10), (2, 11)), GroundOperator((2, 11, 3), (2, 11), (3, 12))]
    unknown = [GroundOperator((), (), (4,))]
    monkeypatch.setattr(Grid, "ground_operators", lambda self: [diagonal[1], *unknown, diagonal[0]])

    words = make_distribution(grid, "operator-zobrist", 5).words.reshape(-1)
    first = make_distribution(grid, "operator-zobrist:0.5", 5).words.reshape(-1)

    for operator in diagonal:
        assert (words[list(operator.added)].sum() - words[list(operator.removed)].sum()) % 5 == 0
    assert (first[[2, 11]].sum() - first[[1, 10]].sum()) % 5 == 0
    assert (first[[3, 12]].sum() - first[[2, 11]].sum()) % 5 != 0


def test_operators_stop_being_made_to_cancel_out_before_a_rank_is_idle(monkeypatch):
    puzzle = Tiles.parse("random:3x3")
    tie = [
        GroundOperator((f,), (f,), (f + 1,)) for tile in range(1, 9) for f in range(32 * tile, 32 * tile + 8)
    ]  # each variable's words become one: all states have one owner
    monkeypatch.setattr(Tiles, "ground_operators", lambda self: tie)

    distribution = make_distribution(puzzle, "operator-zobrist", 8)

    assert distribution.reached(distribution.words) == 8


def test_the_sparsest_cut_of_the_fifteen_puzzle_is_the_projection_made_by_hand():
    groups = make_distribution(Tiles.korf(1), "sparsest-cut", 8).groups

    halves = Tiles.korf(1).projections()["halves"].reshape(16, 32)
    assert np.array_equal(groups[:, :16], halves[:, :16])
