"""Which of several heuristics will prove a cost first, foretold from short searches with each.

A* expands every node whose f is below the cost of a cheapest plan, and how many these are grows with f by about the
same factor for every heuristic of a task: a better one begins later (Korf, Reid and Edelkamp 2001). That holds where
the search is wide. The first layers are few nodes and say little, so growth is measured over the last layers only,
those in which the expansions grew a hundredfold; and of a search that ended few nodes, growth is that of the others.

With it each search is carried on to a common f, one more than any has reached. Who is to go on where it stopped needs
the rest of the time only.

Source: Korf, Reid and Edelkamp (2001), "Time complexity of iterative-deepening-A*", Artificial Intelligence 129.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_STUCK = math.log(2)  # growth by a unit of f where no search has left its first f
_WINDOW = 100.0  # by so much expansions grow over the layers that tell of growth
_SURE = 1000  # expansions below a bound: from as many on growth is a search's own
_MOST = 600.0  # exponents beyond which numbers overflow
_POINTS = 64  # layers that a probe remembers
_UNFINISHED = 1.5  # times as many nodes as were expanded are needed at least to end the layer that was begun


@dataclass(frozen=True)
class Probe:
    """What short searches with a heuristic have shown so far, each of which went on where the one before stopped.

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
    layers : tuple of (int, int)
        Smaller bounds, rising, and how many nodes of f below each were expanded.
    late_s : float
        Seconds for an expansion, of late; 0 where that was not measured.
    room : float
        Nodes that fit the memory.
    is_full : bool
        It ended because the memory was full.
    is_held : bool
        It can go on where it stopped.
    """

    heuristic: str
    build_s: float
    search_s: float
    initial_h: int
    lower_bound: int
    expanded: int
    below: int
    layers: tuple[tuple[int, int], ...] = ()
    late_s: float = 0.0
    room: float = math.inf
    is_full: bool = False
    is_held: bool = False

    @property
    def pace_s(self) -> float:
        """Return the seconds that an expansion takes."""
        return self.late_s or max(self.search_s, 1e-6) / max(1, self.expanded)


def layers_of(expanded_below: Callable[[int], int], initial_h: int, lower_bound: int) -> tuple[tuple[int, int], ...]:
    """Return some bounds from above ``initial_h`` to below ``lower_bound``, and the expansions below each.

    Examples
    --------
    >>> layers_of(lambda bound: 10 * bound, 4, 7)
    ((5, 50), (6, 60))
    """
    height = lower_bound - initial_h
    steps = {round(height * i / _POINTS) for i in range(1, _POINTS)} if height > _POINTS else range(1, height)
    return tuple((initial_h + step, expanded_below(initial_h + step)) for step in sorted(steps))


def own_growth(probe: Probe) -> float | None:
    """Return the logarithm of the factor by which expansions grew with a unit of f of late; None where none did.

    >>> steady = Probe("a", 0, 1, 10, 13, 9000, 8000, ((11, 80), (12, 800)))
    >>> round(own_growth(steady), 3) == round(math.log(10), 3)
    True
    """
    if probe.lower_bound <= probe.initial_h:
        return None
    layers = (*probe.layers, (probe.lower_bound, probe.below))
    first, count = next((bound, n) for bound, n in layers if _WINDOW * n >= probe.below)
    if first == probe.lower_bound:  # the last layer alone is as many
        first, count = probe.layers[-1] if probe.layers else (probe.initial_h, 1)
    return math.log(max(2, probe.below) / max(1, count)) / (probe.lower_bound - first)


def growths(probes: Sequence[Probe]) -> list[float]:
    """Return the growth that is to be expected of each: its own as far as it is sure, else the mean of those that are.

    Examples
    --------
    >>> few, many = Probe("few", 0, 1, 10, 11, 9, 1), Probe("many", 0, 1, 8, 9, 9000, 8000)
    >>> [round(rate, 2) for rate in growths([few, many])]
    [8.99, 8.99]
    """
    known = [(rate, _sureness(one)) for one in probes if (rate := own_growth(one)) is not None]
    sure = sum(share for _, share in known)
    mean = (
        sum(rate * share for rate, share in known) / sure if sure else max((rate for rate, _ in known), default=_STUCK)
    )
    return [mean if (rate := own_growth(one)) is None else mean + _sureness(one) * (rate - mean) for one in probes]


def _sureness(probe: Probe) -> float:
    """Return how far the growth that a search shows is its own: 0 of a single node, 1 of many."""
    return min(1.0, math.log(max(1, probe.below)) / math.log(_SURE))


def predicted_s(probe: Probe, target: int, rate: float) -> float:
    """Return in how many seconds more all nodes of f below ``target`` would be expanded.

    Parameters
    ----------
    probe : Probe
        Of the heuristic.
    target : int
        At least the lower bound that the probe reached.
    rate : float
        As :func:`growths` returns it.

    Examples
    --------
    >>> round(predicted_s(Probe("a", 0, 2.0, 10, 12, 100, 100), 13, math.log(5)), 6)
    10.0
    """
    steps = target - probe.lower_bound
    nodes = max(1, probe.below) * math.exp(min(_MOST, rate * steps))
    if steps > 0:  # the layer that was begun is not finished, and what follows begins with that
        nodes = max(nodes, _UNFINISHED * probe.expanded * math.exp(min(_MOST, rate * (steps - 1))))
    left = max(0.0, nodes - probe.expanded) if probe.is_held else nodes
    return left * probe.pace_s * max(1.0, nodes / max(1.0, probe.room))  # beyond the memory much is done twice


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
    target = max(one.lower_bound for one in probes) + 1
    foretold = [
        (predicted_s(one, target, rate), -place, one)
        for place, (one, rate) in enumerate(zip(probes, growths(probes), strict=True))
    ]
    return [(seconds, one) for seconds, _, one in sorted(foretold, key=lambda row: row[:2])]
