"""SAS+ tasks as Fast Downward's translator writes them (format version 3), read with nothing but this file.

Eight sections in a fixed order: version, metric, variables, mutex groups, initial state, goal, operators,
axioms. Counts come before what they count, one item a line.

Source: Helmert (2006), "The Fast Downward Planning System", JAIR 26, section 5; Fast Downward's
documentation, "Translator output format".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple, TypeVar

from pdsearch.errors import BadInputError, shown
from pdsearch.limits import NO_DEADLINE, Deadline

MOST = 2**63 - 1  # of any number in a file
T = TypeVar("T")
Facts = tuple[tuple[int, int], ...]  # pairs (variable, value)


@dataclass(frozen=True)
class Variable:
    """A state variable; ``layer`` is -1 for an ordinary one and the stratum of a derived one."""

    name: str
    layer: int
    values: tuple[str, ...]


class Effect(NamedTuple):
    """Set ``variable`` to ``value`` where all ``conditions`` hold before the operator is applied."""

    conditions: Facts
    variable: int
    value: int


@dataclass(frozen=True)
class Operator:
    """A ground operator; effects are applied in file order, so that the last one on a variable wins."""

    name: str
    preconditions: Facts
    effects: tuple[Effect, ...]
    cost: int


class Axiom(NamedTuple):
    """Set the derived ``variable`` to ``value`` where all ``conditions`` hold; all axioms of it have the same value."""

    conditions: Facts
    variable: int
    value: int


@dataclass(frozen=True)
class SasTask:
    """A planning task in finite-domain representation.

    Attributes
    ----------
    metric : bool
        Whether the file asks for least cost; else every operator costs 1, and ``cost`` says so.
    initial : tuple of int
        One value per variable; of derived variables the default.
    """

    metric: bool
    variables: tuple[Variable, ...]
    mutexes: tuple[Facts, ...]
    initial: tuple[int, ...]
    goal: Facts
    operators: tuple[Operator, ...]
    axioms: tuple[Axiom, ...] = field(default=())

    @property
    def has_conditional_effects(self) -> bool:
        """Say whether any effect has a condition."""
        return any(effect.conditions for operator in self.operators for effect in operator.effects)

    @property
    def is_unit_cost(self) -> bool:
        """Say whether every operator costs 1."""
        return all(operator.cost == 1 for operator in self.operators)


def parse_sas(text: str, name: str, deadline: Deadline = NO_DEADLINE) -> SasTask:
    """Read a task.

    Parameters
    ----------
    text : str
        The file's content.
    name : str
        The file, for error messages.
    deadline : Deadline, optional
        When reading must be done.

    Raises
    ------
    BadInputError
        If the text is no such task; the message names file and line.
    TimeLimitError
        If the deadline passes.

    Examples
    --------
    >>> task = parse_sas(EXAMPLE, "lamp.sas")
    >>> task.operators[0].name, task.goal
    ('press', ((0, 1),))
    """
    lines = _Lines(text, name, deadline)
    version = lines.within("version", lines.number)
    if version != 3:
        raise lines.wrong(f"SAS+ format version {version}; version 3 is needed")
    metric = lines.within("metric", lines.flag)
    variables = lines.variables = lines.each("variable", "variables", lambda: _variable(lines))
    mutexes = lines.each("mutex_group", "mutex groups", lines.facts)
    initial = lines.within("state", lambda: tuple(lines.value(var) for var in range(len(variables))))
    lines.initial = initial
    goal = lines.within("goal", lines.conjunction)
    operators = lines.each("operator", "operators", lambda: _operator(lines, metric))
    axioms = lines.each("rule", "axioms", lambda: _axiom(lines))
    lines.expect_end()
    return SasTask(metric, variables, mutexes, initial, goal, operators, axioms)


def _variable(lines: _Lines) -> Variable:
    name, layer, size = lines.text(), lines.number(), lines.number()
    if size < 1:
        raise lines.wrong(f"variable {shown(name)} has {size} values; it needs at least 1")
    if layer < -1:
        raise lines.wrong(f"variable {shown(name)} is in stratum {layer}; it is 0 or more, -1 where nothing derives it")
    return Variable(name, layer, tuple(lines.text() for _ in range(size)))


def _operator(lines: _Lines, metric: bool) -> Operator:
    name = lines.text()
    preconditions = dict(lines.conjunction())
    effects = []
    for _ in range(lines.count("effects")):
        numbers = lines.numbers()
        if numbers[0] < 0 or len(numbers) != 4 + 2 * numbers[0]:
            raise lines.wrong("an effect is a count of conditions, the conditions, a variable, its old and new value")
        *condition, variable, before, after = numbers
        conditions = tuple(lines.fact(*condition[i : i + 2]) for i in range(1, len(condition), 2))
        lines.fact(variable, after)
        if lines.variables[variable].layer >= 0:
            raise lines.wrong(f"operator {shown(name)} sets variable {variable}, which is derived")
        if before != -1:
            preconditions.setdefault(*lines.fact(variable, before))
            if preconditions[variable] != before:
                raise lines.wrong(f"operator {shown(name)} needs two values of variable {variable} at once")
        effects.append(Effect(conditions, variable, after))
    cost = lines.number()
    if cost < 0:
        raise lines.wrong(f"operator {shown(name)} costs {cost}; costs are 0 or more")
    return Operator(name, tuple(sorted(preconditions.items())), tuple(effects), cost if metric else 1)


def _axiom(lines: _Lines) -> Axiom:
    conditions = lines.facts()
    variable, before, after = lines.numbers(3)
    lines.fact(variable, after)
    if lines.variables[variable].layer < 0:
        raise lines.wrong(f"an axiom sets variable {variable}, which is not derived")
    if before != lines.initial[variable] or after == before:
        raise lines.wrong(f"an axiom changes a variable from its default, which is {lines.initial[variable]} here")
    other = lines.derived.setdefault(variable, after)
    if other != after:
        raise lines.wrong(
            f"axioms set variable {variable} to {other} and to {after}; all must set it to the same value"
        )
    return Axiom((*conditions, lines.fact(variable, before)), variable, after)


class _Lines:
    """The lines of a file one after the other, and complaints that name the current one."""

    def __init__(self, text: str, name: str, deadline: Deadline) -> None:
        self._lines: Iterator[str] = iter(text.splitlines())
        self._name = name
        self._deadline = deadline
        self._at = 0
        self.variables: tuple[Variable, ...] = ()
        self.initial: tuple[int, ...] = ()
        self.derived: dict[int, int] = {}  # what axioms set variables to

    def wrong(self, what: str) -> BadInputError:
        return BadInputError(f"{self._name}, line {self._at}: {what}")

    def text(self) -> str:
        self._at += 1
        try:
            return next(self._lines).strip()
        except StopIteration:
            raise self.wrong("the file ends too early; is it a complete SAS+ task?") from None

    def numbers(self, size: int | None = None) -> list[int]:
        line = self.text()
        try:
            numbers = [int(word) for word in line.split()]
            if "_" in line or not line.isascii():  # which Python takes for numbers
                raise ValueError
        except ValueError:
            raise self.wrong(f"whole numbers are needed, not {shown(line)}") from None
        if not numbers or (size is not None and len(numbers) != size):
            raise self.wrong(f"{size or 'some'} whole numbers are needed, not {shown(line)}")
        if max(map(abs, numbers)) > MOST:
            raise self.wrong(f"{shown(line)} has a number beyond {MOST}; divide all costs by a common factor")
        return numbers

    def number(self) -> int:
        return self.numbers(1)[0]

    def flag(self) -> bool:
        number = self.number()
        if number not in (0, 1):
            raise self.wrong(f"the metric is 0 or 1, not {number}")
        return bool(number)

    def count(self, what: str) -> int:
        number = self.number()
        least = int(what == "variables")
        if number < least:
            raise self.wrong(f"the number of {what} is {number}; it is {least} or more")
        return number

    def each(self, section: str, what: str, read: Callable[[], T]) -> tuple[T, ...]:
        """Return what a count and so many sections hold."""
        return tuple(self.within(section, read) for _ in range(self.count(what)))

    def within(self, section: str, read: Callable[[], T]) -> T:
        """Return what ``read`` finds between the lines begin_section and end_section."""
        self._deadline.check(f"reading {self._name}")
        self._mark(f"begin_{section}")
        found = read()
        self._mark(f"end_{section}")
        return found

    def _mark(self, mark: str) -> None:
        line = self.text()
        if line != mark:
            raise self.wrong(f"{mark!r} is needed, not {shown(line)}")

    def facts(self) -> Facts:
        return tuple(self.fact(*self.numbers(2)) for _ in range(self.count("facts")))

    def conjunction(self) -> Facts:
        """Return facts that can hold together."""
        facts = sorted(set(self.facts()))
        twice = next((one for one, other in pairwise(facts) if one[0] == other[0]), None)
        if twice is not None:
            raise self.wrong(f"two values of variable {twice[0]} are needed at once")
        return tuple(facts)

    def fact(self, variable: int, value: int) -> tuple[int, int]:
        if not 0 <= variable < len(self.variables):
            raise self.wrong(f"there is no variable {variable}; there are {len(self.variables)}")
        if not 0 <= value < len(self.variables[variable].values):
            raise self.wrong(f"variable {variable} has no value {value}; it has {len(self.variables[variable].values)}")
        return variable, value

    def value(self, variable: int) -> int:
        return self.fact(variable, self.number())[1]

    def expect_end(self) -> None:
        rest = next((line for line in self._lines if line.strip()), None)
        if rest is not None:
            self._at += 1
            raise self.wrong(f"the task is complete, but more follows: {shown(rest)}")


EXAMPLE = """begin_version
3
end_version
begin_metric
0
end_metric
1
begin_variable
lamp
-1
2
Atom off()
Atom on()
end_variable
0
begin_state
0
end_state
begin_goal
1
0 1
end_goal
1
begin_operator
press
0
1
0 0 0 1
1
end_operator
0
"""
