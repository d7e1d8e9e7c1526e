"""Pieces cover every edge once and are as even as promised; traversals agree with SciPy, CUDA kernels too."""

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import shortest_path

from pdsearch.balance.metrics import load_balance
from pdsearch.balance.splitting import (
    by_edges,
    by_nodes,
    by_split_nodes,
    degree_limit,
    in_rounds,
    split_flows,
    split_nodes,
)
from pdsearch.balance.traversal import STRATEGIES, Graph, traverse
from pdsearch.errors import BadInputError, MissingDependencyError, UnknownNameError
from pdsearch.gpu.cuda import has_gpu, to_ptx
from pdsearch.gpu.traversal import SIGNATURES, relax_body, traverse_on_gpu

ROOT = Path(__file__).parents[1]
degrees = st.lists(st.integers(0, 50), max_size=12)


def edges_of(all_pieces):
    """List the (node, edge) pairs that some pieces hold."""
    return [
        (node, edge)
        for pieces in all_pieces
        for node, first, size in zip(pieces.node, pieces.first, pieces.size, strict=True)
        for edge in range(first, first + size)
    ]


@pytest.mark.parametrize("strategy", STRATEGIES)
@given(degrees=degrees, n_threads=st.integers(1, 9), limit=st.integers(1, 20))
def test_every_edge_is_processed_exactly_once(strategy, degrees, n_threads, limit):
    rounds = list(STRATEGIES[strategy](np.array(degrees, dtype=int), n_threads, limit))

    expected = [(node, edge) for node, degree in enumerate(degrees) for edge in range(degree)]
    assert sorted(edges_of(rounds)) == expected
    for pieces in rounds:
        assert ((pieces.thread >= 0) & (pieces.thread < n_threads)).all()
        assert (np.diff(pieces.thread) >= 0).all()
        assert (pieces.size > 0).all()


@given(degrees=degrees, n_threads=st.integers(1, 9))
def test_edge_balanced_threads_differ_by_at_most_one_edge(degrees, n_threads):
    loads = by_edges(degrees, n_threads).loads(n_threads)

    assert loads.max() - loads.min() <= 1


@given(degrees=degrees, limit=st.integers(1, 20))
def test_split_nodes_have_no_more_edges_than_the_limit_and_as_few_pieces_as_possible(degrees, limit):
    node, _, size = split_nodes(degrees, limit)

    assert size.max(initial=0) <= limit
    assert np.bincount(node, minlength=len(degrees)).tolist() == [-(-degree // limit) for degree in degrees]


@given(degrees=degrees, n_threads=st.integers(1, 9), limit=st.integers(1, 20))
def test_a_round_takes_at_most_the_limit_from_a_node(degrees, n_threads, limit):
    for pieces in in_rounds(degrees, n_threads, limit, small=0):
        assert pieces.size.max() <= limit
        assert len(set(pieces.node)) == len(pieces.node)


def test_splitting_evens_out_a_skewed_frontier():
    skewed = np.concatenate([[5000], np.full(999, 5)])

    balance = {
        "nodes": load_balance(by_nodes(skewed, 32).loads(32)),
        "edges": load_balance(by_edges(skewed, 32).loads(32)),
        "split-nodes": load_balance(by_split_nodes(skewed, 32, 10).loads(32)),
    }

    assert balance["nodes"] > 10
    assert balance["edges"] < 1.01
    assert balance["split-nodes"] < 2


def test_the_degree_limit_splits_the_tail_only():
    assert degree_limit([1, 2, 1, 2, 100]) == 10
    assert degree_limit([3, 3, 3]) == 3
    assert degree_limit([0, 0]) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: by_edges([-1], 2), "need a list of counts"),
        (lambda: by_edges([0.5], 2), "type float64"),
        (lambda: by_edges([1], 0), "0 threads; need at least 1"),
        (lambda: split_nodes([1], 0), "the limit is 0 edges"),
        (lambda: list(in_rounds([1], 1, 0)), "the limit is 0 edges"),
        (lambda: degree_limit([1], 0), "0 bins; need at least 1"),
        (lambda: split_flows(0, 3), "0 flows on 3 links"),
    ],
)
def test_splits_that_make_no_sense_are_refused(call, message):
    with pytest.raises(BadInputError, match=message):
        call()


@given(n_flows=st.integers(1, 60), n_links=st.integers(1, 24))
def test_split_flows_load_all_links_equally_with_the_fewest_subflows(n_flows, n_links):
    flows = split_flows(n_flows, n_links)

    on_link, of_flow = [Fraction(0)] * n_links, [Fraction(0)] * n_flows
    for flow, link, parts in zip(flows.flow, flows.link, flows.parts, strict=True):
        on_link[link] += Fraction(int(parts), flows.parts_per_flow)
        of_flow[flow] += Fraction(int(parts), flows.parts_per_flow)
    subflows = np.bincount(flows.flow)
    assert set(on_link) == {Fraction(n_flows, n_links)}
    assert set(of_flow) == {Fraction(1)}
    assert (subflows > 1).sum() <= n_flows % n_links
    assert subflows.max() <= flows.parts_per_flow
    # A bipartite graph of flows and links with c components has at least n + s - c edges, and c <= gcd(n, s).
    assert len(flows.flow) >= n_flows + n_links - np.gcd(n_flows, n_links)


def random_graph(seed, n_nodes=60, weighted=True):
    rng = np.random.default_rng(seed)
    degrees = np.minimum(rng.zipf(1.5, n_nodes), n_nodes - 1)
    targets = np.concatenate([rng.choice(n_nodes, degree, replace=False) for degree in degrees])
    lengths = rng.integers(1, 20, len(targets)) if weighted else None
    return Graph(np.concatenate([[0], np.cumsum(degrees)]), targets, lengths)


def scipy_distances(graph, source):
    n_nodes = len(graph.first) - 1
    lengths = np.ones(len(graph.targets)) if graph.lengths is None else graph.lengths
    matrix = csr_matrix((lengths, graph.targets, graph.first), shape=(n_nodes, n_nodes))
    distance = shortest_path(matrix, indices=source)
    return np.where(np.isinf(distance), -1, distance)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("seed", range(5))
def test_every_strategy_finds_scipys_distances(strategy, seed, weighted):
    graph = random_graph(seed, weighted=weighted)

    result = traverse(graph, 0, strategy, n_threads=7)

    assert result.distance.tolist() == scipy_distances(graph, 0).tolist()
    assert result.loads.shape[1] == 7


def test_real_lengths_and_lengths_of_zero_are_distances_too():
    graph = Graph(np.array([0, 2, 3, 4]), np.array([1, 2, 2, 0]), np.array([0.0, 1.5, 0.25, 3.0]))

    assert traverse(graph, 0).distance.tolist() == [0, 0, 0.25]


def test_edge_balanced_rounds_are_more_even_than_node_balanced_ones():
    graph = random_graph(3, n_nodes=400, weighted=False)

    largest = {name: traverse(graph, 0, name, 32).loads.max(axis=1).sum() for name in ("nodes", "edges")}

    assert largest["edges"] < largest["nodes"] / 2


@pytest.mark.parametrize(
    ("graph", "source", "message"),
    [
        (Graph(np.array([0, 2]), np.array([0])), 0, "2 row starts for 1 edges"),
        (Graph(np.array([0, 1]), np.array([5])), 0, "an edge leads to no node; nodes are 0 to 0"),
        (Graph(np.array([0, 0]), np.array([], dtype=int)), 3, "the source is 3; nodes are 0 to 0"),
        (Graph(np.array([0, 1]), np.array([0]), np.array([-1])), 0, "finite and not negative"),
        (Graph(np.array([0, 1]), np.array([0]), np.array(["a"])), 0, "need a number for each of 1 edges"),
        (Graph(np.array([0, 1]), np.array([0]), np.array([1, 2])), 0, r"lengths are int64\[2\]; need a number"),
        (Graph(np.array([0, 1]), np.array([0.0])), 0, r"targets float64\[1\]; give two lists of integers"),
        (Graph(np.array([0.0, 1.0]), np.array([0])), 0, r"row starts are float64\[2\]"),
    ],
)
def test_graphs_that_are_none_are_refused(graph, source, message):
    with pytest.raises(BadInputError, match=message):
        traverse(graph, source)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_source_without_edges_reaches_nothing_and_loads_no_thread(strategy):
    graph = Graph(np.array([0, 0, 1]), np.array([0]))

    result = traverse(graph, 0, strategy, n_threads=4)

    assert result.distance.tolist() == [0, -1]
    assert result.loads.shape[1] == 4
    assert result.loads.sum() == 0


def test_an_unknown_strategy_is_named():
    with pytest.raises(UnknownNameError, match="no strategy is called 'edge'; known: nodes, edges"):
        traverse(random_graph(0), 0, "edge")


SIMULATED = """
import numpy as np
from tests.test_balance_splitting import random_graph, scipy_distances, STRATEGIES
from pdsearch.gpu.traversal import traverse_on_gpu
for weighted in (False, True):
    graph = random_graph(1, 25, weighted)
    for strategy in STRATEGIES:
        for n_threads, limit in ((6, None), (3, 2), (32, 2)):
            result = traverse_on_gpu(graph, 0, strategy, n_threads, limit)
            distance = scipy_distances(graph, 0)
            assert result.distance.tolist() == distance.tolist(), strategy
            if weighted:
                continue
            degrees = np.diff(graph.first)
            assert result.loads.sum() == degrees[distance >= 0].sum(), strategy
            if strategy == "edges":
                assert (np.ptp(result.loads, axis=1) <= 1).all()
            if strategy == "rounds" and limit == 2:
                assert len(result.loads) > len(traverse_on_gpu(graph, 0, "edges", n_threads=2).loads)
print("equal")
"""


@pytest.mark.wide
def test_the_cuda_kernels_find_the_same_distances_in_the_simulator():
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": str(ROOT)}

    run = subprocess.run(
        [sys.executable, "-c", SIMULATED],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        check=False,
    )

    assert run.stdout.strip() == "equal", run.stderr


@pytest.mark.parametrize("signature", SIGNATURES)
def test_the_cuda_kernels_compile_to_ptx_without_a_gpu(signature):
    try:
        ptx = to_ptx(relax_body(), signature)
    except MissingDependencyError as reason:
        pytest.skip(str(reason))

    assert ".entry" in ptx
    assert "atom" in ptx


def test_without_a_gpu_the_error_says_so():
    if has_gpu():
        assert traverse_on_gpu(random_graph(2), 0).distance.tolist() == scipy_distances(random_graph(2), 0).tolist()
        return

    with pytest.raises(MissingDependencyError, match=r"no GPU is there|numba has no CUDA here"):
        traverse_on_gpu(random_graph(2), 0)
