"""Lines that hold the distances of several abstractions: sums and dead ends are those of the abstractions apart."""

from itertools import product

import naive
import numpy as np
import pytest
import sas_tasks
from hypothesis import given
from hypothesis import strategies as st
from sas_tasks import KINDS, many_goals
from test_scp import found_in

from pdsearch.domains.planning.added_lines import laid_out, together
from pdsearch.domains.planning.lines import LINE_BYTES
from pdsearch.domains.planning.lookup import lines_of
from pdsearch.domains.planning.shared_costs import share_costs


@pytest.mark.parametrize("room", [0, 40, 4000])
@pytest.mark.parametrize("kind", ["costs", "everything"])
def test_each_line_is_the_sum_of_what_its_abstractions_say_under_each_order(kind, room):
    n_lines = n_apart = n_dead = 0
    for seed in range(12):
        domain = (sas_tasks.planning, many_goals)[seed % 2](seed, **KINDS[kind])
        found = found_in(domain)
        if not found.all:
            continue
        parts = share_costs(domain, found)
        shared = laid_out(parts, domain.sizes, room)
        rows = shared.entries.reshape(-1, LINE_BYTES // shared.entries.itemsize)
        first, states = parts.joined.state_first[:-1], list(naive.reachable(domain))
        compiled = lines_of(shared.lookup, domain.space, np.array(states, np.uint64).reshape(-1))

        for state, lines in zip(states, compiled, strict=True):
            values = domain.unpack(state)
            own = first + [one.state_of(values) for one in parts.found.all]
            assert shared.lookup.lines(values).tolist() == lines.tolist()
            assert shared.added.states(lines).tolist() == own.tolist()
            dead = parts.dead[own].any()
            assert (rows[lines] < 0).any() == dead
            sums = rows[lines].sum(axis=0, dtype=np.int64)[: len(parts.tables)]
            assert dead or sums.tolist() == parts.tables[:, own].sum(axis=1, dtype=np.int64).tolist()
            n_dead += dead
        n_lines += shared.lookup.n
        n_apart += len(own)
    assert n_lines < n_apart
    assert n_dead > 0


@given(
    st.lists(st.integers(2, 6), min_size=6, max_size=6),
    st.lists(st.sets(st.integers(0, 5), max_size=4), max_size=12),
)
def test_patterns_go_into_those_that_hold_them_and_there_are_no_more_states_than_before(sizes, sets):
    patterns = [tuple(sorted(one)) for one in sets]

    of, joint = together(patterns, sizes)

    n_of = [np.prod([sizes[var] for var in one], dtype=int) for one in patterns]
    n_in = [np.prod([sizes[var] for var in one.pattern], dtype=int) for one in joint]
    assert sum(n_in) <= sum(n_of)
    assert all(set(one) <= set(joint[i].pattern) for one, i in zip(patterns, of, strict=True))
    assert set(of) == set(range(len(joint)))
    for one, n in zip(joint, n_in, strict=True):
        states = [np.dot(one.multiplier, values) for values in product(*(range(sizes[var]) for var in one.pattern))]
        assert [int(state) for state in states] == list(range(n))
    distinct = set(map(frozenset, patterns))
    assert len(joint) <= sum(not any(one < other for other in distinct) for one in distinct)
