"""The graph of the value combinations of several variables, for choosing what an abstraction keeps.

Source: Zhou and Hansen (2006), "Domain-Independent Structured Duplicate Detection", AAAI, as
retold in Jinnai and Fukunaga (2016), AAAI, section 4.4.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from math import prod

import numpy as np
import numpy.typing as npt

from pdsearch.domains import Domain, GroundOperator, TransitionGraph

Degree = Callable[[Sequence[TransitionGraph]], int]  # most successors of a combination of the variables' values
Places = tuple[tuple[int, int], ...]  # (which of the variables, which of its values)
Numbers = npt.NDArray[np.int64]
LARGEST = 100_000  # combinations that are looked at one by one


def degree_in(domain: Domain) -> Degree:
    """Return what counts the most successors: by ground operators where a domain has them.

    By transition graphs, and where combinations are too many, it is no more than a bound: each
    variable's changes are taken to be possible whatever the others are, and one at a time.
    """
    touching: defaultdict[int, list[GroundOperator]] = defaultdict(list)
    for operator in domain.ground_operators():
        for feature in operator.added:
            touching[feature // domain.n_values].append(operator)

    def degree(graphs: Sequence[TransitionGraph]) -> int:
        if not touching or prod(len(graph.values) for graph in graphs) > LARGEST:
            return sum(map(single_degree, graphs))
        return joint_degree(graphs, [op for graph in graphs for op in touching[graph.variable]], domain.n_values)

    return degree


def single_degree(graph: TransitionGraph) -> int:
    """Return the most neighbours a value has."""
    return int(np.bincount(graph.edges.reshape(-1)).max()) if len(graph.edges) else 0


def joint_degree(graphs: Sequence[TransitionGraph], operators: Sequence[GroundOperator], n_values: int) -> int:
    """Return the most other combinations that operators lead to from one.

    Examples
    --------
    >>> two = [TransitionGraph.of(v, range(2), [(0, 1)]) for v in (0, 1)]
    >>> joint_degree(two, [GroundOperator((0,), (0,), (1,)), GroundOperator((1, 2), (2,), (3,))], 2)
    1
    """
    axis = {graph.variable: i for i, graph in enumerate(graphs)}
    place = [{int(value): i for i, value in enumerate(graph.values)} for graph in graphs]
    shape = tuple(len(graph.values) for graph in graphs)

    def kept(features: tuple[int, ...]) -> Places:
        pairs = (divmod(feature, n_values) for feature in features)
        return tuple(sorted((axis[v], place[axis[v]][value]) for v, value in pairs if v in axis))

    changes = {(kept(op.preconditions), kept(op.added)) for op in operators}
    numbers = np.arange(prod(shape)).reshape(shape)
    ways = [_ways(numbers, asked, added) for asked, added in sorted(changes)]
    pairs = np.unique(np.concatenate([np.zeros((2, 0), np.int64), *ways], axis=1), axis=1)
    return int(np.bincount(pairs[0]).max()) if pairs.size else 0


def _ways(numbers: Numbers, asked: Places, added: Places) -> Numbers:
    """Return the pairs (combination, another that the change leads to): int64[2, n]."""
    before = [slice(None)] * numbers.ndim
    for axis, value in asked:
        before[axis] = slice(value, value + 1)
    after = list(before)
    for axis, value in added:
        after[axis] = slice(value, value + 1)
    start = numbers[tuple(before)]
    end = np.broadcast_to(numbers[tuple(after)], start.shape)
    return np.stack([start[start != end], end[start != end]])
