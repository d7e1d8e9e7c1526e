"""TopSpin as a user meets it: rings, instances, turns.

The ring stays where it is and the turnstile goes round it, so an ordered ring that is only
rotated is not a goal.

Source: Chen and Skiena (1996), "Sorting with fixed-length reversals", Discrete Applied
Mathematics 71.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.domains import DOMAINS, Domain, State, TransitionGraph
from pdsearch.domains.packing import pack, unpack
from pdsearch.domains.permutations import check_permutation, numbers_in, size_in
from pdsearch.domains.tiles.instances import is_odd
from pdsearch.domains.topspin.space import MAX_TURNED, N_VALUES, WIDE_BITS, TopSpinSpace
from pdsearch.errors import BadInputError
from pdsearch.options import Option
from pdsearch.reading import integer

MIN_TOKENS, MAX_TOKENS = 4, 20
_KINDS = "random:12, a file, or the tokens clockwise"


@DOMAINS.add("topspin")
class TopSpin(Domain):
    """A ring of ``n`` tokens; turning over ``k`` neighbouring ones, anywhere, costs 1.

    Parameters
    ----------
    ring : sequence of int
        Tokens clockwise, 0 to n - 1, each once; 4 to 20 of them.
    k : int
        Tokens in the turnstile, 2 to 8 and fewer than n.
    instance : str, optional
        How to call it in results.

    Raises
    ------
    BadInputError
        If the numbers are not a ring, or the turnstile does not fit it.

    Examples
    --------
    >>> ring = TopSpin([3, 2, 1, 0, 4, 5])
    >>> ring.replay([0])  # one turn, of places 0 to 3
    1
    """

    name = "topspin"
    source = "Chen and Skiena (1996), Discrete Applied Mathematics 71"
    default_heuristic = "token-pdb"
    instances_help = _KINDS
    options = (Option("turnstile", "tokens turned over", 4, integer, "K"),)
    has_lines = True
    has_picture = True
    max_cost = 1
    is_permutation = True
    n_values = N_VALUES

    def __init__(self, ring: Sequence[int], k: int = 4, instance: str | None = None) -> None:
        if not MIN_TOKENS <= len(ring) <= MAX_TOKENS:
            raise BadInputError(f"{len(ring)} tokens given; a ring has {MIN_TOKENS} to {MAX_TOKENS}")
        if not 2 <= k <= min(MAX_TURNED, len(ring) - 1):
            raise BadInputError(
                f"turnstile {k} does not fit; it turns 2 to {min(MAX_TURNED, len(ring) - 1)} of {len(ring)} tokens"
            )
        check_permutation(ring, "token")
        self.ring = tuple(int(token) for token in ring)
        self.n = self.n_variables = self.max_moves = len(ring)
        self.k = k
        self.bits = 4 if self.n <= 16 else WIDE_BITS
        self.instance = instance or " ".join(map(str, self.ring))
        self.initial = self.pack(self.ring)
        self.goal = tuple(range(self.n))
        self.move_words = f"turn N reverses {k} tokens, the first of them at place N, places from 0"
        self.space = TopSpinSpace(self._goal_words(), self.n, k)

    @classmethod
    def parse(cls, text: str, seed: int = 0, turnstile: int = 4, **options: Any) -> TopSpin:
        """Return an instance named as on the command line.

        Parameters
        ----------
        text : str
            ``random:N`` (solvable; drawn with ``seed``), the tokens clockwise, or a file of them.
        """
        kind, _, rest = text.partition(":")
        if kind == "random":
            n = size_in(rest, "a ring of tokens", MIN_TOKENS, MAX_TOKENS)
            return cls(_shuffled(cls(range(n), turnstile), seed), turnstile, f"{text} seed {seed}")
        return cls(numbers_in(text, _KINDS), turnstile)

    @classmethod
    def of_size(cls, text: str, turnstile: int = 4, **options: Any) -> TopSpin:
        """Return the ordered ring of so many tokens."""
        return cls(range(size_in(text, "a ring of tokens", MIN_TOKENS, MAX_TOKENS)), turnstile, text)

    def pack(self, ring: Sequence[int]) -> State:
        """Return the words of a ring; see :mod:`pdsearch.domains.topspin.space`."""
        return pack(ring, self.bits)

    def unpack(self, state: State) -> tuple[int, ...]:
        """Return the tokens of a packed ring clockwise."""
        return unpack(state, self.n, self.bits)

    def why_unsolvable(self) -> str | None:
        """Look for what no turn changes: the parity of the permutation, or of each token's place."""
        if self.k // 2 % 2 == 0 and is_odd(self.ring):
            return f"a turn of {self.k} tokens is an even permutation, the ring an odd one"
        if self.k % 2 == 1 and self.n % 2 == 0 and any((token - i) % 2 for i, token in enumerate(self.ring)):
            return f"a turn of {self.k} tokens keeps each on an even or odd place, and some belong on the other"
        return None

    def is_goal(self, state: State) -> bool:
        """Compare with the ordered ring."""
        return self.unpack(state) == self.goal

    def backwards(self) -> TopSpin:
        """Swap the ring and the goal."""
        back = copy.copy(self)
        back.ring, back.goal = self.goal, self.ring
        back.initial = self.pack(back.ring)
        back.space = TopSpinSpace(back._goal_words(), self.n, self.k)
        return back

    def _goal_words(self) -> tuple[int, ...]:
        words: list[int] = np.array(self.pack(self.goal), np.uint64).view(np.int64).tolist()
        return tuple(words)

    def operators(self, state: State) -> list[int]:
        """Return where the turnstile can be: everywhere."""
        return list(range(self.n))

    def apply(self, state: State, operator: int) -> tuple[State, int]:
        """Turn over the tokens from place ``operator`` on."""
        if not 0 <= operator < self.n:
            raise ValueError(f"place {operator} is not one of 0 to {self.n - 1}")
        ring = list(self.unpack(state))
        places = [(operator + i) % self.n for i in range(self.k)]
        for place, token in zip(places, [ring[place] for place in reversed(places)], strict=True):
            ring[place] = token
        return self.pack(ring), 1

    def undo(self, state: State, operator: int) -> State:
        """Turn them over again."""
        return self.apply(state, operator)[0]

    def operator_name(self, operator: int) -> str:
        """Return the first place that is turned."""
        return f"turn {operator}"

    def features(self, state: State) -> npt.NDArray[np.int64]:
        """Return ``token * 32 + place`` of each token."""
        return np.array([token * N_VALUES + i for i, token in enumerate(self.unpack(state))], np.int64)

    def projections(self) -> dict[str, npt.NDArray[np.int64]]:
        """Return arcs of the ring, the same for each token."""
        place = np.arange(self.n)
        tables = {}
        for name, parts in (("halves", 2), ("thirds", 3), ("quarters", 4)):
            table = np.full((self.n, N_VALUES), -1, np.int64)
            table[:, : self.n] = parts * place // self.n
            tables[name] = table.reshape(-1)
        return tables

    def transition_graphs(self) -> list[TransitionGraph]:
        """Return, for each token, the turns that lead from each place to each other."""
        steps = [
            ((start + i) % self.n, (start + self.k - 1 - i) % self.n) for start in range(self.n) for i in range(self.k)
        ]
        return [TransitionGraph.of(token, range(self.n), steps) for token in range(self.n)]

    def show(self, state: State) -> str:
        """Return the tokens clockwise."""
        return " ".join(map(str, self.unpack(state)))


def _shuffled(ring: TopSpin, seed: int) -> tuple[int, ...]:
    """Return the ring after many random turns: solvable whatever the turnstile."""
    state = ring.initial
    for start in np.random.default_rng(seed).integers(ring.n, size=50 * ring.n).tolist():
        state, _ = ring.apply(state, start)
    return ring.unpack(state)
