"""Stacks of up to 16 pancakes with the gap heuristic for the GPU kernels.

Pancake at position i in bits 4 i to 4 i + 3; ``low`` is the length of the last flip, 0 before any: two flips of one
length undo each other. A gap is a pair of neighbours whose sizes differ by more than one, the plate being a pancake of
size n below the stack. A flip changes one pair.

Source: Helmert (2010), "Landmark heuristics for the pancake problem", SoCS, section 3.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import int32, uint32, uint64

from pdsearch.domains.pancake.gap import Gap
from pdsearch.domains.pancake.stack import Pancake
from pdsearch.gpu_model import MODELS, Compilable, Model, Root

MAX_PANCAKES = 16  # of a word


@MODELS.add(f"at most {MAX_PANCAKES} pancakes with gap")
def _gap(domain: Any, heuristic: str, length: int) -> Model | None:
    if isinstance(domain, Pancake) and heuristic == "gap" and domain.n <= MAX_PANCAKES:
        return pancakes(domain.n)
    return None


@cache
def pancakes(n: int) -> Model:
    """Return stacks of so many.

    >>> hex(pancakes(4).goal[0])
    '0x3210'
    """
    stack = Pancake(range(n))
    return Model(
        name=f"{n} pancakes",
        heuristic=Gap.name,
        h=Gap(stack).value,
        root=lambda start: Root(start.initial[0], 0, 0),
        child=_pancakes(n),
        n_words=1,
        n_moves=n - 1,
        most_children=max(1, n - 2),
        goal=(stack.initial[0], 0),
        unit=1,
        max_depth=(5 * n + 5) // 3,  # so many flips suffice: Gates and Papadimitriou (1979)
        first_operator=2,
    )


def _pancakes(n: int) -> Compilable:
    every_other = np.uint64(0x0F0F0F0F0F0F0F0F)
    bytes_ = np.uint64(0x00FF00FF00FF00FF)
    pairs = np.uint64(0x0000FFFF0000FFFF)

    def child(first, second, low, move, row, entries):
        length = uint32(move + 2)
        legal = low != length
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
        return legal, uint64(turned | kept), second, length, uint32(rise)

    return lambda compiler: compiler(child)
