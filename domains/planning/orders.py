"""Orders for saturated cost partitioning: a greedy one for each of many sampled states, of which the best few are kept.

The order for a state begins with the abstractions that tell much of it and take little from the others: distance
divided by stolen costs. Of all orders tried, those are kept one after the other that raise the sum of the heuristic
over the samples most, as long as some sample gains.

Source: Seipp, Keller and Helmert (2020), "Saturated cost partitioning for optimal classical planning", JAIR 67,
sections 5 (greedy orders) and 6 (diverse orders).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch._jit import kernel
from pdsearch.domains.planning.abstraction import Integers
from pdsearch.domains.planning.cost_partitioning import (
    DEAD,
    Abstractions,
    distances,
    new_scratch,
    partition,
    stolen_costs,
)
from pdsearch.limits import NO_DEADLINE, Deadline

EFFORT = 1 << 27  # transitions looked at for all orders together: the same on every machine, unlike seconds
MAX_TRIED = 400


class Orders:
    """Orders of some abstractions and the tables they lead to.

    Parameters
    ----------
    joined : Abstractions
        The abstractions.
    costs : int64[n_operators]
        What is to be shared.
    deadline : Deadline, optional
        When it must be done.
    """

    def __init__(self, joined: Abstractions, costs: Integers, deadline: Deadline = NO_DEADLINE) -> None:
        self._joined, self._costs, self._deadline = joined, costs, deadline
        self._scratch = new_scratch(joined, len(costs))
        self.h, wanted = np.zeros(len(joined.goal), np.int64), np.zeros(len(costs), np.int64)
        distances(joined, costs, self.h, wanted, self._scratch)
        self._stolen = np.zeros(len(joined.state_first) - 1, np.int64)
        stolen_costs(joined, self.h, np.maximum(wanted - costs, 0), self._stolen, self._scratch)

    def greedy(self, sample: Integers) -> Integers:
        """Return the order for a sample, given by its state in each abstraction: int64[n_abstractions]."""
        return np.argsort(-self.h[sample] / np.maximum(self._stolen, 1), kind="stable")

    def table(self, order: Integers, sample: Integers) -> Integers:
        """Return the distances of all abstract states under the partitioning of an order: int64[n_states]."""
        self._deadline.check("sharing costs among pattern databases")
        table = np.zeros(len(self.h), np.int64)
        partition(self._joined, order, sample, self._costs.copy(), table, self._scratch)
        return table

    @property
    def n(self) -> int:
        """Return the number of abstractions."""
        return len(self._joined.state_first) - 1

    def best(
        self, samples: Integers, most: int, effort: int = EFFORT, begins: Orders | None = None
    ) -> list[npt.NDArray[Any]]:
        """Return the tables of up to ``most`` orders, in narrow types.

        Parameters
        ----------
        samples : int64[n_samples, n_abstractions]
            States in each abstraction; the first is the initial state, whose order is always kept.
        most : int
            At least 1.
        effort : int
            Transitions looked at for all orders that are tried.
        begins : Orders, optional
            Of the first of the abstractions alone: their orders are tried, too, with as much effort, and the others
            come behind them. Where the first have few transitions, many more orders can be tried of them.
        """
        if samples.shape[1] == 1:
            return [_narrow(np.where(self.h < DEAD, self.h, 0))]  # nobody to share with
        alive = samples[(self.h[samples] < DEAD).all(axis=1)]
        tried, values = self._tried(alive if len(alive) else samples[:1], alive, effort)
        orders = [self.greedy(sample) for sample in tried]
        if begins is not None and len(alive):
            first = np.ascontiguousarray(alive[:, : begins.n])
            some, more = begins._tried(first, first, effort)
            orders += [self._behind(begins.greedy(sample), alive[i]) for i, sample in enumerate(some)]
            tried, values = np.concatenate([tried, alive[: len(some)]]), np.concatenate([values, more])
        return [_narrow(self.table(orders[i], tried[i])) for i in _chosen(values, most)]

    def _tried(self, samples: Integers, alive: Integers, effort: int) -> tuple[Integers, Integers]:
        """Return the first samples, and what all live ones gain by the order for each: int64[n_tried, n_alive]."""
        n_tried = max(1, min(MAX_TRIED, len(samples), effort // max(1, 2 * len(self._joined.source))))
        values = np.zeros((n_tried, len(alive)), np.int64)
        for sample, row in zip(samples, values, strict=False):
            add_up(self.table(self.greedy(sample), sample), alive, row)
        return samples[:n_tried], values

    def _behind(self, first: Integers, sample: Integers) -> Integers:
        """Return an order of the first abstractions with all others, in their order for a sample, behind it."""
        order = self.greedy(sample)
        return np.concatenate([first, order[order >= len(first)]])


def narrowest(largest: int) -> np.dtype[Any]:
    """Return the narrowest signed type, of 16 bits at least, for numbers up to ``largest``."""
    return np.promote_types(np.int16, np.min_scalar_type(-1 - largest))


def _narrow(table: Integers) -> npt.NDArray[Any]:
    return table.astype(narrowest(int(table.max(initial=0))))


def _chosen(values: Integers, most: int) -> list[int]:
    """Return rows of values[n_orders, n_samples] which, at their best, give large sums; the first row is the first."""
    chosen, best = [0], values[0]
    while len(chosen) < most:
        gains = np.maximum(values - best, 0).sum(axis=1)
        i = int(gains.argmax())
        if gains[i] == 0:
            break
        chosen.append(i)
        best = np.maximum(best, values[i])
    return chosen


@kernel
def add_up(table, samples, sums):
    """Write the sum of the distances of each sample's states."""
    for i in range(len(samples)):
        total = 0
        for p in range(samples.shape[1]):
            total += table[samples[i, p]]
        sums[i] = total
