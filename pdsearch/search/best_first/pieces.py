"""Subtrees on their way between ranks that search below open nodes, and what was found below them on its way back.

What a rank searches is cut into pieces: its own open nodes, parts of subtrees too large for one call, and what others
gave it. A piece knows the sheet on which the least f that was pruned below it is noted. A sheet on which every piece is
noted is finished: it is the rank's own, or is sent back to whoever gave these roots, as the result of as many pieces of
a sheet there. So a piece may be cut up or given further, and nobody has to know who searches it in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.subtrees import Integers, Roots

NEVER = 2**31 - 1  # f of a node below which there is nothing more
Costs = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int32]
_MOST_DEALT = 1 << 17  # roots on their way at once, of all ranks: some megabytes


@dataclass
class Sheet:
    """What was found below some roots.

    Attributes
    ----------
    least : int32[n]
        The least f that was pruned below each, NEVER so far.
    pieces : int32[n]
        Of each those that are not noted yet.
    left : int
        All of these.
    finish : callable
        Told ``least`` when none is left.
    """

    least: Costs
    pieces: Numbers
    left: int
    finish: Callable[[Costs], None]

    def note(self, rows: Numbers, least: Costs) -> None:
        """Note pieces, by the rows of their roots."""
        np.minimum.at(self.least, rows, least)
        np.subtract.at(self.pieces, rows, 1)
        self.left -= len(rows)
        if self.left == 0:
            self.finish(self.least)


def new_sheet(n: int, finish: Callable[[Costs], None]) -> Sheet:
    """Return a sheet of ``n`` roots."""
    return Sheet(np.full(n, NEVER, np.int32), np.ones(n, np.int32), n, finish)


class Pieces(NamedTuple):
    """Subtrees to search.

    Attributes
    ----------
    roots : Roots
        Their paths begin at open nodes.
    origin : int64[n]
        Of each: ``rank << 32 | which`` of the open nodes of a rank it lies below.
    rows : int32[n]
        Of the sheet.
    sheet : Sheet
        Where each is to be noted once.
    """

    roots: Roots
    origin: Integers
    rows: Numbers
    sheet: Sheet

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, start: int, end: int) -> Pieces:
        """Return some of them."""
        which = slice(start, end)
        return Pieces(self.roots.part(which), self.origin[which], self.rows[which], self.sheet)

    def cut(self, i: int, roots: Roots, least: int) -> Pieces:
        """Return piece ``i`` as what is left of it: subtrees below its root, all else is pruned at ``least``."""
        above = np.repeat(self.roots.paths[i : i + 1], len(roots), axis=0)
        roots = replace(roots, paths=np.hstack([above, roots.paths]))
        row = self.rows[i : i + 1]
        self.sheet.left += len(roots)
        self.sheet.pieces[row] += len(roots)
        self.sheet.note(row, np.array([min(least, NEVER)], np.int32))
        return Pieces(roots, np.repeat(self.origin[i], len(roots)), np.repeat(row, len(roots)), self.sheet)


class Parcel(NamedTuple):
    """Pieces given to another rank: plain arrays."""

    to: int
    giver: int
    sheet: int  # its number at the giver's
    rows: Numbers
    origin: Integers
    words: npt.NDArray[np.uint64]
    numbers: npt.NDArray[np.int32]  # (n, 4) g, h, created_by, state
    paths: npt.NDArray[np.int32]

    @property
    def roots(self) -> Roots:
        """Return the roots as they were."""
        g, h, created_by, state = np.ascontiguousarray(self.numbers.T, np.int64)
        zero = np.zeros(len(g), np.int64)
        return Roots(self.words, g, h, created_by, state, zero, zero, self.paths)


def parcel(to: int, giver: int, sheet: int, pieces: Pieces) -> Parcel:
    """Return pieces for a rank; the giver's number of their sheet comes back with the result."""
    roots = pieces.roots
    numbers = np.stack([roots.g, roots.h, roots.created_by, roots.state], 1).astype(np.int32)
    return Parcel(to, giver, sheet, pieces.rows, pieces.origin, roots.words, numbers, roots.paths)


class Result(NamedTuple):
    """What was found below the pieces of a parcel, on its way back."""

    to: int
    sheet: int
    rows: Numbers
    least: Costs


class Deal(NamedTuple):
    """Who gives what part of its work to whom."""

    giver: int
    to: int
    share: float
    most: int


def deals(left_s: Sequence[float], portion_s: float) -> list[Deal]:
    """Return who gives what to whom, the same on all ranks.

    Parameters
    ----------
    left_s : sequence of float
        Of each rank: seconds of work left, as it believes.
    portion_s : float
        Seconds until all ranks hear of each other again. Who has less left is given half of what another has more.

    Examples
    --------
    >>> for deal in deals([4.0, 0.0, 1.0, 0.1], 0.1):
    ...     print(deal)
    Deal(giver=0, to=1, share=0.5, most=65536)
    Deal(giver=0, to=3, share=0.2375, most=65536)
    """
    left, found = list(left_s), []
    in_order = sorted(range(len(left)), key=left.__getitem__)
    for i, to in enumerate(in_order):
        giver = max(in_order[i:], key=left.__getitem__)
        more = left[giver] - left[to]
        if left_s[to] > portion_s or more <= portion_s:
            break
        found.append((giver, to, more / 2 / left_s[giver]))
        left[giver] -= more / 2
    return [Deal(*one, _MOST_DEALT // len(found)) for one in found]
