"""The labels of linear merge-and-shrink: operators, and cases of operators, that variables still to come tell apart.

They are found backwards, from the last variable on. Two operators of one cost are one label before a variable if it
and all after it see them alike. An operator with a knot, see :mod:`pdsearch.domains.planning.contexts`, is a label for
each case, but only from the first variable of the knot to its last: before that it is one label that becomes several,
and behind it these are one again.

Source: Sievers, Wehrle and Helmert (2014), "Generalized label reduction for merge-and-shrink heuristics", AAAI
(exact label reduction).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from pdsearch.domains.planning.contexts import Knot
from pdsearch.domains.planning.factors import Factor
from pdsearch.domains.planning.transition_systems import Integers, shared
from pdsearch.limits import NO_DEADLINE, Deadline


class Labels(NamedTuple):
    """The labels of one merge step, each a case of one from before the step."""

    before: Integers  # (n_labels,) the label of the abstraction so far that each is a case of
    group: Integers  # (n_labels,) of the variable to be merged
    reduced: Integers  # (n_labels,) the label that each becomes once the variable is merged
    cost: Integers  # (n_labels,)
    cost_after: Integers  # of the labels after


class _Split(NamedTuple):
    """An operator with knots."""

    operator: int
    knots: list[Knot]  # those between whose variables we are
    labels: Integers  # by the cases of these


def label_steps(
    parts: Mapping[int, Factor], costs: Integers, apart: bool = False, deadline: Deadline = NO_DEADLINE
) -> tuple[list[Labels], Integers]:
    """Return the labels of each merge step, and the label that each operator is in the end.

    Parameters
    ----------
    parts : mapping of int to Factor
        Of each variable, in the order in which they are merged.
    costs : int64[n_operators]
        Of the operators.
    apart : bool, optional
        Operators of one cost stay different labels in the end.
    deadline : Deadline, optional
        When it must be done.

    Raises
    ------
    TimeLimitError
        If the deadline passes.
    """
    cost_after, of_operator = (costs, np.arange(len(costs))) if apart else np.unique(costs, return_inverse=True)
    with_knots = sorted({operator for part in parts.values() for operator in part.cases})
    plain = np.setdiff1d(np.arange(len(costs)), with_knots)
    labels = of_operator[plain]
    splits = [_Split(operator, [], of_operator[operator]) for operator in with_knots]
    steps: list[Labels] = []
    for var, part in reversed([*parts.items()]):
        deadline.check("merge-and-shrink")
        n_after = max(1, len(cost_after))
        rows = [(part.system.group[plain] * n_after + labels)[:, None]]
        opened = [_opened(split, var, part, n_after) for split in splits]
        rows += [keys for _, keys in opened]
        number, first, keys = _alike(rows)
        group, reduced = np.divmod(keys, n_after)
        before = np.repeat(np.arange(len(first) - 1), np.diff(first))
        steps.append(Labels(before, group, reduced, cost_after[reduced], cost_after))
        cost_after = cost_after[reduced[first[:-1]]]
        labels, *of_splits = np.split(number, np.cumsum([len(some) for some in rows])[:-1])
        splits = [
            _Split(split.operator, split.knots, some.reshape([len(knot.cases) for knot in split.knots]))
            for (split, _), some in zip(opened, of_splits, strict=True)
        ]
    return steps[::-1], of_operator


def _opened(split: _Split, var: int, part: Factor, n_after: int) -> tuple[_Split, Integers]:
    """Return the knots that are open before a variable is merged, and rows of keys.

    Where a knot begins with the variable a row has a key for each of its cases, else a single one.
    """
    operator, open_knots, labels = split
    if operator not in part.cases:
        return split, (part.system.group[operator] * n_after + labels).reshape(-1, 1)
    knot, groups = part.cases[operator]
    if var == knot.variables[-1]:
        open_knots, labels = [*open_knots, knot], np.repeat(labels[..., None], len(groups), axis=-1)
    at = next(i for i, one in enumerate(open_knots) if one is knot)
    others = [one for one in open_knots if one is not knot]
    keys = groups * n_after + np.moveaxis(labels, at, -1)
    if var == knot.variables[0]:
        return _Split(operator, others, labels), keys.reshape(-1, len(groups))
    return _Split(operator, [*others, knot], labels), keys.reshape(-1, 1)


def _alike(rows: Sequence[Integers]) -> tuple[Integers, Integers, Integers]:
    """Return the number of each row among those that differ as sets of keys, and where each of these begins."""
    sizes = np.concatenate([np.full(len(some), some.shape[1]) for some in rows])
    row, keys = np.repeat(np.arange(len(sizes)), sizes), np.concatenate([some.reshape(-1) for some in rows])
    order = np.lexsort((keys, row))
    row, keys = row[order], keys[order]
    is_new = np.append(True, (np.diff(row) != 0) | (np.diff(keys) != 0))[: len(keys)]
    row, keys = row[is_new], keys[is_new]
    return shared(np.searchsorted(row, np.arange(len(sizes) + 1)), keys)
