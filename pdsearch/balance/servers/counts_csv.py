"""CSV with a header: layer_id, expert_id and count, in any order, other columns left aside."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np

from pdsearch.balance.placement import Placement
from pdsearch.balance.servers import FORMATS, Tables
from pdsearch.balance.servers._documents import Text, fault
from pdsearch.errors import BadInputError

_COLUMNS = ("layer_id", "expert_id", "count")
_MOST_CELLS = 100_000_000


@FORMATS.add("csv")
class CountsCsv:
    """A .csv file of counts; several rows of one layer and expert are added up."""

    @staticmethod
    def read(document: Any, name: str) -> Tables | None:
        """Return the counts as one step."""
        if not isinstance(document, Text) or document.ending != ".csv":
            return None
        reader = csv.DictReader(io.StringIO(document), skipinitialspace=True)
        if not set(_COLUMNS) <= set(reader.fieldnames or ()):
            raise fault(name, f"has no header with {', '.join(_COLUMNS)}")
        try:
            rows = [(int(row["layer_id"]), int(row["expert_id"]), float(row["count"])) for row in reader]
        except (TypeError, ValueError):
            raise fault(name, f"has no three numbers in line {reader.line_num}") from None
        if not rows or min(min(row) for row in rows) < 0 or not np.isfinite(sum(row[2] for row in rows)):
            raise fault(name, "is empty, or has an id or count that is negative or not finite")
        layers = sorted({layer for layer, _, _ in rows})
        n_experts = max(expert for _, expert, _ in rows) + 1
        if len(layers) * n_experts > _MOST_CELLS:
            raise fault(name, f"has {len(layers)} layers and experts up to {n_experts - 1}, which are too many")
        counts, index = np.zeros((1, len(layers), n_experts)), {layer: i for i, layer in enumerate(layers)}
        for layer, expert, count in rows:
            counts[0, index[layer], expert] += count
        return Tables(counts=counts, layers=tuple(layers))

    @staticmethod
    def write(name: str, placement: Placement, layers: tuple[int, ...]) -> None:
        """Refuse: a file of counts holds no map."""
        raise BadInputError(f"csv holds counts and no map; choose another format for {name!r}")
