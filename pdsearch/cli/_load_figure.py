"""The figure of loads: a vector's bars and Lorenz curve, or layers and steps without adding up what is not alike.

Expert 3 of one layer and expert 3 of another have nothing in common but the number. So several rows are never added
up over the layers: a heat map shows them, and curves are those of each row.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.balance.layers import by_layer, layer_balance
from pdsearch.balance.metrics import FloatArray, gini, load_balance
from pdsearch.console.plots import new_figure, save

_CURVES = 64  # of the Lorenz curves, at most so many are drawn
_POINTS = 250  # of a curve over the steps
_MOST = 16.0  # times the mean, and its inverse: the ends of the colours


def plot_loads(loads: npt.ArrayLike, axis: int, path: str) -> None:
    """Draw one vector, or a heat map of layers and bins with the balancedness of layers and steps.

    Parameters
    ----------
    loads : array_like[..., n_layers, n_bins] or array_like[n_bins]
        See :func:`pdsearch.balance.layers.by_layer`.
    axis : int
        The axis of the bins.
    path : str
        A name ending in .png, .pdf or .svg.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    BadInputError
        If the loads are none, or the file cannot be written.
    """
    array = by_layer(loads, axis)
    if array.shape[:2] == (1, 1):
        figure = new_figure(9, 3.5)
        bars, lorenz = figure.subplots(1, 2)
        _bars(bars, array[0, 0])
        _lorenz(lorenz, array[0])
    else:
        figure = new_figure(11, 7)
        (heat, layers), (steps, lorenz) = figure.subplots(2, 2, width_ratios=[2.4, 1], height_ratios=[1.6, 1])
        _heat(figure, heat, array)
        _layers(layers, array)
        _steps(steps, array)
        _lorenz(lorenz, array.sum(axis=0))
    save(figure, path)


def _bars(axes: Any, row: FloatArray) -> None:
    axes.bar(np.arange(len(row)), np.sort(row)[::-1], width=0.9)
    axes.axhline(row.mean(), color="black", linewidth=1, linestyle="--")
    axes.set(xlabel="bin, by load", ylabel="load", title=f"LB = max / mean = {load_balance(row):.3g}")


def _heat(figure: Any, axes: Any, array: FloatArray) -> None:
    """Draw each layer's loads, all steps together, over their mean, which is white; colours are ratios."""
    from matplotlib.colors import LogNorm

    totals = array.sum(axis=0)
    mean = totals.mean(axis=1, keepdims=True)
    relative = np.divide(totals, mean, out=np.full_like(totals, np.nan), where=mean > 0)
    most = float(np.clip(np.nanmax(relative, initial=2), 2, _MOST))
    norm = LogNorm(1 / most, most, clip=True)  # no load has the colour of the least
    image = axes.imshow(relative, aspect="auto", interpolation="nearest", cmap="RdBu_r", norm=norm)
    ticks = [1 / most, 1 / np.sqrt(most), 1, np.sqrt(most), most]
    bar = figure.colorbar(image, ax=axes, label="load / mean of the layer", ticks=ticks, extend="both")
    bar.ax.set_yticklabels([f"{tick:.2g}" for tick in ticks])
    bar.ax.minorticks_off()
    steps = "" if len(array) == 1 else f", {len(array)} steps added up"
    axes.set(xlabel="bin", ylabel="layer", title=f"{totals.shape[0]} layers, {totals.shape[1]} bins{steps}")
    for ticks_of in (axes.xaxis, axes.yaxis):
        ticks_of.get_major_locator().set_params(integer=True)


def _layers(axes: Any, array: FloatArray) -> None:
    """Draw the balancedness of each layer beside its row of the heat map."""
    rows, layers = layer_balance(array)[:-1], np.arange(array.shape[1])
    least, low, middle = np.array([(row.least, row.p10, row.median) for row in rows]).T
    if len(array) > 1:
        axes.plot(least, layers, ".", color="C3", markersize=3, label="least")
        axes.fill_betweenx(layers, low, middle, color="C0", alpha=0.3, linewidth=0, label="p10 to median")
    axes.plot(middle, layers, ".-", color="C0", markersize=3, linewidth=1, label="median" if len(array) > 1 else "")
    axes.set(xlabel="balancedness = mean / max", ylabel="layer", ylim=(len(layers) - 0.5, -0.5))
    axes.set_xlim(0, None)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    if len(array) > 1:
        _legend_above(axes)


def _steps(axes: Any, array: FloatArray) -> None:
    """Draw the load of the fullest bins and of the mean one over the steps; of one step, the load of its layers."""
    if len(array) == 1:
        totals = array[0].sum(axis=1)
        axes.bar(np.arange(len(totals)), totals, width=0.9)
        axes.set(xlabel="layer", ylabel="load")
        axes.xaxis.get_major_locator().set_params(integer=True)
        return
    edges = np.linspace(0, len(array), min(_POINTS, len(array)) + 1).astype(np.int64)
    at, stretches = (edges[:-1] + edges[1:] - 1) / 2, list(pairwise(edges))
    fullest, mean = array.max(axis=2), array.mean(axis=(1, 2))
    spread = [np.quantile(fullest[first:last], [0.1, 0.5, 0.9]) for first, last in stretches]
    low, middle, high = np.array(spread).T
    axes.fill_between(at, low, high, color="C0", alpha=0.3, linewidth=0, label="p10 to p90 of the layers")
    axes.plot(at, middle, color="C0", linewidth=1, label="fullest bin, median")
    axes.plot(at, [mean[first:last].mean() for first, last in stretches], color="black", linewidth=1, label="mean bin")
    axes.set(xlabel="step", ylabel="load of a bin")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_ylim(0, None)
    axes.margins(x=0)
    axes.grid(alpha=0.3)
    _legend_above(axes)


def _lorenz(axes: Any, rows: FloatArray) -> None:
    """Draw the Lorenz curve of each row, and their mean."""
    rows = rows[rows.any(axis=1)]
    shares = np.sort(rows, axis=1) / rows.sum(axis=1, keepdims=True) if len(rows) else np.ones((1, 1))
    curves = np.concatenate([np.zeros((len(shares), 1)), np.cumsum(shares, axis=1)], axis=1)
    at = np.linspace(0, 1, curves.shape[1])
    if len(curves) > 1:
        chosen = np.linspace(0, len(curves) - 1, min(_CURVES, len(curves))).astype(np.int64)
        axes.plot(at, curves[chosen].T, color="C0", alpha=0.25, linewidth=0.6)
    axes.plot(at, curves.mean(axis=0), color="C0")
    axes.plot([0, 1], [0, 1], color="black", linewidth=1, linestyle="--")
    even = float(np.mean(gini(rows))) if len(rows) else np.nan
    of = "Gini" if len(rows) == 1 else "mean Gini"
    axes.set(xlabel="share of the bins", ylabel="share of the load", title=f"{of} = {even:.3g}")


def _legend_above(axes: Any) -> None:
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, fontsize="x-small", frameon=False, borderaxespad=0.2)
