"""What operators do to each variable: how many change it, and every move between its values.

Source: Jinnai and Fukunaga (2016), ICAPS, section 3 (fluency); the matrix of all moves is the one that their
planner of 2017 partitions (option freq_depend).
"""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from pdsearch.distribution.cuts import Floats, matrix
from pdsearch.domains import Domain, TransitionGraph

_ANY = -1  # a value before that is not known: every one is possible


def by_fluency(domain: Domain) -> list[TransitionGraph]:
    """Return the graphs of all variables, those that fewest operators change first, ties by index.

    Each effect of an operator counts once, whatever values it may change. Where a domain does not give its
    operators, the moves of the graph count.
    """
    counts = Counter(feature // domain.n_values for op in domain.ground_operators() for feature in op.added)

    def changed(graph: TransitionGraph) -> tuple[int, int]:
        return counts[graph.variable] if counts else int(graph.weights.sum()), graph.variable

    return sorted(domain.transition_graphs(), key=changed)


def all_moves(domain: Domain) -> dict[int, Floats]:
    """Return for each variable how many operators lead from value to value, as the published planner counts.

    An operator that asks for a value and does not change it counts as a move to it from every value, as does an
    effect whose value before is not known; one that neither asks for the variable nor changes it is a loop at every
    value. Where a domain does not give its operators, the matrix is that of the graph.

    Returns
    -------
    dict of int to float64[n_values, n_values]
        Symmetric, by variable: moves in both directions together, loops twice.
    """
    operators = domain.ground_operators()
    moves: defaultdict[int, Counter[tuple[int, int]]] = defaultdict(Counter)
    touching: Counter[int] = Counter()
    for op in operators:
        before = dict(divmod(feature, domain.n_values) for feature in op.removed)
        after = [divmod(feature, domain.n_values) for feature in op.added]
        changed = {variable for variable, _ in after}
        asked = [divmod(feature, domain.n_values) for feature in op.preconditions]
        only_asked = [(variable, value) for variable, value in asked if variable not in changed]
        touching.update(changed | {variable for variable, _ in only_asked})
        for variable, value in after:
            moves[variable][before.get(variable, _ANY), value] += 1
        for variable, value in only_asked:
            moves[variable][_ANY, value] += 1
    graphs = domain.transition_graphs()
    if not operators:
        return {graph.variable: matrix(graph) for graph in graphs}
    untouched = {graph.variable: len(operators) - touching[graph.variable] for graph in graphs}
    return {graph.variable: _matrix(graph, moves[graph.variable], untouched[graph.variable]) for graph in graphs}


def _matrix(graph: TransitionGraph, moves: Counter[tuple[int, int]], loops: int) -> Floats:
    place = {int(value): i for i, value in enumerate(graph.values)}
    weights = loops * np.eye(len(place))
    for (before, after), count in moves.items():
        weights[slice(None) if before == _ANY else place[before], place[after]] += count
    return weights + weights.T
