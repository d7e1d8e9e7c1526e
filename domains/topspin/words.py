"""Turns of a ring as permutations of its places; move m turns over the tokens from place m on."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdsearch.domains.topspin.ring import TopSpin
from pdsearch.pruning.words import WORDS, Words, length_within


@WORDS.add("topspin")
def ring_words(domain: Any) -> Words | None:
    """Return the turns of a ring, by the first place."""
    if not isinstance(domain, TopSpin):
        return None
    n, k = domain.n, domain.k
    source = np.tile(np.arange(n, dtype=np.uint8), (1, n, 1))
    for start in range(n):
        places = (start + np.arange(k)) % n
        source[0, start, places] = places[::-1]
    return Words(np.zeros((1, n), np.int32), source, length=length_within(n))
