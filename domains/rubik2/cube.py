"""The 2×2×2 cube as a user meets it: scrambles, turns, plans.

Turning L, D or B is turning R, U or F and the whole cube; so one corner is held still, and
three faces make all 3,674,160 cubes.

Source: Kociemba (1992), "Close to God's algorithm", Cubism For Fun 28 (how the faces permute and
twist the corners).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.domains import DOMAINS, Domain, State, TransitionGraph
from pdsearch.domains.rubik2.space import N_CORNERS, N_OPERATORS, N_VALUES, TWISTS, CubeSpace
from pdsearch.errors import BadInputError, shown
from pdsearch.reading import whole_number

_FACES = "URF"
_TURNS = ("", "2", "'")
_HELP = 'random, random:12 (so many turns), or turns as in "R U2 F\'"'

# by face: places (URF, UFL, ULB, UBR, DFR, DLF, DRB) from which corners come, and their twists
_SOURCE = {"U": (3, 0, 1, 2, 4, 5, 6), "R": (4, 1, 2, 0, 6, 5, 3), "F": (1, 5, 2, 3, 0, 4, 6)}
_TWIST = {"U": (0, 0, 0, 0, 0, 0, 0), "R": (2, 0, 0, 1, 1, 0, 2), "F": (1, 2, 0, 0, 2, 1, 0)}

Cube = tuple[tuple[int, int], ...]  # (corner, twist) of each place


@DOMAINS.add("rubik2")
class Rubik2(Domain):
    """A 2×2×2 cube; a turn of U, R or F by one, two or three quarters costs 1.

    Parameters
    ----------
    cube : sequence of (int, int)
        Corner and twist on each of the seven places; corners 0 to 6 once each, twists 0 to 2
        with a sum divisible by 3.
    instance : str, optional
        How to call it in results.

    Raises
    ------
    BadInputError
        If it is not a cube that turns can make.

    Examples
    --------
    >>> cube = Rubik2.parse("R U2")
    >>> cube.replay([1, 5])  # U2 R'
    2
    """

    name = "rubik2"
    source = "Kociemba (1992), Cubism For Fun 28"
    default_heuristic = "cube-table"
    instances_help = _HELP
    has_lines = True
    move_words = "quarter turns clockwise, ' the other way, 2 half turns"
    max_moves = N_OPERATORS
    max_cost = 1
    n_variables = N_CORNERS
    n_values = N_VALUES

    def __init__(self, cube: Sequence[tuple[int, int]], instance: str | None = None) -> None:
        corners, twists = [corner for corner, _ in cube], [twist for _, twist in cube]
        if sorted(corners) != list(range(N_CORNERS)):
            raise BadInputError(f"corners {corners} given; a cube has 0 to {N_CORNERS - 1} once each")
        if not set(twists) <= {0, 1, 2} or sum(twists) % 3:
            raise BadInputError(f"twists {twists} given; each is 0 to 2, and their sum is divisible by 3")
        self.initial = self.pack(tuple(cube))
        self.instance = instance or self.show(self.initial)
        tables = [turned(operator) for operator in range(N_OPERATORS)]
        source = np.array([source for source, _ in tables], np.int64).reshape(-1)
        twist = np.array([twist for _, twist in tables], np.int64).reshape(-1)
        self.space = CubeSpace(np.array(self.pack(_solved()), np.uint64), source, twist)

    @classmethod
    def parse(cls, text: str, seed: int = 0, **options: Any) -> Rubik2:
        """Return an instance named as on the command line.

        Parameters
        ----------
        text : str
            ``random`` (each cube as likely as any other), ``random:N`` (N random turns of the
            solved cube), both drawn with ``seed``, or turns such as ``R U2 F'``.
        """
        rng = np.random.default_rng(seed)
        kind, colon, rest = text.strip().partition(":")
        if kind == "random" and not colon:
            twists = rng.integers(3, size=N_CORNERS - 1).tolist()
            twists.append(-sum(twists) % 3)
            return cls(list(zip(rng.permutation(N_CORNERS).tolist(), twists, strict=True)), f"random seed {seed}")
        if kind == "random":
            n_turns = whole_number(rest, "number of random turns", 0, 1000)
            return cls(_scrambled(rng.integers(N_OPERATORS, size=n_turns).tolist()), f"{text.strip()} seed {seed}")
        return cls(_scrambled(_operators(text)), " ".join(text.split()))

    @classmethod
    def of_size(cls, text: str, **options: Any) -> Rubik2:
        """Return the solved cube; there is but one size."""
        return cls(_solved(), "solved")

    def pack(self, cube: Cube) -> State:
        """Return the word of a cube; see :mod:`pdsearch.domains.rubik2.space`."""
        corners = sum(corner << (3 * place) for place, (corner, _) in enumerate(cube))
        return (corners | sum(twist << (TWISTS + 2 * place) for place, (_, twist) in enumerate(cube)),)

    def unpack(self, state: State) -> Cube:
        """Return corner and twist of each place."""
        word = state[0]
        return tuple(((word >> (3 * i)) & 7, (word >> (TWISTS + 2 * i)) & 3) for i in range(N_CORNERS))

    def is_goal(self, state: State) -> bool:
        """Compare with the solved cube."""
        return self.unpack(state) == _solved()

    def operators(self, state: State) -> list[int]:
        """Return all turns."""
        return list(range(N_OPERATORS))

    def apply(self, state: State, operator: int) -> tuple[State, int]:
        """Turn a face."""
        if not 0 <= operator < N_OPERATORS:
            raise ValueError(f"turn {operator} is not one of 0 to {N_OPERATORS - 1}")
        return self.pack(_after(self.unpack(state), operator)), 1

    def undo(self, state: State, operator: int) -> State:
        """Turn it back."""
        return self.apply(state, operator // 3 * 3 + 2 - operator % 3)[0]

    def operator_name(self, operator: int) -> str:
        """Return a turn in Singmaster's notation."""
        return _FACES[operator // 3] + _TURNS[operator % 3]

    def features(self, state: State) -> npt.NDArray[np.int64]:
        """Return ``corner * 32 + 3 * place + twist`` of each corner."""
        cube = enumerate(self.unpack(state))
        return np.array([corner * N_VALUES + 3 * place + twist for place, (corner, twist) in cube], np.int64)

    def projections(self) -> dict[str, npt.NDArray[np.int64]]:
        """Return groups of places, or of twists, the same for each corner."""
        values = np.arange(3 * N_CORNERS)
        tables = {}
        for name, group in {"places": values // 3, "layers": values // 12, "twists": values % 3}.items():
            table = np.full((N_CORNERS, N_VALUES), -1, np.int64)
            table[:, : len(values)] = group
            tables[name] = table.reshape(-1)
        return tables

    def transition_graphs(self) -> list[TransitionGraph]:
        """Return, for each corner, the turns that lead from each place and twist to each other."""
        steps = []
        for operator in range(N_OPERATORS):
            for place, (source, twist) in enumerate(zip(*turned(operator), strict=True)):
                steps += [(3 * source + before, 3 * place + (before + twist) % 3) for before in range(3)]
        return [TransitionGraph.of(corner, range(3 * N_CORNERS), steps) for corner in range(N_CORNERS)]

    def show(self, state: State) -> str:
        """Return corner and twist of each place."""
        return " ".join(f"{corner}{'.+-'[twist]}" for corner, twist in self.unpack(state))


def _solved() -> Cube:
    return tuple((corner, 0) for corner in range(N_CORNERS))


def _after(cube: Cube, operator: int) -> Cube:
    """Return the cube after a turn."""
    source, twist = turned(operator)
    return tuple((cube[s][0], (cube[s][1] + t) % 3) for s, t in zip(source, twist, strict=True))


def turned(operator: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return where the corners of each place come from in a turn, and how they are twisted."""
    face = _FACES[operator // 3]
    source, twist = tuple(range(N_CORNERS)), (0,) * N_CORNERS
    for _ in range(operator % 3 + 1):
        twist = tuple((twist[s] + t) % 3 for s, t in zip(_SOURCE[face], _TWIST[face], strict=True))
        source = tuple(source[s] for s in _SOURCE[face])
    return source, twist


def _operators(text: str) -> list[int]:
    """Return the operators of turns in Singmaster's notation."""
    names = {face + turn: 3 * i + k for i, face in enumerate(_FACES) for k, turn in enumerate(_TURNS)}
    words = text.split()
    if not words:
        raise BadInputError(f"the instance is empty; give {_HELP}")
    wrong = next((word for word in words if word not in names), None)
    if wrong is not None:
        raise BadInputError(f"turn {shown(wrong)} is unknown; give {_HELP}, of the faces U, R and F")
    return [names[word] for word in words]


def _scrambled(operators: Sequence[int]) -> Cube:
    cube = _solved()
    for operator in operators:
        cube = _after(cube, operator)
    return cube
