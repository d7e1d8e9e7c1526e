"""Random planning tasks, small enough to be searched through, and the text of their SAS+ files."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import naive
import numpy as np

from pdsearch.domains.planning.sas import Axiom, Effect, Facts, Operator, SasTask, Variable
from pdsearch.domains.planning.task import Planning

# options of random tasks by what is in them
KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "costs": {"max_cost": 9, "least_cost": 0},
    "conditional": {"conditional": True, "max_cost": 3},
    "axioms": {"axioms": True},
    "everything": {"conditional": True, "axioms": True, "max_cost": 5, "least_cost": 0},
}


def random_task(
    seed: int,
    n_variables: int = 5,
    n_operators: int = 12,
    conditional: bool = False,
    axioms: bool = False,
    max_cost: int = 1,
    least_cost: int = 1,
) -> SasTask:
    """Return a task over variables of two to four values; many have a plan, some have none."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 5, n_variables).tolist()
    variables = [_variable(var, size, -1) for var, size in enumerate(sizes)]
    initial = [0] * n_variables
    rules: list[Axiom] = []
    if axioms:  # two derived variables in one stratum, one above that reads them
        for layer in (0, 0, 1):
            var = len(variables)
            variables.append(_variable(var, 2, layer))
            initial.append(int(rng.integers(2)))
            rules += [
                Axiom(
                    (*_facts(rng, sizes, n_variables, 2), *_below(rng, variables, layer), (var, initial[var])),
                    var,
                    1 - initial[var],
                )
                for _ in range(2)
            ]
    everything = [len(variable.values) for variable in variables]
    operators = tuple(
        _operator(rng, number, sizes, everything, conditional, int(rng.integers(least_cost, max_cost + 1)))
        for number in range(n_operators)
    )
    goal = _facts(rng, everything, len(everything), 2, nonzero=True)
    return SasTask(True, tuple(variables), (), tuple(initial), goal, operators, tuple(rules))


def planning(seed: int, **options: object) -> Planning:
    """Return such a task as a domain."""
    return Planning(random_task(seed, **options), f"random task {seed}")  # type: ignore[arg-type]


def many_goals(seed: int, **options: object) -> Planning:
    """Return one whose goal says what all variables are in some state that can be reached."""
    domain = planning(seed, **options)
    states = list(naive.reachable(domain))
    values = domain.unpack(states[seed % len(states)])
    goal = tuple((var, values[var]) for var in domain.primary)
    return Planning(replace(domain.task, goal=goal), f"random task {seed}")


def changes(name: str, preconditions: Facts, variable: int, value: int) -> Operator:
    """Return an operator of cost 1 with one effect."""
    return Operator(name, preconditions, (Effect((), variable, value),), 1)


def edges(graph: list[tuple[int, int, int]], goal: int) -> Planning:
    """Return a domain of one variable: values are nodes, an operator is an edge (source, target, cost), 0 begins."""
    nodes = range(1 + max(max(source, target) for source, target, _ in graph))
    operators = tuple(
        Operator(f"{number}: {source} to {target}", ((0, source),), (Effect((), 0, target),), cost)
        for number, (source, target, cost) in enumerate(graph)
    )
    variable = Variable("node", -1, tuple(map(str, nodes)))
    return Planning(SasTask(True, (variable,), (), (0,), ((0, goal),), operators), "edges")


def counters(n_variables: int, size: int, goal: int) -> SasTask:
    """Return a task of variables that count up independently of each other."""
    variables = tuple(Variable(f"var{var}", -1, tuple(map(str, range(size)))) for var in range(n_variables))
    operators = tuple(
        changes(f"count {var} {value}", ((var, value),), var, value + 1)
        for var in range(n_variables)
        for value in range(size - 1)
    )
    return SasTask(True, variables, (), (0,) * n_variables, tuple((var, goal) for var in range(n_variables)), operators)


def balls(n):
    """Return a task of ``n`` balls to be carried by two hands from one room to the other, and its 2 n! symmetries."""
    room = Variable("room", -1, ("a", "b"))
    ball = Variable("ball", -1, ("a", "b", "left", "right"))
    hands = (Variable("left", -1, ("free", "full")), Variable("right", -1, ("free", "full")))
    operators = [Operator(f"go {to}", ((0, 1 - to),), (Effect((), 0, to),), 1) for to in (0, 1)]
    for which, hand, at in product(range(3, 3 + n), (1, 2), (0, 1)):
        picks = Effect((), which, 1 + hand), Effect((), hand, 1)
        drops = Effect((), which, at), Effect((), hand, 0)
        operators.append(Operator(f"pick {which} {hand} {at}", ((0, at), (hand, 0), (which, at)), picks, 1))
        operators.append(Operator(f"drop {which} {hand} {at}", ((0, at), (which, 1 + hand)), drops, 1))
    goal = tuple((which, 1) for which in range(3, 3 + n))
    return SasTask(True, (room, *hands, *[ball] * n), (), (0,) * (3 + n), goal, tuple(operators))


def sas_text(task: SasTask) -> str:
    """Return a task as the translator would write it."""
    lines: list[object] = ["begin_version", 3, "end_version", "begin_metric", int(task.metric), "end_metric"]
    lines.append(len(task.variables))
    for variable in task.variables:
        lines += [
            "begin_variable",
            variable.name,
            variable.layer,
            len(variable.values),
            *variable.values,
            "end_variable",
        ]
    lines.append(len(task.mutexes))
    for group in task.mutexes:
        lines += ["begin_mutex_group", *_counted(group), "end_mutex_group"]
    lines += ["begin_state", *task.initial, "end_state", "begin_goal", *_counted(task.goal), "end_goal"]
    lines.append(len(task.operators))
    for operator in task.operators:
        changed = {effect.variable for effect in operator.effects}
        needed = dict(operator.preconditions)
        prevail = tuple((var, value) for var, value in operator.preconditions if var not in changed)
        lines += ["begin_operator", operator.name, *_counted(prevail), len(operator.effects)]
        for conditions, var, value in operator.effects:
            pairs = [number for fact in conditions for number in fact]
            lines.append(" ".join(map(str, [len(conditions), *pairs, var, needed.get(var, -1), value])))
        lines += [operator.cost, "end_operator"]
    lines.append(len(task.axioms))
    for conditions, var, value in task.axioms:
        body = tuple(fact for fact in conditions if fact[0] != var)
        lines += ["begin_rule", *_counted(body), f"{var} {task.initial[var]} {value}", "end_rule"]
    return "\n".join(map(str, lines)) + "\n"


def _variable(var: int, size: int, layer: int) -> Variable:
    return Variable(f"var{var}", layer, tuple(f"Atom at{var}({value})" for value in range(size)))


def _facts(rng: np.random.Generator, sizes: list[int], n: int, most: int, nonzero: bool = False) -> Facts:
    chosen = sorted(rng.choice(n, size=min(n, int(rng.integers(1, most + 1))), replace=False).tolist())
    return tuple((var, int(rng.integers(int(nonzero), sizes[var]))) for var in chosen)


def _below(rng: np.random.Generator, variables: list[Variable], layer: int) -> Facts:
    """Return a condition on a derived variable of a lower stratum, if there is one."""
    lower = [var for var, variable in enumerate(variables) if 0 <= variable.layer < layer]
    return ((int(rng.choice(lower)), int(rng.integers(2))),) if lower else ()


def _operator(
    rng: np.random.Generator, number: int, sizes: list[int], everything: list[int], conditional: bool, cost: int
) -> Operator:
    preconditions = _facts(rng, everything, len(everything), 3)
    changed = sorted(rng.choice(len(sizes), size=int(rng.integers(1, 3)), replace=False).tolist())
    effects = []
    for var in changed:
        free = [v for v in range(len(everything)) if v not in dict(preconditions) and v != var]
        has_condition = conditional and free and rng.random() < 0.5
        condition = ((int(rng.choice(free)), 0),) if has_condition else ()
        effects.append(Effect(condition, var, int(rng.integers(sizes[var]))))
    return Operator(f"act{number} x", preconditions, tuple(effects), cost)


def _counted(facts: Facts) -> list[object]:
    return [len(facts), *(f"{var} {value}" for var, value in facts)]
