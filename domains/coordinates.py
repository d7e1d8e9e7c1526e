"""What is asked of domains whose variables are coordinates; compiled, by type of their tables."""

from __future__ import annotations


def coordinate_sum(space, states, at):
    """Return the sum of the coordinates of the state at ``states[at]``."""
