"""Routers that learn: an ``nn.Module`` each, in :mod:`pdsearch.balance.learned`, imported when first used.

The entry in the registry builds the module and calls it; the trained module is the state. torch is an
optional extra: without it these routers are listed, and say so when they are asked to route.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy.typing as npt

from pdsearch.balance.routers import Assignment
from pdsearch.balance.routers._checks import checked_k, checked_matrix, checked_number
from pdsearch.errors import BadInputError


@dataclass(frozen=True)
class Learned:
    """A router whose scores come from a trained module; the state is that module, a fresh one if none.

    Parameters
    ----------
    n_experts : int
    seed : int
        Of the module's initial parameters.
    """

    n_experts: int = 64
    seed: int = 0

    batch_invariant: ClassVar[bool] = True
    reads: ClassVar[str] = "tokens"
    module: ClassVar[str]  # the module of pdsearch.balance.learned and its class, "lpr.LatentPrototypes"

    def __post_init__(self) -> None:
        checked_number(self.n_experts, "n_experts", least=1)
        checked_number(self.seed, "seed")

    def build(self, n_features: int) -> Any:
        """Return a fresh module for tokens of ``n_features`` numbers, the same for the same seed.

        Raises
        ------
        MissingDependencyError
            If torch is not installed.
        """
        learned, kind = self._kind()
        return learned.seeded(kind, self.seed, n_features, self.n_experts)

    def route(self, scores: npt.ArrayLike, k: int, state: Any = None) -> Assignment:
        """Route tokens by a module's evaluation rule.

        Parameters
        ----------
        scores : float[T, d]
            Token features.
        k : int
        state : nn.Module, optional

        Returns
        -------
        Assignment
            Its state is the module.

        Raises
        ------
        MissingDependencyError
            If torch is not installed.
        BadInputError
            For tokens that are not a finite matrix of the module's width, k > E, or a state that is no such module.
        """
        tokens = checked_matrix(scores, "tokens", "n_features")
        module = self.build(tokens.shape[1]) if state is None else self._checked_module(state)
        if tokens.shape[1] != module.n_features:
            raise BadInputError(f"tokens have {tokens.shape[1]} features; the module reads {module.n_features}")
        checked_k(k, module.n_experts)
        assignment: Assignment = module.route(tokens, k)
        return assignment

    def _checked_module(self, state: Any) -> Any:
        _, kind = self._kind()
        if not isinstance(state, kind):
            raise BadInputError(f"the state is a {type(state).__name__}; a {kind.__name__} module is needed, or none")
        return state

    def _kind(self) -> tuple[Any, Any]:
        """Return the module of pdsearch.balance.learned, and the class in it."""
        home, _, name = self.module.partition(".")
        learned = importlib.import_module(f"pdsearch.balance.learned.{home}")
        return learned, getattr(learned, name)
