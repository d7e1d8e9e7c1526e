"""What every registered router promises, with random, constant, one-hot, empty and adversarial batches."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdsearch.balance.routers import NOBODY, ROUTERS
from pdsearch.balance.routers.invariance import changed_by_batch_mates, flood
from pdsearch.balance.routers.options import built
from pdsearch.balance.routers.sinkhorn import Sinkhorn
from pdsearch.errors import BadInputError, UnknownNameError

N_COLUMNS = 16
NAMES = list(ROUTERS)
OF_SCORES = [name for name in ROUTERS if ROUTERS[name].reads == "scores"]


def rows_for(name, rng, n_tokens, scale=1.0):
    """Random input of the kind the router reads, with one expert or id more popular than the others."""
    if ROUTERS[name].reads == "token ids":
        return rng.integers(1000, size=n_tokens)
    popularity = np.linspace(-1, 1, N_COLUMNS)
    return (scale * (rng.normal(size=(n_tokens, N_COLUMNS)) + popularity)).astype(np.float32)


def start_of(name, seed=0):
    """A state to start from, for the routers that need one."""
    rng = np.random.default_rng(seed)
    states = {"carrot": lambda: rng.random(N_COLUMNS), "rl-r": lambda: rng.normal(size=(N_COLUMNS + 1, 13))}
    return states[name]() if name in states else None


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=8, deadline=None)
@given(n_tokens=st.integers(1, 60), k=st.integers(1, 4), seed=st.integers(0, 2**16))
def test_an_assignment_counts_what_it_assigns_and_gives_no_expert_twice(name, n_tokens, k, seed):
    rows = rows_for(name, np.random.default_rng(seed), n_tokens)

    assignment = built(name).route(rows, k, start_of(name))

    assert assignment.ids.dtype == np.int32
    assert len(assignment.ids) == len(assignment.weights) == n_tokens
    served = assignment.ids != NOBODY
    assert (np.bincount(assignment.ids[served], minlength=assignment.n_experts) == assignment.counts).all()
    assert (assignment.weights[~served] == 0).all()
    assert (assignment.weights >= 0).all()
    for ids in assignment.ids:
        chosen = ids[ids != NOBODY]
        assert len(set(chosen)) == len(chosen)
    assert assignment.report()["load_balance"] >= 1


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20, deadline=None)
@given(n_tokens=st.integers(1, 12), n_mates=st.integers(1, 80), k=st.integers(1, 3), seed=st.integers(0, 2**16))
def test_a_route_depends_on_batch_mates_only_where_the_router_says_so(name, n_tokens, n_mates, k, seed):
    rng = np.random.default_rng(seed)
    router = built(name, n_experts=12)
    rows = rows_for(name, rng, n_tokens)
    state = router.route(rows_for(name, rng, 50), k, start_of(name)).state  # one that is not the start
    for mates in (rows_for(name, rng, n_mates), flood(rows, n_mates)):
        changed = changed_by_batch_mates(router, rows, mates, k, state)

        assert not (router.batch_invariant and changed.any())


@pytest.mark.parametrize("name", [name for name in ROUTERS if not built(name).batch_invariant])
def test_a_router_that_admits_to_depending_on_batch_mates_does(name):
    rng = np.random.default_rng(0)
    rows = rows_for(name, rng, 24)

    mates = flood(rows[:3], 200)

    assert changed_by_batch_mates(built(name), rows, mates, k=2).any()


def test_adversaries_ahead_in_the_batch_take_the_victims_experts_where_capacity_is_first_come():
    victims = np.random.default_rng(3).normal(size=(8, 8))
    adversaries = flood(victims, 200)

    capacity = built("capacity", ["policy=position"])
    alone = capacity.route(victims, k=2)
    together = capacity.route(np.concatenate([adversaries, victims]), k=2)

    assert (together.ids[200:] == NOBODY).sum() > (alone.ids == NOBODY).sum()


def test_sinkhorn_routes_alone_when_it_evaluates_and_not_when_it_trains():
    rng = np.random.default_rng(0)
    rows, mates = rng.normal(size=(20, 8)), rng.normal(size=(50, 8))

    assert not changed_by_batch_mates(Sinkhorn(training=False), rows, mates, k=1).any()
    assert Sinkhorn(training=False).batch_invariant
    assert not Sinkhorn(training=True).batch_invariant


@pytest.mark.parametrize("name", NAMES)
def test_a_router_changes_neither_its_scores_nor_its_state(name):
    rng = np.random.default_rng(0)
    rows, router = rows_for(name, rng, 40), built(name)
    state = router.route(rows, 2, start_of(name)).state
    before = rows.copy(), [np.copy(part) for part in state] if isinstance(state, tuple | np.ndarray) else []

    first, second = router.route(rows, 2, state), router.route(rows, 2, state)

    assert (rows == before[0]).all()
    for part, copy in zip(state if len(before[1]) else [], before[1], strict=True):
        assert (part == copy).all()
    assert (first.ids == second.ids).all()


@pytest.mark.parametrize("name", OF_SCORES)
def test_no_token_is_no_load(name):
    assignment = built(name).route(np.empty((0, 8), np.float32), 2)

    assert assignment.counts.tolist() == [0] * 8
    assert len(assignment.ids) == 0


@pytest.mark.parametrize("name", OF_SCORES)
@pytest.mark.parametrize("kind", ["constant", "one-hot", "huge", "duplicates"])
def test_degenerate_scores_are_routed(name, kind):
    scores = {
        "constant": np.zeros((30, 8)),
        "one-hot": np.eye(8)[np.zeros(30, int)],
        "huge": 1e30 * np.random.default_rng(0).normal(size=(30, 8)),
        "duplicates": np.tile(np.arange(8.0), (30, 1)),
    }[kind].astype(np.float32)

    assignment = built(name).route(scores, 2)

    assert assignment.counts.sum() > 0
    assert np.isfinite(assignment.weights).all()


@pytest.mark.parametrize("name", OF_SCORES)
def test_nan_in_the_scores_is_named_with_its_place(name):
    scores = np.zeros((3, 8), np.float32)
    scores[1, 2] = np.nan

    with pytest.raises(BadInputError, match="hold nan at row 1, column 2"):
        built(name).route(scores, 2)


@pytest.mark.parametrize("name", OF_SCORES)
def test_more_choices_than_experts_is_an_error(name):
    with pytest.raises(BadInputError, match="k is 9 and there are 8 experts"):
        built(name).route(np.zeros((3, 8)), 9)


@pytest.mark.parametrize("name", OF_SCORES)
@pytest.mark.parametrize("shape", [(8,), (2, 3, 8), (3, 0)])
def test_scores_that_are_no_matrix_are_named_in_the_error(name, shape):
    with pytest.raises(BadInputError, match="have shape"):
        built(name).route(np.zeros(shape), 1)


OPTIONS_OF_NO_USE = [
    ("bip", "iterations", -1, "give a number from 0 to 10000"),
    ("capacity", "factor", math.nan, "give a positive number"),
    ("capacity", "seed", -1, "give 0 or more"),
    ("carrot", "mu", math.nan, "give a number from 0 to 1"),
    ("hash", "seed", -1, "give 0 or more"),
    ("locmoe", "delta", math.nan, "0..1 is needed"),
    ("loss-free", "step", math.nan, "give 0 or more"),
    ("loss-free", "step", -0.1, "give 0 or more"),
    ("rl-r", "balance", -1, "give 0 or more"),
    ("capacity", "rank_by", "size", "choose one of affinity, weight"),
    ("quantile", "rate", math.nan, "give a number from 0 to 1"),
    ("quantile", "rate", math.inf, "give a number from 0 to 1"),
    ("rectify", "factor", math.nan, "give a positive number"),
    ("sinkhorn", "temperature", math.inf, "give a positive number"),
    ("sinkhorn", "tolerance", math.nan, "give 0 or more"),
    ("sinkhorn", "most_iterations", 0, "give a number from 1 to"),
]


@pytest.mark.parametrize(("name", "option", "value", "message"), OPTIONS_OF_NO_USE)
def test_an_option_that_makes_no_sense_is_refused(name, option, value, message):
    rows = rows_for(name, np.random.default_rng(0), 10)

    with pytest.raises(BadInputError, match=message):
        built(name, [f"{option}={value}"]).route(rows, 1)


def test_a_misspelt_router_gets_a_suggestion():
    with pytest.raises(UnknownNameError, match="did you mean 'sinkhorn'"):
        ROUTERS["sinkhron"]


def test_an_option_that_does_not_exist_or_does_not_read_is_named():
    with pytest.raises(BadInputError, match="bip was given 'iterations'; give OPTION=VALUE"):
        built("bip", ["iterations"])
    with pytest.raises(BadInputError, match="iterations of bip is 'many'; a int like 4 is needed"):
        built("bip", ["iterations=many"])
