"""What an alignment costs: a similarity matrix turned into costs, a cost per letter in a gap, and one per gap.

A pair of letters costs the largest similarity of the matrix less its own, so that no cost is
negative; a letter against a gap costs ``gap``, two gaps nothing. Opening a gap costs ``gap_open`` more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import combinations

import numpy as np
import numpy.typing as npt

from pdsearch.errors import BadInputError, shown

MATRICES = ("pam250", "blosum62")
GAP_LETTER = 31  # the code of a gap; letters have codes from 0
N_CODES = 32
MAX_GAP = 1000


@cache
def similarities(name: str) -> tuple[str, npt.NDArray[np.int64]]:
    """Return a matrix: its letters, and int64[n_letters, n_letters].

    >>> letters, table = similarities("pam250")
    >>> int(table[letters.index("W"), letters.index("W")])
    17
    """
    if name not in MATRICES:
        raise BadInputError(f"matrix {shown(name)} is unknown; it is one of {', '.join(MATRICES)}")
    lines = files("pdsearch.domains.msa").joinpath("matrices", f"{name}.txt").read_text().splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    return "".join(rows[0]), np.array([[int(word) for word in row[1:]] for row in rows[1:]], np.int64)


def pair_costs(name: str, gap: int | None) -> tuple[str, npt.NDArray[np.int64]]:
    """Return the letters and the costs of each pair of codes: int64[N_CODES, N_CODES].

    ``gap`` None means the matrix's own: its largest similarity less that of a letter and a stop,
    25 for PAM250 and 15 for BLOSUM62.
    """
    letters, table = similarities(name)
    if gap is None:
        gap = int(table.max() - table[0, letters.index("*")])
    if not 1 <= gap <= MAX_GAP:
        raise BadInputError(f"gap cost {gap} makes no sense; give 1 to {MAX_GAP}")
    costs = np.full((N_CODES, N_CODES), gap, np.int64)
    costs[: len(letters), : len(letters)] = table.max() - table
    costs[GAP_LETTER, GAP_LETTER] = 0
    return letters, costs


def quasi_natural_gaps(one: str, other: str) -> int:
    """Return the gaps of a pair of rows as Altschul counts them.

    Natural gaps are those left when columns of two gaps are dropped. A gap that begins after and ends before a gap
    of the other row would vanish there, and is counted as well.

    Source: Altschul (1989), "Gap costs for multiple sequence alignment", Journal of Theoretical Biology 138.

    >>> quasi_natural_gaps("A---C", "AD-EC"), quasi_natural_gaps("A---C", "A--EC")
    (2, 1)
    """
    kept = [column for column in zip(one, other, strict=True) if column != ("-", "-")]
    natural = sum(len(re.findall("-+", "".join(row))) for row in zip(*kept, strict=True))
    gaps, others = ([gap.span() for gap in re.finditer("-+", row)] for row in (one, other))
    nested = sum(a < c < d < b or c < a < b < d for a, b in gaps for c, d in others)
    return natural + nested


def sum_of_pairs(rows: Sequence[str], matrix: str, gap: int | None = None, gap_open: int = 0) -> int:
    """Return the cost of an alignment, column by column and pair by pair.

    >>> sum_of_pairs(["AC-", "A-C"], "pam250")  # A against A costs 17 - 2, each gap 25
    65
    """
    letters, costs = pair_costs(matrix, gap)
    total = sum(gap_open * quasi_natural_gaps(one, other) for one, other in combinations(rows, 2))
    for column in zip(*rows, strict=True):
        for i, one in enumerate(column):
            for other in column[i + 1 :]:
                codes = [GAP_LETTER if letter == "-" else letters.index(letter) for letter in (one, other)]
                total += int(costs[codes[0], codes[1]])
    return total
