"""What a replay found: one row a rule, as a table and as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pdsearch.balance.metrics import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What one rule cost.

    Attributes
    ----------
    rule : str
        Its text.
    serving_s, stall_s, least_s : float64[n_steps]
        Seconds of each step, of the wait before it, and the least any placement could take for the step.
    load_balance : float
        Largest over mean load of the GPUs, mean over steps and layers; without load it counts as even.
    n_rearranged, n_layers, n_moved, n_between_nodes : int
        Rearrangements; layers changed, experts that a GPU got, and those of them from another node, all summed.
    n_bytes : float
        Moved.
    """

    rule: str
    serving_s: FloatArray
    stall_s: FloatArray
    least_s: FloatArray
    load_balance: float
    n_rearranged: int
    n_layers: int
    n_moved: int
    n_between_nodes: int
    n_bytes: float

    @property
    def seconds(self) -> float:
        """Return the seconds of the whole trace, waits included."""
        return float(self.serving_s.sum() + self.stall_s.sum())

    @property
    def regret_s(self) -> FloatArray:
        """Return float64[n_steps], the seconds above the least of each step, waits included."""
        return self.serving_s + self.stall_s - self.least_s

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as plain values, step by step where it has steps."""
        return {
            "rule": self.rule,
            "seconds": self.seconds,
            "stall_seconds": float(self.stall_s.sum()),
            "regret_seconds": float(self.regret_s.sum()),
            "load_balance": self.load_balance,
            "rearrangements": self.n_rearranged,
            "layers_changed": self.n_layers,
            "experts_moved": self.n_moved,
            "experts_moved_between_nodes": self.n_between_nodes,
            "bytes_moved": self.n_bytes,
            "step_seconds": self.serving_s.tolist(),
            "step_stall_seconds": self.stall_s.tolist(),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """All rules on one trace.

    Attributes
    ----------
    least_s : float64[n_steps]
        No placement takes less for the step.
    outcomes : tuple[Outcome, ...]
        In the order of the rules.
    """

    least_s: FloatArray
    outcomes: tuple[Outcome, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return {
            "least_seconds": float(self.least_s.sum()),
            "step_least_seconds": self.least_s.tolist(),
            "rules": [outcome.to_dict() for outcome in self.outcomes],
        }

    def __str__(self) -> str:
        """Return the table; ``speed`` is relative to the first rule."""
        first, least = self.outcomes[0].seconds, float(self.least_s.sum())
        rows = [_row(outcome, first, least) for outcome in self.outcomes]
        rows.append(["least possible", f"{least:.4g}", *_speed(first, least), "", "0", "0%", "", "", "", ""])
        head = ["rule", "seconds", "speed", "LB", "regret s", "regret", "stall s", "times", "moved", "GB"]
        return _aligned([head, *rows])


def _row(outcome: Outcome, first: float, least: float) -> list[str]:
    regret = float(outcome.regret_s.sum())
    return [
        outcome.rule,
        f"{outcome.seconds:.4g}",
        *_speed(first, outcome.seconds),
        f"{outcome.load_balance:.3f}",
        f"{regret:.4g}",
        f"{regret / least:.1%}" if least else "",
        f"{outcome.stall_s.sum():.4g}",
        str(outcome.n_rearranged),
        str(outcome.n_moved),
        f"{outcome.n_bytes / 1e9:.4g}",
    ]


def _speed(first: float, seconds: float) -> list[str]:
    return [f"{first / seconds:.3f}" if seconds else ""]


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    numbers = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
    return "  ".join([row[0].ljust(widths[0]), *numbers]).rstrip()
