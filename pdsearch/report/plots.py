"""Plots of runs: overheads and efficiency, loads of ranks, communication against ranks.

Each function draws rows of one group (:func:`pdsearch.report.means.groups`) on the axes it is given, or on new ones,
and returns them; saving is the caller's affair. A distribution looks the same in all figures.
matplotlib is imported when the first plot is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.errors import MissingDependencyError, pip_install
from pdsearch.report.means import SEARCH_OVERHEADS, means
from pdsearch.report.rows import Row

_MARKERS = "osD^vP*X<>hpd8"
_WIDTH, _HEIGHT = 7.5, 4.5  # inches


def drawings(results: Sequence[Row]) -> dict[str, Callable[..., Any]]:
    """Return the functions that have something to draw, by the names of their figures."""
    found: dict[str, Callable[..., Any]] = {"efficiency": plot_efficiency, "loads": plot_loads}
    if len({row.n_ranks for row in results}) > 1:
        found |= {"communication": plot_communication, "speedup": plot_speedup}
    return found


def plot_efficiency(results: Sequence[Row], ax: Any = None, search_overhead: str = "measured") -> Any:
    """Draw mean CO and SO of each distribution over lines of equal estimated efficiency, for the most ranks there are.

    Parameters
    ----------
    results : sequence of Row
        Those on fewer ranks are left out.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.
    search_overhead : str
        What stands for SO in the efficiency, of :data:`pdsearch.report.means.SEARCH_OVERHEADS`.

    Returns
    -------
    matplotlib Axes
    """
    ax = _axes(ax)
    most = max(row.n_ranks for row in results)
    rows = [row for row in results if row.n_ranks == most]
    found = means(rows, search_overhead)
    top = 1.25 * max(0.1, *(mean.SO for mean in found))
    bottom = min(0.0, *(mean.SO for mean in found))
    c = float(np.mean([row.c for row in rows]))
    co, so = np.meshgrid(np.linspace(0, 1.02, 200), np.linspace(bottom, top, 200))
    lines = ax.contour(
        co, so, 1 / ((1 + c * co) * (1 + so)), levels=np.arange(0.1, 1, 0.1), colors="0.75", linewidths=0.8
    )
    ax.clabel(lines, fmt="%.1f", fontsize="small")
    styles = _styles(results)
    for mean in found:
        label = f"{mean.distribution} ({mean.efficiency:.2f})"
        ax.plot(mean.CO, mean.SO, linestyle="none", label=label, **styles[mean.distribution])
    ax.set(
        xlabel="CO = nodes sent / nodes generated",
        ylabel="SO = expanded / expanded by A* - 1",
        title=f"{rows[0].domain}, {most} {rows[0].kind} ranks; lines: 1 / ((1 + {c:.2g} CO)(1 + SO))",
    )
    _legend(ax, f"distribution (efficiency,\n{SEARCH_OVERHEADS[search_overhead]})")
    return ax


def plot_loads(results: Sequence[Row], ax: Any = None, **_: Any) -> Any:
    """Draw the expansions of each rank over their mean, heaviest first, for the most ranks there are.

    Loads are sorted for each run and then averaged over the runs of a distribution.
    """
    ax = _axes(ax)
    most = max(row.n_ranks for row in results)
    rows = [row for row in results if row.n_ranks == most]
    found = means(rows)
    styles = _styles(results)
    for mean in found:
        loads = [np.sort(row.loads)[::-1] / np.mean(row.loads) for row in rows if row.distribution == mean.distribution]
        every = max(1, most // 12)
        ax.plot(
            np.arange(1, most + 1),
            np.mean(loads, axis=0),
            label=f"{mean.distribution} ({mean.LB:.2f})",
            markevery=every,
            **styles[mean.distribution],
        )
    ax.axhline(1, color="0.6", linewidth=0.8, linestyle="--")
    ax.set(
        xlabel=f"rank, by load (of {most})",
        ylabel="expansions / mean of the ranks",
        title=f"{rows[0].domain}, load of the {rows[0].kind} ranks",
    )
    ax.set_ylim(bottom=0)
    _legend(ax, "distribution (LB)")
    return ax


def plot_communication(results: Sequence[Row], ax: Any = None, **_: Any) -> Any:
    """Draw mean CO against the number of ranks, and that of uniform hashing."""
    return _against_ranks(results, ax, "CO", "CO = nodes sent / nodes generated")


def plot_speedup(results: Sequence[Row], ax: Any = None, **_: Any) -> Any:
    """Draw the mean speed-up against the number of ranks, both on logarithmic scales."""
    ax = _against_ranks(results, ax, "speedup", "speed-up over A* on one rank")
    ax.autoscale(axis="y")
    ax.set_yscale("log", base=2)
    ax.yaxis.set_major_formatter("{x:g}")
    return ax


def _against_ranks(results: Sequence[Row], ax: Any, name: str, label: str) -> Any:
    ax = _axes(ax)
    found = means(results)
    distributions = sorted({mean.distribution for mean in found})
    ranks = sorted({mean.n_ranks for mean in found})
    styles = _styles(results)
    for distribution in distributions:
        points = [(mean.n_ranks, getattr(mean, name)) for mean in found if mean.distribution == distribution]
        ax.plot(*zip(*points, strict=True), label=distribution, **styles[distribution])
    reference = {"CO": ([1 - 1 / n for n in ranks], "1 - 1/ranks"), "speedup": (ranks, "ranks")}[name]
    ax.plot(ranks, reference[0], color="0.6", linewidth=0.8, linestyle="--", label=reference[1])
    ax.set_ylim(bottom=0)
    ax.set_xscale("log", base=2)
    ax.set_xticks(ranks, [str(n) for n in ranks])
    ax.minorticks_off()
    ax.set(
        xlabel="ranks", ylabel=label, title=f"{results[0].domain}, {len({row.instance for row in results})} instances"
    )
    _legend(ax, "distribution")
    return ax


def save(ax: Any, path: str) -> None:
    """Write the figure of some axes; the format is the name's ending."""
    ax.figure.savefig(path, dpi=150)


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependencyError(f"matplotlib is not installed; run: {pip_install('plot')}") from None
    return Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained").subplots()


def _styles(results: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Return a colour and a marker for each distribution by its place in the registry; readable without colour."""
    known = list(DISTRIBUTIONS)
    names = [*known, *sorted({row.distribution for row in results} - set(known))]  # those with options come last
    return {name: {"color": _colour(i), "marker": _MARKERS[i % len(_MARKERS)]} for i, name in enumerate(names)}


def _colour(i: int) -> Any:
    """Return the i-th of twenty colours: ten dark ones, then their light ones."""
    from matplotlib import colormaps

    return colormaps["tab20"](2 * (i % 10) + i // 10 % 2)


def _legend(ax: Any, title: str) -> None:
    """Put the legend beside the axes, where it covers no data."""
    ax.legend(title=title, loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize="small", frameon=False)
