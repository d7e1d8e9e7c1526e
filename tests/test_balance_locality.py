"""SRP, SCH, LRU and Belady: closed forms, brute force, and the values of the authors' program."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdsearch.balance.locality import (
    WINDOWS,
    belady_cache,
    look_ahead_cache,
    lru_cache,
    segment_cache,
    segment_routing,
)
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.search.best_first.owners import owners_generated


def uniform_and_sticky():
    """200 tokens of two out of eight experts: drawn afresh, and kept with probability .9."""
    rng = np.random.default_rng(0)
    uniform = np.array([rng.choice(8, 2, replace=False) for _ in range(200)])
    pair, sticky = rng.choice(8, 2, replace=False), []
    for _ in range(200):
        if rng.random() < 0.1:
            pair = rng.choice(8, 2, replace=False)
        sticky.append(pair)
    return uniform, np.array(sticky)


UNIFORM, STICKY = uniform_and_sticky()
SEQUENCES = {"uniform": UNIFORM, "sticky": STICKY}
sequences = st.integers(1, 3).flatmap(
    lambda k: st.lists(st.permutations(range(5)).map(lambda p: list(p[:k])), min_size=1, max_size=12)
)


@pytest.mark.parametrize(
    ("name", "segment", "value"),
    [
        ("uniform", 4, 0.5715),
        ("uniform", 16, 0.4541),
        ("uniform", 64, 0.4133),
        ("sticky", 4, 0.9509),
        ("sticky", 16, 0.8354),
        ("sticky", 64, 0.6785),
    ],
)
def test_srp_has_its_known_values(name, segment, value):
    assert segment_routing(SEQUENCES[name], 8, segment).best == pytest.approx(value, abs=5e-5)


@pytest.mark.parametrize(
    ("name", "segment", "values"),
    [
        ("sticky", 4, [0.950, 0.998, 1.0]),
        ("sticky", 16, [0.832, 0.982, 1.0]),
        ("uniform", 16, [0.395, 0.670, 0.876]),
    ],
)
def test_the_first_versions_sch_has_its_known_values(name, segment, values):
    reached = [segment_cache(SEQUENCES[name], 8, segment, ratio) for ratio in (1, 2, 3)]

    assert reached == pytest.approx(values, abs=5e-4)


# Cache sizes 1 to 8, computed with calc_fsf of the authors' program (src/41_sch_calc.py).
@pytest.mark.parametrize(
    ("name", "segment", "values"),
    [
        ("sticky", 1, [0.465, 0.945, 0.95, 0.965, 0.975, 0.985, 0.9925, 1]),
        ("sticky", 4, [0.465, 0.9475, 0.955, 0.9675, 0.9775, 0.985, 0.995, 1]),
        ("sticky", 64, [0.465, 0.935, 0.9575, 0.9725, 0.985, 0.9925, 0.9975, 1]),
        ("uniform", 4, [0.1375, 0.3675, 0.5475, 0.68, 0.7775, 0.8575, 0.94, 1]),
        ("uniform", 16, [0.1375, 0.3375, 0.49, 0.605, 0.72, 0.83, 0.925, 1]),
        ("uniform", 64, [0.1375, 0.3325, 0.4825, 0.6025, 0.715, 0.82, 0.91, 1]),
    ],
)
def test_the_look_ahead_cache_equals_the_authors_program(name, segment, values):
    reached = [look_ahead_cache(SEQUENCES[name], 8, segment, size / 2) for size in range(1, 9)]

    assert reached == pytest.approx(values)


# Known values of the published rule, first uses counted as misses. Those that come with them for the uniform
# sequence (.357, .635, .843 at m = 16) come out of neither window.
@pytest.mark.parametrize(("segment", "values"), [(4, [0.943, 0.960, 0.970]), (16, [0.938, 0.963, 0.973])])
def test_the_look_beyond_the_current_token_has_its_known_values(segment, values):
    reached = [look_ahead_cache(STICKY, 8, segment, ratio, False, window="next") for ratio in (1, 2, 3)]

    assert reached == pytest.approx(values, abs=6e-4)


def published_rule(ids, size, segment):
    """Hits of the rule in its own words: the k enter, and those used least in the next m tokens leave."""
    hits, used = 0, []  # least recent first
    cache = set()
    for token, active in enumerate(ids):
        hits += len(cache & set(active))
        used = [expert for expert in used if expert not in active] + list(active)
        following = list(itertools.chain(*ids[token + 1 : token + 1 + segment]))
        wanted = sorted(cache | set(active), key=lambda expert: (following.count(expert), used.index(expert)))
        cache = set(wanted[-size:])
    return hits


@given(ids=sequences, segment=st.integers(0, 12), size=st.integers(1, 5))
def test_the_look_beyond_the_current_token_is_the_published_rule(ids, segment, size):
    reached = look_ahead_cache(ids, 5, segment, size / len(ids[0]), first_use_hits=False, window="next")

    assert reached * np.size(ids) == pytest.approx(published_rule(ids, size, segment))


@pytest.mark.parametrize(("name", "values"), [("sticky", [0.94, 0.955, 0.97]), ("uniform", [0.265, 0.495, 0.7125])])
def test_lru_has_its_known_values(name, values):
    reached = [lru_cache(SEQUENCES[name], 8, ratio, first_use_hits=False) for ratio in (1, 2, 3)]

    assert reached == pytest.approx(values)


def test_constant_routing_is_perfectly_local():
    constant = np.tile([0, 1], (200, 1))

    for segment in (1, 4, 16, 64):
        assert segment_routing(constant, 8, segment)._replace(threshold=1) == (1, 1, 1)
        assert segment_cache(constant, 8, segment, 1) == 1
    assert look_ahead_cache(constant, 8, 4, 1) == 1
    assert look_ahead_cache(constant, 8, 4, 1, first_use_hits=False) == 0.995


def test_cyclic_routing_wants_every_expert():
    cyclic = np.array([[token % 8, (token + 4) % 8] for token in range(200)])

    assert list(segment_routing(cyclic, 8, 4)) == pytest.approx([0.4, 0, 4])


@given(ids=sequences, segment=st.integers(1, 12))
def test_srp_equals_the_best_threshold_tried_one_by_one(ids, segment):
    segment = min(segment, len(ids))
    windows = [list(itertools.chain(*ids[i : i + segment])) for i in range(len(ids) - segment + 1)]
    counts = np.array([[window.count(expert) for expert in range(5)] for window in windows])

    scores = [
        2 * counts[counts >= a].sum() / (segment * (counts >= a).sum() + counts.sum()) for a in range(segment + 1)
    ]

    assert segment_routing(ids, 5, segment).best == pytest.approx(max(scores))


@given(ids=sequences)
def test_the_segments_of_several_sequences_are_pooled(ids):
    both = np.array([ids, ids[::-1]])

    assert segment_routing(both, 5, 1).best == pytest.approx(segment_routing(ids, 5, 1).best)
    assert look_ahead_cache(np.array([ids, ids]), 5, 2, 1) == pytest.approx(look_ahead_cache(ids, 5, 2, 1))


def best_hits(ids, size):
    """The most hits any cache can have, by trying all its contents after every token."""
    reach: dict[frozenset[int], int] = {frozenset(): 0}
    for token in ids:
        following: dict[frozenset[int], int] = {}
        for cache, hits in reach.items():
            pool = cache | set(token)
            for kept in itertools.combinations(sorted(pool), min(size, len(pool))):
                key = frozenset(kept)
                following[key] = max(following.get(key, 0), hits + len(cache & set(token)))
        reach = following
    return max(reach.values())


@given(ids=sequences, size=st.integers(1, 4))
@settings(max_examples=60)
def test_beladys_rule_is_the_best_there_is(ids, size):
    k = len(ids[0])

    assert belady_cache(ids, 5, size / k, first_use_hits=False) * len(ids) * k == pytest.approx(best_hits(ids, size))


@pytest.mark.parametrize("window", WINDOWS)
@given(ids=sequences, segment=st.integers(0, 12), size=st.integers(1, 5), first=st.booleans())
def test_no_rule_beats_belady(window, ids, segment, size, first):
    ratio = size / len(ids[0])

    reached = look_ahead_cache(ids, 5, segment, ratio, first, window)

    assert reached <= belady_cache(ids, 5, ratio, first) + 1e-12


@given(ids=sequences, size=st.integers(1, 5), first=st.booleans())
def test_a_rule_that_looks_at_nothing_ahead_is_lru(ids, size, first):
    ratio = size / len(ids[0])

    assert look_ahead_cache(ids, 5, 0, ratio, first, "next") == lru_cache(ids, 5, ratio, first)


def test_abstract_zobrist_sends_more_locally_than_zobrist_which_is_as_local_as_chance():
    sequences = {
        name: max(owners_generated(Tiles.korf(1), name, n_ranks=8, n_expansions=2000), key=len)
        for name in ("zobrist", "abstract-zobrist")
    }
    chance = np.random.default_rng(0).integers(8, size=(len(sequences["zobrist"]), 1))

    srp = {name: segment_routing(owners, 8, 16).best for name, owners in sequences.items()}
    sch = {name: look_ahead_cache(owners, 8, 16, 2, first_use_hits=False) for name, owners in sequences.items()}

    assert srp["zobrist"] == pytest.approx(segment_routing(chance, 8, 16).best, abs=0.05)
    assert srp["abstract-zobrist"] > 2 * srp["zobrist"]
    assert sch["abstract-zobrist"] > 2 * sch["zobrist"]


def test_every_stored_state_but_the_first_is_in_the_sequence_of_its_parents_owner():
    puzzle = Tiles([8, 6, 7, 2, 5, 4, 3, 0, 1])

    alone, shared = (owners_generated(puzzle, "zobrist", n_ranks=n, n_expansions=300) for n in (1, 5))

    assert sum(map(len, shared)) == len(alone[0]) > 300
    assert all((owners >= 0).all() and (owners < 5).all() for owners in shared)


def test_owners_of_nothing_and_of_states_without_one_owner_are_refused():
    with pytest.raises(BadInputError, match="0 expansions generate nothing; give at least 1"):
        owners_generated(Tiles.korf(1), n_expansions=0)
    with pytest.raises(BadInputError, match="'random' gives equal states different owners; choose another"):
        owners_generated(Tiles.korf(1), "random")


def test_a_local_distribution_of_owners_scores_higher_than_a_uniform_one():
    rng = np.random.default_rng(0)
    uniform = rng.integers(8, size=5000)
    local = np.where(rng.random(5000) < 0.9, 3, uniform)

    scores = [segment_routing(owners[:, None], 8, 64).best for owners in (uniform, local)]

    assert scores[0] == pytest.approx(2 / (8 + 1), abs=0.06)
    assert scores[1] > 0.8


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([[0, 9]], "ids go from 0 to 9; 8 experts have 0 to 7"),
        ([[0.5]], "need integers"),
        ([1, 2], r"shape \(2,\)"),
        ([[1, 1]], "activates an expert twice"),
        (np.zeros((0, 2), dtype=int), "not empty"),
    ],
)
def test_ids_that_are_none_are_refused(ids, message):
    with pytest.raises(BadInputError, match=message):
        segment_routing(ids, 8, 1)


def test_impossible_segments_and_caches_are_refused():
    with pytest.raises(BadInputError, match="segments of 3 tokens in sequences of 2; need 1 to 2"):
        segment_routing([[0], [1]], 2, 3)
    with pytest.raises(BadInputError, match=r"a cache of 0\.5 times 1 experts holds none"):
        lru_cache([[0]], 2, 0.5)
    with pytest.raises(BadInputError, match="the segment is -1 tokens"):
        look_ahead_cache([[0]], 2, -1, 1)
    with pytest.raises(BadInputError, match="window is 'past'; choose one of current, next"):
        look_ahead_cache([[0]], 2, 1, 1, window="past")
