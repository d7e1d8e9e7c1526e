"""What a checkpoint keeps of the command line that began the search."""

from __future__ import annotations

import argparse
import os
from typing import Any


def command_of(arguments: argparse.Namespace, plugins: list[str]) -> dict[str, Any]:
    """Return what a checkpoint keeps of a command line."""
    left_out = {"run", "n", "checkpoint", "is_resumed", "time_limit", "node_limit", "json", "plan_file", "solution"}
    plain: Any = str | int | float | bool | list | None
    kept = {k: v for k, v in vars(arguments).items() if k not in left_out and isinstance(v, plain)}
    return {"arguments": kept, "cwd": os.getcwd(), "plugins": plugins}
