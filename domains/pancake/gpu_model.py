"""Stacks of up to 16 pancakes with the gap heuristic for the GPU kernels.

Pancake at position i in bits 4 i to 4 i + 3. With words of two flips ``low`` is the length of the last flip, 0 before
any: two flips of one length undo each other. With longer words it is the state of the automaton that forbids words of
flips (:mod:`pdsearch.pruning.automaton`), and the state after each flip lies in ``entries``, which stay in the caches:
the automaton of four flips of 16 pancakes has 1,407 states and 45 KB, that of five more states than ``low`` has
numbers. A gap is a pair of neighbours whose sizes differ by more than one, the plate being a pancake of
size n below the stack. A flip changes one pair.

Source: Helmert (2010), "Landmark heuristics for the pancake problem", SoCS, section 3.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import int32, uint32, uint64

from pdsearch.domains.pancake.gap import Gap
from pdsearch.domains.pancake.stack import Pancake
from pdsearch.gpu_model import MAX_LOW, MODELS, NO_ENTRIES, Compilable, Model, Root
from pdsearch.pruning.automaton import Automaton
from pdsearch.pruning.cached import load
from pdsearch.pruning.choice import NONE
from pdsearch.pruning.words import words_of

MAX_PANCAKES = 16  # of a word
MAX_LENGTH = 4  # of the words of flips that are forbidden
_MOVES, _FORBIDDEN = 16, 0xFFFF


@MODELS.add(f"at most {MAX_PANCAKES} pancakes with gap")
def _gap(domain: Any, heuristic: str, length: int) -> Model | None:
    if isinstance(domain, Pancake) and heuristic == "gap" and domain.n <= MAX_PANCAKES:
        return pancakes(domain.n, length)
    return None


@cache
def pancakes(n: int, length: int = NONE) -> Model:
    """Return stacks of so many, words of flips up to a length forbidden, or as long as ``low`` has numbers for.

    >>> hex(pancakes(4).goal[0])
    '0x3210'
    """
    stack = Pancake(range(n))
    automaton = flip_automaton(stack, length) if length > NONE else None
    first = 0 if automaton is None else int(automaton.root[0])
    return Model(
        name=f"{n} pancakes",
        heuristic=Gap.name,
        h=Gap(stack).value,
        root=lambda start: Root(start.initial[0], 0, first),
        child=_pancakes(n, 0 if automaton is None else len(automaton.next)),
        n_words=1,
        n_moves=n - 1,
        most_children=max(1, n - 2),
        goal=(stack.initial[0], 0),
        unit=1,
        max_depth=(5 * n + 5) // 3,  # so many flips suffice: Gates and Papadimitriou (1979)
        first_operator=2,
        entries=NO_ENTRIES if automaton is None else following(automaton),
    )


def flip_automaton(stack: Pancake, length: int) -> Automaton:
    """Return the automaton of flips, of shorter words where its states would have no numbers."""
    length = min(length, MAX_LENGTH)
    automaton = load(words_of(stack), length)
    while len(automaton.next) > MAX_LOW:
        length -= 1
        automaton = load(words_of(stack), length)
    return automaton


def following(automaton: Automaton) -> npt.NDArray[np.uint8]:
    """Return the low bytes, then the high bytes, of the states after each flip: uint8[2 * n_states * 16]."""
    states = np.full((len(automaton.next), _MOVES), _FORBIDDEN, np.uint16)
    possible = automaton.next >= 0
    states[:, : possible.shape[1]][possible] = automaton.next[possible]
    return np.concatenate([(states & 255).astype(np.uint8).reshape(-1), (states >> 8).astype(np.uint8).reshape(-1)])


def _pancakes(n: int, n_states: int) -> Compilable:
    """Return the flips; ``n_states`` of the automaton, 0 where the last flip is all that is asked."""
    every_other = np.uint64(0x0F0F0F0F0F0F0F0F)
    bytes_ = np.uint64(0x00FF00FF00FF00FF)
    pairs = np.uint64(0x0000FFFF0000FFFF)

    def child(first, second, low, move, row, entries):
        length = uint32(move + 2)
        if n_states == 0:
            after, legal = length, low != length
        else:
            at = int32(int32(low) * int32(_MOVES) + int32(move))
            after = uint32(uint32(entries[at]) | uint32(uint32(entries[at + n_states * _MOVES]) << uint32(8)))
            legal = after != uint32(_FORBIDDEN)
        top = int32(uint32(first) & uint32(15))
        last = int32(uint64(first >> uint64(uint32(4) * uint32(length - uint32(1)))) & uint64(15))
        below = int32(n)
        if length < n:
            below = int32(uint64(first >> uint64(uint32(4) * length)) & uint64(15))
        broken, made = abs(last - below) > 1, abs(top - below) > 1
        s = uint64(((first >> uint64(4)) & every_other) | ((first & every_other) << uint64(4)))
        s = uint64(((s >> uint64(8)) & bytes_) | ((s & bytes_) << uint64(8)))
        s = uint64(((s >> uint64(16)) & pairs) | ((s & pairs) << uint64(16)))
        s = uint64((s >> uint64(32)) | (s << uint64(32)))
        turned = uint64(s >> uint64(uint32(4) * uint32(16 - length)))
        kept = uint64(0)
        if length < 16:
            shift = uint64(uint32(4) * length)
            kept = uint64((first >> shift) << shift)
        rise = uint32(1) + uint32(made) - uint32(broken)
        return legal, uint64(turned | kept), second, uint32(after), uint32(rise)

    return lambda compiler: compiler(child)
