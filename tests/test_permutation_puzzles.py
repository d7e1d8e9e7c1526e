"""Pancakes and TopSpin: reading, known distances, solvability, pattern databases against brute force."""

import numpy as np
import pytest
from naive import astar, distances_to_goal

from pdsearch.domains.pancake import Pancake
from pdsearch.domains.topspin import TopSpin
from pdsearch.errors import BadInputError
from pdsearch.heuristics import make_heuristic
from pdsearch.search import solve


@pytest.mark.parametrize(("n", "most"), [(2, 1), (3, 3), (4, 4), (5, 5), (6, 7), (7, 8)])
def test_the_worst_stack_of_n_pancakes_takes_the_published_number_of_flips(n, most):
    # Gates and Papadimitriou (1979) and OEIS A058986
    assert max(distances_to_goal(Pancake(range(n))).values()) == most


@pytest.mark.parametrize("seed", range(5))
def test_a_star_with_the_gap_heuristic_finds_the_exact_distance(seed):
    exact = distances_to_goal(Pancake(range(7)))
    stack = Pancake.parse("random:7", seed=seed)

    assert solve(stack).cost == exact[stack.initial]


@pytest.mark.parametrize("n", [16, 17, 30, 60])
def test_stacks_of_every_length_are_packed(n):
    stack = Pancake.parse(f"random:{n}")

    assert stack.unpack(stack.initial) == stack.stack


@pytest.mark.heavy
def test_a_stack_of_more_than_one_word_is_solved():
    assert solve(Pancake([*range(1, 20), 0])).cost == 2  # all, then the top 19


@pytest.mark.wide
@pytest.mark.parametrize(("n", "k"), [(6, 4), (7, 4), (8, 4), (7, 3), (6, 3), (6, 2), (7, 5)])
def test_turns_reach_every_ring_that_is_not_proved_unsolvable(n, k):
    reached = distances_to_goal(TopSpin(range(n), k))
    rng = np.random.default_rng(0)

    for _ in range(300):
        ring = TopSpin(rng.permutation(n).tolist(), k)
        if ring.why_unsolvable() is not None:
            assert ring.initial not in reached


@pytest.mark.parametrize(("n", "k"), [(6, 4), (7, 3), (7, 4)])
def test_a_token_database_is_a_lower_bound_and_tight_on_small_rings(n, k):
    ring = TopSpin(range(n), k)
    heuristic = make_heuristic(ring, "token-pdb")

    for state, distance in distances_to_goal(ring).items():
        assert heuristic.value(state) == distance  # all tokens but one say where the last one is


@pytest.mark.wide
def test_a_star_on_a_ring_finds_what_breadth_first_search_finds():
    ring = TopSpin(range(17))
    state = ring.initial
    for turn in (0, 5, 2):
        state, _ = ring.apply(state, turn)
    turned = TopSpin(ring.unpack(state))

    assert solve(turned).cost == astar(turned)


@pytest.mark.parametrize("cls", [Pancake, TopSpin])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the instance is empty; give random:"),
        ("random:", "size '' is not supported"),
        ("random:1", "size '1' is not supported"),
        ("random:99", "size '99' is not supported"),
        ("0 1 2 3 4 4", "4 is there twice and .* 5 is missing"),
        ("0 1 2 3 4 9", "9 is out of range; 6 of them are numbered 0 to 5"),
        ("0 1-2 3", "'1-2' is no number, or too large"),
        ("no/such/file", r"cannot read 'no/such/file' \(No such file or directory\); give random:\d+, a file"),
    ],
)
def test_an_instance_that_makes_no_sense_is_named_in_the_error(cls, text, message):
    with pytest.raises(BadInputError, match=message) as caught:
        cls.parse(text)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("turnstile", [1, 6, 9])
def test_a_turnstile_that_does_not_fit_is_refused(turnstile):
    with pytest.raises(BadInputError, match=f"turnstile {turnstile} does not fit; it turns 2 to 5 of 6 tokens"):
        TopSpin.parse("random:6", turnstile=turnstile)


@pytest.mark.parametrize("cls", [Pancake, TopSpin])
def test_an_instance_is_read_from_a_file(cls, tmp_path):
    file = tmp_path / "numbers.txt"
    file.write_text("1, 0, 2, 3\n4 5\n")

    assert cls.parse(str(file)).instance == "1 0 2 3 4 5"
