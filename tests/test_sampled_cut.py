"""Parts and multipliers chosen on a sample: what is sent, to how many, and how evenly ranks are loaded."""

from itertools import pairwise

import numpy as np
import pytest
from examples import make

from pdsearch.distribution import make_distribution
from pdsearch.distribution.descent import SPANS, Choice, descend, load_balance
from pdsearch.distribution.nested_parts import nested_parts
from pdsearch.distribution.sampling import Sample
from pdsearch.distribution.walk import Walk
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.search.best_first.simulation import Schedule, simulate
from pdsearch.search.setup import make_task


def cells(width, height):
    """Return the unit weights of a board of cells."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    x, y = x.reshape(-1), y.reshape(-1)
    return (abs(x[:, None] - x) + abs(y[:, None] - y) == 1).astype(np.float64)


def test_each_partition_cuts_one_part_of_the_last_in_two_and_numbers_them_from_zero():
    found = nested_parts(cells(4, 4), np.ones(16), 16)

    assert [len(np.unique(parts)) for parts in found] == list(range(2, 17))
    for coarse, fine in pairwise(found):
        assert fine.max() == coarse.max() + 1
        pairs = {(a, b) for a, b in zip(coarse.tolist(), fine.tolist(), strict=True)}
        assert len(pairs) == len(np.unique(fine))  # no part of the finer one lies in two of the coarser


def test_the_first_partitions_of_a_board_are_halves_and_quarters_of_neighbours():
    halves, _, quarters = nested_parts(cells(4, 4), np.ones(16), 4)

    assert np.bincount(halves).tolist() == [8, 8]
    assert np.bincount(quarters).tolist() == [4, 4, 4, 4]


def test_values_that_states_rarely_have_are_not_cut_off_alone():
    sizes = np.array([100.0, 100.0, 100.0, 1.0, 1.0])

    halves, *_ = nested_parts(cells(5, 1), sizes, 2)

    assert np.bincount(halves, weights=sizes).min() >= 100


def test_what_is_chosen_keeps_the_bound_and_sends_no_more_than_it_must():
    rng = np.random.default_rng(0)
    parts, steps = rng.integers(2, size=(12, 4000)), np.where(rng.random((12, 4000)) < 1 / 24, 1, 0)
    steps *= 1 - 2 * parts
    choices = [Choice(variable, 2, parts[variable], steps[variable]) for variable in range(12)]

    chosen = descend(choices, 8, 1.2, rng)

    owners = sum(parts[i] * multiplier for i, multiplier in chosen) % 8
    sent = sum(steps[i] * multiplier for i, multiplier in chosen) % 8 != 0
    assert len(chosen) == 3  # three cuts tell eight ranks apart
    assert np.bincount(owners, minlength=8).max() < 1.3 * 500
    assert sent.mean() < 3.5 / 24


def test_parts_that_are_level_on_the_whole_but_not_as_the_search_goes_on_are_not_taken():
    rng = np.random.default_rng(0)
    early, mixed = np.arange(4000) // 2000, rng.integers(2, size=4000)
    rarely, often = np.where(rng.random((2, 4000)) < [[0.01], [0.3]], 1, 0)

    chosen = descend([Choice(0, 2, early, rarely), Choice(1, 2, mixed, often)], 2, 1.1, rng)

    assert chosen == [(1, 1)]


def test_moves_may_lead_to_parts_that_no_state_of_the_sample_is_in():
    nowhere = np.zeros(100, np.int64)
    choices = [Choice(0, 8, nowhere, nowhere + 7), Choice(1, 8, nowhere + 7, nowhere - 7)]

    chosen = descend(choices, 48, 2.0, np.random.default_rng(0))

    assert all(0 < multiplier < 48 for _, multiplier in chosen)


def test_a_looser_bound_sends_less():
    puzzle = Tiles.korf(12)
    sent = {}
    for name in ("sampled-cut:1.1", "sampled-cut:3"):
        task = make_task(puzzle, None, name, 8)
        sent[name] = simulate(task, Schedule())[0].CO

    assert sent["sampled-cut:3"] < sent["sampled-cut:1.1"] < 0.3


@pytest.mark.wide
def test_ranks_are_loaded_far_more_evenly_than_with_the_sparsest_cut_and_hardly_more_is_sent():
    puzzle = Tiles.korf(42)
    measured = {
        name: np.mean([(run.CO, run.LB) for seed in range(3) for run in [on_48_ranks(puzzle, name, seed)]], axis=0)
        for name in ("sampled-cut", "sparsest-cut")
    }

    assert (measured["sampled-cut"] < measured["sparsest-cut"] * [1.1, 0.7]).all()  # of CO and LB


def on_48_ranks(puzzle, name, seed):
    return simulate(make_task(puzzle, None, name, 48, seed=seed), Schedule())[0]


@pytest.mark.parametrize("n_ranks", [48, 200])
def test_two_variables_are_cut_finely_enough_for_many_ranks(n_ranks):
    grid = make("grid", "random:40x30", {"seed": 1})

    distribution = make_distribution(grid, "sampled-cut", n_ranks)

    assert distribution.reached(distribution.words) == n_ranks


def test_the_estimate_of_the_load_leaves_out_what_chance_alone_gives():
    rng = np.random.default_rng(0)
    spans = [[np.bincount(rng.integers(48, size=600)) for _ in range(SPANS)] for _ in range(50)]
    squares = np.array([sum((loads**2).sum() for loads in one) for one in spans])

    assert load_balance(squares, SPANS * 600, 48).mean() < 1.1
    assert load_balance(np.array([SPANS * 300**2 * 2]), SPANS * 600, 4) == pytest.approx(1 + 2.2, abs=0.01)


def test_a_sample_counts_all_moves_and_makes_one_out_of_each_state():
    puzzle = Tiles.parse("random:3x3", seed=4)
    states = [tuple(state) for state in Walk.through(puzzle, 300).states.tolist()]

    sample = Sample.of(puzzle, states)

    assert sample.moves.sum() == sum(len(puzzle.operators(state)) for state in states)
    for state, values in zip(states, sample.successors.tolist(), strict=True):
        successors = [puzzle.apply(state, operator)[0] for operator in puzzle.operators(state)]
        features = [{f // 32: f % 32 for f in puzzle.features(s).tolist()} for s in successors]
        assert {v: value for v, value in enumerate(values) if value >= 0} in features


@pytest.mark.parametrize("option", ["1", "x", "nan", "inf", "-2"])
def test_a_bound_that_makes_no_sense_is_refused(option):
    with pytest.raises(BadInputError, match=f"sampled-cut:{option} is not understood; give a number above 1"):
        make_distribution(Tiles.parse("random:3x3"), f"sampled-cut:{option}", 2)
