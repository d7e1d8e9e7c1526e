"""Forbidden words of moves: against the definition, by brute force, and by whole searches with and without."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pdsearch.domains.pancake import Pancake
from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.words import board_words
from pdsearch.domains.topspin import TopSpin
from pdsearch.errors import BadInputError, TimeLimitError
from pdsearch.limits import Deadline
from pdsearch.pruning import cached
from pdsearch.pruning.automaton import build
from pdsearch.pruning.choice import length_of
from pdsearch.pruning.words import Words, words_of

DOMAINS = [
    Tiles(range(6), 3, 2),
    Tiles(range(9), 3, 3),
    Pancake(range(5)),
    TopSpin(range(6), 3),
    TopSpin(range(7), 2),
]


def forbidden_words(words, length):
    """Return the forbidden words by definition: all words, in ascending order, a dictionary of what each does."""
    n_starts, n_moves, n_places = words.source.shape
    forbidden = set()
    for start in range(n_starts):
        seen = {}
        for n in range(length + 1):
            for word in itertools.product(range(n_moves), repeat=n):
                here, places = start, tuple(range(n_places))
                for move in word:
                    if words.leads[here, move] < 0:
                        break
                    places = tuple(places[i] for i in words.source[here, move])
                    here = words.leads[here, move]
                else:
                    if seen.setdefault(places, word) != word:
                        forbidden.add((start, word))
    return forbidden


def runs(automaton, start, word):
    """Return whether the automaton lets a word pass."""
    state = automaton.root[start]
    for move in word:
        state = automaton.next[state, move]
        if state < 0:
            return False
    return True


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: f"{domain.name} {domain.instance}")
@pytest.mark.parametrize("length", [1, 2, 4])
def test_a_word_passes_when_no_part_of_it_has_a_smaller_equal(domain, length):
    words = words_of(domain)
    automaton, forbidden = build(words, length), forbidden_words(words, length)

    for start in range(len(words.leads)):
        for word in itertools.product(range(words.leads.shape[1]), repeat=length + 1):
            starts = [start]
            for move in word:
                starts.append(words.leads[starts[-1], move] if starts[-1] >= 0 else -1)
            expected = starts[-1] >= 0 and not any(
                (starts[i], word[i:j]) in forbidden for i, j in itertools.combinations(range(length + 2), 2)
            )
            assert runs(automaton, start, word) == expected, (start, word)


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: f"{domain.name} {domain.instance}")
def test_moves_of_words_are_those_of_the_domain(domain):
    words, draw = words_of(domain), np.random.default_rng(1)
    first = 2 if isinstance(domain, Pancake) else 0
    state = domain.initial
    for _ in range(100):
        content = np.array(domain.unpack(state))
        start = int(np.flatnonzero(content == 0)[0]) if isinstance(domain, Tiles) else 0
        possible = (np.flatnonzero(words.leads[start] >= 0) + first).tolist()
        assert possible == sorted(domain.operators(state))
        operator = int(draw.choice(possible))
        after = domain.apply(state, operator)[0]
        assert content[words.source[start, operator - first]].tolist() == list(domain.unpack(after))
        state = after


def distances(domain):
    """Return every state's distance from the initial one by breadth-first search."""
    found, layer = {domain.initial: 0}, [domain.initial]
    while layer:
        reached = [domain.apply(state, operator)[0] for state in layer for operator in domain.operators(state)]
        layer = [state for state in dict.fromkeys(reached) if state not in found]
        found.update(dict.fromkeys(layer, found[domain.initial] if not found else 1 + max(found.values())))
    return found


@pytest.mark.parametrize(
    ("domain", "length"),
    [(Tiles(range(6), 3, 2), 8), (Pancake(range(6)), 4), (TopSpin(range(6), 2), 4), (TopSpin(range(6), 3), 5)],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_state_is_reached_at_its_distance_by_words_that_pass(domain, length):
    words = words_of(domain)
    automaton, expected = build(words, length), distances(domain)
    first = 2 if isinstance(domain, Pancake) else 0
    start = domain.board.index(0) if isinstance(domain, Tiles) else 0

    layer, found, depth = {(domain.initial, int(automaton.root[start]))}, {domain.initial: 0}, 0
    while layer:
        depth += 1
        layer = {
            (domain.apply(state, move + first)[0], int(to))
            for state, q in layer
            for move, to in enumerate(automaton.next[q])
            if to >= 0
        }
        layer = {(state, q) for state, q in layer if depth <= expected[state]}  # a search by a perfect heuristic
        for state, _ in layer:
            found.setdefault(state, depth)

    assert found == expected


def test_words_of_two_moves_are_the_test_of_the_last_move():
    automaton = build(board_words(4, 5), 2)

    for cell in range(20):
        for move in np.flatnonzero(board_words(4, 5).leads[cell] >= 0):
            after = automaton.next[automaton.root[cell], move]
            possible = board_words(4, 5).leads[automaton.start[after]] >= 0
            possible[3 - move] = False
            assert ((automaton.next[after] >= 0) == possible).all()


def test_the_automaton_of_the_fifteen_puzzle_has_the_states_that_merging_leaves():
    # 1,108 states before merging: the prototype in C++ counts as many
    assert build(board_words(4, 4), 8).next.shape == (804, 4)


@given(seed=st.integers(0, 2**32), n_moves=st.integers(1, 3), n_places=st.integers(2, 4), length=st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_any_permutations_make_an_automaton(seed, n_moves, n_places, length):
    draw = np.random.default_rng(seed)
    source = np.array([[draw.permutation(n_places) for _ in range(n_moves)]], np.uint8)
    words = Words(np.zeros((1, n_moves), np.int32), source)
    automaton, forbidden = build(words, length), forbidden_words(words, length)

    for word in itertools.product(range(n_moves), repeat=length):
        parts = itertools.combinations(range(length + 1), 2)
        assert runs(automaton, 0, word) != any((0, word[i:j]) in forbidden for i, j in parts)


def test_the_automaton_is_read_from_its_file_and_built_again_when_that_is_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr(cached, "cache_folder", lambda: tmp_path / "kernels")
    cached._kept.clear()
    built = cached.load(board_words(3, 3), 8)
    (file,) = (tmp_path / "automata").iterdir()
    monkeypatch.setattr(cached, "build", None)  # may not be called
    for damage in (None, 100, 2000):
        cached._kept.clear()
        if damage is not None:
            monkeypatch.undo()
            monkeypatch.setattr(cached, "cache_folder", lambda: tmp_path / "kernels")
            content = bytearray(file.read_bytes())
            content[damage] ^= 1
            file.write_bytes(content[: len(content) - damage // 2000])

        found = cached.load(board_words(3, 3), 8)

        assert all((a == b).all() for a, b in zip(found, built, strict=True))
    cached._kept.clear()


@pytest.mark.parametrize("text", ["", "fsm:", "fsm:1", "fsm:-3", "fsm:999", "automaton", "none:2"])
def test_a_wrong_name_of_pruning_is_named(text):
    with pytest.raises(BadInputError, match="is unknown; give none, fsm or fsm:LENGTH"):
        length_of(text, 8)


def test_the_time_limit_ends_the_building_of_an_automaton():
    with pytest.raises(TimeLimitError, match="the time limit ended building the automaton of moves; give more time"):
        build(board_words(4, 4), 14, Deadline(0.0))


def test_what_makes_no_sense_is_named():
    with pytest.raises(BadInputError, match="words of length 0 make no sense"):
        build(board_words(2, 2), 0)
    with pytest.raises(BadInputError, match="has no words of moves; use --prune none"):
        words_of(type("Nothing", (), {"name": "nothing"})())
