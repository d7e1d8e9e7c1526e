"""One calibration from several: medians, how far they spread, and what no machine would measure if it were idle."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pdsearch.errors import BadInputError
from pdsearch.search.costs import Costs

UNCERTAIN = 2.0  # a value whose measurements differ by more than this factor is marked
# Seconds that no part takes on an idle machine: some ten times those of slow ones, and of Ethernet; bytes a second.
_MOST = {
    **dict.fromkeys(("kept", "posted", "received"), 1e-3),
    **dict.fromkeys(("message_sent", "message_received", "turn"), 1e-3),
    "reduction": 1e-2,
    "latency": 1e-3,
}
_LEAST_BANDWIDTH = 1e6


@dataclass(frozen=True)
class Measured:
    """The costs, and of each its least and largest measurement."""

    costs: Costs
    spread: dict[str, tuple[float, float]]

    @property
    def uncertain(self) -> list[str]:
        """Return the costs whose measurements differ by more than a factor of two, and by more than the clock tells."""
        return [
            name
            for name, (least, most) in self.spread.items()
            if most > UNCERTAIN * least and most - least > (0.0 if name == "bandwidth" else 2e-8)
        ]


def combined(measured: Sequence[Costs]) -> Measured:
    """Return the medians of several measurements.

    >>> from pdsearch.search.costs import TYPICAL
    >>> slow = dataclasses.replace(TYPICAL, latency=5e-3)
    >>> of_five = combined([TYPICAL] * 4 + [slow])
    >>> of_five.costs.latency, of_five.uncertain
    (1e-06, ['latency'])
    """
    names = [field.name for field in dataclasses.fields(Costs)]
    values = {name: [float(getattr(one, name)) for one in measured] for name in names}
    costs = Costs(**{name: float(np.median(of_name)) for name, of_name in values.items()})
    return Measured(costs, {name: (min(of_name), max(of_name)) for name, of_name in values.items()})


def check_plausible(costs: Costs) -> None:
    """BadInputError where a value can only come of a machine that was busy with something else."""
    wrong = [f"{name} {getattr(costs, name):.2g} s" for name, most in _MOST.items() if getattr(costs, name) > most]
    if costs.bandwidth < _LEAST_BANDWIDTH:
        wrong.append(f"bandwidth {costs.bandwidth:.2g} bytes/s")
    if wrong:
        raise BadInputError(
            f"{', '.join(wrong)}: no idle machine measures that, so nothing is kept; calibrate when nothing else runs"
        )
