"""What ``pdsearch place --json`` writes: experts of the slots, layer by layer, with the report beside them."""

from __future__ import annotations

import json
from typing import Any

from pdsearch.balance.placement import Placement
from pdsearch.balance.servers import FORMATS, Tables
from pdsearch.balance.servers._documents import fault, integers
from pdsearch.balance.servers._writing import write_text


@FORMATS.add("pdsearch")
class Own:
    """JSON with layers, n_experts and n_gpus."""

    @staticmethod
    def read(document: Any, name: str) -> Tables | None:
        """Return the map."""
        if not isinstance(document, dict) or "layers" not in document:
            return None
        try:
            experts = [layer["experts"] for layer in document["layers"]]
            sizes = int(document["n_experts"]), int(document["n_gpus"])
        except (TypeError, KeyError, ValueError, OverflowError):
            raise fault(name, "has a layer without experts, or no n_experts or n_gpus") from None
        slots = None
        if document.get("slots") is not None:
            slots = tuple(integers(document["slots"], name, "slots", 1).tolist())
        return Tables(integers(experts, name, "experts", 2), n_gpus=sizes[1], n_experts=sizes[0], slots=slots)

    @staticmethod
    def write(name: str, placement: Placement, layers: tuple[int, ...]) -> None:
        """Write the experts alone; ``pdsearch place --json`` adds the report."""
        rows = [{"experts": row} for row in placement.experts.tolist()]
        content = {
            "n_experts": placement.n_experts,
            "n_gpus": placement.n_gpus,
            "slots": placement.slots,
            "layers": rows,
        }
        write_text(name, json.dumps(content) + "\n")
