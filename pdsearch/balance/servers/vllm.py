"""vLLM: physical_to_logical_map[layers, slots] as nested lists.

vllm-project/vllm, vllm/distributed/eplb/eplb_state.py: the array that a rearrangement ends with.
"""

from __future__ import annotations

from typing import Any

from pdsearch.balance.placement import Placement
from pdsearch.balance.servers import FORMATS, Tables
from pdsearch.balance.servers._documents import integers
from pdsearch.balance.servers._writing import even_slots, write_json_or_torch


@FORMATS.add("vllm")
class VLLM:
    """JSON lists, or a tensor in a .pt file."""

    @staticmethod
    def read(document: Any, name: str) -> Tables | None:
        """Return the map."""
        if isinstance(document, dict):
            return None
        if not isinstance(document, list) and not hasattr(document, "detach"):
            return None
        return Tables(integers(document, name, "physical_to_logical_map", 2))

    @staticmethod
    def write(name: str, placement: Placement, layers: tuple[int, ...]) -> None:
        """Write the lists."""
        even_slots(placement, "vllm")
        write_json_or_torch(name, placement.experts.tolist())
