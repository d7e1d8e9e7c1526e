"""A planning task as a user meets it: files, states, operators, plans.

Source: Bäckström and Nebel (1995), "Complexity results for SAS+ planning", Computational Intelligence 11;
Helmert (2006), "The Fast Downward Planning System", JAIR 26.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.domains import DOMAINS, Domain, GroundOperator, State, TransitionGraph
from pdsearch.domains.planning.large_costs import bounded, why_inexact, why_unproved
from pdsearch.domains.planning.layout import Layout
from pdsearch.domains.planning.preprocessing import Prepared, prepare
from pdsearch.domains.planning.pruning import PRUNINGS, make_pruning
from pdsearch.domains.planning.sas import Effect, Operator, SasTask, parse_sas
from pdsearch.domains.planning.semantics import Values, cost_of, derived, holds, successor
from pdsearch.domains.planning.space import planning_space
from pdsearch.domains.planning.translate import domain_file_of, translate
from pdsearch.domains.sharing import Once, Share, build_here, make_here
from pdsearch.errors import BadInputError, WrongPlanError
from pdsearch.limits import NO_DEADLINE, Deadline
from pdsearch.options import Option
from pdsearch.reading import read_text

_CANDIDATES = ("pdb", "blind", "potential", "scp", "merge-and-shrink")  # besides the default
_PRUNINGS = ("symmetry", "stubborn")
_MOST_PRUNED = 5000  # operators: the tables of stubborn sets are made in time that grows with their square


@dataclass(frozen=True)
class Fetched:
    """What one rank reads for all: a task, what preprocessing makes of it, and the seconds of each phase of that."""

    task: SasTask
    prepared: Prepared | None = None
    phases: Mapping[str, float] = field(default_factory=dict)


@DOMAINS.add("planning")
class Planning(Domain):
    """A SAS+ task; moves are its operators, at their own costs.

    Parameters
    ----------
    task : SasTask
        As :func:`pdsearch.domains.planning.sas.parse_sas` returns it.
    instance : str
        How to call it in results.
    preprocess : str or Prepared, optional
        What makes the task smaller before the search, by name, or what that came to.
    pruning : str, optional
        What leaves out successors during the search, by name.
    deadline : Deadline, optional
        When preprocessing, and building tables for heuristics, must be done.
    share : callable, optional
        Builds tables of a pruning that are only read once for all ranks of a machine.

    Attributes
    ----------
    task : SasTask
        What is searched: after preprocessing. Plans are replayed on the task as it was given, but for costs too
        large to be searched: see :mod:`pdsearch.domains.planning.large_costs`.

    Raises
    ------
    UnknownNameError, BadInputError
        If there is no preprocessor or pruning of that name, or the pruning does not fit the task.
    TimeLimitError
        If the deadline passes.

    Examples
    --------
    >>> from pdsearch.domains.planning.sas import EXAMPLE
    >>> lamp = Planning(parse_sas(EXAMPLE, "lamp.sas"), "lamp")
    >>> lamp.replay([0])
    1
    """

    name = "planning"
    source = "Bäckström and Nebel (1995), Computational Intelligence 11; Helmert (2006), JAIR 26"
    default_heuristic = "lmcut"
    default_algorithm = "portfolio"
    default_distribution = "sampled-cut"
    ignored_share = 0.5
    is_shared = True
    instances_help = "a .sas file, or a PDDL problem whose domain file lies beside it or is given by --domain-file"
    options = (
        Option("domain_file", "PDDL domain, when it does not lie beside the problem", metavar="FILE"),
        Option("preprocess", "make the task smaller: see pdsearch list preprocessors", metavar="NAME"),
        Option("pruning", "leave out needless successors: see pdsearch list prunings", metavar="NAME"),
    )

    def __init__(
        self,
        task: SasTask,
        instance: str,
        *,
        preprocess: str | Prepared | None = None,
        pruning: str | None = None,
        deadline: Deadline = NO_DEADLINE,
        share: Share = build_here,
    ) -> None:
        self.candidates = (self.default_heuristic, *_CANDIDATES)
        self._given, self._is_prepared = task, preprocess is not None
        self._made_by: dict[str, str] = {}
        self._origin: Planning | None = None  # the same with all its moves
        self._costs, self.instance, self.deadline = bounded(task), instance, deadline
        began = time.perf_counter()
        self._prepared = (
            preprocess if isinstance(preprocess, Prepared) else prepare(self._costs.task, preprocess, deadline)
        )
        self.phases = {} if preprocess is None else {"preprocess": time.perf_counter() - began}
        self.task = task = self._prepared.task
        self.sizes = [len(variable.values) for variable in task.variables]
        self.layout = Layout.of(self.sizes)
        plain, found = planning_space(task, self.layout)
        self.max_moves = max(1, found.most)
        began = time.perf_counter()
        made_of = task, plain, self.max_moves, deadline, share
        self._pruning = None if pruning is None else make_pruning(pruning, *made_of)
        self.phases |= {} if pruning is None else {"pruning": time.perf_counter() - began}
        self.space = plain if self._pruning is None else self._pruning.space
        self.n_variables, self.n_values = len(self.sizes), max(self.sizes)
        costs = [operator.cost for operator in task.operators] or [0]
        self.max_cost, self.least_cost = max(costs), min(costs)
        self.cost_words = "unit cost" if self._costs.task.is_unit_cost else "general cost"
        self.primary = [var for var, variable in enumerate(task.variables) if variable.layer < 0]
        self.initial = self.pack(derived(task, task.initial))

    @classmethod
    def text_of(
        cls, text: str, domain_file: str | None = None, deadline: Deadline = NO_DEADLINE, **options: Any
    ) -> str:
        """Return the SAS+ text of an instance: read, or translated from PDDL before the deadline."""
        if Path(text).suffix != ".sas":
            return translate(domain_file or domain_file_of(text), text, deadline)
        return read_text(text, "a .sas file or PDDL")

    @classmethod
    def fetch(
        cls, text: str, preprocess: str | None = None, deadline: Deadline = NO_DEADLINE, **options: Any
    ) -> Fetched:
        """Return the task in a file, and what preprocessing makes of it: of several ranks one alone does that."""
        read = cls.text_of(text, deadline=deadline, **options)
        task = parse_sas(read, text if Path(text).suffix == ".sas" else f"{text} (translated to SAS+)", deadline)
        if preprocess is None:
            return Fetched(task)
        began = time.perf_counter()
        prepared = prepare(bounded(task).task, preprocess, deadline)
        return Fetched(task, prepared, {"preprocess": time.perf_counter() - began})

    @classmethod
    def parse(
        cls,
        text: str,
        fetched: Fetched | None = None,
        preprocess: str | None = None,
        pruning: str | None = None,
        deadline: Deadline = NO_DEADLINE,
        share: Share = build_here,
        **options: Any,
    ) -> Planning:
        """Return the task in a file.

        Parameters
        ----------
        text : str
            A ``.sas`` file, or a PDDL problem.
        fetched : Fetched, optional
            What is in it, where another rank has read it already.
        preprocess, pruning, share : optional
            As for the class.
        deadline : Deadline, optional
            When reading must be done, and what :class:`Planning` does.
        **options
            ``domain_file`` names the PDDL domain; else it is looked for beside the problem.
        """
        read = fetched or cls.fetch(text, preprocess, deadline, **options)
        made = cls(read.task, text, preprocess=read.prepared, pruning=pruning, deadline=deadline, share=share)
        made.phases = {**read.phases, **made.phases, **read.phases}
        return made

    # --- preparation for a search that takes long ---

    def for_long_search(self, seconds: float, once: Once = make_here) -> Planning:
        """Return the task after h2, unless another preprocessor was asked for by name."""
        prepared = None if self._is_prepared else once(lambda: self._reduced(seconds))
        if prepared is None:
            return self
        return self._made_of(prepared, None if self._pruning is None else self._pruning.name)

    def _reduced(self, seconds: float) -> Prepared | None:
        """Return what h2 makes of the task; None where that is the task."""
        from pdsearch.domains.planning.h2 import budget_of, reduce_by_h2

        found = reduce_by_h2(self.task, budget_of(seconds), self.deadline)
        return None if found.task is self.task else found

    def pruned(self, share: Share = build_here) -> list[Domain]:
        """Return the task with each pruning that fits it and may pay; none where one was asked for by name."""
        names = [] if self._pruning is not None else [name for name in _PRUNINGS if self._fits(name)]
        made = [self._made_of(self._prepared, name, share) for name in names]
        return [one for one in made if not one.pruning_is_off]

    def _fits(self, pruning: str) -> bool:
        fits = PRUNINGS[pruning].misfit(self.task) is None
        return fits and (pruning != "stubborn" or len(self.task.operators) <= _MOST_PRUNED)

    @property
    def made_by(self) -> dict[str, str]:
        """Return what was chosen by :meth:`for_long_search` and :meth:`pruned`, as options."""
        return self._made_by

    @property
    def pruning_is_off(self) -> bool:
        """Say whether the pruning has given up."""
        return self._pruning is not None and self._pruning.is_off

    def without_pruning(self) -> Planning:
        """Return the task that this one was made of by a pruning; this one where it was not made so."""
        return self if self._origin is None else self._origin

    def _made_of(self, prepared: Prepared, pruning: str | None, share: Share = build_here) -> Planning:
        how: dict[str, Any] = {"pruning": pruning, "deadline": self.deadline, "share": share}
        made = Planning(self._given, self.instance, preprocess=prepared, **how)
        is_same = prepared is self._prepared
        made.candidates = self.candidates
        made._is_prepared = self._is_prepared or not is_same
        made._origin = self if is_same else None
        made._made_by = {
            **self._made_by,
            **({} if is_same else {"preprocess": "h2"}),
            **({"pruning": pruning} if pruning else {}),
        }
        return made

    @property
    def leaves_reachable(self) -> bool:
        """Say whether states are searched that the initial one may not reach: no table may take them for dead."""
        return self._pruning is not None and self._pruning.leaves_reachable

    @property
    def leaves_out_plans(self) -> bool:
        """Say whether there is a pruning."""
        return self._pruning is not None

    def why_unsolvable(self) -> str | None:
        """Return what preprocessing proved."""
        return self._prepared.unsolvable

    def notes(self) -> list[str]:
        """Return what preprocessing and pruning did."""
        pruned = "" if self._pruning is None else self._pruning.note
        return [note for note in (self._prepared.note, pruned) if note]

    # --- states ---

    def pack(self, values: Sequence[int]) -> State:
        """Return the words of a state given by the values of all variables."""
        return self.layout.pack(values)

    def unpack(self, state: State) -> Values:
        """Return the values of all variables."""
        return self.layout.unpack(state)

    def is_goal(self, state: State) -> bool:
        """Look at the variables of the goal."""
        values = self.unpack(state)
        return all(values[var] == value for var, value in self.task.goal)

    def operators(self, state: State) -> list[int]:
        """Return the operators whose preconditions hold."""
        values = self.unpack(state)
        return [number for number, operator in enumerate(self.task.operators) if holds(operator.preconditions, values)]

    def apply(self, state: State, operator: int) -> tuple[State, int]:
        """Apply the effects whose conditions hold in ``state``, in file order; then derive.

        Under a pruning by symmetry, return the state that is searched in place of the successor.
        """
        if not 0 <= operator < len(self.task.operators):
            raise ValueError(f"there is no operator {operator}; there are {len(self.task.operators)}")
        chosen = self.task.operators[operator]
        values = successor(self.task, self.unpack(state), chosen)
        return self.pack(values if self._pruning is None else self._pruning.stored(values)), chosen.cost

    def show(self, state: State) -> str:
        """Return the names of the facts that hold."""
        values = self.unpack(state)
        names = (variable.values[value] for variable, value in zip(self.task.variables, values, strict=True))
        return "; ".join(name for name in names if not name.startswith(("NegatedAtom", "<none")))

    # --- plans ---

    def real_plan(self, plan: Sequence[int]) -> list[int]:
        """Return a plan between states that are searched in place of others as it is executed."""
        return list(plan) if self._pruning is None else self._pruning.real_plan(plan, self.unpack(self.initial))

    def replay(self, plan: Sequence[int]) -> int:
        """Return the cost of a plan on the task as it was given, but for costs too large to be searched."""
        wrong = next((step for step, number in enumerate(plan) if not 0 <= number < len(self.task.operators)), None)
        if wrong is not None:
            raise WrongPlanError(f"step {wrong} of the plan does not apply: there is no operator {plan[wrong]}")
        return cost_of(self._costs.task, [self._prepared.operators[operator] for operator in plan])

    def check_result(self, cost: int | None, is_unsolvable: bool, expanded: int) -> list[str]:
        """Refuse the cost of a plan, or that there is none, where costs were too large to be sure."""
        doubt = why_unproved(self.max_cost, expanded) if is_unsolvable else why_inexact(self._costs, cost)
        if doubt is not None:
            raise BadInputError(f"{self.instance}: {doubt}")
        return []

    def operator_name(self, operator: int) -> str:
        """Return an action as a plan file shows it."""
        return f"({self.task.operators[operator].name})"

    # --- what distributions look at ---

    def features(self, state: State) -> npt.NDArray[np.int64]:
        """Return ``variable * n_values + value`` of each variable that is not derived."""
        values = self.unpack(state)
        return np.array([var * self.n_values + values[var] for var in self.primary], np.int64)

    def features_of(self, states: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """Return those of many states."""
        return self.features(tuple(states.T)).T

    def ground_operators(self) -> list[GroundOperator]:
        """Return what each operator needs and changes among the variables that are not derived.

        Conditional effects may or may not change their variable: their old values count as not known.
        """
        return [self._ground(operator) for operator in self.task.operators]

    def _ground(self, operator: Operator) -> GroundOperator:
        needed = {var: value for var, value in operator.preconditions if self.task.variables[var].layer < 0}
        changed = [
            (effect.variable, None if effect.conditions else needed.get(effect.variable), effect.value)
            for effect in operator.effects
            if effect.conditions or needed.get(effect.variable) != effect.value
        ]
        return GroundOperator(
            tuple(var * self.n_values + value for var, value in needed.items()),
            tuple(var * self.n_values + before for var, before, _ in changed if before is not None),
            tuple(var * self.n_values + after for var, _, after in changed),
        )

    def transition_graphs(self) -> list[TransitionGraph]:
        """Return the domain transition graph of each variable, weighted by ground operators."""
        return self._graphs

    @cached_property
    def _graphs(self) -> list[TransitionGraph]:
        edges: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for operator in self.task.operators:
            for effect in operator.effects:
                edges[effect.variable] += [(u, effect.value) for u in self._values_before(operator, effect)]
        return [TransitionGraph.of(var, range(self.sizes[var]), edges[var]) for var in self.primary if edges[var]]

    def _values_before(self, operator: Operator, effect: Effect) -> Iterator[int]:
        """Yield the values a variable can have before an effect: all that exclude no precondition."""
        needed = dict(operator.preconditions) | dict(effect.conditions)
        if effect.variable in needed:
            yield needed[effect.variable]
            return
        for value in range(self.sizes[effect.variable]):
            groups = self._mutex_groups[effect.variable, value]
            if not any(groups & self._mutex_groups[fact] for fact in needed.items()):
                yield value

    @cached_property
    def _mutex_groups(self) -> defaultdict[tuple[int, int], set[int]]:
        """Return, for each fact, the mutex groups it is in; of no group can two facts hold at once."""
        groups: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
        for number, group in enumerate(self.task.mutexes):
            for fact in group:
                groups[fact].add(number)
        return groups
