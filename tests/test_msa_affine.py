"""Gaps that cost more to open: quasi-natural counting, and optima found by looking at every alignment."""

from functools import cache
from itertools import combinations, product

import drivers
import pytest
from examples import DATA
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import distances_to_goal
from searches import idastar

from pdsearch.cli import main
from pdsearch.domains.msa import Alignment
from pdsearch.domains.msa.fasta import Record, read_fasta
from pdsearch.domains.msa.scoring import pair_costs, quasi_natural_gaps, sum_of_pairs
from pdsearch.errors import BadInputError
from pdsearch.heuristics import make_heuristic
from pdsearch.search import solve
from pdsearch.search.best_first.simulation import Schedule, simulate
from pdsearch.search.depth_first.tree import Tree, cut_up
from pdsearch.search.setup import make_task
from pdsearch.subtrees import Roots


def words_of(count, longest):
    """Return a strategy for some short sequences."""
    return st.lists(st.text("ACDW", min_size=1, max_size=longest), min_size=count, max_size=count)


COSTS = st.fixed_dictionaries(
    {
        "matrix": st.sampled_from(["pam250", "blosum62"]),
        "gap": st.integers(1, 40),
        "gap_open": st.integers(1, 60),
    }
)


def alignment_of(words, **costs):
    """Return the instance of some sequences."""
    return Alignment([Record(f"s{i}", word) for i, word in enumerate(words)], **costs)


def every_alignment(words):
    """Yield the rows of every alignment."""
    if not any(words):
        yield [""] * len(words)
        return
    for taken in product(*([False, True] if word else [False] for word in words)):
        if any(taken):
            column = [word[0] if take else "-" for word, take in zip(words, taken, strict=True)]
            for rows in every_alignment([word[take:] for word, take in zip(words, taken, strict=True)]):
                yield [letter + row for letter, row in zip(column, rows, strict=True)]


def least_cost(words, matrix, gap, gap_open):
    """Return the cost of the best alignment by dynamic programming over positions and last column."""
    letters, costs = pair_costs(matrix, gap)

    @cache
    def rest(ends, last):
        if not any(ends):
            return 0
        best = 10**9
        for taken in product(*([False, True] if end else [False] for end in ends)):
            if not any(taken):
                continue
            total = rest(tuple(end - take for end, take in zip(ends, taken, strict=True)), taken)
            for i, j in combinations(range(len(words)), 2):
                one, other = (letters.index(words[k][len(words[k]) - ends[k]]) if taken[k] else -1 for k in (i, j))
                opens = taken[i] != taken[j] and (last[i], last[j]) != (taken[i], taken[j])
                total += int(costs[one, other]) + gap_open * opens
            best = min(best, total)
        return best

    return rest(tuple(map(len, words)), (True,) * len(words))


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("ACD", "ACD", 0),
        ("A--D", "ACCD", 1),
        ("--AC", "ACA-", 2),
        ("AC--", "--AC", 2),
        ("A--D", "A--D", 0),
        ("A---D", "A-CCD", 1),  # the shorter gap begins where the longer does, or ends there
        ("A---D", "ACC-D", 1),
        ("A---D", "AC-CD", 2),  # begins after and ends before: one gap, counted twice
        ("AC---D", "A--CCD", 2),
    ],
)
def test_gaps_are_counted_pair_by_pair(one, other, count):
    assert quasi_natural_gaps(one, other) == quasi_natural_gaps(other, one) == count


@settings(max_examples=40)
@given(words=words_of(2, 4) | words_of(3, 2), costs=COSTS)
def test_a_star_finds_the_best_of_all_alignments(words, costs):
    domain = alignment_of(words, **costs)

    result = solve(domain)

    assert result.cost == sum_of_pairs(domain.rows(result.plan), **costs)
    assert result.cost == min(sum_of_pairs(rows, **costs) for rows in every_alignment(words))


@pytest.mark.wide
@settings(max_examples=20)
@given(
    words=st.lists(st.text("ACDW", min_size=1, max_size=6), min_size=2, max_size=3),
    costs=COSTS,
    seed=st.integers(0, 2**20),
)
def test_every_schedule_of_hda_star_finds_the_optimum_of_dynamic_programming(words, costs, seed):
    domain = alignment_of(words, **costs)
    optimum = least_cost(tuple(words), **costs)

    assert solve(domain).cost == optimum
    for n_ranks, distribution in ((2, None), (5, "zobrist"), (2, "hyperplane")):
        try:
            task = make_task(domain, None, distribution, n_ranks, seed=seed)
        except BadInputError:  # hyperplanes of the smallest alignments are fewer than ranks
            assert distribution == "hyperplane"
            continue
        result, _ = simulate(task, Schedule.random(seed + n_ranks))
        assert result.cost == optimum == sum_of_pairs(domain.rows(result.plan), **costs)


@settings(max_examples=20)
@given(words=words_of(2, 5) | words_of(3, 3), costs=COSTS)
def test_the_pairwise_bound_is_never_above_the_exact_distance_and_equal_for_two(words, costs):
    domain = alignment_of(words, **costs)
    heuristic = make_heuristic(domain, "pairwise")

    for state, distance in distances_to_goal(domain).items():
        assert heuristic.value(state) <= distance
        assert len(words) > 2 or heuristic.value(state) == distance


@pytest.mark.few(1)
@pytest.mark.parametrize("n", [2, 4, 5, 6, 9, 10])
def test_a_state_keeps_positions_and_last_column_whatever_the_number_of_words(n):
    domain = alignment_of(["ACD"] * n, gap_open=7)
    state, column = domain.initial, (1 << n) - 2  # a gap in the first sequence alone

    after, cost = domain.apply(state, column - 1)
    again, cheaper = domain.apply(after, (column << n) + column - 1)

    assert domain.unpack(again) == (0, *[2] * (n - 1))
    assert domain.last_column(again) == column
    assert domain.undo(again, (column << n) + column - 1) == after
    assert domain.undo(after, column - 1) == state
    codes = [domain.alphabet.index(letter) for letter in "AC"]
    pairs = (n - 1) * (n - 2) // 2
    same = [int(domain.pair_costs[code, code]) * pairs for code in codes]
    assert (cost, cheaper) == (same[0] + (n - 1) * (25 + 7), same[1] + (n - 1) * 25)
    moves, count = drivers.expanded(domain, after)
    assert drivers.rows(domain, moves, count) == [(o, *domain.apply(after, o)) for o in domain.operators(after)]


def test_the_column_before_decides_what_follows():
    domain = alignment_of(["AC", "AC"], gap_open=5)
    state, _ = domain.apply(domain.initial, 0)

    with pytest.raises(ValueError, match="column 0 is not one of 4 to 6"):
        domain.apply(state, 0)


def test_a_higher_opening_cost_joins_gaps():
    words = ["AWCWDA", "ACDA"]

    apart, joined = (alignment_of(words, gap=8, gap_open=cost) for cost in (0, 60))

    assert quasi_natural_gaps(*apart.rows(solve(apart).plan)) == 2
    assert quasi_natural_gaps(*joined.rows(solve(joined).plan)) == 1


@pytest.mark.heavy
@pytest.mark.parametrize("n", [5, 8])
def test_more_sequences_are_aligned_at_the_cost_of_their_rows(n):
    domain = Alignment(read_fasta(str(DATA / "eight.fasta"))[:n], gap=6, gap_open=20)

    result = solve(domain)

    assert result.cost == sum_of_pairs(domain.rows(result.plan), "pam250", 6, 20)
    assert result.cost >= make_heuristic(domain, "pairwise").value(domain.initial)


@pytest.mark.wide
def test_iterative_deepening_keeps_operators_of_two_columns():
    domain = alignment_of(["ACD"] * 8, gap_open=20)
    heuristic = make_heuristic(domain, None)
    bound = heuristic.value(domain.initial)

    roots = cut_up(Tree(domain, heuristic), Roots.initial(domain, heuristic), 0, bound, depth=3).roots

    assert [roots.path(i) for i in range(len(roots))] == [[254, (255 << 8) + 254, (255 << 8) + 254]]
    assert domain.replay(roots.path(0)) == bound == idastar(domain, threads=2).cost


def test_the_command_takes_the_opening_cost(capsys):
    file = str(DATA / "three.fasta")

    assert main(["solve", "msa", file, "--gap", "4", "--gap-open", "19"]) == 0

    domain = Alignment.parse(file, gap=4, gap_open=19)
    assert domain.instance == "three.fasta pam250 gap 4 gap-open 19"
    assert f"cost {least_cost(tuple(r.letters for r in domain.records), 'pam250', 4, 19)}" in capsys.readouterr().out


@pytest.mark.parametrize("cost", [-1, 1001])
def test_an_opening_cost_that_makes_no_sense_is_refused(cost):
    with pytest.raises(BadInputError, match=f"cost {cost} of opening a gap makes no sense; give 0 to 1000"):
        Alignment.parse(str(DATA / "three.fasta"), gap_open=cost)
