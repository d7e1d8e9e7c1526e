"""A state below an open node, opened by hand: the search below it as a whole did not fit into memory."""

from __future__ import annotations

from typing import NamedTuple

from pdsearch.domains import State
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.best_first.frontier import Root
from pdsearch.search.task import Task


class Node(NamedTuple):
    """Where it is.

    Attributes
    ----------
    root : Root
        The state.
    path : list of int
        Operators from the open node.
    seen : frozenset of tuple of int
        States on the way to it, itself included.
    """

    root: Root
    path: list[int]
    seen: frozenset[State]


def successors(task: Task, node: Node, most_f: int) -> tuple[list[Node], int]:
    """Return the successors of f up to a bound that are not on the way, those of least h last, and the others' least f.

    Parameters
    ----------
    task : Task
        Whose Python functions are called.
    node : Node
        To be opened.
    most_f : int
        The bound.
    """
    within, least = list[Node](), INFINITY
    for operator in task.domain.operators(node.root.state):
        state, cost = task.domain.apply(node.root.state, operator)
        if state in node.seen:
            continue
        g = node.root.g + cost
        h = max(int(task.heuristic.value(state)), node.root.h - cost, 0)
        if g + h > most_f:
            least = min(least, g + h)
        else:
            within.append(Node(Root(state, g, h), [*node.path, operator], node.seen | {state}))
    return sorted(within, key=lambda one: -one.root.h), least
