"""Which of several heuristics will prove a cost first, foretold from short searches with each.

A* expands every node whose f is below the cost of a cheapest plan, and how many these are grows with f by about the
same factor for every heuristic of a task: a better one begins later (Korf, Reid and Edelkamp 2001). So each short
search says at which pace it expands and how much it had expanded when its f reached what it did, and all of them
together say by what factor the expansions grow. With that each is carried on to a common f, one more than any reached.

Source: Korf, Reid and Edelkamp (2001), "Time complexity of iterative-deepening-A*", Artificial Intelligence 129.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_STUCK = math.log(2)  # growth by a unit of f where no search has left its first f
_MOST = 600.0  # exponents beyond which numbers overflow


@dataclass(frozen=True)
class Probe:
    """What a short search has shown.

    Attributes
    ----------
    heuristic : str
        Its name.
    build_s, search_s : float
        Seconds of building its tables, compilation included, and of the search.
    initial_h, lower_bound : int
        h of the initial state, and the least f open at the end.
    expanded : int
        Nodes.
    below : int
        Those of them with f below ``lower_bound``.
    room : float
        Nodes that fit the memory.
    is_full : bool
        It ended because the memory was full.
    """

    heuristic: str
    build_s: float
    search_s: float
    initial_h: int
    lower_bound: int
    expanded: int
    below: int
    room: float = math.inf
    is_full: bool = False


def growth(probes: Sequence[Probe]) -> float:
    """Return the logarithm of the factor by which expansions grow with a unit of f: the median of what is known.

    >>> round(growth([Probe("a", 0, 1, 10, 13, 9000, 8000)]), 3) == round(math.log(8000) / 3, 3)
    True
    """
    rates = sorted(
        math.log(max(2, one.below)) / (one.lower_bound - one.initial_h)
        for one in probes
        if one.lower_bound > one.initial_h
    )
    return rates[(len(rates) - 1) // 2] if rates else _STUCK


def predicted_s(probe: Probe, target: int, rate: float) -> float:
    """Return in how many seconds of search all nodes of f below ``target`` would be expanded.

    Parameters
    ----------
    probe : Probe
        Of the heuristic.
    target : int
        At least the lower bound that the probe reached.
    rate : float
        As :func:`growth` returns it.

    Examples
    --------
    >>> round(predicted_s(Probe("a", 0, 2.0, 10, 12, 100, 100), 13, math.log(5)), 6)
    10.0
    """
    steps = target - probe.lower_bound
    nodes = max(1, probe.below) * math.exp(min(_MOST, rate * steps))
    if steps > 0:  # the layer that was begun is not finished: it takes as long again
        nodes = max(nodes, 2.0 * probe.expanded)
    seconds = nodes * max(probe.search_s, 1e-6) / max(1, probe.expanded)
    return seconds * max(1.0, nodes / max(1.0, probe.room))  # beyond the memory much is done twice


def ranking(probes: Sequence[Probe]) -> list[tuple[float, Probe]]:
    """Return seconds foretold and probe of each, the best first; of equals the later one in ``probes``.

    Examples
    --------
    >>> slow, fast = Probe("slow", 0, 1, 10, 12, 900, 800), Probe("fast", 0, 1, 8, 11, 90_000, 70_000)
    >>> [one.heuristic for _, one in ranking([slow, fast])]
    ['slow', 'fast']
    """
    if not probes:
        return []
    rate, target = growth(probes), max(one.lower_bound for one in probes) + 1
    foretold = [(predicted_s(one, target, rate), -place, one) for place, one in enumerate(probes)]
    return [(seconds, one) for seconds, _, one in sorted(foretold, key=lambda row: row[:2])]
