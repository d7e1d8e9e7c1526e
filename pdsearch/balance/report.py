"""One report on loads and traffic, the same for a search, GPU blocks, a router or a benchmark."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from pdsearch.balance.capacity import drop_rate, padding_rate
from pdsearch.balance.chance import sampling_floor
from pdsearch.balance.metrics import as_loads, evenness
from pdsearch.balance.traffic import (
    Crossing,
    all_to_all_bottleneck,
    as_crossing,
    communication_floor,
    communication_overhead,
    locality,
    search_overhead,
)
from pdsearch.errors import BadInputError

_MEANINGS = {
    "load_balance": "max / mean",
    "max_violation": "max / mean - 1",
    "average_max_violation": "mean over the rows",
    "sup_max_violation": "worst row",
    "pooled_max_violation": "of the rows added up",
    "sampling_floor": "max_violation of random choices",
    "min_violation": "1 - min / mean",
    "balancedness": "mean / max",
    "min_max_ratio": "min / max",
    "gini": "0 even, 1 - 1/n worst",
    "coefficient_of_variation": "std / mean",
    "jain": "1 even, 1/n worst",
    "entropy": "over ln n",
    "effective_bins": "exp(entropy)",
    "effective_bins_order_2": "n jain",
    "drop_rate": "share above the capacity",
    "padding_rate": "share of the slots empty",
    "communication_overhead": "sent / generated",
    "communication_floor": "1 - 1/n, random owners",
    "node_locality": "share staying on its node",
    "all_to_all_bottleneck": "busiest bin / mean",
    "search_overhead": "work done / work needed - 1",
}


@dataclass(frozen=True, slots=True)
class BalanceReport:
    """Every metric of a load vector, or the mean of each over the rows of a matrix of loads.

    Attributes
    ----------
    n_bins, n_rows : int
        Bins per row; 1 row for a vector.
    n_counted : int
        Rows with load, which the metrics are means over.
    total : float
        All load together.
    capacity_factor : float
        The one that ``drop_rate`` and ``padding_rate`` assume.
    metrics : dict[str, float]
        By name; rows without load do not count, nan if no row has any.
    """

    n_bins: int
    n_rows: int
    n_counted: int
    total: float
    capacity_factor: float
    metrics: dict[str, float]

    def __getitem__(self, name: str) -> float:
        """Return one metric by its name."""
        return self.metrics[name]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values; nan and infinity become None, which JSON has a word for."""
        values = {name: value if math.isfinite(value) else None for name, value in self.metrics.items()}
        return {
            "n_bins": self.n_bins,
            "n_rows": self.n_rows,
            "n_counted": self.n_counted,
            "total": self.total,
            "capacity_factor": self.capacity_factor,
            **values,
        }

    def to_json(self) -> str:
        """Return the report as one JSON object."""
        return json.dumps(self.to_dict())

    def __str__(self) -> str:
        """Return the table that the command line prints."""
        rows = "" if self.n_rows == 1 else f", means over {self._rows()}"
        head = f"{self.n_bins} bins, load {self.total:.12g}{rows}, capacity factor {self.capacity_factor:g}"
        lines = [f"{name:<26}{value:>12.6g}  {_MEANINGS[name]}" for name, value in self.metrics.items()]
        return "\n".join([head, *lines])

    def _rows(self) -> str:
        if self.n_counted == self.n_rows:
            return f"{self.n_rows} rows"
        return f"the {self.n_counted} of {self.n_rows} rows with load"


def balance_report(
    loads: npt.ArrayLike,
    traffic: npt.ArrayLike | Crossing | None = None,
    *,
    axis: int = -1,
    weights: npt.ArrayLike | None = None,
    capacity_factor: float = 1.0,
    generated: float | None = None,
    node_of_bin: npt.ArrayLike | None = None,
    sequential: float | None = None,
    n_items: int | None = None,
    k: int = 1,
    file: TextIO | None = None,
) -> BalanceReport:
    """Measure loads and, if given, the traffic between their bins; print the table on ``file`` if given.

    Parameters
    ----------
    loads : array_like[..., n_bins]
        Nodes per rank, tokens per expert, seconds per worker; more axes are batches or layers.
    traffic : array_like[n_bins, n_bins] or Crossing, optional
        What went from each bin (row) to each bin (column), what stayed on the diagonal; or what each sent and
        received, with ``generated``.
    axis : int
        The axis of the bins in ``loads``.
    weights : array_like[n_bins], optional
        Relative speeds or sizes of the bins.
    capacity_factor : float
        For the drop and padding rates, against the unweighted mean.
    generated : float, optional
        All load generated, if the traffic leaves out what stayed.
    node_of_bin : array_like[n_bins], optional
        The machine node of each bin; adds ``node_locality``.
    sequential : float, optional
        The load that was needed: nodes that a sequential search expands, pairs that were useful; adds
        ``search_overhead``.
    n_items : int, optional
        Items per row that chose ``k`` different bins each; adds ``sampling_floor``.
    k : int
        Of ``n_items``.
    file : text file, optional
        Where to print the report, ``sys.stdout`` for one.

    Raises
    ------
    BadInputError
        If loads, weights, factor or traffic do not make sense or do not fit each other.

    Examples
    --------
    >>> report = balance_report([3, 1], traffic=[[2, 1], [1, 0]])
    >>> report["load_balance"], report["communication_overhead"]
    (1.5, 0.5)
    """
    array = as_loads(loads, axis)
    rows = array.reshape(-1, array.shape[-1])
    if len(rows) == 0:
        raise BadInputError(f"loads have shape {np.shape(loads)}: no row; give at least one")
    with np.errstate(over="ignore"):
        total = float(rows.sum(dtype=np.float64))
    if math.isinf(total):
        raise BadInputError("loads add up to more than a float64 holds; divide all by the same number")
    metrics: dict[str, float] = {}
    for name, values in evenness(rows, weights=weights).items():
        metrics[name] = _mean(values)
        if name == "max_violation" and len(rows) > 1:
            metrics |= _over_rows(rows, values, weights)
        if name == "max_violation" and n_items is not None:
            metrics["sampling_floor"] = sampling_floor(n_items, rows.shape[1], k)
    metrics["drop_rate"] = _mean(drop_rate(rows, capacity_factor))
    metrics["padding_rate"] = _mean(padding_rate(rows, capacity_factor))
    if traffic is not None:
        metrics |= _traffic_metrics(traffic, rows.shape[1], generated, node_of_bin)
    if sequential is not None:
        metrics["search_overhead"] = search_overhead(total, sequential)
    n_counted = int(rows.any(axis=1).sum())
    report = BalanceReport(rows.shape[1], len(rows), n_counted, total, float(capacity_factor), metrics)
    if file is not None:
        file.write(f"{report}\n")
    return report


def _over_rows(
    rows: npt.NDArray[Any], each: npt.NDArray[np.float64], weights: npt.ArrayLike | None
) -> dict[str, float]:
    pooled = evenness(rows.sum(axis=0, dtype=np.float64), weights=weights)["max_violation"]
    worst = math.nan if np.isnan(each).all() else float(np.nanmax(each))
    return {
        "average_max_violation": _mean(each),
        "sup_max_violation": worst,
        "pooled_max_violation": float(pooled),
    }


def _traffic_metrics(
    traffic: npt.ArrayLike | Crossing,
    n_bins: int,
    generated: float | None,
    node_of_bin: npt.ArrayLike | None,
) -> dict[str, float]:
    shape = np.shape(as_crossing(traffic).sent)
    if shape != (n_bins,):
        given = shape if isinstance(traffic, Crossing) else (*shape, shape[-1])
        raise BadInputError(f"traffic has shape {given}; {n_bins} bins need ({n_bins}, {n_bins})")
    metrics = {
        "communication_overhead": communication_overhead(traffic, generated),
        "communication_floor": communication_floor(n_bins),
        "all_to_all_bottleneck": all_to_all_bottleneck(traffic),
    }
    if node_of_bin is not None:
        metrics["node_locality"] = locality(traffic, node_of_bin)
    return metrics


def _mean(values: npt.NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan
