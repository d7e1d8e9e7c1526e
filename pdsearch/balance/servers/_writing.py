"""Writing maps: whole files in one step, and the refusal of what a server cannot hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pdsearch.balance.placement import Placement
from pdsearch.errors import BadInputError, MissingDependencyError, pip_install


def even_slots(placement: Placement, format_name: str) -> int:
    """Return the slots of a GPU, or say that the format cannot hold GPUs of different sizes."""
    if placement.slots is not None:
        raise BadInputError(f"{format_name} needs equally many slots on every GPU; choose format pdsearch")
    return int(placement.experts.shape[1]) // placement.n_gpus


def write_text(name: str, text: str) -> None:
    """Write a file."""
    try:
        Path(name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInputError(f"cannot write {name!r}: {error.strerror or error}; give a file in a folder") from None


def write_json_or_torch(name: str, content: dict[str, Any] | list[Any]) -> None:
    """Write JSON, or for a name that ends in .pt tensors."""
    if not name.endswith(".pt"):
        write_text(name, json.dumps(content) + "\n")
        return
    try:
        import torch
    except ImportError:
        raise MissingDependencyError(f"torch is not installed; run: {pip_install('torch')}") from None
    tensors = {key: torch.tensor(value) for key, value in content.items()} if isinstance(content, dict) else content
    try:
        torch.save(tensors if isinstance(content, dict) else torch.tensor(content), name)
    except (OSError, RuntimeError) as error:
        raise BadInputError(f"cannot write {name!r}: {str(error).splitlines()[0]}; give a file in a folder") from None
