"""f-preserving shrinking: only states that A* cannot tell apart are combined, as long as that is enough.

States of equal g + h and equal h form a bucket. Buckets become one state each, those of the highest f first, as A*
is least likely to look at these, and among them those of the lowest h first, until few enough states are left; the
last bucket to be touched is shared out at random. Where there are more buckets than states may be left, the first
buckets are combined with each other, too.

Source: Helmert, Haslum and Hoffmann (2007), "Flexible abstraction heuristics for optimal sequential planning", ICAPS,
section "Abstraction strategy"; the order among equal f is that of Fast Downward.
"""

from __future__ import annotations

import numpy as np

from pdsearch.domains.planning.abstract_distances import Distances
from pdsearch.domains.planning.transition_systems import Integers


def shrink(found: Distances, most: int, rng: np.random.Generator) -> tuple[Integers, int]:
    """Return the abstract state of each state, and how many there are.

    Parameters
    ----------
    found : Distances
        Of the states; those that are not alive are pruned, which -1 stands for.
    most : int
        No more abstract states than this, at least 1.
    rng : Generator
        Shares out the states of one bucket.

    Examples
    --------
    >>> found = Distances(np.array([0, 1, 2, 2, 3]), np.array([3, 2, 2, 2, 0]))
    >>> shrink(found, 4, np.random.default_rng(0))[0].tolist()
    [3, 2, 0, 0, 1]
    """
    alive = np.flatnonzero(found.alive)
    f, h = found.g[alive] + found.h[alive], found.h[alive]
    order = np.lexsort((h, -f))
    _, sizes = np.unique(np.stack([-f, h]), axis=1, return_counts=True)
    numbers = _numbers(sizes, most, rng)
    to = np.full(len(found.g), -1, np.int64)
    to[alive[order]] = numbers
    return to, int(numbers.max(initial=-1)) + 1


def _numbers(sizes: Integers, most: int, rng: np.random.Generator) -> Integers:
    """Return the abstract state of each state, where buckets of these sizes follow each other."""
    bucket = np.repeat(np.arange(len(sizes)), sizes)
    ends = np.cumsum(sizes)
    after = len(bucket) - ends
    room = most - np.arange(len(sizes)) - after  # for a bucket when those before are one state each
    roomy = np.flatnonzero(room > 1)
    if len(roomy) == 0:
        return np.maximum(bucket - max(0, len(sizes) - most), 0)
    last = int(roomy[0])
    n_left = min(int(room[last]), int(sizes[last]))
    shared = rng.permutation(np.arange(sizes[last]) % n_left)
    alone = n_left + np.arange(after[last])
    return np.concatenate([bucket[bucket < last], last + shared, last + alone])
