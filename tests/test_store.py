"""The node table against a dictionary, through growth and with every state in one cache line."""

import math

import drivers
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdsearch.domains.tiles import Tiles
from pdsearch.errors import PdsearchError
from pdsearch.kernels.layout import no_origin, record_words
from pdsearch.kernels.protocol import INFINITY
from pdsearch.kernels.store import LINE, new_index
from pdsearch.search.best_first.arrays import MemoryLimitError
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.records import initial_record
from pdsearch.search.best_first.step import DUPLICATES, EXPANDED, REOPENED
from pdsearch.search.setup import make_task

MAX_G = 2**24 - 1
MAX_OPERATOR = no_origin(False)

words = st.integers(0, 2**64 - 1)


def new_rank(n_words, memory=2**28, open_list="bucket"):
    """Return a rank whose first tables are as small as they can be."""
    puzzle = Tiles.parse("random:4x4" if n_words == 1 else "random:4x5")
    task = make_task(puzzle, "blind")
    return LocalSearch(task, 0, memory, batch=1, open_list=open_list)


def record(state, g, operator, h=0):
    out = np.zeros(record_words(len(state), False), np.uint32)
    out[: 2 * len(state)] = np.array(state, np.uint64).view(np.uint32)
    out[-2], out[-1] = g << 8 | operator << 1, h
    return out


def check_against_dictionary(rank, entries):
    """Absorb (state, g, operator) entries and compare all that can be asked with a dictionary."""
    known, duplicates = {}, 0
    for state, g, operator in entries:
        duplicates += state in known
        if g < known.get(state, (INFINITY,))[0]:
            known[state] = (g, operator)
    if entries:
        rank.absorb(np.concatenate([record(*entry) for entry in entries]))

    assert rank.n_nodes == len(known)
    assert set(rank.stored_states()) == set(known)
    assert {state: rank.origin_of(state)[1] for state in known} == {s: operator for s, (_, operator) in known.items()}
    assert rank.statistics[DUPLICATES] == duplicates
    assert rank.statistics[REOPENED] == 0
    assert rank.least_open_f == min((g for g, _ in known.values()), default=INFINITY)
    return known


@pytest.mark.parametrize("n_words", [1, 2])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_table_knows_what_a_dictionary_knows(n_words, data):
    pool = data.draw(st.lists(st.tuples(*[words] * n_words), min_size=1, max_size=30))
    entry = st.tuples(st.sampled_from(pool), st.integers(0, 20), st.integers(0, 3))

    check_against_dictionary(new_rank(n_words), data.draw(st.lists(entry, max_size=200)))


@pytest.mark.few(1)
@pytest.mark.parametrize("open_list", ["bucket", "heap"])
@pytest.mark.parametrize("n_words", [1, 2])
def test_the_table_keeps_everything_while_it_grows_a_thousandfold(n_words, open_list):
    rng = np.random.default_rng(n_words)
    pool = [tuple(row) for row in rng.integers(2**64, size=(30_000, n_words), dtype=np.uint64).tolist()]
    entries = [
        (pool[int(rng.integers(len(pool)))], int(rng.integers(0, 60)), int(rng.integers(0, 4))) for _ in range(60_000)
    ]
    rank = new_rank(n_words, open_list=open_list)

    known = check_against_dictionary(rank, entries)

    assert len(known) > 20_000
    absent = rng.integers(2**64, size=(1000, n_words), dtype=np.uint64).tolist()
    assert all(rank.origin_of(tuple(state)) is None for state in absent)


def test_states_that_all_belong_in_one_cache_line_are_told_apart():
    candidates = np.random.default_rng(0).integers(2**64, size=40_000, dtype=np.uint64)
    hashes = np.empty_like(candidates)
    drivers.mix_all(candidates, 1, hashes)
    crowded = candidates[hashes & np.uint64(2048 - LINE) == np.uint64(2048 - LINE)].tolist()  # the last line: wraps

    known = check_against_dictionary(new_rank(1), [((state,), 1, 0) for state in crowded + crowded])

    assert len(known) == len(set(crowded)) > 10 * LINE


def test_states_whose_hashes_share_their_high_bits_are_told_apart():
    candidates = np.random.default_rng(1).integers(2**64, size=200_000, dtype=np.uint64)
    hashes = np.empty_like(candidates)
    drivers.mix_all(candidates, 1, hashes)
    alike = candidates[hashes >> np.uint64(55) == np.uint64(3)].tolist()

    check_against_dictionary(new_rank(1), [((state,), 2, 1) for state in alike])


def test_g_and_operator_change_together_and_only_for_the_better():
    rank = new_rank(1)

    for g, operator in [(9, 1), (7, 2), (8, 3), (7, 0), (3, MAX_OPERATOR)]:
        rank.absorb(record((5,), g, operator))

    assert rank.n_nodes == 1
    assert rank.origin_of((5,))[1] == MAX_OPERATOR
    assert rank.statistics[DUPLICATES] == 4
    assert rank.least_open_f == 3


def test_a_node_keeps_the_largest_g_there_is():
    rank = new_rank(1, open_list="heap")

    rank.absorb(record((5,), MAX_G, 3))

    assert rank.least_open_f == MAX_G
    assert rank.origin_of((5,))[1] == 3


def test_a_closed_node_reached_more_cheaply_is_reopened():
    rank = new_rank(1)
    puzzle = rank.task.domain
    rank.absorb(record(puzzle.initial, 5, MAX_OPERATOR))
    rank.expand(1)

    rank.absorb(record(puzzle.initial, 4, MAX_OPERATOR))
    rank.expand(1)

    assert rank.statistics[REOPENED] == 1
    assert rank.statistics[EXPANDED] == 2
    assert rank.least_open_f <= 5  # the successors, one cheaper than before


def test_an_entry_left_behind_by_a_cheaper_path_is_not_expanded():
    rank = new_rank(1)
    initial = rank.task.domain.initial
    rank.absorb(np.concatenate([record(initial, 6, 0), record(initial, 2, MAX_OPERATOR)]))

    rank.expand(1000, f_limit=2)
    rank.expand(1000, f_limit=6)

    states = set(rank.stored_states())
    assert rank.statistics[REOPENED] == 0
    assert rank.n_nodes == len(states)
    assert rank.statistics[EXPANDED] < len(states)


def test_records_as_expensive_as_the_best_plan_are_dropped():
    rank = new_rank(1)
    rank.incumbent = 10

    rank.absorb(np.concatenate([record((1,), 10, 0), record((2,), 9, 0), record((3,), 60, 0)]))

    assert rank.stored_states() == [(2,)]


@pytest.mark.parametrize("budget", [1, 7, 1000])
@pytest.mark.parametrize("open_list", ["bucket", "heap"])
@pytest.mark.parametrize("batch", [1, 5, 32])
def test_no_node_is_lost_when_the_range_of_f_must_grow_in_the_middle(batch, open_list, budget):
    goalless = Tiles.parse("2x4: 0 1 2 3 4 5 7 6")  # 36 moves deep; room is made for f below 32
    rank = LocalSearch(make_task(goalless, "blind"), 0, 2**28, batch=batch, open_list=open_list)
    rank.absorb(initial_record(rank.task))

    while rank.least_open_f < INFINITY:
        rank.expand(budget)

    assert rank.statistics[EXPANDED] == rank.n_nodes == math.factorial(8) // 2
    assert rank.layers[36] == 1


@pytest.mark.few(1)
@pytest.mark.parametrize("memory", [2**20, 3 * 2**20, 2**22, 5 * 2**20])
def test_a_rank_stays_within_its_memory_and_readable_when_that_is_full(memory):
    rank = new_rank(1, memory)
    rng = np.random.default_rng(0)
    states = [(int(word),) for word in rng.integers(2**64, size=400_000, dtype=np.uint64)]

    with pytest.raises(MemoryLimitError):
        rank.absorb(np.concatenate([record(state, 1, 2) for state in states]))

    assert rank.used_bytes <= rank.granted_bytes <= memory
    assert rank.used_bytes <= max(rank.most_bytes, rank.used_bytes) <= memory
    assert memory / 100 < rank.n_nodes < len(states)
    assert all(rank.origin_of(state)[1] == 2 for state in states[: rank.n_nodes])
    assert rank.origin_of(states[rank.n_nodes]) is None
    assert not issubclass(MemoryLimitError, PdsearchError)  # a status, never an error the user sees


# --- the words it is made of ---


def test_index_lines_are_cache_lines_and_empty():
    for size in (16, 64, 4096):
        index = new_index(size)

        assert index.ctypes.data % 64 == 0
        assert len(index) == size
        assert not index.any()


@given(st.lists(words, min_size=1, max_size=20))
def test_trailing_zeros_counts_them(numbers):
    out = np.empty(len(numbers), np.int64)

    drivers.count_trailing_zeros(np.array(numbers, np.uint64), out)

    assert out.tolist() == [(number & -number).bit_length() - 1 if number else 64 for number in numbers]


@given(
    line=st.lists(
        st.sampled_from([0, 1, 0x10001, 0x20001, 0xFFFFFFFF, 0xFFFF0000, 0x7FFF0123]), min_size=48, max_size=48
    ),
    start=st.sampled_from([0, 16, 32]),
    tag=st.integers(0, 2**32 - 1) | st.sampled_from([0x10000, 0xFFFF0000]),
    bits=st.integers(0, 31),
)
def test_a_line_is_compared_slot_by_slot(line, start, tag, bits):
    ignored = 2**bits - 1

    found = drivers.compare(np.array(line, np.uint32), start, np.uint32(tag), np.uint32(ignored))

    empty = sum(1 << i for i, slot in enumerate(line[start : start + 16]) if slot == 0)
    agrees = sum(
        1 << i for i, slot in enumerate(line[start : start + 16]) if slot and (slot ^ tag) & ~ignored & 0xFFFFFFFF == 0
    )
    assert found == agrees << 16 | empty


@pytest.mark.parametrize("n_words", [1, 2])
def test_every_bit_of_a_state_changes_about_half_of_its_hash(n_words):
    rng = np.random.default_rng(0)
    states = rng.integers(2**64, size=(200, n_words), dtype=np.uint64)

    def hashes(array):
        out = np.empty(len(array), np.uint64)
        drivers.mix_all(array.reshape(-1), n_words, out)
        return out

    for bit in range(64 * n_words):
        flipped = states.copy()
        flipped[:, bit // 64] ^= np.uint64(1) << np.uint64(bit % 64)
        changed = np.unpackbits((hashes(states) ^ hashes(flipped)).view(np.uint8)).reshape(200, 64).mean(axis=0)
        assert changed.min() > 0.2
        assert changed.max() < 0.8
