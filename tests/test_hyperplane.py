"""Hyperplane work distribution: planes of equal coordinate sum, shared by a divisor of the ranks."""

import drivers
import numpy as np
import pytest

from pdsearch.distribution import make_distribution
from pdsearch.domains.msa import Alignment
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.search.problem import Problem
from pdsearch.search.simulation import Schedule, simulate

FASTA = ">a\nACDEFGHIKL\n>b\nACDFGHKLM\n>c\nCDEFGIKLMN\n"


@pytest.fixture
def alignment(tmp_path):
    (tmp_path / "three.fasta").write_text(FASTA)
    return Alignment.parse(str(tmp_path / "three.fasta"))


@pytest.mark.parametrize("option", ["", ":0.003", ":0.03", ":0.3"])
@pytest.mark.parametrize("n_ranks", [1, 2, 6, 7, 48])
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


def test_a_thick_plane_belongs_to_one_rank(alignment):
    distribution = make_distribution(alignment, "hyperplane:10", 5)
    one, _ = alignment.apply(alignment.initial, alignment.operators(alignment.initial)[0])

    total = int((distribution.domain.features(one) % alignment.n_values).sum())

    assert distribution.owner_of(one) == total % 5


def test_search_over_hyperplanes_is_optimal(alignment):
    costs = set()
    for name in ("zobrist", "hyperplane", "hyperplane:0.3"):
        problem = Problem.of(alignment, None, name, 6, 0, alone=False)
        result, _ = simulate(problem, Schedule.random(3))
        costs.add((result.status.words, result.cost))

    assert len(costs) == 1


def test_tiles_have_no_planes():
    with pytest.raises(BadInputError, match="distribution 'hyperplane' does not fit domain 'tiles'"):
        make_distribution(Tiles.korf(1), "hyperplane", 2)


@pytest.mark.parametrize("option", ["x", "0", "-1"])
def test_a_lambda_that_makes_no_sense_is_refused(option, alignment):
    with pytest.raises(BadInputError, match=f"hyperplane:{option} is not understood; give hyperplane:0.003"):
        make_distribution(alignment, f"hyperplane:{option}", 2)
