"""Flips as permutations of the positions; move m turns over the top m + 2."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdsearch.domains.pancake.stack import Pancake
from pdsearch.pruning.words import WORDS, Words, length_within


@WORDS.add("pancake")
def pancake_words(domain: Any) -> Words | None:
    """Return the flips of a stack, the shortest first."""
    if not isinstance(domain, Pancake):
        return None
    n = domain.n
    flips = [[*range(k)[::-1], *range(k, n)] for k in range(2, n + 1)]
    return Words(np.zeros((1, n - 1), np.int32), np.array([flips], np.uint8), first=2, length=length_within(n - 1))
