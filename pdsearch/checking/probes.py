"""Compiled functions of a domain, a heuristic and a distribution, called one at a time on given states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch._jit import compiling, kernel
from pdsearch.domains import Domain, State
from pdsearch.kernels.protocol import NO_OPERATOR, Moves, estimate, evaluate, expand, is_goal, new_moves, owner, width

_SPARE = 1024  # rows behind those that are declared, for a domain that writes more


@kernel
def expand_parent(space, created_by, moves):
    """Expand ``moves.parent`` (uint64[n_words]) reached by operator ``created_by``; return the number of successors."""
    return expand(space, created_by, moves, 0)


@kernel
def goal_reached(space, state):
    """Say whether ``state`` (uint64[n_words]) is a goal."""
    return is_goal(space, state)


@kernel
def estimate_all(heuristic, space, parent_h, moves, n, out):
    """Write h of the first ``n`` successors to ``out`` (int64[n]), from the h of their parent."""
    for c in range(n):
        out[c] = estimate(heuristic, space, parent_h, moves, c)


@kernel
def evaluate_all(heuristic, space, moves, n, out):
    """Write h of the first ``n`` successors to ``out`` (int64[n]), each computed from its state."""
    for c in range(n):
        out[c] = evaluate(heuristic, space, moves.states, c * width(space))


@kernel
def owners_of_all(distribution, rank, space, moves, n, out):
    """Write the owners of the first ``n`` successors to ``out`` (int64[n]); ``rank`` owns the parent."""
    for c in range(n):
        out[c] = owner(distribution, rank, space, moves, c)


class Probe:
    """The compiled side of one instance.

    Parameters
    ----------
    domain : Domain
        With compiled functions.

    Raises
    ------
    BadInputError
        From any method, in one line, if a function is missing or cannot be compiled.
    """

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self._rows = domain.max_moves + _SPARE

    def expand(self, state: State, created_by: int = NO_OPERATOR) -> tuple[Moves, int]:
        """Return the successors of a state and their number."""
        moves = new_moves(len(state), self._rows, self.domain.n_changes)
        moves.parent[:] = np.array(state, np.uint64)
        return moves, int(self._ask("expand", expand_parent, self.domain.space, created_by, moves))

    def rows(self, moves: Moves, n: int) -> list[tuple[int, State, int]]:
        """Return (operator, successor, cost) of each successor."""
        n_words = len(moves.parent)
        states = moves.states[: n * n_words].reshape(n, n_words).tolist()
        return list(zip(moves.operator[:n].tolist(), map(tuple, states), moves.cost[:n].tolist(), strict=True))

    def is_goal(self, state: State) -> bool:
        """Say whether a state is a goal."""
        return bool(self._ask("is_goal", goal_reached, self.domain.space, np.array(state, np.uint64)))

    def h(self, heuristic: Any, parent_h: int, moves: Moves, n: int) -> npt.NDArray[np.int64]:
        """Return h of each successor: int64[n]."""
        out, tables = np.zeros(n, np.int64), heuristic.tables
        if heuristic.is_lazy:
            self._ask("evaluate", evaluate_all, tables, self.domain.space, moves, n, out)
        else:
            self._ask("estimate", estimate_all, tables, self.domain.space, parent_h, moves, n, out)
        return out

    def owners(self, distribution: Any, rank: int, moves: Moves, n: int) -> npt.NDArray[np.int64]:
        """Return the owner of each successor of a state that ``rank`` owns: int64[n]."""
        out = np.zeros(n, np.int64)
        self._ask("owner", owners_of_all, distribution.tables, rank, self.domain.space, moves, n, out)
        return out

    def _ask(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        with compiling(f"{name!r} of {self.domain.name}"):
            return function(*arguments)
