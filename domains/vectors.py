"""Fast domains from two small functions: states are vectors of small integers, which the library packs by itself.

A subclass of :class:`VectorDomain` gives the number of values of each variable and compiled functions over such
vectors: what one operator does, what a goal is and, if it knows one, a heuristic. Packing, hashing, the features of
distributions, undoing and replaying follow. See docs/extending.md; a domain that needs the last factor of speed has
functions over packed states, as :mod:`pdsearch.domains.tiles`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements, inlined, with_answers
from pdsearch.domains import Domain, State
from pdsearch.domains.instances import constructed
from pdsearch.errors import BadInputError
from pdsearch.kernels.protocol import NO_OPERATOR, changes, estimate, expand, is_goal, links, wide, width
from pdsearch.kernels.scratch import scratch

_LEAN_G = 2**24 - 1  # see pdsearch.kernels.layout
_LEAN_OPERATORS = 126


# --- what a subclass says, as stubs ---


def move_by(values, operator, data):
    """Apply an operator to ``values`` in place and return its cost, or -1 where it does not apply."""


def at_goal(values, data):
    """Say whether ``values`` is a goal."""


def bound_of(values, data):
    """Return a lower bound of the cost from ``values`` to a goal."""


# --- what the library makes of it ---


@inlined
def _unpack(fields, states, at, values):
    """Write the values of the state at ``states[at]``."""
    for i in range(len(values)):
        word = np.int64(states[at + fields.words[i]] >> np.uint64(fields.shifts[i]))
        values[i] = word & fields.masks[i]


def _expand(space, created_by, moves, n):
    """Try every operator but the one that undoes the last; see :func:`pdsearch.kernels.protocol.expand`."""
    n_words = len(space.words_of_a_state)
    _unpack(space.fields, moves.parent, 0, space.parent)
    n_variables = len(space.parent)
    undoing = space.inverses[created_by] if created_by >= 0 else -1
    for operator in range(len(space.inverses)):
        if operator == undoing:
            continue
        for i in range(n_variables):
            space.child[i] = space.parent[i]
        cost = move_by(space.child, operator, space.data)
        if cost == -1:
            continue
        for word in range(n_words):
            moves.states[n * n_words + word] = np.uint64(0)
        at = n * n_variables
        for i in range(n_variables):
            value, before = space.child[i], space.parent[i]
            moves.states[n * n_words + space.fields.words[i]] |= np.uint64(value) << np.uint64(space.fields.shifts[i])
            if value < 0 or value >= space.fields.sizes[i]:
                cost = -2  # refused as a cost that is out of range
            if value != before:
                moves.removed[at] = i * space.n_values + before
                moves.added[at] = i * space.n_values + value
                at += 1
        if at < (n + 1) * n_variables:
            moves.removed[at] = moves.added[at] = -1
        moves.operator[n] = operator
        moves.cost[n] = cost
        n += 1
    return n


def _is_goal(space, state):
    _unpack(space.fields, state, 0, space.child)
    return at_goal(space.child, space.data)


def _estimate(heuristic, space, parent_h, moves, c):
    _unpack(heuristic.fields, moves.states, c * len(space.words_of_a_state), heuristic.values)
    return bound_of(heuristic.values, heuristic.data)


class Fields(NamedTuple):
    """Where the variables lie in the words of a state."""

    words: npt.NDArray[np.int64]  # (n_variables,)
    shifts: npt.NDArray[np.int64]  # (n_variables,) bits
    masks: npt.NDArray[np.int64]  # (n_variables,)
    sizes: npt.NDArray[np.int64]  # (n_variables,) numbers of values


def fields_of(sizes: Sequence[int]) -> tuple[Fields, int]:
    """Return where variables of some numbers of values lie, none across two words, and the number of words.

    >>> fields_of([4] * 33)[1]
    2
    """
    words, shifts, masks = [], [], []
    word = shift = 0
    for size in sizes:
        bits = max(1, (size - 1).bit_length())
        if shift + bits > 64:
            word, shift = word + 1, 0
        words.append(word)
        shifts.append(shift)
        masks.append(2**bits - 1)
        shift += bits
    return Fields(*(np.array(column, np.int64) for column in (words, shifts, masks, sizes))), word + 1


class VectorDomain(Domain):
    """Base of domains whose states are vectors of small integers.

    A subclass defines two static methods. ``move(values, operator, data)`` changes ``values`` (int64[n_variables]) in
    place and returns the cost of the operator, or -1 where it does not apply; ``values`` may be spoilt then.
    ``goal(values, data)`` says whether they are a goal. They are compiled by numba and may use numbers and arrays of
    their module and of ``data``, but allocate nothing. ``bound(values, data)`` is an admissible heuristic; ``max_h``
    goes with it.

    Attributes
    ----------
    n_operators : int
        Operators have the numbers 0 to ``n_operators - 1``.
    inverses : sequence of int, optional
        The operator that undoes each; without them nodes keep their parents, which takes 8 bytes more.
    max_cost : int
        The most that an operator costs.
    max_moves : int
        The most operators that apply in a state; ``n_operators`` when left out.
    max_h : int
        The largest value of ``bound``.
    """

    source: ClassVar[str] = "a plug-in"
    default_distribution: ClassVar[str] = "sampled-cut"
    n_operators: int
    inverses: Sequence[int] | None = None
    max_cost: int = 1
    max_moves: int = 0
    max_h: int = 0
    data: Any = 0
    _kinds: ClassVar[dict[tuple[bool, bool], Any]]
    _bounds: ClassVar[Any] = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if hasattr(cls, "move") and hasattr(cls, "goal"):
            _compile_for(cls)

    def __init__(self, sizes: Sequence[int], initial: Sequence[int], instance: str | None = None) -> None:
        """Take the number of values of each variable, and the initial state."""
        name = type(self).__name__
        missing = [part for part in ("move", "goal", "n_operators") if not hasattr(self, part)]
        if missing:
            raise BadInputError(f"domain {name} lacks {', '.join(missing)}; see docs/extending.md")
        if len(initial) != len(sizes) or not len(sizes):
            raise BadInputError(f"{len(initial)} values and {len(sizes)} variables of {name}; need one value for each")
        if not all(0 <= value < size <= 2**31 for value, size in zip(initial, sizes, strict=True)):
            raise BadInputError(f"a value of {name} is not below its variable's number of values, at most 2**31")
        self.sizes, self.instance = list(sizes), instance or ""
        self.fields, n_words = fields_of(self.sizes)
        self.n_variables, self.n_values = len(sizes), max(sizes)
        self.max_moves = self.max_moves or self.n_operators
        self.default_heuristic = "own" if self._bounds is not None else "blind"
        self.initial = self.pack(initial)
        inverses = [NO_OPERATOR] * self.n_operators if self.inverses is None else list(self.inverses)
        if len(inverses) != self.n_operators:
            raise BadInputError(f"{len(inverses)} inverses, {self.n_operators} operators of {name}; need one for each")
        longest = self.max_cost * (math.prod(self.sizes) - 1)  # no plan that is optimal visits a state twice
        is_wide = self.inverses is None or longest > _LEAN_G or self.n_operators > _LEAN_OPERATORS
        vectors = [np.zeros(self.n_variables, np.int64) for _ in range(2)]
        self.space = self._kinds[is_wide, self.inverses is None](
            (0,) * n_words, (0,) * self.n_variables, self.fields, *vectors, np.array(inverses), self.n_values, self.data
        )

    @classmethod
    def parse(cls, text: str, seed: int = 0, deadline: Any = None, **options: Any) -> VectorDomain:
        """Return the instance a text names: what the constructor makes of the text and of the declared options."""
        domain: VectorDomain = constructed(cls, text, options)
        domain.instance = domain.instance or text
        return domain

    @property
    def bound_tables(self) -> Any:
        """Return the tables of the heuristic ``bound``; None where there is none."""
        if self._bounds is None:
            return None
        return self._bounds(self.fields, np.zeros(self.n_variables, np.int64), self.data)

    def pack(self, values: Sequence[int]) -> State:
        """Return the words of a state."""
        words = [0] * (int(self.fields.words[-1]) + 1)
        for value, word, shift in zip(values, self.fields.words.tolist(), self.fields.shifts.tolist(), strict=True):
            words[word] |= int(value) << shift
        return tuple(words)

    def unpack(self, state: State) -> npt.NDArray[np.int64]:
        """Return the values of a state: int64[n_variables]."""
        columns = (self.fields.words.tolist(), self.fields.shifts.tolist(), self.fields.masks.tolist())
        values = [state[word] >> shift & mask for word, shift, mask in zip(*columns, strict=True)]
        return np.array(values, np.int64)

    def is_goal(self, state: State) -> bool:
        """Ask ``goal``, not compiled."""
        return bool(self.goal(self.unpack(state), self.data))  # type: ignore[attr-defined]

    def apply(self, state: State, operator: int) -> tuple[State, int]:
        """Ask ``move``, not compiled."""
        values = self.unpack(state)
        cost = int(self.move(values, operator, self.data)) if 0 <= operator < self.n_operators else -1  # type: ignore[attr-defined]
        if cost < 0 or not ((values >= 0) & (values < np.array(self.sizes))).all():
            raise ValueError(f"operator {operator} does not apply")
        return self.pack(values.tolist()), cost

    def undo(self, state: State, operator: int) -> State:
        """Apply the inverse."""
        if self.inverses is None:
            return super().undo(state, operator)
        return self.apply(state, self.inverses[operator])[0]

    def operators(self, state: State) -> list[int]:
        """Return those that apply."""
        values = self.unpack(state)
        return [o for o in range(self.n_operators) if self.move(values.copy(), o, self.data) >= 0]  # type: ignore[attr-defined]

    def operator_name(self, operator: int) -> str:
        """Return its number; a subclass knows better names."""
        return str(operator)

    def features(self, state: State) -> npt.NDArray[np.int64]:
        """Return one for each variable."""
        return np.arange(self.n_variables) * self.n_values + self.unpack(state)

    def features_of(self, states: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """Return those of many states."""
        return (np.arange(self.n_variables)[:, None] * self.n_values + self.unpack(tuple(states.T))).T

    def show(self, state: State) -> str:
        """Return the values."""
        return " ".join(map(str, self.unpack(state).tolist()))


def _compile_for(cls: type[Any]) -> None:
    """Make the types of tables of a subclass, and say what the library's stubs mean for them."""
    own: dict[Callable[..., Any], Callable[..., Any]] = {move_by: cls.move, at_goal: cls.goal}
    cls._kinds = {}
    for is_wide, is_linked in ((False, False), (True, False), (True, True)):
        tables = _type_of(cls, "Linked" * is_linked or "Wide" * is_wide or "Lean", _SPACE, ("parent", "child"))
        implements(width, tables)(lambda space: len(space.words_of_a_state))
        implements(changes, tables)(lambda space: len(space.changes_of_a_move))
        implements(wide, tables)(_YES if is_wide else _NO)
        implements(links, tables)(_YES if is_linked else _NO)
        implements(expand, tables)(_owned(with_answers(_expand, own), cls))
        implements(is_goal, tables)(_owned(with_answers(_is_goal, own), cls))
        cls._kinds[is_wide, is_linked] = tables
    if hasattr(cls, "bound"):
        cls._bounds = _type_of(cls, "Bound", _BOUND, ("values",))
        implements(estimate, cls._bounds)(_owned(with_answers(_estimate, {bound_of: cls.bound}), cls))


_SPACE = ("words_of_a_state", "changes_of_a_move", "fields", "parent", "child", "inverses", "n_values", "data")
_BOUND = ("fields", "values", "data")
_YES, _NO = (lambda space: True), (lambda space: False)


def _type_of(cls: type, kind: str, names: tuple[str, ...], written: tuple[str, ...]) -> Any:
    """Return a type of tables that belongs to a class and can be found again by its name."""
    tables: Any = NamedTuple(f"{cls.__name__}{kind}", [(name, Any) for name in names])  # type: ignore[misc]
    tables.__module__, tables.__qualname__ = cls.__module__, f"{cls.__qualname__}.{kind}"
    setattr(cls, kind, tables)
    return scratch(*written)(tables)


def _owned(function: Any, cls: type) -> Any:
    """Let a function count as one of the class's module, so that the compiler's cache looks at its sources."""
    function.__module__ = cls.__module__
    return function
