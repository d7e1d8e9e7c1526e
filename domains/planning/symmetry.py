"""Orbit-space search: of states that are images of each other under symmetries of the task, one is searched for all.

Each successor is replaced by a *canonical* image: as long as one of the generators (:mod:`automorphisms`) makes its
words smaller, it is applied. That need not be the least image of all, and two symmetric states may keep different
ones, which costs nothing but time: whatever is stored is an image of a state that can be reached, at the same cost and
with the same cost to a goal. Owners are those of canonical states, so symmetric states meet on one rank.

The steps of a plan lead from each stored state s to the canonical image p(s') of its successor s'. With q the product
of the permutations so far, operator q⁻¹(o) does to the real state what o does to the stored one: that is how
:func:`Symmetry.real_plan` makes the plan that a user gets, which is replayed as every plan is.

A heuristic may tell two symmetric states apart: h of the image is as good a bound as h of the state, for both cost the
same to a goal, but it may fall by more than a move costs, so nodes are reopened. An image need not be a state that the
initial one reaches, unless all generators leave that one as it is: then heuristics must not take such states for
dead, see :attr:`Symmetry.leaves_reachable`.

Whether it pays is decided before the search: unless one in fifty successors on random walks has another image, states
stay as they are. No rank decides that alone, for plans could not be followed then.

Source: Pochter, Zohar and Rosenschein (2011), "Exploiting problem symmetries in state-based planners", AAAI (greedy
images); Domshlak, Katz and Shleyfman (2015), "Symmetry breaking in deterministic planning as forward search: orbit
space search algorithm", technical report, Technion.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements, inlined, kernel
from pdsearch.domains.planning.arrays import Integers, flat, starts
from pdsearch.domains.planning.automorphisms import Automorphism, automorphisms
from pdsearch.domains.planning.layout import Layout
from pdsearch.domains.planning.pruning import PRUNINGS, Pruning
from pdsearch.domains.planning.sas import SasTask
from pdsearch.domains.planning.semantics import Values, derived, successor
from pdsearch.domains.planning.space import (
    PlanningSpace,
    RulesSpace,
    applicable,
    apply_operator,
    apply_with_rules,
    end_changes,
    note_change,
    same_answers,
    value_of,
)
from pdsearch.domains.planning.walks import walk
from pdsearch.domains.sharing import Arrays, Share, build_here
from pdsearch.kernels.protocol import expand, new_moves
from pdsearch.kernels.scratch import scratch
from pdsearch.limits import NO_DEADLINE, Deadline

_SUCCESSORS, _REPLACED = range(2)
_WALKS, _STEPS = 20, 50
_WORTH_ONE_IN = 50


@scratch("image", "counts")
class Generators(NamedTuple):
    """What generators do to packed states: g moves the values of variables ``moved[first[g] : first[g + 1]]``."""

    first: Integers  # (n_generators + 1,)
    moved: Integers  # variables
    to: Integers  # (n_moved,) which variable gets the value
    at: Integers  # (n_moved,) where in ``values`` the new values begin
    values: Integers  # by old value
    noted: Integers  # variables whose changes are told: those that are not derived
    clear: npt.NDArray[np.uint64]  # (n_generators * n_words,) bits of the variables that are moved
    image: npt.NDArray[np.uint64]  # (n_words,)
    counts: Integers  # (2,) successors, and how many were replaced


# the fields of PlanningSpace, so that heuristics can read the one as the other
SymmetricSpace: Any = namedtuple("SymmetricSpace", (*PlanningSpace._fields, "generators"))  # type: ignore[misc]
same_answers(SymmetricSpace)

# the same tables of a task that has conditional effects or axioms
SymmetricRulesSpace: Any = namedtuple("SymmetricRulesSpace", (*PlanningSpace._fields, "generators"))  # type: ignore[misc]
same_answers(SymmetricRulesSpace)


@implements(expand, SymmetricSpace)
def _expand(space, created_by, moves, n):
    end = applicable(space, moves, n)
    for c in range(n, end):
        apply_operator(space, moves.operator[c], moves, c)
        _stand_for(space, moves, c)
    space.generators.counts[_SUCCESSORS] += end - n
    return end


@implements(expand, SymmetricRulesSpace)
def _expand_rules(space, created_by, moves, n):
    end = applicable(space, moves, n)
    for c in range(n, end):
        apply_with_rules(space, moves.operator[c], moves, c)
        _stand_for(space, moves, c)
    space.generators.counts[_SUCCESSORS] += end - n
    return end


@inlined
def _stand_for(space, moves, c):
    """Replace the state of row ``c`` by its canonical image."""
    if _make_canonical(space, space.generators, moves.states, c * len(space.goal_mask)):
        _note_changes(space, space.generators.noted, moves, c)
        space.generators.counts[_REPLACED] += 1


@inlined
def _make_canonical(space, generators, states, at):
    """Apply generators to the state at ``states[at]`` as long as one makes it smaller; say whether one did."""
    n_words, n_generators = len(space.goal_mask), len(generators.first) - 1
    replaced = False
    g, tried = 0, 0  # since one did something
    while tried <= n_generators:
        if _makes_smaller(space, generators, g, states, at):
            for word in range(n_words):
                states[at + word] = generators.image[word]
            replaced = True
            tried = 0
        tried += 1
        g = g + 1 if g + 1 < n_generators else 0
    return replaced


@inlined
def _makes_smaller(space, generators, g, states, at):
    """Write the image of a state under a generator; say whether its words are smaller, the first counting most."""
    n_words, image = len(space.goal_mask), generators.image
    for word in range(n_words):
        image[word] = states[at + word] & ~generators.clear[g * n_words + word]
    for i in range(generators.first[g], generators.first[g + 1]):
        value = generators.values[generators.at[i] + value_of(space, states, at, generators.moved[i])]
        to = generators.to[i]
        image[space.word[to]] |= np.uint64(value) << np.uint64(space.shift[to])
    for word in range(n_words):
        if image[word] != states[at + word]:
            return image[word] < states[at + word]
    return False


@kernel
def _replace(space, state):
    """Replace a state by its canonical image."""
    _make_canonical(space, space.generators, state, 0)


@inlined
def _note_changes(space, variables, moves, n):
    """Write the changed features of row ``n``, among some variables."""
    row = n * space.n_changes
    for variable in variables:
        row = note_change(space, variable, moves, n, row)
    end_changes(space, moves, n, row)


class _Generator:
    """One symmetry on the values of variables: the slow twin of the compiled code."""

    def __init__(self, one: Automorphism, sizes: Sequence[int]) -> None:
        self.operators = one.operators
        first = np.concatenate([[0], np.cumsum(sizes)])
        var_of = np.repeat(np.arange(len(sizes)), sizes)
        self.to = [int(var_of[one.facts[first[var]]]) for var in range(len(sizes))]
        self.values = [
            (one.facts[first[var] : first[var + 1]] - first[self.to[var]]).tolist() for var in range(len(sizes))
        ]
        self.moved = [
            var for var, size in enumerate(sizes) if self.to[var] != var or self.values[var] != list(range(size))
        ]

    def __call__(self, values: Values) -> Values:
        """Return the image of a state."""
        image = list(values)
        for var in self.moved:
            image[self.to[var]] = self.values[var][values[var]]
        return tuple(image)


@PRUNINGS.add("symmetry")
class Symmetry(Pruning):
    """Of states that are symmetric to each other, search one."""

    name = "symmetry"
    source = "Pochter, Zohar and Rosenschein (2011), AAAI; Domshlak, Katz and Shleyfman (2015)"
    is_shared = True

    def __init__(
        self,
        task: SasTask,
        plain: PlanningSpace,
        max_moves: int,
        deadline: Deadline = NO_DEADLINE,
        share: Share = build_here,
    ) -> None:
        self._sizes = [len(variable.values) for variable in task.variables]
        self._task, self._layout, self._initial = task, Layout.of(self._sizes), derived(task, task.initial)

        def build() -> Arrays:
            found = automorphisms(task, deadline=deadline)
            replaced = self._replaced_on_walks(self._space(self._read(found), plain), max_moves) if found else 0.0
            n_facts, n_operators = sum(self._sizes), len(task.operators)
            facts = np.array([one.facts for one in found], np.int64).reshape(len(found), n_facts)
            operators = np.array([one.operators for one in found], np.int64).reshape(len(found), n_operators)
            return facts, operators, np.array([replaced])

        *moved, replaced = share(build)
        self.generators = self._read(map(Automorphism, *moved))
        self._share = float(replaced[0])
        self.space = self._space(self.generators, plain) if self._is_used else plain

    def _read(self, found: Iterable[Automorphism]) -> list[_Generator]:
        return [_Generator(one, self._sizes) for one in found]

    def _space(self, generators: Sequence[_Generator], plain: PlanningSpace) -> Any:
        """Return the tables of the task with those of its symmetries."""
        noted = [var for var, variable in enumerate(self._task.variables) if variable.layer < 0]
        tables = _tables(generators, self._layout, noted)
        kind = SymmetricRulesSpace if isinstance(plain, RulesSpace) else SymmetricSpace
        return kind(**plain._asdict() | {"n_changes": max(1, len(noted)), "generators": tables})

    @classmethod
    def misfit(cls, task: SasTask) -> str | None:
        """Refuse axioms whose outcome depends on their order, which no graph tells."""
        variables = task.variables
        for conditions, head, _ in task.axioms:
            for var, value in conditions:
                denies = variables[var].layer == variables[head].layer and value == task.initial[var]
                if denies and var != head:
                    return "axioms that deny what their own stratum derives"
        return None

    @property
    def _is_used(self) -> bool:
        return self._share * _WORTH_ONE_IN >= 1

    @property
    def leaves_reachable(self) -> bool:
        """Say whether states are searched that the initial one may not reach: an image of it is another state."""
        initial = self._initial
        return self._is_used and any(one(initial) != initial for one in self.generators)

    @property
    def is_off(self) -> bool:
        """Say whether states stay as they are."""
        return not self._is_used

    @property
    def note(self) -> str:
        """Return how many successors were replaced."""
        if not self.generators:
            return "no symmetries were found"
        if not self._is_used:
            share = f"{100 * self._share:.1f} % of the successors on random walks"
            return f"symmetries are not used: they would replace {share}"
        n, replaced = self.space.generators.counts.tolist()
        share = f"{100 * replaced / max(1, n):.1f} % of {n:,} successors"
        return f"symmetries that {len(self.generators)} generate replaced {share}"

    def stored(self, values: Values) -> Values:
        """Return the canonical image of a state."""
        if not self._is_used:
            return values
        words = np.array(self._layout.pack(values), np.uint64)
        _replace(self.space, words)
        return self._layout.unpack(words.tolist())

    def real_plan(self, plan: Sequence[int], initial: Values) -> list[int]:
        """Return the operators of the plan whose steps lead from each stored state to the next.

        Parameters
        ----------
        plan : sequence of int
            Operators; each is applied to a stored state, and the canonical image of its successor is stored next.
        initial : tuple of int
            The values of the state in which the plan begins, which is stored as it is.
        """
        if not self._is_used:
            return list(plan)
        real, state = [], initial
        back = np.arange(len(self._task.operators))  # from what is done to the stored state to what is really done
        for operator in plan:
            real.append(int(back[operator]))
            state, used = self._canonical(successor(self._task, state, self._task.operators[operator]))
            for one in used:
                back = back[np.argsort(one.operators)]
        return real

    def _canonical(self, values: Values) -> tuple[Values, list[_Generator]]:
        """Return the canonical image of a state, and the generators that led there, in their order."""
        used: list[_Generator] = []
        g, tried = 0, 0
        while tried <= len(self.generators):
            image = self.generators[g](values)
            if self._layout.pack(image) < self._layout.pack(values):
                values, tried = image, 0
                used.append(self.generators[g])
            tried += 1
            g = (g + 1) % len(self.generators)
        return values, used

    def _replaced_on_walks(self, space: Any, max_moves: int) -> float:
        """Return the share of the successors on random walks that have another canonical image."""
        initial = np.array(self._layout.pack(self._initial), np.uint64)
        moves = new_moves(len(initial), max_moves, space.n_changes)
        walk(space, moves, np.tile(initial, _WALKS), np.full(_WALKS, _STEPS), np.uint64(0))
        n, replaced = space.generators.counts.tolist()
        share: float = replaced / max(1, n)
        return share


def _tables(generators: Sequence[_Generator], layout: Layout, noted: Sequence[int]) -> Generators:
    rows = [(one, var) for one in generators for var in one.moved]
    at, values = flat([one.values[var] for one, var in rows])
    return Generators(
        starts([one.moved for one in generators]),
        np.array([var for _, var in rows], np.int64),
        np.array([one.to[var] for one, var in rows], np.int64),
        at,
        values,
        np.array(noted, np.int64),
        np.array([word for one in generators for word in layout.masks(one.moved)], np.uint64),
        np.zeros(layout.n_words, np.uint64),
        np.zeros(2, np.int64),
    )
