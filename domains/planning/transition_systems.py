"""Labelled transition systems in flat arrays: their products, and their images under an abstraction.

Labels with the same transitions share them: a *group* is a set of transitions, and every label belongs to one.
Most labels change nothing that a system knows of, so this saves most of the memory and of the time.

A transition is one integer, its source in the upper half and its target in the lower, so that to compare integers
is to compare transitions.

Source: Sievers, Wehrle and Helmert (2014), "Generalized label reduction for merge-and-shrink heuristics", AAAI
(locally equivalent labels, exact label reduction).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel

Integers = npt.NDArray[np.int64]

HALF = 32  # bits
LOWER = 2**HALF - 1


class TransitionSystem(NamedTuple):
    """States 0, 1, ... and the transitions between them; group k has those from ``first[k]`` to ``first[k + 1]``."""

    initial: npt.NDArray[np.bool_]  # (n_states,) true for one state, or for none when that has been pruned
    goal: npt.NDArray[np.bool_]  # (n_states,)
    first: Integers  # (n_groups + 1,)
    transitions: Integers  # (n_transitions,) source << 32 | target
    group: Integers  # (n_labels,) the group of each label

    @property
    def n_states(self) -> int:
        """Return the number of states."""
        return len(self.goal)

    @property
    def sizes(self) -> Integers:
        """Return the number of transitions of each group: int64[n_groups]."""
        return np.diff(self.first)


def point(n_labels: int) -> TransitionSystem:
    """Return the system that knows nothing: one state, a goal, which no label leaves."""
    one = np.ones(1, bool)
    return TransitionSystem(one, one, np.array([0, 1]), np.zeros(1, np.int64), np.zeros(n_labels, np.int64))


def most_transitions(one: TransitionSystem, other: TransitionSystem) -> int:
    """Return how many transitions :func:`product` writes at most: for each label those of its groups, all copies kept.

    Labels of the same two groups share theirs.
    """
    pairs = np.unique(one.group * max(1, len(other.sizes)) + other.group)
    ones, others = np.divmod(pairs, max(1, len(other.sizes)))
    return int((one.sizes[ones] * other.sizes[others]).sum())


def product(one: TransitionSystem, other: TransitionSystem, reduced: Integers) -> TransitionSystem:
    """Return the product of two systems with the same labels; state (s, t) is ``s * other.n_states + t``.

    Parameters
    ----------
    one, other : TransitionSystem
        The factors.
    reduced : int64[n_labels]
        The label of the product that each label becomes. This is exact if labels that become one have the same cost
        and look alike to all systems that are not part of the product.
    """
    n_others, n_labels = len(other.sizes), int(reduced.max(initial=-1)) + 1
    n_pairs = max(1, len(one.sizes) * n_others)
    rows, pairs = np.divmod(np.unique(reduced * n_pairs + one.group * n_others + other.group), n_pairs)
    group, first, pairs = shared(np.searchsorted(rows, np.arange(n_labels + 1)), pairs)
    ones, others = np.divmod(pairs, n_others)
    ends = np.concatenate([[0], np.cumsum(one.sizes[ones] * other.sizes[others])])
    transitions = np.empty(ends[-1], np.int64)
    _multiply(one, other, other.n_states, ones, others, transitions)
    initial, goal = (np.logical_and.outer(*flags).ravel() for flags in zip(one[:2], other[:2], strict=True))
    return TransitionSystem(initial, goal, ends[first], transitions, group)


@kernel
def _multiply(one, other, n_states, ones, others, transitions):
    """Write the products of pairs of groups one after the other."""
    end = 0
    for i in range(len(ones)):
        for s in range(one.first[ones[i]], one.first[ones[i] + 1]):
            for t in range(other.first[others[i]], other.first[others[i] + 1]):
                transitions[end] = one.transitions[s] * n_states + other.transitions[t]  # both halves at once
                end += 1


def image(system: TransitionSystem, to: Integers, n_states: int) -> TransitionSystem:
    """Return a system under an abstraction.

    Parameters
    ----------
    system : TransitionSystem
        The system.
    to : int64[system.n_states]
        The abstract state of each state, -1 for those to be pruned.
    n_states : int
        How many abstract states there are.
    """
    first, mapped = np.zeros(len(system.first), np.int64), np.empty(len(system.transitions), np.int64)
    spare = np.empty(system.sizes.max(initial=0), np.int64)
    _map(system.first, system.transitions, to, np.empty(n_states + 1, np.int64), spare, first, mapped)
    group, first, transitions = shared(first, mapped[: first[-1]])
    initial, goal = np.zeros(n_states, bool), np.zeros(n_states, bool)
    initial[to[system.initial & (to >= 0)]] = True
    goal[to[system.goal & (to >= 0)]] = True
    return TransitionSystem(initial, goal, first, transitions, group[system.group])


@kernel
def _map(first, transitions, to, places, spare, first_mapped, mapped):
    """Write the different images of each group's transitions, ascending."""
    for group in range(len(first) - 1):
        start, n = first_mapped[group], 0
        for i in range(first[group], first[group + 1]):
            source, target = to[transitions[i] >> HALF], to[transitions[i] & LOWER]
            if source >= 0 and target >= 0:
                spare[n] = source << HALF | target
                n += 1
        _sort(spare[:n], 0, places, mapped[start : start + n])
        _sort(mapped[start : start + n], HALF, places, spare[:n])
        end = start
        for i in range(n):
            if i == 0 or spare[i] != spare[i - 1]:
                mapped[end] = spare[i]
                end += 1
        first_mapped[group + 1] = end


@inlined
def _sort(transitions, shift, places, ordered):
    """Order transitions by one of their halves, and leave the order alone where that is equal."""
    places[:] = 0
    for transition in transitions:
        places[((transition >> shift) & LOWER) + 1] += 1
    for state in range(1, len(places)):
        places[state] += places[state - 1]
    for transition in transitions:
        state = (transition >> shift) & LOWER
        ordered[places[state]] = transition
        places[state] += 1


def shared(first: Integers, items: Integers) -> tuple[Integers, Integers, Integers]:
    """Keep one copy of rows with equal items: row r has those from ``first[r]`` to ``first[r + 1]``.

    Returns the number of the copy for each row, and first and items of the copies.

    Examples
    --------
    >>> [array.tolist() for array in shared(np.array([0, 2, 2, 3, 5]), np.array([5, 7, 5, 5, 7]))]
    [[0, 1, 2, 0], [0, 2, 2, 3], [5, 7, 5]]
    """
    n_rows = len(first) - 1
    digests = np.empty(n_rows, np.uint64)
    _digest(first, items, digests)
    _, earliest, number = np.unique(digests, return_index=True, return_inverse=True)
    copy = earliest[number]
    _distrust(first, items, copy)
    is_copy = copy == np.arange(n_rows)
    sizes = np.diff(first)
    kept = items[np.repeat(is_copy, sizes)]
    return (np.cumsum(is_copy) - 1)[copy], np.concatenate([[0], np.cumsum(sizes[is_copy])]), kept


@kernel
def _digest(first, items, digests):
    """Sum up numbers that look random: Steele, Lea and Flood (2014), OOPSLA (SplitMix)."""
    for row in range(len(digests)):
        total = np.uint64(0)
        for i in range(first[row], first[row + 1]):
            mixed = np.uint64(items[i]) + np.uint64(0x9E3779B97F4A7C15)
            mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            total += mixed ^ (mixed >> np.uint64(31))
        digests[row] = total


@kernel
def _distrust(first, items, copy):
    """Let rows be copies of none but themselves where only the digests were equal."""
    for row in range(len(copy)):
        size, other = first[row + 1] - first[row], first[copy[row]]
        equal = first[copy[row] + 1] - other == size
        for i in range(size if equal else 0):
            equal = equal and items[first[row] + i] == items[other + i]
        if not equal:
            copy[row] = row
