"""Plots of the command line; matplotlib is imported when one is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.balance.metrics import as_loads, gini, load_balance
from pdsearch.errors import BadInputError, MissingDependencyError


def plot_loads(loads: npt.ArrayLike, axis: int, path: str) -> None:
    """Draw the sorted loads over their mean, and their Lorenz curve; several rows are added up.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    BadInputError
        If the file cannot be written.
    """
    array = as_loads(loads, axis)
    pooled = np.sort(array.reshape(-1, array.shape[-1]).sum(axis=0, dtype=np.float64))
    figure = new_figure(9, 3.5)
    bars, lorenz = figure.subplots(1, 2)
    bars.bar(np.arange(len(pooled)), pooled[::-1], width=0.9)
    bars.axhline(pooled.mean(), color="black", linewidth=1, linestyle="--")
    bars.set(xlabel="bin, by load", ylabel="load", title=f"LB = max / mean = {load_balance(pooled):.3g}")
    curve = np.concatenate([[0.0], np.cumsum(pooled)]) / max(pooled.sum(), np.finfo(float).tiny)
    lorenz.plot(np.linspace(0, 1, len(curve)), curve)
    lorenz.plot([0, 1], [0, 1], color="black", linewidth=1, linestyle="--")
    lorenz.set(xlabel="share of the bins", ylabel="share of the load", title=f"Gini = {gini(pooled):.3g}")
    save(figure, path)


def new_figure(width: float, height: float) -> Any:
    """Return an empty figure of a size in inches.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependencyError("matplotlib is not installed; run: pip install 'pdsearch[plot]'") from None
    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Any, path: str) -> None:
    """Write a figure; the format is the name's ending.

    Raises
    ------
    BadInputError
        If the file cannot be written, or there is no such format.
    """
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        formats = "a name ending in .png, .pdf or .svg in a folder that exists"
        raise BadInputError(f"cannot write {path}: {error}; need {formats}") from None
