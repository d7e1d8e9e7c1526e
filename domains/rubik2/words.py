"""Turns of the 2×2×2 cube as permutations: a place of a word is a place of the cube with a twist."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdsearch.domains.rubik2.cube import Rubik2, turned
from pdsearch.domains.rubik2.space import N_CORNERS, N_OPERATORS
from pdsearch.pruning.words import WORDS, Words

_LENGTH = 6  # built in a fifth of a second; 16 times fewer nodes than without


@WORDS.add("rubik2")
def cube_words(domain: Any) -> Words | None:
    """Return what each turn brings to each of three twists of each of seven places."""
    if not isinstance(domain, Rubik2):
        return None
    source = np.zeros((1, N_OPERATORS, 3 * N_CORNERS), np.uint8)
    for operator in range(N_OPERATORS):
        for place, (came_from, twist) in enumerate(zip(*turned(operator), strict=True)):
            for after in range(3):
                source[0, operator, 3 * place + after] = 3 * came_from + (after - twist) % 3
    return Words(np.zeros((1, N_OPERATORS), np.int32), source, length=_LENGTH)
