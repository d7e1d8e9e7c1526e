"""Reading maps and scenarios of the MovingAI benchmarks.

A map's cells are passable where it has ``.``, ``G`` or ``S``; trees, water and what is out of
bounds are not. A scenario line names a map, its size, start, goal and the optimal length.

Source: Sturtevant (2012), "Benchmarks for grid-based pathfinding", IEEE Transactions on
Computational Intelligence and AI in Games 4, section III.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch.errors import BadInputError, shown
from pdsearch.reading import read_text

PASSABLE = ".GS"
Cells = npt.NDArray[np.bool_]  # (height, width) true where passable


class Scenario(NamedTuple):
    """One line of a scenario file."""

    map_name: str
    size: tuple[int, int]  # width, height
    start: tuple[int, int]  # x, y
    goal: tuple[int, int]
    length: float  # optimal, as published


def read_map(path: Path) -> Cells:
    """Return the cells of a map file; BadInputError if it is not one."""
    lines = _lines(path)
    header = dict(line.split(maxsplit=1) for line in lines[1:3] if len(line.split()) == 2)
    if len(lines) < 4 or not lines[0].startswith("type") or lines[3].strip() != "map":
        raise BadInputError(f"{path} is no map; it needs the lines type, height, width and map, then the rows")
    try:
        height, width = int(header["height"]), int(header["width"])
    except (KeyError, ValueError):
        raise BadInputError(f"{path} is no map; its second and third line must say height and width") from None
    rows = [line.rstrip("\r\n") for line in lines[4:]]
    if height < 1 or width < 1 or len(rows) < height or any(len(row) != width for row in rows[:height]):
        raise BadInputError(f"{path} does not have the {height} rows of {width} cells that it claims")
    return np.array([[cell in PASSABLE for cell in row] for row in rows[:height]], np.bool_)


def read_scenarios(path: Path) -> list[Scenario]:
    """Return the lines of a scenario file; BadInputError if it is not one."""
    lines = _lines(path)
    if not lines or not lines[0].startswith("version"):
        raise BadInputError(f"{path} is no scenario file; its first line must say version 1")
    scenarios = []
    for number, line in enumerate(lines[1:], 2):
        words = line.split()
        if not words:
            continue
        try:
            width, height, x, y, goal_x, goal_y = (int(word) for word in words[2:8])
            scenarios.append(Scenario(words[1], (width, height), (x, y), (goal_x, goal_y), float(words[8])))
        except (IndexError, ValueError):
            raise BadInputError(f"line {number} of {path} is no scenario: {shown(line.strip())}") from None
    return scenarios


def map_of(scenarios: Path, name: str) -> Path:
    """Return the map a scenario names: beside the scenario file, under its own name or the file's less .scen."""
    beside = [scenarios.with_name(name.rpartition("/")[2]), scenarios.with_suffix("")]
    for path in beside:
        if path.is_file():
            return path
    raise BadInputError(f"the map {shown(name)} of {scenarios} is not beside it; put it there as {beside[0].name}")


def _lines(path: Path) -> list[str]:
    return read_text(str(path), "a map or a scenario file").splitlines()
