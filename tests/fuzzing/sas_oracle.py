"""SAS+ files once more: read by their counts, searched state by state, plans followed by the names of operators."""

from __future__ import annotations

from typing import Any, NamedTuple

from fuzzing.dijkstra import cheapest

Facts = list[tuple[int, int]]


class Rule(NamedTuple):
    """An operator, or with one effect and no cost an axiom."""

    name: str
    needed: Facts
    effects: list[tuple[Facts, int, int]]
    cost: int


class Task:
    """A task as its file says; ValueError or IndexError where the file makes no sense."""

    def __init__(self, text: str) -> None:
        self._lines = [line.strip() for line in text.rstrip().splitlines()]
        self._at = 0
        self._words("begin_version", "3", "end_version")
        self._word("begin_metric")
        metric = self._number(0, 1)
        self._word("end_metric")
        variables = [self._variable() for _ in range(self._number())]
        self.layers, self.sizes = [layer for layer, _ in variables], [size for _, size in variables]
        for _ in range(self._number()):
            self._word("begin_mutex_group")
            self._facts()
            self._word("end_mutex_group")
        self._word("begin_state")
        self.initial = [self._number(0, size - 1) for size in self.sizes]
        self._word("end_state")
        self._word("begin_goal")
        self.goal = self._facts()
        self._word("end_goal")
        self.operators = [self._operator(metric) for _ in range(self._number())]
        self.axioms = sorted((self._axiom() for _ in range(self._number())), key=lambda a: self.layers[a.effects[0][1]])
        if self._at != len(self._lines):
            raise ValueError(f"line {self._at} is left over")

    def cost(self) -> int | None:
        """Return the cost of a cheapest plan, None when there is none."""
        return cheapest(self.start(), self.is_goal, self._moves)

    def start(self) -> tuple[int, ...]:
        """Return the initial state, its derived variables evaluated."""
        return self._derived(list(self.initial))

    def is_goal(self, state: Any) -> bool:
        """Say whether a state is a goal."""
        return _hold(self.goal, state)

    def follow(self, names: list[str]) -> int | None:
        """Return the least cost of a plan of these operators' names that ends in a goal, None where none does."""
        reached = {self.start(): 0}
        for name in names:
            following: dict[Any, int] = {}
            for state, g in reached.items():
                for operator in self.operators:
                    if f"({operator.name})" == name and _hold(operator.needed, state):
                        successor = self._after(operator, state)
                        following[successor] = min(g + operator.cost, following.get(successor, g + operator.cost))
            reached = following
        return min((g for state, g in reached.items() if self.is_goal(state)), default=None)

    def _moves(self, state: Any) -> Any:
        return ((self._after(one, state), one.cost) for one in self.operators if _hold(one.needed, state))

    def _after(self, operator: Rule, state: Any) -> tuple[int, ...]:
        values = list(state)
        for conditions, variable, value in operator.effects:
            if _hold(conditions, state):
                values[variable] = value
        return self._derived(values)

    def _derived(self, values: list[int]) -> tuple[int, ...]:
        for variable, layer in enumerate(self.layers):
            if layer >= 0:
                values[variable] = self.initial[variable]
        for layer in sorted({layer for layer in self.layers if layer >= 0}):
            changed = True
            while changed:
                changed = False
                for rule in self.axioms:
                    ((_, variable, value),) = rule.effects
                    if self.layers[variable] == layer and values[variable] != value and _hold(rule.needed, values):
                        values[variable], changed = value, True
        return tuple(values)

    def _line(self) -> str:
        self._at += 1
        return self._lines[self._at - 1]

    def _word(self, word: str) -> None:
        if self._line() != word:
            raise ValueError(f"line {self._at} should be {word}")

    def _words(self, *words: str) -> None:
        for word in words:
            self._word(word)

    def _number(self, least: int = 0, most: int = 2**63) -> int:
        return _between(self._line(), least, most)

    def _variable(self) -> tuple[int, int]:
        self._word("begin_variable")
        self._line()
        layer, size = self._number(-1), self._number(1)
        for _ in range(size):
            self._line()
        self._word("end_variable")
        return layer, size

    def _fact(self, words: list[str]) -> tuple[int, int]:
        variable = _between(words[0], 0, len(self.sizes) - 1)
        return variable, _between(words[1], 0, self.sizes[variable] - 1)

    def _facts(self) -> Facts:
        return [self._fact(_split(self._line(), 2)) for _ in range(self._number())]

    def _operator(self, metric: int) -> Rule:
        self._word("begin_operator")
        name, needed, effects = self._line(), self._facts(), []
        for _ in range(self._number()):
            words = self._line().split()
            n = _between(words[0], 0, 2**31)
            conditions = [self._fact(words[1 + 2 * i : 3 + 2 * i]) for i in range(n)]
            variable, value = self._fact([words[1 + 2 * n], words[3 + 2 * n]])
            before = _between(words[2 + 2 * n], -1, self.sizes[variable] - 1)
            if len(words) != 4 + 2 * n:
                raise ValueError(f"line {self._at} is too long")
            if before >= 0:
                needed.append((variable, before))
            effects.append((conditions, variable, value))
        cost = self._number()
        self._word("end_operator")
        return Rule(name, needed, effects, cost if metric else 1)

    def _axiom(self) -> Rule:
        self._word("begin_rule")
        needed = self._facts()
        words = _split(self._line(), 3)
        variable, before = self._fact(words[:2])
        _, value = self._fact([words[0], words[2]])
        self._word("end_rule")
        if self.layers[variable] < 0:
            raise ValueError(f"line {self._at} derives an ordinary variable")
        if before != self.initial[variable]:
            raise ValueError(f"line {self._at}: not the default")
        return Rule("", needed, [([], variable, value)], 0)


def _hold(facts: Facts, state: Any) -> bool:
    return all(state[variable] == value for variable, value in facts)


def _between(word: str, least: int, most: int) -> int:
    value = int(word)
    if not least <= value <= most:
        raise ValueError(f"{value} is out of range")
    return value


def _split(line: str, n: int) -> list[str]:
    words = line.split()
    if len(words) != n:
        raise ValueError(f"{line} has not {n} words")
    return words
