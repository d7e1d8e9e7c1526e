"""What the parts of a distributed search cost: the times that predict its speed-up.

Measured by ``pdsearch calibrate``, or given as a JSON file with the same keys.
"""

from __future__ import annotations

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pdsearch.errors import BadInputError

MESSAGE = 100  # records that share the cost of a message in c, as in the clusters of AIJ-13 and HSDIP-17


@dataclass(frozen=True)
class Costs:
    """Seconds on one rank, and what a link does.

    Attributes
    ----------
    expansion, kept, posted, received : float
        For each node expanded, successor kept, record written for another rank, record entered.
    message_sent, message_received : float
        For each message, whatever its size, at either end.
    turn, reduction : float
        For each turn of a rank, and more for each part it takes in a reduction.
    latency, bandwidth : float
        Seconds until a message arrives, and bytes per second of a link.
    branching : float
        Successors of a node on average.
    """

    expansion: float
    kept: float
    posted: float
    received: float
    message_sent: float
    message_received: float
    turn: float
    reduction: float
    latency: float
    bandwidth: float
    branching: float = 2.0

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            if not (isinstance(value, int | float) and 0 <= value < math.inf):
                raise BadInputError(
                    f"cost {name} is {value!r}; need a number of seconds (bandwidth: bytes/s), not negative"
                )
        if self.bandwidth <= 0 or self.branching <= 0 or self.latency <= 0 or self.turn <= 0:
            raise BadInputError("costs latency, bandwidth, turn and branching must be above 0")

    @property
    def c(self) -> float:
        """Return the time to send a state over the time to generate one.

        Sending is writing the record, its share of a message of 100, and entering it, less keeping it, which
        the sender is spared.
        """
        message = (self.message_sent + self.message_received) / MESSAGE
        sending = self.posted + message + self.received - self.kept
        return max(0.0, sending) / (self.expansion / self.branching + self.kept)

    def serial_s(self, expanded: int, generated: int) -> float:
        """Return the time of A* on one rank."""
        return self.expansion * expanded + self.kept * generated

    @classmethod
    def read(cls, path: str) -> Costs:
        """Read a JSON object; keys that are no costs are ignored.

        Raises
        ------
        BadInputError
            If the file cannot be read, a cost is missing or makes no sense.
        """
        try:
            values = json.loads(Path(path).read_text())
        except OSError as error:
            raise BadInputError(
                f"cannot read costs {path!r}: {error.strerror}; run pdsearch calibrate --json {path}"
            ) from None
        except ValueError:
            values = None
        return cls.of(values, path)

    @classmethod
    def of(cls, values: Any, origin: str) -> Costs:
        """Return the costs in a JSON object."""
        names = [field.name for field in dataclasses.fields(cls)]
        missing = [name for name in names if not isinstance(values, dict) or name not in values]
        if missing:
            raise BadInputError(
                f"costs {origin!r} lack {', '.join(missing)}; write them with pdsearch calibrate --json FILE"
            )
        return cls(**{name: values[name] for name in names})


# Medians of several calibrations with the 15-puzzle and Manhattan distance on a 2-core x86-64 machine,
# numba 0.68, MPICH 5 over shared memory; for tests, and where nothing can be measured.
TYPICAL = Costs(
    expansion=6e-8,
    kept=4e-8,
    posted=1e-8,
    received=5e-8,
    message_sent=4e-6,
    message_received=6e-6,
    turn=3e-5,
    reduction=1e-5,
    latency=1e-6,
    bandwidth=4e9,
    branching=2.0,
)


def costs_of(text: str) -> Costs:
    """Return ``typical`` costs, or those in a file."""
    return TYPICAL if text == "typical" else Costs.read(text)
