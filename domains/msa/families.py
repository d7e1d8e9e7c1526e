"""Families of sequences drawn at random: an ancestor, and descendants in which letters were exchanged, lost and gained.

They stand for alignments of real proteins, whose collections may not be shipped.
"""

from __future__ import annotations

import numpy as np

from pdsearch.domains.msa.fasta import Record

_LETTERS = "ARNDCQEGHILKMFPSTWYV"
EXCHANGED, LOST, GAINED = 0.6, 0.05, 0.05  # chance for each letter of the ancestor


def random_family(n_sequences: int, length: int, seed: int) -> list[Record]:
    """Return descendants of an ancestor of about ``length`` letters; the same seed gives the same family.

    >>> [record.name for record in random_family(3, 20, seed=1)]
    ['s1', 's2', 's3']
    """
    rng = np.random.default_rng([seed, n_sequences, length])
    ancestor = rng.integers(len(_LETTERS), size=length)
    return [Record(f"s{i + 1}", _descendant(ancestor, rng)) for i in range(n_sequences)]


def _descendant(ancestor: np.ndarray[tuple[int], np.dtype[np.int64]], rng: np.random.Generator) -> str:
    letters = list[str]()
    for letter in ancestor.tolist():
        exchanged, lost, gained = rng.random(3) < (EXCHANGED, LOST, GAINED)
        if gained:
            letters.append(_LETTERS[rng.integers(len(_LETTERS))])
        if not lost:
            letters.append(_LETTERS[rng.integers(len(_LETTERS)) if exchanged else letter])
    return "".join(letters) or _LETTERS[0]
