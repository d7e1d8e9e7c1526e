"""Costs too large for 64-bit sums: searched as if they were smaller where that changes nothing, refused where it might.

An operator that costs more than a bound B is searched at cost B. Let C be the cost of a cheapest plan at these costs.
No plan is cheaper at its real costs, for no operator got dearer. If C < B the plan has no operator whose cost was
changed, so C is its real cost and it is optimal. If C >= B all that is known is that every plan costs B or more.

B is such that nothing overflows: g below 2^47 is what a node can hold (:mod:`pdsearch.kernels.layout`; successors
beyond are left out), and h that adds up costs of distinct facts (h^max, LM-cut) is at most 2^50, far below INFINITY.

A search that ends without a plan has proved that there is none only if no successor was left out for its g: then g
can never have reached 2^47, as on a way of so many expansions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from pdsearch.domains.planning.sas import SasTask

MOST_G = 2**47 - 1  # of a node that is linked to its parent
MOST_H = 2**50  # of every heuristic here
_MOST_COST = 2**46  # of one operator


class Costs(NamedTuple):
    """What a task is searched at.

    Attributes
    ----------
    task : SasTask
        With no operator above ``bound``.
    bound : int
        B of the module.
    are_lowered : bool
        Whether any operator was.
    """

    task: SasTask
    bound: int
    are_lowered: bool


def bounded(task: SasTask) -> Costs:
    """Return a task whose costs are small enough to be searched.

    >>> from pdsearch.domains.planning.sas import EXAMPLE, parse_sas
    >>> lamp = parse_sas(EXAMPLE.replace("begin_metric\\n0", "begin_metric\\n1"), "lamp.sas")
    >>> expensive = replace(lamp, operators=(replace(lamp.operators[0], cost=2**62),))
    >>> bounded(expensive).task.operators[0].cost == bounded(expensive).bound
    True
    """
    n_facts = sum(len(variable.values) for variable in task.variables)
    bound = min(_MOST_COST, MOST_H // max(1, n_facts))
    if all(operator.cost <= bound for operator in task.operators):
        return Costs(task, bound, False)
    lowered = tuple(replace(operator, cost=min(operator.cost, bound)) for operator in task.operators)
    return Costs(replace(task, operators=lowered), bound, True)


def why_inexact(costs: Costs, cost: int | None) -> str | None:
    """Return why ``cost``, of a cheapest plan at lowered costs, may not be its real cost; None if it is."""
    if cost is None or cost < costs.bound or not costs.are_lowered:
        return None
    return (
        f"every plan found costs {costs.bound} or more, beyond what can be searched exactly; "
        "divide all costs by a common factor"
    )


def why_unproved(most: int, expanded: int) -> str | None:
    """Return why a search that ended without a plan proves nothing; None if it does.

    Parameters
    ----------
    most : int
        What an operator costs at most.
    expanded : int
        The expansions of the search, on all ranks.

    Examples
    --------
    >>> why_unproved(1000, 10**9) is None, why_unproved(2**46, 2) is None
    (True, False)
    """
    if (expanded + 1) * most <= MOST_G:
        return None
    return (
        f"no plan costs less than {MOST_G + 1}, which is as far as operators of cost {most} can be searched; "
        "give smaller costs to learn whether there is a plan"
    )
