"""Cartesian abstract states: a set of values for each variable; and how their transitions follow a split.

A state is split in two by the values of one variable: the first half keeps its number and its transitions where it
can, the second half has those *wanted*. Every transition into or out of the state stays with at least one half, so
that lists are only ever added to. Loops, transitions from a state to itself, are kept apart.

Source: Seipp and Helmert (2018), "Counterexample-guided Cartesian abstraction refinement for classical planning",
JAIR 62, sections 3 and 4.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.domains.planning.abstraction import Flags, Integers
from pdsearch.domains.planning.sas import SasTask

Numbers = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]

FAR = 2**61  # the distance of a state from which there is no way
N_STATES, N_MOVES, N_LOOPS, FREE_LOOP, N_NODES, N_BITS, INITIAL, WORK = range(8)  # in ``counts``
_SCALE = 20  # where operators are free: bits by which costs are shifted, so that each can count a little


class CartesianTask(NamedTuple):
    """A task without conditional effects and axioms, in flat arrays."""

    word: Integers  # (n_variables,) the word in which the values of a variable begin
    shift: Integers  # (n_variables,) and the bit of the first
    span: Integers  # (n_variables,) how many words they take
    mask: Words  # (n_variables,) of their bits in each of these words
    size: Integers  # (n_variables,) how many there are
    first: Integers  # (n_operators + 1,) of each operator in the three arrays below
    variable: Integers
    before: Integers  # what the variable must be, -1: anything
    after: Integers  # what it is then
    cost: Integers  # (n_operators,) from 1 on
    initial: Integers  # (n_variables,)


def cartesian_task(task: SasTask) -> CartesianTask:
    """Return a task's arrays; operators that cost nothing get a cost that no sum of them makes a real one."""
    size = np.array([len(variable.values) for variable in task.variables], np.int64)
    span, used = -(-size // 64), 64
    word, shift = np.zeros((2, len(size)), np.int64)
    n_words = 0
    for var in np.argsort(-size, kind="stable").tolist():
        if size[var] > 64 - used:
            word[var], used, n_words = n_words, int(min(size[var], 64)), n_words + int(span[var])
        else:
            word[var], shift[var], used = n_words - 1, used, used + int(size[var])
    mask = [((1 << int(n)) - 1) << int(s) if n < 64 else 2**64 - 1 for n, s in zip(size, shift, strict=True)]
    rows = []
    for operator in task.operators:
        needed, after = dict(operator.preconditions), {effect.variable: effect.value for effect in operator.effects}
        rows.append([(var, needed.get(var, -1), after.get(var, needed.get(var, -1))) for var in {**needed, **after}])
    flat = np.array([entry for row in rows for entry in row], np.int64).reshape(-1, 3)
    first = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    cost = np.array([operator.cost for operator in task.operators], np.int64)
    if (cost == 0).any():
        cost = np.maximum(1, cost << _SCALE)
    variable, before, after_all = (np.ascontiguousarray(flat[:, i]) for i in range(3))
    initial, masks = np.array(task.initial, np.int64), np.array(mask, np.uint64)
    return CartesianTask(word, shift, span, masks, size, first, variable, before, after_all, cost, initial)


class States(NamedTuple):
    """An abstraction while it is refined; arrays are longer than what they hold, see ``counts``."""

    sets: Words  # (n_states * n_words,) of each state, the values of all variables
    h: Integers  # (n_states,) FAR: no way
    way: Numbers  # (n_states,) the transition by which h is reached, -1: none
    out: Numbers  # (n_states,) the newest transition from it, -1: none
    into: Numbers  # (n_states,)
    loop: Numbers  # (n_states,)
    goal: Flags  # (n_states,)
    leaf: Numbers  # (n_states,) its node in the tree
    operator: Numbers  # (n_moves,)
    source: Numbers  # (n_moves,)
    target: Numbers  # (n_moves,)
    next_out: Numbers  # (n_moves,) an older one from the same state
    next_into: Numbers  # (n_moves,)
    loop_operator: Numbers  # (n_loops,)
    loop_state: Numbers  # (n_loops,) -1: unused
    next_loop: Numbers  # (n_loops,)
    node_variable: Numbers  # (n_nodes,) -1: a leaf
    node_bits: Numbers  # (n_nodes,) where its wanted values begin in ``bits``
    child: Numbers  # (2 * n_nodes,) nodes; of a leaf the state
    bits: Words
    counts: Integers  # (8,)


def first_state(task: CartesianTask) -> States:
    """Return the abstraction of one state, in which every operator is a loop."""
    n_words = int((task.word + task.span).max(initial=0))
    n = len(task.cost)
    sets = np.zeros(n_words, np.uint64)
    for var, word in enumerate(task.word.tolist()):
        for i in range(int(task.span[var])):
            last = int(task.size[var]) - 64 * i
            bits = 2**64 - 1 if last >= 64 else ((1 << last) - 1) << int(task.shift[var])
            sets[word + i] |= np.uint64(bits)

    def number(value: int, length: int = 1) -> Numbers:
        return np.full(length, value, np.int32)

    none = ("way", "out", "into", "operator", "source", "target", "next_out", "next_into")
    return States(
        sets=sets,
        h=np.zeros(1, np.int64),
        goal=np.zeros(1, np.bool_),
        loop=number(0 if n else -1),
        leaf=number(0),
        loop_operator=np.arange(max(n, 1), dtype=np.int32),
        loop_state=number(0 if n else -1, max(n, 1)),
        next_loop=np.append(np.arange(1, max(n, 1), dtype=np.int32), np.int32(-1)),
        node_variable=number(-1),
        node_bits=number(0),
        child=number(0, 2),
        bits=np.zeros(1, np.uint64),
        counts=np.array([1, 0, n, -1, 1, 0, 0, 0]),
        **{name: number(-1) for name in none},
    )


def with_room(states: States, n_states: int, n_moves: int, n_loops: int, n_bits: int) -> States:
    """Return the abstraction with room for so many more."""
    n_words = len(states.sets) // len(states.h)
    counts = states.counts
    lengths = {
        "sets": (counts[N_STATES] + n_states) * n_words,
        **dict.fromkeys(("operator", "source", "target", "next_out", "next_into"), counts[N_MOVES] + n_moves),
        **dict.fromkeys(("loop_operator", "loop_state", "next_loop"), counts[N_LOOPS] + n_loops),
        **dict.fromkeys(("node_variable", "node_bits"), counts[N_NODES] + 2 * n_states),
        "child": 2 * (counts[N_NODES] + 2 * n_states),
        "bits": counts[N_BITS] + n_bits,
        "counts": len(counts),
    }

    def longer(name: str) -> npt.NDArray[np.generic]:
        array: npt.NDArray[np.generic] = getattr(states, name)
        length = int(lengths.get(name, counts[N_STATES] + n_states))
        if length <= len(array):
            return array
        return np.concatenate([array, np.full(length - len(array), -1).astype(array.dtype)])

    return States(*(longer(name) for name in States._fields))  # type: ignore[arg-type]


@inlined
def has(task, sets, at, var, value):
    """Say whether the state that begins at ``sets[at]`` has a value."""
    bit = task.shift[var] + value
    return (sets[at + task.word[var] + (bit >> 6)] >> np.uint64(bit & 63)) & np.uint64(1) != 0


@inlined
def _meet(task, sets, one, other, var):
    """Say whether two states have a value of a variable in common."""
    found = np.uint64(0)
    for word in range(task.word[var], task.word[var] + task.span[var]):
        found |= sets[one + word] & sets[other + word] & task.mask[var]
    return found != 0


@inlined
def _acts(task, operator, var):
    """Return the value that an operator needs of a variable and the one that it leaves, -1 where there is none."""
    before, after = np.int64(-1), np.int64(-1)
    for i in range(task.first[operator], task.first[operator + 1]):
        if task.variable[i] == var:
            before, after = task.before[i], task.after[i]
    return before, after


@inlined
def _link(states, move, operator, source, target):
    """Enter a transition into both lists."""
    states.operator[move], states.source[move], states.target[move] = operator, source, target
    states.next_out[move], states.out[source] = states.out[source], move
    states.next_into[move], states.into[target] = states.into[target], move


@inlined
def _link_loop(states, slot, operator, state):
    states.loop_operator[slot], states.loop_state[slot] = operator, state
    states.next_loop[slot], states.loop[state] = states.loop[state], slot


@kernel
def room_for(states, v, most_bits):
    """Say whether a state can be split with the room there is."""
    n = n_loops = 0
    move = states.into[v]
    while move >= 0:
        n += 1
        move = states.next_into[move]
    move = states.out[v]
    while move >= 0:
        n += 1
        move = states.next_out[move]
    slot = states.loop[v]
    while slot >= 0:
        n_loops += 1
        slot = states.next_loop[slot]
    counts = states.counts
    counts[WORK] += n + n_loops
    return (
        counts[N_STATES] < len(states.h)
        and counts[N_MOVES] + n + n_loops <= len(states.operator)
        and counts[N_LOOPS] + n_loops <= len(states.loop_operator)
        and counts[N_NODES] + 2 <= len(states.node_variable)
        and counts[N_BITS] + most_bits <= len(states.bits)
    )


@kernel
def split(task, states, v, var, wanted):
    """Move the part of state ``v`` in which a variable has one of the wanted values to a new state, and return it.

    ``wanted`` has the words of the variable, as they are in ``sets``. There must be room, see ``room_for``.
    """
    sets, counts = states.sets, states.counts
    n_words = len(sets) // len(states.h)
    n = counts[N_STATES]
    counts[N_STATES] += 1
    at, new = v * n_words, n * n_words
    for word in range(n_words):
        sets[new + word] = sets[at + word]
    node, first, second = states.leaf[v], counts[N_NODES], counts[N_NODES] + 1
    counts[N_NODES] += 2
    states.node_variable[node], states.node_bits[node] = var, counts[N_BITS]
    for i in range(task.span[var]):
        word, some = task.word[var] + i, wanted[i] & task.mask[var]
        states.bits[counts[N_BITS] + i] = some >> np.uint64(task.shift[var])
        sets[new + word] &= some | ~task.mask[var]
        sets[at + word] &= ~some
    counts[N_BITS] += task.span[var]
    states.child[2 * node], states.child[2 * node + 1] = first, second
    states.node_variable[first] = states.node_variable[second] = -1
    states.child[2 * first], states.child[2 * second] = v, n
    states.leaf[v], states.leaf[n] = first, second
    states.h[n], states.goal[n], states.way[n] = states.h[v], states.goal[v], -1
    states.out[n] = states.into[n] = states.loop[n] = -1
    _split_into(task, states, v, n, var)
    _split_out(task, states, v, n, var)
    _split_loops(task, states, v, n, var)
    return n


@inlined
def _split_into(task, states, v, n, var):
    """Let the transitions into ``v`` lead to those halves where they can."""
    n_words = len(states.sets) // len(states.h)
    move, states.into[v] = states.into[v], -1
    while move >= 0:
        following, operator, u = states.next_into[move], states.operator[move], states.source[move]
        _, after = _acts(task, operator, var)
        if after < 0:
            to_first = _meet(task, states.sets, u * n_words, v * n_words, var)
            to_second = _meet(task, states.sets, u * n_words, n * n_words, var)
        else:
            to_first = has(task, states.sets, v * n_words, var, after)
            to_second = not to_first
        target = v if to_first else n
        states.target[move] = target
        states.next_into[move], states.into[target] = states.into[target], move
        if to_first and to_second:
            _link(states, states.counts[N_MOVES], operator, u, n)
            states.counts[N_MOVES] += 1
        move = following


@inlined
def _split_out(task, states, v, n, var):
    """Let the transitions from ``v`` start in those halves where they can."""
    n_words = len(states.sets) // len(states.h)
    move, states.out[v] = states.out[v], -1
    while move >= 0:
        following, operator, w = states.next_out[move], states.operator[move], states.target[move]
        before, after = _acts(task, operator, var)
        if before >= 0:
            from_first = has(task, states.sets, v * n_words, var, before)
            from_second = not from_first
        elif after >= 0:
            from_first = from_second = True
        else:
            from_first = _meet(task, states.sets, v * n_words, w * n_words, var)
            from_second = _meet(task, states.sets, n * n_words, w * n_words, var)
        source = v if from_first else n
        states.source[move] = source
        states.next_out[move], states.out[source] = states.out[source], move
        if from_first and from_second:
            _link(states, states.counts[N_MOVES], operator, n, w)
            states.counts[N_MOVES] += 1
        move = following


@inlined
def _split_loops(task, states, v, n, var):
    """Part the loops: some stay loops, of one half or both, some become transitions between the halves."""
    n_words, counts = len(states.sets) // len(states.h), states.counts
    slot, states.loop[v] = states.loop[v], -1
    while slot >= 0:
        following, operator = states.next_loop[slot], states.loop_operator[slot]
        before, after = _acts(task, operator, var)
        in_second = after >= 0 and has(task, states.sets, n * n_words, var, after)
        if before >= 0:
            from_second = has(task, states.sets, n * n_words, var, before)
            stays, leaves = from_second == in_second, from_second != in_second
            source = n if from_second else v
        else:
            stays, leaves = True, after >= 0
            source = v if in_second else n
        if leaves:
            _link(states, counts[N_MOVES], operator, source, n if in_second else v)
            counts[N_MOVES] += 1
        if stays:
            _link_loop(states, slot, operator, n if in_second else v)
            if after < 0:
                other = counts[FREE_LOOP]
                if other >= 0:
                    counts[FREE_LOOP] = states.next_loop[other]
                else:
                    other = counts[N_LOOPS]
                    counts[N_LOOPS] += 1
                _link_loop(states, other, operator, n)
        else:
            states.loop_state[slot] = -1
            states.next_loop[slot], counts[FREE_LOOP] = counts[FREE_LOOP], slot
        slot = following
