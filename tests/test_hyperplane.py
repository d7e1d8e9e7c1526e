"""Hyperplane work distribution: planes of equal coordinate sum, several on a rank or each shared by several."""

from itertools import product

import drivers
import numpy as np
import pytest

from pdsearch.distribution import make_distribution
from pdsearch.distribution.walk import Walk
from pdsearch.domains.msa import Alignment
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.search.best_first.simulation import Schedule, simulate
from pdsearch.search.setup import make_task

FASTA = ">a\nACDEFGHIKL\n>b\nACDFGHKLM\n>c\nCDEFGIKLMN\n"


@pytest.fixture
def alignment(tmp_path):
    (tmp_path / "three.fasta").write_text(FASTA)
    return Alignment.parse(str(tmp_path / "three.fasta"))


@pytest.mark.parametrize(
    ("n_ranks", "option"),
    [*product((1, 2, 6, 7, 48), ("", ":0.003", ":0.03", ":0.06")), *product((1, 2, 6, 7), (":0.1", ":0.3"))],
)
def test_the_compiled_owner_is_the_owner_from_scratch(n_ranks, option, alignment):
    distribution = make_distribution(alignment, f"hyperplane{option}", n_ranks)
    rng = np.random.default_rng(0)
    owners = np.empty(alignment.max_moves, np.int64)
    state = alignment.initial
    while operators := alignment.operators(state):
        moves, n = drivers.expanded(alignment, state)
        drivers.owners_of_all(distribution.tables, distribution.owner_of(state), alignment.space, moves, n, owners)
        rows = drivers.rows(alignment, moves, n)
        assert owners[:n].tolist() == [distribution.owner_of(successor) for _, successor, _ in rows]
        state, _ = alignment.apply(state, operators[rng.integers(len(operators))])


@pytest.mark.parametrize(("option", "thickness"), [("0.17", 2), ("0.3", 3)])
def test_thick_planes_go_to_one_rank_together(option, thickness, alignment):
    distribution = make_distribution(alignment, f"hyperplane:{option}", 5)  # 29 letters: t = 29 lambda / log2 5
    rng = np.random.default_rng(0)

    state = alignment.initial
    while operators := alignment.operators(state):
        total = sum(alignment.unpack(state))
        assert distribution.owner_of(state) == total // thickness % 5
        state, _ = alignment.apply(state, operators[rng.integers(len(operators))])


def test_a_plane_is_shared_by_as_many_ranks_as_lambda_says_whether_they_divide_all_or_not(alignment):
    distribution = make_distribution(alignment, "hyperplane:0.02", 7)  # m = floor(log2 7 / 0.58) = 4

    owners = {}
    for state in Walk.through(alignment, 4000).states.tolist():
        owners.setdefault(sum(alignment.unpack(tuple(state))), set()).add(distribution.owner_of(tuple(state)))

    for total, ranks in owners.items():
        assert ranks <= {(4 * total + word) % 7 for word in range(4)}
    assert max(map(len, owners.values())) == 4


def test_planes_too_thick_for_the_ranks_are_refused(alignment):
    with pytest.raises(BadInputError, match="'hyperplane' gives states to 3 of 5 ranks on this instance"):
        make_distribution(alignment, "hyperplane:1", 5)


@pytest.mark.heavy
def test_search_over_hyperplanes_is_optimal(alignment):
    costs = set()
    for name in ("zobrist", "hyperplane", "hyperplane:0.3"):
        task = make_task(alignment, None, name, 6)
        result, _ = simulate(task, Schedule.random(3))
        costs.add((result.status.words, result.cost))

    assert len(costs) == 1


def test_tiles_have_no_planes():
    with pytest.raises(BadInputError, match="distribution 'hyperplane' does not fit domain 'tiles'"):
        make_distribution(Tiles.korf(1), "hyperplane", 2)


@pytest.mark.parametrize("option", ["x", "0", "-1"])
def test_a_lambda_that_makes_no_sense_is_refused(option, alignment):
    with pytest.raises(BadInputError, match=f"hyperplane:{option} is not understood; give hyperplane:0.003"):
        make_distribution(alignment, f"hyperplane:{option}", 2)
