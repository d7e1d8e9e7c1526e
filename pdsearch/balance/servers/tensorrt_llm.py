"""TensorRT-LLM's load balancer: a YAML file with initial_global_assignments, the slots of each layer of the model.

NVIDIA/TensorRT-LLM, examples/ep_load_balancer (generate_eplb_config.py writes the file): keys are the layers' numbers
in the model, of which the first are dense and have none. Read here are lists in brackets, over several lines or not,
and lists of dashes; the rest of YAML is refused.
"""

from __future__ import annotations

import re
from typing import Any

from pdsearch.balance.placement import Placement
from pdsearch.balance.servers import FORMATS, Tables
from pdsearch.balance.servers._documents import Text, fault, integers
from pdsearch.balance.servers._writing import even_slots, write_text

_KEY = "initial_global_assignments"
_COMMENT = re.compile(r"#.*")
_LAYER = re.compile(r"(\d+):\s*(?:\[([\d,\s]*)\]|((?:\s*-\s*\d+)+))\s*")


@FORMATS.add("tensorrt-llm")
class TensorRTLLM:
    """YAML with initial_global_assignments."""

    @staticmethod
    def read(document: Any, name: str) -> Tables | None:
        """Return the map and the layers' numbers."""
        if not isinstance(document, Text) or document.ending == ".csv":
            return None
        text = _COMMENT.sub("", document)
        start = re.search(rf"^{_KEY}:\s*$", text, re.MULTILINE)
        if start is None:
            raise fault(name, f"has no line {_KEY}:")
        body = re.split(r"^(?=[^\s\d\]-])", text[start.end() :], maxsplit=1, flags=re.MULTILINE)[0].strip()
        rows: dict[int, list[int]] = {}
        while body:
            match = _LAYER.match(body)
            if match is None:
                raise fault(name, f"has {body.splitlines()[0][:40]!r} where a layer and its slots should be")
            slots = re.findall(r"\d+", match[2] if match[2] is not None else match[3])
            if int(match[1]) in rows:
                raise fault(name, f"has layer {int(match[1])} twice")
            rows[int(match[1])] = [int(expert) for expert in slots]
            body = body[match.end() :].lstrip()
        layers = tuple(sorted(rows))
        return Tables(integers([rows[layer] for layer in layers], name, _KEY, 2), layers=layers)

    @staticmethod
    def write(name: str, placement: Placement, layers: tuple[int, ...]) -> None:
        """Write the assignments, and the number of slots."""
        even_slots(placement, "tensorrt-llm")
        rows = [f"  {layer}: {row}" for layer, row in zip(layers, placement.experts.tolist(), strict=True)]
        end = [f"num_slots: {placement.experts.shape[1]}", "layer_updates_per_iter: 0"]
        write_text(name, "\n".join([f"{_KEY}:", *rows, *end]) + "\n")
