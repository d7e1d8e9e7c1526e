"""Pattern databases built on a device: breadth-first search backwards from the goal, a launch for each layer.

A state is the places of a pattern's tiles and the region in which the blank wanders at no cost. Places are numbered by
their cells as digits (:meth:`pdsearch.pdb.places.Places.number`), so that a slide of tile i adds a multiple of n^i. For
each number three words, a bit for each cell, say where the blank has been, where it has come in this layer, and where
it comes in the next. Where the blank came to a region that is new, a thread fills it, enters the depth if the places
are new, too, and sends the blank on through each tile beside it, by an atomic or.

The tables come back in the order and with the values of those that the CPU builds
(:mod:`pdsearch.domains.tiles.retrograde`), byte for byte.

Source: Korf and Felner (2002), "Disjoint pattern database heuristics", AIJ 134, section 4; the numbering and the
words of bits are ours.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import int32, int64, uint8, uint32

from pdsearch.errors import BadInputError
from pdsearch.gpu.devices import Device
from pdsearch.gpu.launches import launch, on_device
from pdsearch.gpu.shim import cuda, is_simulated
from pdsearch.pdb.places import Places
from pdsearch.pdb.ranking import n_placements

UNKNOWN = 255
MAX_STEP = 15  # no slide changes an entry by more, as of the CPU's tables
BYTES = 4 * 3 + 1  # of a number while a table is built
_THREADS, _NUMBERS = 128, 64  # threads of a block; numbers of a thread, about
ENTERED, SENT, STEEPEST, N_COUNTS = range(4)  # placements entered, arrivals sent on, largest step of an entry


def build(
    tables: tuple[Places, ...], device: Device, filled: Callable[[int, int], None] = lambda done, of: None
) -> npt.NDArray[np.uint8]:
    """Return the entries of some tables, one after the other: uint8[sum of n! / (n - k)!].

    Parameters
    ----------
    tables : tuple of Places
        What they are made for.
    device : Device
        Where they are built.
    filled : callable
        Told (entries so far, entries in all) after each layer.

    Raises
    ------
    BadInputError
        If a table does not fit the device's memory.
    """
    sizes = [n_placements(table.n, len(table.goal)) for table in tables]
    needed = max(BYTES * table.n_numbers + size for table, size in zip(tables, sizes, strict=True))
    if needed > device.free_bytes:
        raise BadInputError(
            f"building the tables needs {needed / 2**20:.0f} MiB on {device.name}, {device.free_bytes / 2**20:.0f} MiB "
            "are free; end other programs there, or use --device cpu"
        )
    cuda.select_device(device.number)
    parts: list[npt.NDArray[np.uint8]] = []
    for table, size in zip(tables, sizes, strict=True):
        parts.append(_build_one(table, size, partial(_add, filled, sum(map(len, parts)), sum(sizes))))
    return np.concatenate(parts)


def _add(filled: Callable[[int, int], None], before: int, of: int, known: int) -> None:
    """Tell the progress of one table as that of all."""
    filled(before + known, of)


def _build_one(table: Places, size: int, known: Callable[[int], None]) -> npt.NDArray[np.uint8]:
    """Return one table."""
    shape = (1, 8) if is_simulated() else (max(1, table.n_numbers // (_THREADS * _NUMBERS)), _THREADS)
    clear, layer, steepest, gather = (cuda.jit(body) for body in bodies(table))
    closed, fresh, after = (cuda.device_array(table.n_numbers, np.uint32) for _ in range(3))
    entries, dense = cuda.device_array(table.n_numbers, np.uint8), cuda.device_array(size, np.uint8)
    (counts,) = on_device(np.zeros(N_COUNTS, np.int64))
    launch(clear, *shape, closed, fresh, after, entries)
    depth, sent = 0, -1
    while (now := counts.copy_to_host())[SENT] != sent:
        sent = now[SENT]
        known(int(now[ENTERED]))
        launch(layer, *shape, closed, fresh, after, entries, counts, depth)
        fresh, after, depth = after, fresh, depth + 1
    launch(steepest, *shape, closed, entries, counts)
    steps = int(counts.copy_to_host()[STEEPEST])
    assert steps <= MAX_STEP, f"a step changes the distance of a pattern by {steps}"
    launch(gather, *shape, entries, dense)
    return np.asarray(dense.copy_to_host())


class Grid(NamedTuple):
    """Device functions of a table's grid, given a compiler.

    Attributes
    ----------
    region : callable
        ``(bits, free) -> bits``: the free cells that the blank reaches from some.
    held : callable
        ``number -> bits``: the cells of the things.
    there : callable
        ``(cell, direction) -> cell`` beside it, or -1.
    """

    region: Any
    held: Any
    there: Any


def grid(table: Places, compiler: Any) -> Grid:
    """Return the functions of a grid."""
    width, n, k = table.width, table.n, len(table.goal)
    columns = [sum(1 << cell for cell in range(n) if cell % width == x) for x in (0, width - 1)]
    not_first, not_last = ((1 << n) - 1 & ~column for column in columns)

    def region(bits, free):
        reached, before = int64(bits), int64(0)
        while reached != before:
            before = reached
            sideways = int64(((reached & int64(not_last)) << int64(1)) | ((reached & int64(not_first)) >> int64(1)))
            around = int64(sideways | (reached << int64(width)) | (reached >> int64(width)))
            reached = int64(reached | (around & free))
        return reached

    def held(number):
        bits, rest = int64(0), int64(number)
        for _ in range(k):
            bits = int64(bits | (int64(1) << int64(rest % n)))
            rest = int64(rest // n)
        return bits

    def there(cell, direction):
        column = int64(cell % width)
        if direction == 0:
            to = int64(cell - width)
        elif direction == 1:
            to = int64(cell - 1) if column > 0 else int64(-1)
        elif direction == 2:
            to = int64(cell + 1) if column < width - 1 else int64(-1)
        else:
            to = int64(cell + width) if cell + width < n else int64(-1)
        return to

    return Grid(compiler(region), compiler(held), compiler(there))


def expander(table: Places, compiler: Any, send: Any) -> Any:
    """Return the function that deals with one number in a layer: placements entered (0 or 1), arrivals sent on.

    ``send(after, number, bits)`` is an atomic or on a device.
    """
    n, k, cells = table.n, len(table.goal), (1 << table.n) - 1
    region, held, there = grid(table, compiler)

    def expand(number, closed, fresh, after, entries, depth):
        came = int64(fresh[number])
        if came == 0:
            return 0, 0
        fresh[number] = uint32(0)
        known = int64(closed[number])
        came = int64(came & ~known)
        if came == 0:
            return 0, 0
        new = region(came, int64(cells & ~held(number)))
        closed[number] = uint32(known | new)
        entered, sent, rest, weight = 0, 0, int64(number), int64(1)
        if entries[number] == UNKNOWN:
            entries[number], entered = uint8(depth), 1
        for _ in range(k):
            here = int64(rest % n)
            rest = int64(rest // n)
            for direction in range(4):
                to = there(here, direction)
                if to >= 0 and (new >> to) & int64(1) != 0:
                    other = int64(number + (to - here) * weight)
                    if (int64(closed[other]) >> here) & int64(1) == 0:
                        send(after, other, uint32(int64(1) << here))
                        sent += 1
            weight = int64(weight * n)
        return entered, sent

    return compiler(expand)


def stepper(table: Places, compiler: Any) -> Any:
    """Return the function that says by how much a slide from one number's places changes the entry at most.

    More than one only where the free cells are parted: elsewhere the blank gets where it must be at no cost.
    """
    n, k, cells = table.n, len(table.goal), (1 << table.n) - 1
    _, held, there = grid(table, compiler)

    def steepest(number, closed, entries):
        most, rest, weight = int64(0), int64(number), int64(1)
        if closed[number] == 0:
            return most
        free = int64(cells & ~held(number))
        for _ in range(k):
            here = int64(rest % n)
            rest = int64(rest // n)
            for direction in range(4):
                to = there(here, direction)
                if to >= 0 and (free >> to) & int64(1) != 0:
                    other = int64(number + (to - here) * weight)
                    if closed[other] != 0:
                        most = max(most, abs(int64(entries[number]) - int64(entries[other])))
            weight = int64(weight * n)
        return most

    return compiler(steepest)


def ranker(table: Places, compiler: Any) -> Any:
    """Return the function from a placement's rank (:func:`pdsearch.pdb.ranking.unrank`) to its number."""
    n, k = table.n, len(table.goal)

    def number_of(rank):
        packed, rest = int64(0), int64(rank)
        for i in range(k - 1, -1, -1):
            cell = int64(rest % (n - i))
            rest = int64(rest // (n - i))
            for j in range(i + 1, k):
                if (packed >> int64(5 * j)) & int64(31) >= cell:
                    packed = int64(packed + (int64(1) << int64(5 * j)))
            packed = int64(packed | (cell << int64(5 * i)))
        number = int64(0)
        for i in range(k - 1, -1, -1):
            number = int64(number * n + ((packed >> int64(5 * i)) & int64(31)))
        return number

    return compiler(number_of)


@cache
def bodies(table: Places) -> tuple[Any, ...]:
    """Return the kernels as Python functions: clear, a layer, the steepest step, gather."""
    inline = cuda.jit(device=True, inline=True)
    atomic_or = inline(lambda words, number, bits: cuda.atomic.or_(words, number, bits))
    expand, steepest_at, number_of = expander(table, inline, atomic_or), stepper(table, inline), ranker(table, inline)
    goal, begin = table.number(table.goal), table.blanks & -table.blanks

    def clear(closed, fresh, after, entries):
        i = int64(cuda.grid(1))
        while i < closed.shape[0]:
            closed[i], fresh[i], after[i], entries[i] = uint32(0), uint32(0), uint32(0), uint8(UNKNOWN)
            if i == goal:
                fresh[i] = uint32(begin)
            i = int64(i + cuda.gridsize(1))

    def layer(closed, fresh, after, entries, counts, depth):
        entered, sent, i = int64(0), int64(0), int64(cuda.grid(1))
        while i < closed.shape[0]:
            one, more = expand(i, closed, fresh, after, entries, depth)
            entered, sent = int64(entered + one), int64(sent + more)
            i = int64(i + cuda.gridsize(1))
        if sent != 0 or entered != 0:
            cuda.atomic.add(counts, ENTERED, entered)
            cuda.atomic.add(counts, SENT, sent)

    def steepest(closed, entries, counts):
        most, i = int64(0), int64(cuda.grid(1))
        while i < closed.shape[0]:
            most = max(most, steepest_at(i, closed, entries))
            i = int64(i + cuda.gridsize(1))
        cuda.atomic.max(counts, STEEPEST, most)

    def gather(entries, dense):
        i = int64(cuda.grid(1))
        while i < dense.shape[0]:
            entry = entries[number_of(i)]
            if entry == UNKNOWN:  # only boards that no moves solve get there
                entry = uint8(0)
            dense[i] = entry
            i = int64(i + cuda.gridsize(1))

    return clear, layer, steepest, gather


def signatures() -> tuple[tuple[Any, ...], ...]:
    """Return the types of the arguments of the four kernels, for a compile without a GPU."""
    words, table, counts = uint32[::1], uint8[::1], int64[::1]
    return (
        (words, words, words, table),
        (words, words, words, table, counts, int32),
        (words, table, counts),
        (table, table),
    )
