"""Kernels that let tests call the inlined building blocks one at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdsearch._jit import kernel
from pdsearch.checking.probes import (  # the same kernels, compiled once
    estimate_all as estimate_all,
)
from pdsearch.checking.probes import (
    evaluate_all as evaluate_all,
)
from pdsearch.checking.probes import (
    expand_parent as expand_parent,
)
from pdsearch.checking.probes import (
    goal_reached as goal_reached,
)
from pdsearch.checking.probes import (
    owners_of_all as owners_of_all,
)
from pdsearch.domains import Domain, State
from pdsearch.kernels.intrinsics import compare_line, prefetch, trailing_zeros
from pdsearch.kernels.mixing import mix_state
from pdsearch.kernels.protocol import (
    Moves,
    evaluate,
    f_end,
    keep_cursor,
    new_moves,
    pop_batch,
    push,
    room,
    take_cursor,
)


@kernel
def push_one(open_list, f, h, node):
    cursor = take_cursor(open_list)
    possible = room(open_list, cursor)
    keep_cursor(open_list, push(open_list, cursor, f, h, node))
    return possible


@kernel
def end_of_f(open_list):
    return f_end(open_list)


@kernel
def pop_some(open_list, f_limit, nodes, hs):
    count, f, cursor = pop_batch(open_list, take_cursor(open_list), f_limit, len(nodes), nodes, hs)
    keep_cursor(open_list, cursor)
    return count, f


@kernel
def count_trailing_zeros(words, out):
    for i in range(len(words)):
        prefetch(words, i + 64)  # beyond the end, which must do no harm
        out[i] = trailing_zeros(words[i])


@kernel
def compare(line, start, tag, ignored):
    return compare_line(line, start, tag, ignored)


@kernel
def mix_all(states, n_words, out):
    for i in range(len(out)):
        out[i] = mix_state(states, i * n_words, n_words)


@kernel
def evaluate_one(heuristic, space, state):
    """Return h of a packed state, for heuristics that are evaluated state by state."""
    return evaluate(heuristic, space, state, 0)


def expanded(domain: Domain, state: State, created_by: int = -1) -> tuple[Moves, int]:
    """Return the compiled successors of a state and their number."""
    moves = new_moves(len(state), domain.max_moves, domain.n_changes)
    moves.parent[:] = words_of(state)
    return moves, int(expand_parent(domain.space, created_by, moves))


def rows(domain: Domain, moves: Moves, n: int) -> list[tuple[int, State, int]]:
    """Return (operator, successor, cost) of each compiled successor."""
    width = len(moves.parent)
    return [
        (
            int(moves.operator[c]),
            tuple(int(word) for word in moves.states[c * width : (c + 1) * width]),
            int(moves.cost[c]),
        )
        for c in range(n)
    ]


def words_of(state: State) -> Any:
    """Return a packed state as kernels take it."""
    return np.array(state, np.uint64)
