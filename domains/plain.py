"""A domain in plain Python: states of any hashable kind, successors as a generator; see docs/extending.md.

A* and IDA* search it at the speed of Python, some hundred thousand nodes a second; nothing is compiled. A domain that
has to be fast, or to run on several ranks, is a :class:`pdsearch.domains.vectors.VectorDomain`, or has compiled
functions of its own as :mod:`pdsearch.domains.tiles`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Sequence
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.domains import Domain
from pdsearch.domains.instances import constructed
from pdsearch.errors import BadInputError, WrongPlanError

Successor = tuple[str, Hashable, int]  # operator, state, cost


class PlainDomain(Domain):
    """Base of domains in plain Python.

    A subclass sets ``self.initial`` in its constructor, which takes the text that names an instance, and defines
    :meth:`successors`, :meth:`is_goal` and, if it knows one, :meth:`heuristic`.

    Examples
    --------
    >>> class Steps(PlainDomain):
    ...     name = "steps"
    ...     def __init__(self, text):
    ...         self.initial, self.goal = 0, int(text)
    ...     def is_goal(self, state):
    ...         return state == self.goal
    ...     def successors(self, state):
    ...         yield "one", state + 1
    ...         yield "double", state * 2, 5
    >>> from pdsearch import solve
    >>> result = solve(Steps.parse("7"))
    >>> result.cost, result.plan
    (7, ['one', 'one', 'one', 'one', 'one', 'one', 'one'])
    """

    name: ClassVar[str] = "own"  # unless it is registered
    source: ClassVar[str] = "a plug-in"
    instance = ""
    default_heuristic = "own"
    is_plain = True
    stand_ins = MappingProxyType({"astar": "plain-astar", "idastar": "plain-idastar"})
    initial: Any
    max_moves = 0
    max_cost = 0
    n_variables = n_values = 0
    space = ()

    @abstractmethod
    def successors(self, state: Any) -> Iterable[tuple[Any, ...]]:
        """Yield (operator, state) or (operator, state, cost) for each move; a move costs 1 unless it says more.

        The same state must have the same successors in the same order each time.
        """

    def heuristic(self, state: Any) -> int:
        """Return a lower bound of the cost from a state to the nearest goal."""
        return 0

    @classmethod
    def parse(cls, text: str, seed: int = 0, deadline: Any = None, **options: Any) -> PlainDomain:
        """Return the instance a text names: what the constructor makes of the text and of the declared options."""
        domain: PlainDomain = constructed(cls, text, options)
        if "instance" not in vars(domain):
            domain.instance = text
        return domain

    def moves(self, state: Any) -> Iterator[Successor]:
        """Yield what :meth:`successors` yields, each with its cost.

        Raises
        ------
        BadInputError
            If that is not of the right form.
        """
        for move in self.successors(state):
            if not isinstance(move, tuple) or len(move) not in (2, 3):
                raise BadInputError(
                    f"successors of domain {self.name} yields {move!r:.60}; need (operator, state) or with a cost"
                )
            name, successor, cost = move if len(move) == 3 else (*move, 1)
            if not isinstance(cost, int | np.integer) or cost < 0:
                raise BadInputError(
                    f"{name!s:.40} of domain {self.name} costs {cost!r:.40} in state {state!r:.60}; "
                    "need a whole number from 0 on"
                )
            yield str(name), successor, int(cost)

    def apply(self, state: Any, operator: int) -> tuple[Any, int]:
        """Return successor number ``operator`` and its cost."""
        moves = list(self.moves(state))
        if not 0 <= operator < len(moves):
            raise ValueError(f"there is no operator {operator}; there are {len(moves)}")
        return moves[operator][1], moves[operator][2]

    def operators(self, state: Any) -> list[int]:
        """Return the numbers of the successors."""
        return list(range(len(list(self.moves(state)))))

    def operator_name(self, operator: int) -> str:
        """Return the number; names depend on the state, see :meth:`plan_names`."""
        return str(operator)

    def plan_names(self, plan: Sequence[int]) -> list[str]:
        """Return the names of the operators along a plan."""
        names, state = [], self.initial
        for operator in plan:
            moves = list(self.moves(state))
            if not 0 <= operator < len(moves):
                raise WrongPlanError(f"operator {operator} of a plan does not apply")
            names.append(moves[operator][0])
            state = moves[operator][1]
        return names

    def features(self, state: Any) -> npt.NDArray[np.int64]:
        """Return nothing: states are not hashed to ranks."""
        return np.zeros(0, np.int64)

    def show(self, state: Any) -> str:
        """Return the state as Python shows it."""
        return str(state)
