"""How even each layer is, step by step: what a mean over all rows hides.

Sources: vllm-project/vllm, eplb/metrics.py, exports minimum, median, 10th percentile (under the name p90) and mean of
the balancedness; here they are of one layer over the steps, and of all layers and steps together.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.balance.metrics import FloatArray, as_loads, balancedness

_HEAD = f"{'layer':>6} {'load':>12} {'min':>7} {'p10':>7} {'median':>7} {'mean':>7} {'pooled':>7} {'fullest':>8}"


@dataclass(frozen=True, slots=True)
class LayerBalance:
    """The balancedness, mean / max, of one layer over its steps.

    Attributes
    ----------
    layer : int or str
        Its number, or ``all``: of all layers and steps together.
    load : float
        Of a step, on average.
    least, p10, median, mean : float
        Of the balancedness of the steps with load: the smallest, the 10th percentile (interpolated), the middle, the
        mean; nan without load.
    pooled : float
        The balancedness of the steps' loads added up; of ``all``, its mean over the layers.
    fullest : int or None
        The bin with the most load, all steps together.
    """

    layer: int | str
    load: float
    least: float
    p10: float
    median: float
    mean: float
    pooled: float
    fullest: int | None

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values; nan becomes None."""
        return {name: None if value != value else value for name, value in asdict(self).items()}

    def __str__(self) -> str:
        """Return one line of the table."""
        parts = (self.least, self.p10, self.median, self.mean, self.pooled)
        fullest = "" if self.fullest is None else self.fullest
        return f"{self.layer:>6} {self.load:>12.6g} " + " ".join(f"{part:7.4f}" for part in parts) + f" {fullest:>8}"


def by_layer(loads: npt.ArrayLike, axis: int = -1) -> FloatArray:
    """Return float64[n_steps, n_layers, n_bins]: the layers are the axis before the bins, all others are steps.

    Parameters
    ----------
    loads : array_like[..., n_layers, n_bins] or array_like[n_bins]
        Not negative.
    axis : int
        The axis of the bins; the last of the others is that of the layers.

    Raises
    ------
    BadInputError
        If the loads are none.

    Examples
    --------
    >>> by_layer([[3, 1], [1, 1]]).shape
    (1, 2, 2)
    """
    array = as_loads(loads, axis).astype(np.float64)
    n_layers = array.shape[-2] if array.ndim > 1 else 1
    return array.reshape(-1, n_layers, array.shape[-1])


def layer_balance(loads: npt.ArrayLike, axis: int = -1) -> list[LayerBalance]:
    """Return a row for each layer, and one for all.

    Parameters
    ----------
    loads : array_like[..., n_layers, n_bins]
        See :func:`by_layer`.
    axis : int
        The axis of the bins.

    Raises
    ------
    BadInputError
        If the loads are none.

    Examples
    --------
    >>> steps = [[[3, 1], [1, 1]], [[1, 1], [0, 2]]]
    >>> print(layer_table(layer_balance(steps)))
     layer         load     min     p10  median    mean  pooled  fullest
         0            3  0.6667  0.7000  0.8333  0.8333  0.7500        0
         1            2  0.5000  0.5500  0.7500  0.7500  0.6667        1
       all            5  0.5000  0.5500  0.8333  0.7917  0.7083
    """
    array = by_layer(loads, axis)
    each, totals = np.asarray(balancedness(array)), array.sum(axis=0)
    pooled, load = np.asarray(balancedness(totals)), totals.sum(axis=1) / max(1, len(array))
    rows = [
        LayerBalance(layer, float(load[layer]), *_spread(each[:, layer]), float(pooled[layer]), int(bins.argmax()))
        for layer, bins in enumerate(totals)
    ]
    known = pooled[~np.isnan(pooled)]
    mean = float(known.mean()) if len(known) else np.nan
    return [*rows, LayerBalance("all", float(load.sum()), *_spread(each.ravel()), mean, None)]


def layer_table(rows: list[LayerBalance]) -> str:
    """Return the rows as a table."""
    return "\n".join([_HEAD, *(str(row).rstrip() for row in rows)])


def _spread(values: FloatArray) -> tuple[float, float, float, float]:
    """Return minimum, 10th percentile, median and mean of the values that are not nan."""
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return np.nan, np.nan, np.nan, np.nan
    return float(known.min()), float(np.quantile(known, 0.1)), float(np.median(known)), float(known.mean())
