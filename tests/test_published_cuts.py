"""GRAZHDA* as its planner ran it: which variables take part, and the moves that its cut counts, by slow counting."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import sas_tasks

from pdsearch.distribution import make_distribution
from pdsearch.distribution.cuts import published_cut
from pdsearch.distribution.effects import all_moves, by_fluency
from pdsearch.domains.planning.sas import Effect, Operator, SasTask, Variable
from pdsearch.domains.planning.task import Planning
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError


def blocks(n):
    """Return a blocks world: where each block is, whether nothing is on it, whether the hand is empty."""
    on = [Variable(f"on{b}", -1, ("held", "table", *(f"on {c}" for c in range(n) if c != b))) for b in range(n)]
    clear = [Variable(f"clear{b}", -1, ("no", "yes")) for b in range(n)]
    hand = Variable("hand", -1, ("full", "empty"))

    def above(b, c):
        return 2 + (c if c < b else c - 1)

    def move(name, b, before, after, lifted, c):
        asked = [(b, before), (n + b, 1 if lifted else 0), (2 * n, 1 if lifted else 0)]
        effects = [Effect((), b, after), Effect((), n + b, 0 if lifted else 1), Effect((), 2 * n, 0 if lifted else 1)]
        if c is not None:
            asked.append((n + c, 0 if lifted else 1))
            effects.append(Effect((), n + c, 1 if lifted else 0))
        return Operator(f"{name} {b} {c}", tuple(sorted(asked)), tuple(effects), 1)

    places = [(b, 1, None) for b in range(n)] + [(b, above(b, c), c) for b in range(n) for c in range(n) if c != b]
    operators = [move("lift", b, place, 0, True, c) for b, place, c in places]
    operators += [move("put", b, 0, place, False, c) for b, place, c in places]
    initial = (1,) * n + (1,) * n + (1,)
    goal = tuple((b, above(b, b + 1)) for b in range(n - 1))
    return SasTask(False, (*on, *clear, hand), (), initial, goal, tuple(operators))


def hashed(distribution):
    return np.flatnonzero((distribution.groups >= 0).any(axis=1)).tolist()


# --- which variables take part ---


def test_variables_come_in_the_order_of_their_effects_each_counted_once():
    task = blocks(5)
    anywhere = Operator("anywhere", (), (Effect((), 2, 0),), 1)  # five values before, one effect
    task = replace(task, operators=(*task.operators, anywhere))
    effects = [sum(e.variable == v for op in task.operators for e in op.effects) for v in range(11)]

    found = [graph.variable for graph in by_fluency(Planning(task, "blocks"))]

    assert found == sorted(range(11), key=lambda v: (effects[v], v))
    assert found[0] == 0
    assert found[4] == 2
    assert found[-1] == 10


@pytest.mark.parametrize(("n_blocks", "share"), [(5, 0.5), (10, 0.5), (10, 0.3), (4, 0.5)])
def test_a_variable_is_left_out_where_its_rank_over_their_number_is_above_the_share(n_blocks, share):
    task = blocks(n_blocks)
    n = 2 * n_blocks + 1
    effects = [sum(e.variable == v for op in task.operators for e in op.effects) for v in range(n)]
    ranked = sorted(range(n), key=lambda v: (effects[v], v))
    kept = [v for rank, v in enumerate(ranked) if rank / n <= 1 - share]

    distribution = make_distribution(Planning(task, "blocks"), f"sparsest-cut:ignore={share}", 4)

    assert hashed(distribution) == sorted(kept)


def test_planning_leaves_half_of_the_variables_out_and_takes_the_least_changed_back_until_all_ranks_have_states():
    domain = Planning(blocks(6), "blocks")
    order = [graph.variable for graph in by_fluency(domain)]

    few, many = (make_distribution(domain, "sparsest-cut", n_ranks) for n_ranks in (2, 48))
    named = make_distribution(domain, "sparsest-cut:ignore=0.5", 48)

    assert hashed(few) == sorted(order[:7]) == hashed(named)
    assert 7 < len(hashed(many)) < 13
    assert hashed(many) == sorted(order[: len(hashed(many))])
    assert many.reached(many.words) == 48 > named.reached(named.words)


def test_where_no_more_variables_are_left_the_distribution_is_refused():
    two = Planning(sas_tasks.counters(n_variables=2, size=5, goal=4), "counters")

    with pytest.raises(BadInputError, match="'sparsest-cut' gives states to 4 of 48 ranks"):
        make_distribution(two, "sparsest-cut", 48)


def test_puzzles_leave_nothing_out_unless_told():
    puzzle = Tiles.korf(1)

    assert len(hashed(make_distribution(puzzle, "sparsest-cut", 8))) == 15
    assert len(hashed(make_distribution(puzzle, "sparsest-cut:ignore=0.5", 8))) == 8


# --- the cut of the published planner ---


def slowly(domain):
    """Return the moves of each variable, operator by operator and value by value."""
    task = domain.task
    found = {}
    for v in domain.primary:
        size = domain.sizes[v]
        moves = np.zeros((size, size))
        for op in task.operators:
            asked = dict(op.preconditions)
            values = [e.value for e in op.effects if e.variable == v and asked.get(v) != e.value]
            for u in range(size):
                if values:
                    moves[u, values[0]] += v not in asked or asked[v] == u
                elif v in asked:
                    moves[u, asked[v]] += 1
                else:
                    moves[u, u] += 1
        found[v] = moves + moves.T
    return found


@pytest.mark.parametrize("seed", range(6))
def test_the_moves_are_those_of_counting_operator_by_operator(seed):
    domain = sas_tasks.planning(seed)
    expected = slowly(domain)

    found = all_moves(domain)

    assert found.keys() <= expected.keys()
    assert any(len(weights) > 2 for weights in found.values())
    for variable, weights in found.items():
        assert weights.tolist() == expected[variable].tolist()


def measure(weights, side):
    """Return cut / (in_0 in_1), which the published planner makes small."""
    total = weights.sum() / 2
    between = weights[np.ix_(side, ~side)].sum() / total
    within = [max(weights[np.ix_(part, part)].sum() / 2 / total, 0.5 / total) for part in (side, ~side)]
    return max(between, 0.001) / (within[0] * within[1])


@pytest.mark.parametrize("seed", range(4))
def test_the_published_cut_is_the_best_by_its_measure_on_few_values(seed):
    for weights in all_moves(sas_tasks.planning(seed, n_operators=30)).values():
        sides = (np.array((True, *rest)) for rest in itertools.product([True, False], repeat=len(weights) - 1))
        best = min(measure(weights, side) for side in sides if not side.all())

        assert measure(weights, published_cut(weights)) == pytest.approx(best)


def test_the_cut_as_coded_takes_one_place_of_a_block_from_all_others():
    groups = make_distribution(Planning(blocks(8), "blocks"), "sparsest-cut:code:ignore=0.5", 4).groups

    for block in range(8):  # every move is to the hand or from it: any one other place is cheap to part
        side = groups[block][:9]
        assert min(np.bincount(side)) == 1
        assert side[0] != side[np.flatnonzero(side == np.bincount(side).argmin())[0]]
