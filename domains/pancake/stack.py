"""The pancake puzzle as a user meets it: stacks, instances, flips.

Source: Dweighter (1975), "Problem E2569", American Mathematical Monthly 82; Gates and
Papadimitriou (1979), "Bounds for sorting by prefix reversal", Discrete Mathematics 27.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.domains import DOMAINS, Domain, State, TransitionGraph
from pdsearch.domains.packing import pack, unpack
from pdsearch.domains.pancake.space import N_VALUES, WIDE_BITS, PancakeSpace
from pdsearch.domains.permutations import check_permutation, numbers_in, size_in
from pdsearch.errors import BadInputError

MAX_PANCAKES = 60


@DOMAINS.add("pancake")
class Pancake(Domain):
    """A stack of ``n`` pancakes, to be ordered by size; turning over the top k costs 1.

    Parameters
    ----------
    stack : sequence of int
        Sizes from the top down, 0 to n - 1, each once; 2 to 60 pancakes.
    instance : str, optional
        How to call it in results.

    Raises
    ------
    BadInputError
        If the numbers are not a stack.

    Examples
    --------
    >>> stack = Pancake([2, 1, 0, 3])
    >>> stack.replay([3])  # one flip, of the top three
    1
    """

    name = "pancake"
    source = "Gates and Papadimitriou (1979), Discrete Mathematics 27"
    default_heuristic = "gap"
    instances_help = "random:14, a file, or the sizes from the top down"
    has_lines = True
    move_words = "flip N turns over the upper N"
    has_picture = True
    max_cost = 1
    is_permutation = True
    n_values = N_VALUES

    def __init__(self, stack: Sequence[int], instance: str | None = None) -> None:
        if not 2 <= len(stack) <= MAX_PANCAKES:
            raise BadInputError(f"{len(stack)} pancakes given; a stack has 2 to {MAX_PANCAKES}")
        check_permutation(stack, "pancake")
        self.stack = tuple(int(size) for size in stack)
        self.n = self.n_variables = len(stack)
        self.max_moves = self.n - 1
        self.bits = 4 if self.n <= 16 else WIDE_BITS
        self.instance = instance or " ".join(map(str, self.stack))
        self.initial = self.pack(self.stack)
        self.goal = tuple(range(self.n))
        self.space = PancakeSpace(self._goal_words(), self.n)

    @classmethod
    def parse(cls, text: str, seed: int = 0, **options: Any) -> Pancake:
        """Return an instance named as on the command line.

        Parameters
        ----------
        text : str
            ``random:N`` (drawn with ``seed``), the sizes from the top down, or a file of them.
        """
        kind, _, rest = text.partition(":")
        if kind == "random":
            n = size_in(rest, "a stack of pancakes", 2, MAX_PANCAKES)
            return cls(np.random.default_rng(seed).permutation(n).tolist(), f"{text} seed {seed}")
        return cls(numbers_in(text, "random:14, a file, or the sizes from the top down"))

    @classmethod
    def of_size(cls, text: str, **options: Any) -> Pancake:
        """Return the ordered stack of so many pancakes."""
        return cls(range(size_in(text, "a stack of pancakes", 2, MAX_PANCAKES)), text)

    def pack(self, stack: Sequence[int]) -> State:
        """Return the words of a stack; see :mod:`pdsearch.domains.pancake.space`."""
        return pack(stack, self.bits)

    def unpack(self, state: State) -> tuple[int, ...]:
        """Return the sizes of a packed stack from the top down."""
        return unpack(state, self.n, self.bits)

    def is_goal(self, state: State) -> bool:
        """Compare with the ordered stack."""
        return self.unpack(state) == self.goal

    def backwards(self) -> Pancake:
        """Swap the stack and the goal."""
        back = copy.copy(self)
        back.stack, back.goal = self.goal, self.stack
        back.initial = self.pack(back.stack)
        back.space = PancakeSpace(back._goal_words(), self.n)
        return back

    def _goal_words(self) -> tuple[int, ...]:
        words: list[int] = np.array(self.pack(self.goal), np.uint64).view(np.int64).tolist()
        return tuple(words)

    def operators(self, state: State) -> list[int]:
        """Return how many pancakes can be turned over."""
        return list(range(2, self.n + 1))

    def apply(self, state: State, operator: int) -> tuple[State, int]:
        """Turn over the top ``operator`` pancakes."""
        if not 2 <= operator <= self.n:
            raise ValueError(f"{operator} of {self.n} pancakes cannot be turned over")
        stack = self.unpack(state)
        return self.pack((*stack[:operator][::-1], *stack[operator:])), 1

    def undo(self, state: State, operator: int) -> State:
        """Turn them over again."""
        return self.apply(state, operator)[0]

    def operator_name(self, operator: int) -> str:
        """Return the flip."""
        return f"flip {operator}"

    def features(self, state: State) -> npt.NDArray[np.int64]:
        """Return ``pancake * 64 + position`` of each pancake."""
        return np.array([size * N_VALUES + i for i, size in enumerate(self.unpack(state))], np.int64)

    def features_of(self, states: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """Return those of many stacks."""
        return self.features(tuple(states.T)).T

    def projections(self) -> dict[str, npt.NDArray[np.int64]]:
        """Return groups of positions, the same for each pancake.

        Only flips that reach into the lower part move a pancake between groups.
        """
        position = np.arange(self.n)
        groups = {
            "halves": 2 * position // self.n,
            "quarters": 4 * position // self.n,
            "pairs": position // 2,
        }
        tables = {name: np.full((self.n, N_VALUES), -1, np.int64) for name in groups}
        for name, group in groups.items():
            tables[name][:, : self.n] = group
        return {name: table.reshape(-1) for name, table in tables.items()}

    def transition_graphs(self) -> list[TransitionGraph]:
        """Return, for each pancake, the flip of i + j + 1 that leads between positions i and j, each way."""
        steps = [(i, k - 1 - i) for k in range(2, self.n + 1) for i in range(k)]
        return [TransitionGraph.of(pancake, range(self.n), steps) for pancake in range(self.n)]

    def show(self, state: State) -> str:
        """Return the sizes from the top down."""
        return " ".join(map(str, self.unpack(state)))
