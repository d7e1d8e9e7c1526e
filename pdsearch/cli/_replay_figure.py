"""The figure of a replay: what each step took, and how regret adds up."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.replay.outcome import Replay
from pdsearch.console.plots import new_figure, save

_POINTS = 250  # of a curve of means: more cannot be told apart


def plot_replay(result: Replay, path: str) -> None:
    """Draw the seconds of each step over the least possible, without waits, and the regret summed up, with them.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    BadInputError
        If the file cannot be written.
    """
    figure = new_figure(9, 6.5)
    steps, regret = figure.subplots(2, 1, sharex=True)
    for i, outcome in enumerate(result.outcomes):
        style: dict[str, Any] = {"color": f"C{i % 10}", "linestyle": "-" if i < 10 else "--", "linewidth": 1.2}
        at, ratio = _means(outcome.serving_s / np.maximum(result.least_s, np.finfo(float).tiny))
        steps.plot(at, ratio, label=outcome.rule, **style)
        regret.plot(range(1, len(result.least_s) + 1), np.cumsum(outcome.regret_s), **style)
    steps.axhline(1, color="black", linewidth=1, linestyle=":")
    steps.set(ylabel="time of a step / least possible", title="without waits for moves")
    regret.set(xlabel="step", ylabel="regret so far, s", title="with waits for moves")
    for axes in (steps, regret):
        axes.grid(alpha=0.3)
        axes.margins(x=0)
    figure.legend(loc="outside lower center", ncols=min(3, len(result.outcomes)), fontsize="small", frameon=False)
    save(figure, path)


def _means(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the middles and the means of equal stretches of steps."""
    edges = np.linspace(0, len(values), min(_POINTS, len(values)) + 1).astype(np.int64)
    sums = np.add.reduceat(values, edges[:-1])
    return (edges[:-1] + edges[1:] + 1) / 2, sums / np.diff(edges)
