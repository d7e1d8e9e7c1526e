"""What every registered domain says of itself besides its moves: projections, transition graphs, help."""

import numpy as np
import pytest
from examples import LARGE, SMALL, make, params, walk
from naive import successors

from pdsearch.domains import DOMAINS

EVERY = params(SMALL) + params(LARGE)


def values_in(domain, state):
    """Return the value of each hashed variable of a state."""
    return dict(divmod(int(feature), domain.n_values) for feature in domain.features(state))


@pytest.mark.parametrize("name", DOMAINS)
def test_a_domain_says_where_it_comes_from_and_how_its_instances_are_written(name):
    assert DOMAINS[name].source
    assert DOMAINS[name].instances_help
    assert DOMAINS[name].__doc__


@pytest.mark.parametrize(("name", "text", "options"), EVERY)
def test_the_default_projection_hashes_something_in_every_state_of_a_walk(name, text, options):
    domain = make(name, text, options)
    tables = domain.projections()
    if not tables:
        pytest.skip(f"{name} has no hand-made projection")

    for table in tables.values():
        assert table.shape == (domain.n_variables * domain.n_values,)
        assert table.min() >= -1
    for state, _ in walk(domain, 20):
        assert (next(iter(tables.values()))[domain.features(state)] >= 0).any()


@pytest.mark.parametrize(("name", "text", "options"), EVERY)
def test_transition_graphs_hold_every_change_a_walk_makes(name, text, options):
    domain = make(name, text, options)
    graphs = domain.transition_graphs()
    edges = {(graph.variable, u, v) for graph in graphs for u, v in graph.edges.tolist()}

    assert graphs
    for state, _ in walk(domain, 20, seed=6):
        before = values_in(domain, state)
        for _, successor, _ in successors(domain, state):
            after = values_in(domain, successor)
            for graph in graphs:
                u, v = before[graph.variable], after[graph.variable]
                assert u == v or (graph.variable, min(u, v), max(u, v)) in edges


@pytest.mark.parametrize(("name", "text", "options"), EVERY)
def test_transition_graphs_are_well_formed(name, text, options):
    domain = make(name, text, options)

    for graph in domain.transition_graphs():
        assert 0 <= graph.variable < domain.n_variables
        assert (np.diff(graph.values) > 0).all()
        assert len(graph.edges) == len(graph.weights)
        assert (graph.edges[:, 0] < graph.edges[:, 1]).all()
        assert np.isin(graph.edges, graph.values).all()
        assert (graph.weights > 0).all()
        assert graph.values.max() < domain.n_values
