"""Potential heuristics: each fact has a potential, and h is the sum of those of a state; the most of several such sums.

The potentials are found before the search, by linear programmes: the first is best for the initial state, the second
for all states on average, the others for single states that a search may meet. An evaluation looks up one line for
each variable, so it is nearly as cheap as none.

Source: Pommerening, Helmert, Röger and Seipp (2015), "From non-negative to general operator cost partitioning", AAAI;
Seipp, Pommerening and Helmert (2015), "New optimization functions for potential heuristics", ICAPS.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.domains import Domain, State
from pdsearch.domains.planning.large_costs import MOST_H
from pdsearch.domains.planning.potential_program import Potentials, Program
from pdsearch.domains.planning.space import value_of
from pdsearch.domains.planning.task import Planning
from pdsearch.domains.planning.walks import sampled_states
from pdsearch.errors import BadInputError
from pdsearch.heuristics import HEURISTICS, Heuristic, Share, build_here
from pdsearch.kernels.protocol import evaluates
from pdsearch.kernels.scratch import scratch

_DEFAULT, _MOST = 8, 64  # functions
_SAMPLES = 64  # states from which those to optimise for are drawn
_BUILD_S = 10.0  # after the first function, the others may take so long


@scratch("sums")
class PotentialTables(NamedTuple):
    """Functions side by side: the potentials of a fact in all of them lie together."""

    potentials: npt.NDArray[np.int64]  # (n_facts * n_functions,)
    units: npt.NDArray[np.int64]  # (n_functions,) how much of a potential is a cost of 1
    variables: npt.NDArray[np.int64]  # (n_used,) those whose potentials are not all 0
    first: npt.NDArray[np.int64]  # (n_used,) number of the fact of value 0
    sums: npt.NDArray[np.int64]  # (n_functions,) scratch


@evaluates(PotentialTables)
def _evaluate(heuristic, space, states, at):
    n = len(heuristic.units)
    for k in range(n):
        heuristic.sums[k] = 0
    for i in range(len(heuristic.variables)):
        fact = heuristic.first[i] + value_of(space, states, at, heuristic.variables[i])
        for k in range(n):
            heuristic.sums[k] += heuristic.potentials[fact * n + k]
    h = np.int64(0)
    for k in range(n):
        h = max(h, -(-heuristic.sums[k] // heuristic.units[k]))
    return h


@HEURISTICS.add("potential")
class Potential(Heuristic):
    """Sums of potentials of facts; axioms are left out, conditional effects may fire or not, which makes it weaker."""

    name = "potential"
    source = "Pommerening, Helmert, Röger and Seipp (2015), AAAI; Seipp, Pommerening and Helmert (2015), ICAPS"
    admissible = True
    consistent = True
    is_lazy = True
    is_shared = True
    option_help = f"most functions, as potential:20 (default {_DEFAULT})"

    def __init__(self, domain: Domain, option: str | None = None, share: Share = build_here) -> None:
        super().__init__(domain)
        assert isinstance(domain, Planning)
        self.task = domain
        most = _functions(option)
        potentials, units, numbers = share(lambda: _built(domain, most))
        (self._n_left_out,) = numbers.tolist()
        self._first = first = np.concatenate([[0], np.cumsum(domain.sizes)[:-1]]).astype(np.int64)
        used = np.flatnonzero(np.add.reduceat(np.abs(potentials).sum(axis=1), first) > 0)
        self.tables = PotentialTables(
            np.ascontiguousarray(potentials).reshape(-1),  # type: ignore[arg-type]
            units,  # type: ignore[arg-type]
            used.astype(np.int64),
            first[used],
            np.zeros(len(units), np.int64),
        )
        largest = np.maximum.reduceat(potentials, first, axis=0).sum(axis=0)
        self.max_h = min(
            MOST_H, max([0, *(-(-one // unit) for one, unit in zip(largest.tolist(), units.tolist(), strict=True))])
        )
        self.max_rise = domain.max_cost + self.max_h

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every planning task."""
        return isinstance(domain, Planning)

    def notes(self) -> list[str]:
        """Return how many variables have no potentials for want of memory."""
        some = f"{self._n_left_out} of {len(self.task.primary)} variables have no potentials"
        return [f"potential: {some}, for {self.task.deadline.memory_words}"] if self._n_left_out else []

    def value(self, state: State) -> int:
        """Add up the potentials, function by function."""
        values = np.array(self.task.unpack(state))
        chosen = self.tables.potentials.reshape(-1, len(self.tables.units))[self._first + values]
        sums = chosen.sum(axis=0).tolist()
        return int(max([0, *(-(-one // unit) for one, unit in zip(sums, self.tables.units.tolist(), strict=True))]))


def _functions(option: str | None) -> int:
    number = _DEFAULT if option is None else int(option) if option.isdecimal() and len(option) < 4 else 0
    if not 1 <= number <= _MOST:
        raise BadInputError(f"potential:{option} is not understood; give a number of functions from 1 to {_MOST}")
    return number


def _built(domain: Planning, most: int) -> tuple[npt.NDArray[np.int64], ...]:
    """Return int64[n_facts, n_functions], int64[n_functions], int64[1].

    These are the potentials, the unit of each function, and the number of variables that got none for want of memory.
    """
    program = Program(domain.task, domain.deadline)
    found: list[Potentials] = []
    end = None
    for objective in _objectives(domain, program):
        if len(found) == most or (end is not None and time.monotonic() > end):
            break
        one = program.best(objective)
        if one is not None and not any(np.array_equal(one.whole, other.whole) for other in found):
            found.append(one)
        end = end or time.monotonic() + min(_BUILD_S, domain.deadline.left_s / 10)
    if not found:
        found.append(Potentials(np.zeros(program.n_facts, np.int64), 1))
    units = np.array([one.unit for one in found], np.int64)
    return np.stack([one.whole for one in found], axis=1), units, np.array([program.n_left_out])


def _objectives(domain: Planning, program: Program) -> Iterator[npt.NDArray[np.float64]]:
    """Yield what to optimise for: the initial state, all states, then single ones."""

    def of(state: State) -> npt.NDArray[np.float64]:
        counts = np.zeros(program.n_facts)
        counts[program.rows.first + np.array(domain.unpack(state))] = 1.0
        return counts

    yield of(domain.initial)
    yield 1.0 / np.repeat(program.sizes, program.sizes)
    length = 2 * max(4, len(domain.sizes))
    words = np.unique(sampled_states(domain, length, _SAMPLES).reshape(_SAMPLES, -1), axis=0)
    for state in np.random.default_rng(0).permutation(words):
        yield of(tuple(state.tolist()))
