"""Policies that choose a model for a request from the backlogs of the servers. One module of this package each."""

from __future__ import annotations

from typing import Protocol

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.serving.simulation import Actions
from pdsearch.balance.serving.system import System
from pdsearch.named_options import built
from pdsearch.registry import Registry


class Policy(Protocol):
    """Chooses after it was fitted to a system."""

    def fit(self, system: System, seed: int) -> None:
        """Learn what there is to learn; must come first."""

    def choose(self, backlogs: FloatArray) -> Actions:
        """Return int64[n_streams], the models for float64[n_streams, n_servers] ascending backlogs in seconds."""


POLICIES: Registry[type[Policy]] = Registry("serving policy", __name__)


def policy_of(text: str) -> Policy:
    """Build a policy from ``name:option=value:...``.

    Raises
    ------
    UnknownNameError
        If no policy has this name.
    BadInputError
        If it has no such option, or the value does not read as one.

    Examples
    --------
    >>> policy_of("static:model=1")
    Static(model=1)
    """
    policy: Policy = built(POLICIES, text)
    return policy
