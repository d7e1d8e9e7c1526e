"""What is wrong with the best abstract plans: states of the task that such a plan meets where it cannot go on.

The task is searched along all best abstract transitions at once. A state is *flawed* where such a transition cannot
be followed: the operator does not apply, or leads elsewhere. Flawed states are kept by their abstract states, and
those of the abstract states nearest to the goal are mended first; an abstract state is split where that parts the
most flaws, and of equal splits by the variable that has been split the most.

Source: Speck and Seipp (2022), "New refinement strategies for Cartesian abstractions", ICAPS (batches of flaws, least
distance first; splits that cover the most).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import inlined, kernel
from pdsearch.domains.planning.abstraction import Integers
from pdsearch.domains.planning.cartesian_distances import drop_least, mend_distances, push
from pdsearch.domains.planning.cartesian_states import (
    FAR,
    INITIAL,
    N_MOVES,
    N_STATES,
    WORK,
    CartesianTask,
    States,
    has,
    room_for,
    split,
)

Numbers = npt.NDArray[np.int32]

GO_ON, NO_ROOM, SOLVED, LIMIT = range(4)  # why a refinement ended
N_CONCRETE, N_ABSTRACT, SEARCHES, N_FLAWED = range(4)  # in ``counts``
_MOST_OF_ONE = 40  # flawed states kept for an abstract state
_MOST_FLAWED = 1000  # in a search
_BYTES = 2**24  # of the states of a search


class Flaws(NamedTuple):
    """States of the task that were met, and what is needed to choose among splits."""

    values: Numbers  # (n_concrete * n_variables,)
    abstract: Numbers  # (n_concrete,)
    following: Numbers  # (n_concrete,) another one of the same abstract state, -1: none
    stack: Numbers  # (n_concrete,)
    hashed: Numbers  # hash table of all; -1: empty
    newest: Numbers  # (n_states,) the first flawed one, -1: none
    how_many: Numbers  # (n_states,)
    search: Numbers  # (n_states,) the search in which the two above were written
    keys: Integers  # (n_flawed,) a heap: the distance when it was entered
    items: Numbers  # (n_flawed,) and the abstract state
    votes: Integers  # (n_words * 64,) of each fact, 0 between two uses
    facts: Integers  # (n_words * 64,) those that have any
    wanted: npt.NDArray[np.uint64]  # (longest span,)
    counts: Integers  # (4,)


def new_flaws(task: CartesianTask, states: States) -> Flaws:
    """Return room for the flaws of an abstraction that has the room it has now."""
    n_variables, n_states = len(task.size), len(states.h)
    n = int(min(50_000, max(200, _BYTES // (4 * max(1, n_variables)))))
    n_bits = 64 * len(states.sets) // n_states

    def numbers(length: int) -> Numbers:
        return np.full(length, -1, np.int32)

    return Flaws(
        values=numbers(n * n_variables),
        abstract=numbers(n),
        following=numbers(n),
        stack=numbers(n),
        hashed=numbers(1 << (2 * n).bit_length()),
        newest=numbers(n_states),
        how_many=numbers(n_states),
        search=numbers(n_states),
        keys=np.zeros(_MOST_FLAWED + n_states + 2, np.int64),
        items=numbers(_MOST_FLAWED + n_states + 2),
        votes=np.zeros(n_bits, np.int64),
        facts=np.zeros(n_bits, np.int64),
        wanted=np.zeros(int(task.span.max(initial=1)), np.uint64),
        counts=np.zeros(4, np.int64),
    )


def grown_flaws(flaws: Flaws, n_states: int) -> Flaws:
    """Return the same with room for more abstract states."""

    def longer(array: npt.NDArray[np.generic], length: int) -> npt.NDArray[np.generic]:
        return np.concatenate([array, np.full(length - len(array), -1).astype(array.dtype)])

    names = dict.fromkeys(("newest", "how_many", "search"), n_states)
    names |= dict.fromkeys(("keys", "items"), _MOST_FLAWED + n_states + 2)
    return flaws._replace(**{name: longer(getattr(flaws, name), length) for name, length in names.items()})  # type: ignore[arg-type]


@inlined
def _applies(task, values, at, operator):
    """Say whether an operator applies in a state of the task."""
    applies = True
    for i in range(task.first[operator], task.first[operator + 1]):
        applies = applies and (task.before[i] < 0 or values[at + task.variable[i]] == task.before[i])
    return applies


@inlined
def _is_changed(task, operator, var):
    """Say whether an operator sets or needs a variable."""
    found = False
    for i in range(task.first[operator], task.first[operator + 1]):
        found = found or task.variable[i] == var
    return found


@inlined
def _enter(task, flaws, at):
    """Say whether the values at the end of ``flaws.values`` are new, and enter them; they are no more than there is."""
    n_variables, n = len(task.size), flaws.counts[N_CONCRETE]
    mixed = np.uint64(0)
    for var in range(n_variables):
        mixed = (mixed ^ np.uint64(flaws.values[at + var])) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    last = np.uint64(len(flaws.hashed) - 1)
    slot = mixed & last
    while flaws.hashed[slot] >= 0:
        other = np.int64(flaws.hashed[slot]) * n_variables
        same = True
        for var in range(n_variables):
            same = same and flaws.values[other + var] == flaws.values[at + var]
        if same:
            return False
        slot = (slot + np.uint64(1)) & last
    flaws.hashed[slot] = n
    flaws.counts[N_CONCRETE] = n + 1
    return True


@inlined
def _note(states, flaws, concrete):
    """Enter a flawed state with its abstract state."""
    state, search = np.int64(flaws.abstract[concrete]), flaws.counts[SEARCHES]
    if flaws.search[state] != search:
        flaws.search[state], flaws.newest[state], flaws.how_many[state] = search, -1, 0
    if flaws.how_many[state] < _MOST_OF_ONE:
        flaws.how_many[state] += 1
        flaws.following[concrete], flaws.newest[state] = flaws.newest[state], concrete
        flaws.counts[N_FLAWED] += 1
        if flaws.how_many[state] == 1:
            push(flaws.keys, flaws.items, flaws.counts[N_ABSTRACT], states.h[state], state)
            flaws.counts[N_ABSTRACT] += 1


@kernel
def find_flaws(task, states, flaws):
    """Search the task along the best abstract transitions; say whether that led to a goal."""
    n_variables, n_words = len(task.size), len(states.sets) // len(states.h)
    flaws.counts[SEARCHES] += 1
    flaws.counts[N_CONCRETE] = flaws.counts[N_ABSTRACT] = flaws.counts[N_FLAWED] = 0
    for slot in range(len(flaws.hashed)):
        flaws.hashed[slot] = -1
    for var in range(n_variables):
        flaws.values[var] = task.initial[var]
    _enter(task, flaws, 0)
    flaws.abstract[0], flaws.stack[0] = states.counts[INITIAL], 0
    depth, most = 1, len(flaws.abstract) - 1
    while depth > 0 and flaws.counts[N_FLAWED] < _MOST_FLAWED:
        depth -= 1
        concrete = np.int64(flaws.stack[depth])
        state, at = np.int64(flaws.abstract[concrete]), concrete * n_variables
        if states.goal[state]:
            return True
        is_flawed = False
        move = np.int64(states.out[state])
        while move >= 0:
            states.counts[WORK] += 1
            operator, target = np.int64(states.operator[move]), np.int64(states.target[move])
            if states.h[state] == task.cost[operator] + states.h[target]:
                if not _applies(task, flaws.values, at, operator):
                    is_flawed = True
                elif flaws.counts[N_CONCRETE] < most:
                    after = flaws.counts[N_CONCRETE] * n_variables
                    for var in range(n_variables):
                        flaws.values[after + var] = flaws.values[at + var]
                    for i in range(task.first[operator], task.first[operator + 1]):
                        flaws.values[after + task.variable[i]] = task.after[i]
                    fits = True
                    for var in range(n_variables):
                        fits = fits and has(task, states.sets, target * n_words, var, flaws.values[after + var])
                    if not fits:
                        is_flawed = True
                    elif _enter(task, flaws, after):
                        entered = flaws.counts[N_CONCRETE] - 1
                        flaws.abstract[entered], flaws.stack[depth] = target, entered
                        depth += 1
            move = np.int64(states.next_out[move])
        if is_flawed:
            _note(states, flaws, concrete)
    return False


@inlined
def _vote(task, flaws, n, var, value):
    """Count a flaw that is mended by parting a value from others; return how many facts have votes."""
    fact = 64 * task.word[var] + task.shift[var] + value
    if flaws.votes[fact] == 0:
        flaws.facts[n] = fact
        n += 1
    flaws.votes[fact] += 1
    return n


@kernel
def choose_split(task, states, flaws, state):
    """Return the variable by which to split an abstract state, -1: nothing is wrong; the values wanted are written."""
    n_variables, n_words = len(task.size), len(states.sets) // len(states.h)
    n = 0
    best_fact, best_var, best_value = np.int64(-1), np.int64(-1), np.int64(-1)
    for turn in range(2):  # the votes; then what is wanted instead of the value that got the most
        concrete = np.int64(flaws.newest[state])
        while concrete >= 0:
            at = concrete * n_variables
            move = np.int64(states.out[state])
            while move >= 0:
                states.counts[WORK] += 1
                operator, target = np.int64(states.operator[move]), np.int64(states.target[move])
                if states.h[state] == task.cost[operator] + states.h[target]:
                    applies = True
                    for i in range(task.first[operator], task.first[operator + 1]):
                        var, needed = task.variable[i], task.before[i]
                        value = np.int64(flaws.values[at + var])
                        if needed >= 0 and value != needed:
                            applies = False
                            if turn == 0:
                                n = _vote(task, flaws, n, var, value)
                            elif var == best_var and value == best_value:
                                bit = task.shift[var] + needed
                                flaws.wanted[bit >> 6] |= np.uint64(1) << np.uint64(bit & 63)
                    if applies and turn == 0:
                        for var in range(n_variables):
                            value = np.int64(flaws.values[at + var])
                            if not has(task, states.sets, target * n_words, var, value) and not _is_changed(
                                task, operator, var
                            ):
                                n = _vote(task, flaws, n, var, value)
                    elif applies and flaws.values[at + best_var] == best_value:
                        is_in = has(task, states.sets, target * n_words, best_var, best_value)
                        if not is_in and not _is_changed(task, operator, best_var):
                            for i in range(task.span[best_var]):
                                word = task.word[best_var] + i
                                both = states.sets[state * n_words + word] & states.sets[target * n_words + word]
                                flaws.wanted[i] |= both & task.mask[best_var]
                move = np.int64(states.next_out[move])
            concrete = np.int64(flaws.following[concrete])
        if turn == 0:
            best_fact = _winner(task, states, flaws, state, n)
            if best_fact < 0:
                return np.int64(-1)
            best_var = _variable_of(task, best_fact)
            best_value = best_fact - 64 * task.word[best_var] - task.shift[best_var]
            for i in range(len(flaws.wanted)):
                flaws.wanted[i] = 0
    return best_var


@inlined
def _variable_of(task, fact):
    """Return the variable that a fact is of."""
    found = np.int64(-1)
    for var in range(len(task.size)):
        start = 64 * task.word[var] + task.shift[var]
        if start <= fact < start + task.size[var]:
            found = np.int64(var)
    return found


@inlined
def _winner(task, states, flaws, state, n):
    """Return the fact of the most votes, of equal ones that of the variable with the fewest values left; forget them.

    -1 where there are none.
    """
    n_words = len(states.sets) // len(states.h)
    best, most, best_share = np.int64(-1), np.int64(0), 2.0
    for k in range(n):
        fact = flaws.facts[k]
        votes = flaws.votes[fact]
        flaws.votes[fact] = 0
        if votes >= most:
            var = _variable_of(task, fact)
            left = np.int64(0)
            for value in range(task.size[var]):
                left += has(task, states.sets, state * n_words, var, value)
            share = left / task.size[var]
            if votes > most or share < best_share:
                best, most, best_share = fact, votes, share
    return best


@inlined
def _part(task, states, flaws, v, n, var):
    """Give the flawed states of ``v``, which was split, to the halves they are in."""
    n_variables, n_words = len(task.size), len(states.sets) // len(states.h)
    concrete = np.int64(flaws.newest[v])
    flaws.newest[v] = flaws.newest[n] = -1
    flaws.search[n] = flaws.search[v]
    while concrete >= 0:
        following = np.int64(flaws.following[concrete])
        value = np.int64(flaws.values[concrete * n_variables + var])
        state = n if has(task, states.sets, n * n_words, var, value) else v
        flaws.abstract[concrete] = state
        flaws.following[concrete], flaws.newest[state] = flaws.newest[state], concrete
        concrete = following


@kernel
def refine(task, states, flaws, queue, most_states, most_moves, effort):
    """Mend flaws until there are none, a limit or the end of the room is reached, or so much was looked at; say why."""
    n_words = len(states.sets) // len(states.h)
    end = states.counts[WORK] + effort
    while states.counts[WORK] < end:
        initial = states.counts[INITIAL]
        if states.goal[initial] or states.h[initial] >= FAR:
            return SOLVED
        if states.counts[N_STATES] >= most_states or states.counts[N_MOVES] >= most_moves:
            return LIMIT
        if flaws.counts[N_ABSTRACT] == 0 and (find_flaws(task, states, flaws) or flaws.counts[N_ABSTRACT] == 0):
            return SOLVED
        key, v = flaws.keys[0], np.int64(flaws.items[0])
        is_old = flaws.newest[v] < 0 or states.h[v] != key
        if not is_old and not room_for(states, v, len(flaws.wanted)):
            return NO_ROOM
        drop_least(flaws.keys, flaws.items, flaws.counts[N_ABSTRACT])
        flaws.counts[N_ABSTRACT] -= 1
        if is_old:
            continue
        var = choose_split(task, states, flaws, v)
        if var < 0:
            flaws.newest[v] = -1
            continue
        n = split(task, states, v, var, flaws.wanted)
        mend_distances(task, states, queue, v, n)
        if has(task, states.sets, n * n_words, var, task.initial[var]) and initial == v:
            states.counts[INITIAL] = n
        _part(task, states, flaws, v, n, var)
        for state in (v, n):
            if flaws.newest[state] >= 0 and states.h[state] == key:
                push(flaws.keys, flaws.items, flaws.counts[N_ABSTRACT], key, state)
                flaws.counts[N_ABSTRACT] += 1
    return GO_ON
