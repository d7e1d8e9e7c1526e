"""A relaxed task without what no plan needs: facts that lead to no goal, operators for these, spare preconditions.

A fact leads to the goal if it is the goal, or if an operator needs it that adds what leads there and neither needs it
itself nor holds always. All else can be left out of every plan of the relaxed task, and no cost of a fact that leads to
the goal depends on it: h+ and h^max stay as they are. Preconditions that hold always are spare, but for one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pdsearch.domains.planning.relaxed import Relaxed, Rows

_Flags = npt.NDArray[np.bool_]


def relevant(task: Relaxed) -> Relaxed:
    """Return what of a relaxed task can be part of a plan; propositions keep their numbers.

    >>> from pdsearch.domains.planning.relaxed import relaxed
    >>> from pdsearch.domains.planning.sas import EXAMPLE, parse_sas
    >>> relevant(relaxed(parse_sas(EXAMPLE, "lamp.sas"))).cost.tolist()
    [1, 0]
    """
    n_facts, n_operators = task.goal + 1, len(task.cost)
    needer, adder = _owners(task.needs), _owners(task.adds)
    needed, added = task.needs.items, task.adds.items
    holds = np.zeros(n_facts, np.bool_)
    holds[task.always] = True
    adds_own = np.isin(adder * n_facts + added, needer * n_facts + needed)
    useful = ~adds_own & ~holds[added]
    wanted = np.zeros(n_facts, np.bool_)
    wanted[task.goal] = True
    kept, n_wanted = np.zeros(n_operators, np.bool_), 0
    while n_wanted < (n_wanted := int(wanted.sum())):
        kept[adder[useful & wanted[added]]] = True
        wanted[needed[kept[needer]]] = True
    useful &= wanted[added]
    spare = holds[needed]
    spare[task.needs.first[:-1][np.bincount(needer[~spare], minlength=n_operators) == 0]] = False
    needs, adds = _rows(needer, needed, ~spare & kept[needer], kept), _rows(adder, added, useful & kept[adder], kept)
    _, origins, parts = np.unique(task.origin[kept], return_inverse=True, return_counts=True)
    return task._replace(
        needs=needs,
        adds=adds,
        needed_by=needs.turned(n_facts),
        added_by=adds.turned(n_facts),
        cost=task.cost[kept],
        origin=origins.astype(np.uint32),
        first_part=np.concatenate([[0], np.cumsum(parts)]).astype(np.uint32),
    )


def _owners(rows: Rows) -> npt.NDArray[np.int64]:
    return np.repeat(np.arange(len(rows.first) - 1), np.diff(rows.first))


def _rows(owners: npt.NDArray[np.int64], items: npt.NDArray[np.uint32], chosen: _Flags, kept: _Flags) -> Rows:
    """Return the chosen items of the operators that are kept."""
    lengths = np.bincount(owners[chosen], minlength=len(kept))[kept]
    return Rows(np.concatenate([[0], np.cumsum(lengths)]).astype(np.uint32), items[chosen])
