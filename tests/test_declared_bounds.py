"""A domain or heuristic that breaks a bound it declares ends the search with one line, not with spoilt memory."""

from __future__ import annotations

from typing import Any, NamedTuple

import graphs
import numpy as np
import pytest
from searches import astar

from pdsearch.errors import BadInputError
from pdsearch.kernels.protocol import constants, shape_of
from pdsearch.search.best_first.simulation import Schedule, simulate
from pdsearch.search.setup import make_task

N = 60


def chain(wide: bool = True) -> Any:
    """Return a graph on which every node leads to the next three at cost 2."""
    edges = [(i, j, 2) for i in range(N) for j in range(i + 1, min(N, i + 4))]
    return graphs.Graph(edges, N, {N - 1}, wide)


def search(domain: Any, n_ranks: int, heuristic: str = "blind", open_list: str = "auto") -> None:
    if n_ranks == 1:
        astar(make_task(domain, heuristic), batch=2, open_list=open_list)
    else:
        simulate(make_task(domain, heuristic, "random", n_ranks), Schedule())


@pytest.mark.parametrize("n_ranks", [1, 2])
@pytest.mark.parametrize(
    ("attribute", "declared", "told"),
    [
        ("max_moves", 1, "max_moves = 1"),
        ("max_cost", 1, "max_cost = 1"),
        ("max_cost", 0, "max_cost = 0"),
    ],
)
def test_what_a_domain_declares_too_small_is_named(n_ranks, attribute, declared, told):
    domain = chain()
    setattr(domain, attribute, declared)

    with pytest.raises(BadInputError, match=told) as error:
        search(domain, n_ranks)

    assert "\n" not in str(error.value)


@pytest.mark.parametrize("n_ranks", [1, 2])
def test_a_negative_cost_is_named(n_ranks):
    domain = chain()
    domain.space.cost[5] = -1

    with pytest.raises(BadInputError, match="cost less than 0"):
        search(domain, n_ranks)


def test_an_operator_that_a_lean_node_cannot_hold_is_named():
    with pytest.raises(BadInputError, match="is_wide"):
        search(chain(wide=False), 1)


@pytest.mark.parametrize("open_list", ["bucket", "heap"])
@pytest.mark.parametrize(("attribute", "told"), [("max_h", "max_h = 0"), ("max_rise", "max_rise = 0")])
def test_what_a_heuristic_declares_too_small_is_named(attribute, told, open_list):
    domain = chain()
    domain.least_cost = 2
    task = make_task(domain, "blind")
    setattr(task.heuristic, attribute, 0)

    with pytest.raises(BadInputError, match=told):
        astar(task, batch=2, open_list=open_list)


def test_a_shape_is_stated_once_and_asked_of_the_type():
    lean, wide = chain(False), chain(True)

    assert shape_of(lean.space) == (1, 1, False, False)
    assert (wide.n_words, wide.n_changes, wide.is_wide, wide.is_linked) == (1, 1, True, False)


def test_tables_without_a_shape_or_linked_but_not_wide_are_refused():
    class Shapeless(NamedTuple):
        goal: int

    class Narrow(NamedTuple):
        goal: int

    constants(Narrow, n_words=1, is_linked=True)

    with pytest.raises(BadInputError, match="constants"):
        shape_of(Shapeless(1))
    with pytest.raises(BadInputError, match="is_wide=True"):
        shape_of(Narrow(1))


def test_a_function_that_is_missing_is_named():
    class Incomplete(NamedTuple):
        goal: Any

    constants(Incomplete, n_words=1)
    domain = chain()
    domain.space = Incomplete(np.zeros(N, np.bool_))

    with pytest.raises(BadInputError, match="'is_goal' for Incomplete"):
        search(domain, 1)
