"""vllm-ascend's expert_map.json: the experts of every device of every layer.

vllm-project/vllm-ascend: ``expert_map_path``; moe_layer_count, and for each of layer_list its layer_id, device_count
and device_list of device_id and device_expert.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from pdsearch.balance.placement import Placement
from pdsearch.balance.servers import FORMATS, Tables
from pdsearch.balance.servers._documents import fault, integers
from pdsearch.balance.servers._writing import even_slots, write_text


@FORMATS.add("ascend")
class Ascend:
    """JSON with layer_list."""

    @staticmethod
    def read(document: Any, name: str) -> Tables | None:
        """Return the map; layers and devices in the order of their ids."""
        if not isinstance(document, dict) or "layer_list" not in document:
            return None
        try:
            layers = sorted(document["layer_list"], key=lambda layer: layer["layer_id"])
            devices = [sorted(layer["device_list"], key=lambda device: device["device_id"]) for layer in layers]
            experts = [[device["device_expert"] for device in row] for row in devices]
            numbers = tuple(int(layer["layer_id"]) for layer in layers)
        except (TypeError, KeyError, ValueError):
            raise fault(name, "has a layer without layer_id, device_list, device_id or device_expert") from None
        slots = integers(experts, name, "device_expert", 3)
        return Tables(slots.reshape(len(slots), -1), n_gpus=slots.shape[1], layers=numbers)

    @staticmethod
    def write(name: str, placement: Placement, layers: tuple[int, ...]) -> None:
        """Write the devices of each layer."""
        even_slots(placement, "ascend")
        content = {
            "moe_layer_count": len(layers),
            "layer_list": [
                {"layer_id": number, "device_count": placement.n_gpus, "device_list": _devices(row)}
                for number, row in zip(layers, np.split(placement.experts, len(layers)), strict=True)
                for row in [row.reshape(placement.n_gpus, -1)]
            ],
        }
        write_text(name, json.dumps(content, indent=1) + "\n")


def _devices(row: np.ndarray) -> list[dict[str, Any]]:
    return [{"device_id": i, "device_expert": held.tolist()} for i, held in enumerate(row)]
