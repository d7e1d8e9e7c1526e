"""SGLang: ``--init-expert-location`` reads a map or counts, the expert distribution recorder dumps counts.

sgl-project/sglang, python/sglang/srt/eplb/expert_location.py (physical_to_logical_map, logical_count) and
expert_distribution.py (logical_count[steps, layers, experts]; in detailed modes a list of records with physical_count,
and last_physical_to_logical_map).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pdsearch.balance.placement import Placement
from pdsearch.balance.servers import FORMATS, Tables, logical_counts
from pdsearch.balance.servers._documents import counts_of, fault, integers
from pdsearch.balance.servers._writing import even_slots, write_json_or_torch


@FORMATS.add("sglang")
class SGLang:
    """JSON or .pt with physical_to_logical_map, logical_count or physical_count."""

    @staticmethod
    def read(document: Any, name: str) -> Tables | None:
        """Return map and counts; physical counts are added up by the map that the dump ends with."""
        if not isinstance(document, dict) or name.endswith(".npz"):
            return None
        key = next(
            (key for key in ("physical_to_logical_map", "last_physical_to_logical_map") if key in document), None
        )
        slots = None if key is None else integers(document[key], name, key, 2)
        if "logical_count" in document:
            return Tables(slots, counts_of(document["logical_count"], name, "logical_count"))
        physical = document.get("physical_count")
        if physical is None and isinstance(document.get("records"), list):
            physical = [record.get("physical_count") for record in document["records"] if isinstance(record, dict)]
        if physical is None:
            return None if slots is None else Tables(slots)
        if slots is None:
            raise fault(name, "has physical_count without last_physical_to_logical_map")
        physical = [np.asarray(counts) for counts in physical] if isinstance(physical, list) else physical
        counts = counts_of(physical, name, "physical_count")
        if counts.shape[1:] != slots.shape or slots.min() < 0:
            raise fault(name, f"has physical_count of {counts.shape[1:]} slots and a map of {slots.shape}")
        return Tables(slots, logical_counts(counts, slots))

    @staticmethod
    def write(name: str, placement: Placement, layers: tuple[int, ...]) -> None:
        """Write physical_to_logical_map."""
        even_slots(placement, "sglang")
        write_json_or_torch(name, {"physical_to_logical_map": placement.experts.tolist()})
