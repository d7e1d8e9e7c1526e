"""Grid pathfinding as a user meets it: maps, scenarios, paths, lengths.

Source: Sturtevant (2012), "Benchmarks for grid-based pathfinding", IEEE Transactions on
Computational Intelligence and AI in Games 4.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.domains import DOMAINS, Domain, State, TransitionGraph
from pdsearch.domains.grid import lengths
from pdsearch.domains.grid.maps import Cells, map_of, read_map, read_scenarios
from pdsearch.domains.grid.space import STEPS, GridSpace, WideGridSpace
from pdsearch.domains.numbered import numbers_in
from pdsearch.errors import BadInputError, shown
from pdsearch.options import Option
from pdsearch.reading import integer, whole_number

_NAMES = ("nw", "n", "ne", "w", "e", "sw", "s", "se")
_HELP = "FILE.map.scen:N, FILE.map:X,Y-X,Y, or random:64x64"
_MAX_G = 2**24 - 1  # of a narrow node
_BLOCKED = 0.25  # share of the cells of a random map
MAX_CELLS = 1 << 26
_SAME = 1e-3  # published lengths are rounded, and some take 1.4142 for a diagonal step


@DOMAINS.add("grid")
class Grid(Domain):
    """A map on which a path is sought; diagonal steps cost √2 and never cut a corner.

    Costs are integers that order all lengths a + b√2 exactly; see :mod:`pdsearch.domains.grid.lengths`.

    Parameters
    ----------
    cells : bool[height, width]
        True where a cell is passable.
    start, goal : (int, int)
        x and y, both passable.
    neighbours : {8, 4}
        With or without diagonal steps.
    instance : str, optional
        How to call it in results.

    Raises
    ------
    BadInputError
        If start or goal are not passable cells of the map.

    Examples
    --------
    >>> grid = Grid(np.ones((3, 3), bool), (0, 0), (2, 2))
    >>> grid.length_of(["se", "se"])
    (0, 2)
    """

    name = "grid"
    source = "Sturtevant (2012), IEEE TCIAIG 4"
    default_heuristic = "octile"
    has_coordinates = True
    instances_help = _HELP
    options = (Option("neighbours", "with diagonal steps or not", 8, integer, "8|4"),)
    max_moves = 8
    n_variables = 2
    published: float | None = None  # the optimal length that a scenario file says

    def __init__(
        self,
        cells: Cells,
        start: tuple[int, int],
        goal: tuple[int, int],
        neighbours: int = 8,
        instance: str | None = None,
    ) -> None:
        if neighbours not in (4, 8):
            raise BadInputError(f"{neighbours} neighbours given; a cell has 4 or 8")
        self.cells, self.start, self.goal = cells, start, goal
        self.height, self.width = cells.shape
        for what, (x, y) in (("start", start), ("goal", goal)):
            if not (0 <= x < self.width and 0 <= y < self.height):
                raise BadInputError(f"{what} {x},{y} is outside the map of {self.width}x{self.height} cells")
            if not cells[y, x]:
                raise BadInputError(f"{what} {x},{y} is not a passable cell")
        n_free = int(cells.sum())
        self.scale = lengths.scale_for(n_free) if neighbours == 8 else lengths.Scale(1, 2)
        self.max_cost = self.scale.diagonal if neighbours == 8 else 1
        self.n_values = max(self.width, self.height)
        self.instance = instance or f"{self.width}x{self.height} {start[0]},{start[1]}-{goal[0]},{goal[1]}"
        self.initial = self.pack(*start)
        self.steps = _open_steps(cells, neighbours)
        offset = np.array([dy * self.width + dx for dy, dx in STEPS], np.int64)
        cost = np.array([self.scale[dy != 0 and dx != 0] for dy, dx in STEPS], np.int64)
        tables = WideGridSpace if self.max_cost * n_free > _MAX_G else GridSpace
        goal_cell = goal[1] * self.width + goal[0]
        self.space = tables(goal_cell, self.width, self.n_values, self.steps.reshape(-1), offset, cost)

    @classmethod
    def parse(cls, text: str, neighbours: int = 8, seed: int = 0, **options: Any) -> Grid:
        """Return an instance named as on the command line.

        Parameters
        ----------
        text : str
            ``FILE.scen:N`` (the N-th scenario, from 1), ``FILE.map:X,Y-X,Y`` (start and goal) or
            ``random:WxH``, a quarter of whose cells are blocked; drawn with ``seed``.
        """
        suffix = " 4 neighbours" if neighbours == 4 else ""
        if match := re.fullmatch(r"random:(\d+)x(\d+)", text.strip()):
            width, height = (whole_number(side, "side of a map", 1, MAX_CELLS) for side in match.groups())
            return _random(width, height, seed, neighbours, f"{text.strip()} seed {seed}{suffix}")
        if match := re.fullmatch(r"(.+\.scen):(\d+)", text.strip()):
            return cls._of_scenario(Path(match[1]), match[2], neighbours, suffix)
        if match := re.fullmatch(r"(.+):(\d+),(\d+)-(\d+),(\d+)", text.strip()):
            x, y, goal_x, goal_y = (whole_number(place, "place") for place in match.groups()[1:])
            file = Path(match[1])
            ends = text.strip().rpartition(":")[2]
            return cls(read_map(file), (x, y), (goal_x, goal_y), neighbours, f"{file.name}:{ends}{suffix}")
        raise BadInputError(f"instance {shown(text.strip())} is not understood; give {_HELP}")

    @classmethod
    def _of_scenario(cls, file: Path, number: str, neighbours: int, suffix: str) -> Grid:
        """Return the scenario of a number; its map must have the size that it says."""
        scenarios = read_scenarios(file)
        if len(number) > 9 or not 1 <= int(number) <= len(scenarios):
            raise BadInputError(f"scenario {shown(number)} is unknown; {file.name} has 1 to {len(scenarios)}")
        chosen = scenarios[int(number) - 1]
        cells = read_map(map_of(file, chosen.map_name))
        if chosen.size != cells.shape[::-1]:
            said, found = ("x".join(map(str, size)) for size in (chosen.size, cells.shape[::-1]))
            raise BadInputError(
                f"scenario {number} of {file.name} is for a map of {said} cells, and {chosen.map_name} has {found}; "
                "put the right map beside it"
            )
        grid = cls(cells, chosen.start, chosen.goal, neighbours, f"{file.name}:{number}{suffix}")
        grid.published = chosen.length if neighbours == 8 else None
        return grid

    def check_result(self, cost: int | None, is_unsolvable: bool, expanded: int) -> list[str]:
        """Compare the length of the path with the one that the scenario file says."""
        if self.published is None or (cost is None and not is_unsolvable):
            return []
        length = math.inf if cost is None else cost / self.scale.straight
        if abs(length - self.published) <= _SAME * self.published:
            return []
        found = "no path was found" if cost is None else f"the path is {length:.8f} long"
        return [f"{found}, but the scenario file says {self.published:.8f}: is it for this map?"]

    @classmethod
    def instance_set(cls, text: str) -> list[str]:
        """Return the scenarios of ``FILE.scen:1-20``; else the name itself."""
        match = re.fullmatch(r"(.+\.scen):(all|\d+[\d,\-]*[,\-][\d,\-]*)", text)
        if match is None:
            return [text]
        numbers = numbers_in(match[2], match[1], len(read_scenarios(Path(match[1]))))
        return [f"{match[1]}:{number}" for number in numbers]

    def pack(self, x: int, y: int) -> State:
        """Return the state of a cell."""
        return (y * self.width + x,)

    def unpack(self, state: State) -> tuple[int, int]:
        """Return x and y."""
        y, x = divmod(state[0], self.width)
        return x, y

    def is_goal(self, state: State) -> bool:
        """Compare with the goal."""
        return self.unpack(state) == self.goal

    def backwards(self) -> Grid:
        """Swap start and goal: steps lead both ways."""
        back = copy.copy(self)
        back.start, back.goal = self.goal, self.start
        back.initial = self.pack(*back.start)
        back.space = self.space._replace(goal=self.initial[0])
        return back

    def operators(self, state: State) -> list[int]:
        """Return the directions that are open."""
        x, y = self.unpack(state)
        return [direction for direction in range(8) if self.steps[y, x] >> direction & 1]

    def apply(self, state: State, operator: int) -> tuple[State, int]:
        """Take a step."""
        x, y = self.unpack(state)
        if operator not in self.operators(state):
            raise ValueError(f"no step {_NAMES[operator] if 0 <= operator < 8 else operator} from {x},{y}")
        dy, dx = STEPS[operator]
        return self.pack(x + dx, y + dy), self.scale[dy != 0 and dx != 0]

    def undo(self, state: State, operator: int) -> State:
        """Take a step back."""
        x, y = self.unpack(state)
        dy, dx = STEPS[operator]
        return self.pack(x - dx, y - dy)

    def operator_name(self, operator: int) -> str:
        """Return a direction of the compass, north being up."""
        return _NAMES[operator]

    def features(self, state: State) -> npt.NDArray[np.int64]:
        """Return the row and the column."""
        x, y = self.unpack(state)
        return np.array([y, self.n_values + x], np.int64)

    def projections(self) -> dict[str, npt.NDArray[np.int64]]:
        """Return squares of cells: rows and columns in runs."""
        place = np.tile(np.arange(self.n_values), 2)
        return {f"squares-{side}": place // side for side in (4, 8, 16)}

    def transition_graphs(self) -> list[TransitionGraph]:
        """Return the steps between neighbouring rows, and between neighbouring columns."""
        graphs = []
        for variable, size in enumerate((self.height, self.width)):
            low = np.zeros(size, np.int64)  # steps from each row or column to the one before
            for direction, step in enumerate(STEPS):
                if step[variable] == -1:
                    low += (self.steps >> direction & 1).sum(axis=1 - variable, dtype=np.int64)
            crossed = np.flatnonzero(low)  # each step has one back
            edges = np.column_stack([crossed - 1, crossed])
            graphs.append(TransitionGraph(variable, np.arange(size), edges, 2 * low[crossed]))
        return graphs

    def show(self, state: State) -> str:
        """Return x and y."""
        x, y = self.unpack(state)
        return f"{x},{y}"

    def length_of(self, plan: Sequence[str]) -> tuple[int, int]:
        """Return the straight and the diagonal steps of a plan."""
        n_diagonal = sum(len(name) == 2 for name in plan)
        return len(plan) - n_diagonal, n_diagonal

    def show_plan(self, plan: Sequence[str]) -> str:
        """Return the length as a + b√2, and the cells."""
        state, cells = self.initial, [self.show(self.initial)]
        for name in plan:
            state, _ = self.apply(state, _NAMES.index(name))
            cells.append(self.show(state))
        return f"length {lengths.words(*self.length_of(plan))}\n{' '.join(cells)}"


def _open_steps(cells: Cells, neighbours: int) -> npt.NDArray[np.uint8]:
    """Return the directions open from each cell, as bit sets: uint8[height, width]."""
    height, width = cells.shape
    free = np.pad(cells, 1)
    steps = np.zeros(cells.shape, np.uint8)
    for direction, (dy, dx) in enumerate(STEPS):

        def there(y: int, x: int) -> Cells:
            return free[1 + y : 1 + y + height, 1 + x : 1 + x + width]

        is_open = cells & there(dy, dx)
        if dy and dx:
            is_open = is_open & there(dy, 0) & there(0, dx) if neighbours == 8 else np.zeros_like(cells)
        steps |= is_open.astype(np.uint8) << np.uint8(direction)
    return steps


def _random(width: int, height: int, seed: int, neighbours: int, instance: str) -> Grid:
    if not 2 <= width * height <= MAX_CELLS:
        raise BadInputError(f"map {width}x{height} is not supported; give 2 to {MAX_CELLS:,} cells")
    rng = np.random.default_rng(seed)
    cells = rng.random((height, width)) >= _BLOCKED
    ends = rng.choice(width * height, 2, replace=False)
    cells.reshape(-1)[ends] = True
    (y, goal_y), (x, goal_x) = (axis.tolist() for axis in np.divmod(ends, width))
    return Grid(cells, (x, y), (goal_x, goal_y), neighbours, instance)
