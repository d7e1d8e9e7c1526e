"""NumPy archives: physical_to_logical_map, logical_count or loads, and layers, as recorders write them."""

from __future__ import annotations

from typing import Any

import numpy as np

from pdsearch.balance.placement import Placement
from pdsearch.balance.servers import FORMATS, Tables
from pdsearch.balance.servers._documents import counts_of, fault, integers
from pdsearch.errors import BadInputError


@FORMATS.add("npz")
class Npz:
    """An .npz file."""

    @staticmethod
    def read(document: Any, name: str) -> Tables | None:
        """Return what is there."""
        if not isinstance(document, dict) or not name.lower().endswith(".npz"):
            return None
        slots = counts = layers = None
        if "physical_to_logical_map" in document:
            slots = integers(document["physical_to_logical_map"], name, "physical_to_logical_map", 2)
        for key in ("logical_count", "loads"):
            if key in document and counts is None:
                counts = counts_of(document[key], name, key)
        if slots is None and counts is None:
            raise fault(
                name, f"has {', '.join(document) or 'nothing'} and no physical_to_logical_map, logical_count, loads"
            )
        if "layers" in document:
            layers = tuple(integers(document["layers"], name, "layers", 1).tolist())
        sizes = [int(document[key]) if key in document else None for key in ("n_experts", "n_gpus")]
        return Tables(slots, counts, sizes[1], layers, sizes[0])

    @staticmethod
    def write(name: str, placement: Placement, layers: tuple[int, ...]) -> None:
        """Write the map, the layers and the sizes."""
        arrays: dict[str, Any] = {
            "physical_to_logical_map": placement.experts,
            "layers": np.array(layers),
            "n_experts": np.array(placement.n_experts),
            "n_gpus": np.array(placement.n_gpus),
        }
        try:
            with open(name, "wb") as file:
                np.savez(file, **arrays)
        except OSError as error:
            raise BadInputError(f"cannot write {name!r}: {error.strerror or error}; give a file in a folder") from None
