"""Damaged maps and scenarios: paths are walked on the map and held against Dijkstra's, lengths as exact pairs."""

from __future__ import annotations

import heapq
import math
import random
from typing import Any

from fuzzing.cases import SEARCH, Case, kind
from fuzzing.damage import as_bytes, damaged

_STEPS = {
    name: (name.count("e") - name.count("w"), name.count("s") - name.count("n"))
    for name in ("n", "s", "e", "w", "ne", "nw", "se", "sw")
}
Cell = tuple[int, int]


@kind("maps", 24)
def maps(rng: random.Random) -> Case:
    """A map with two places, or a scenario; the map, the scenario or the words are damaged."""
    width, height = rng.randint(1, 9), rng.randint(1, 9)
    rows = ["".join(rng.choice("....GS@TOW") for _ in range(width)) for _ in range(height)]
    text = "\n".join(["type octile", f"height {height}", f"width {width}", "map", *rows, ""])
    ends = [(rng.randrange(width), rng.randrange(height)) for _ in range(2)]
    neighbours = rng.choice((8, 8, 4))
    words = ["--neighbours", "4"] if neighbours == 4 else []
    if rng.random() < 0.3:
        line = "\t".join(map(str, (0, "a.map", width, height, *ends[0], *ends[1], "2.41421356")))
        scenario = damaged(rng, f"version 1\n{line}\n", 2, keep=0.4)
        files = {"a.map": as_bytes(rng, text), "a.scen": as_bytes(rng, scenario)}
        return Case(["solve", "grid", "a.scen:1", *words, *SEARCH], files)
    text = damaged(rng, text, 2, keep=0.4)
    named = f"a.map:{ends[0][0]},{ends[0][1]}-{ends[1][0]},{ends[1][1]}"
    named = damaged(rng, named, 1, keep=0.9)
    given = named if "\x00" not in named and not named.startswith("-") else "a.map:0,0-0,0"
    content = as_bytes(rng, text)
    return Case(
        ["solve", "grid", given, *words, *SEARCH],
        {"a.map": content},
        lambda code, result: _right(content, given, neighbours, code, result),
    )


def _right(content: bytes, given: str, neighbours: int, code: int, result: Any) -> str | None:
    if code == 2:
        return None
    try:
        cells = _cells(content.decode())
        start, goal = (tuple(map(int, end.split(","))) for end in given.rpartition(":")[2].split("-"))
        if start not in cells or goal not in cells:
            raise ValueError("the ends are not passable")
    except (ValueError, IndexError) as error:
        return f"accepted, but {error}"
    best = _shortest(cells, start, goal, neighbours)
    if code == 11:
        return None if best is None else f"unsolvable instead of length {best}"
    if code != 0:
        return None
    walked = _walk(cells, start, result["plan"], neighbours)
    if walked is None or walked[0] != goal or best is None:
        return f"the path {result['plan']} is none"
    return None if abs(walked[1] - best) < 1e-9 else f"length {walked[1]} instead of {best}"


def _cells(text: str) -> set[Cell]:
    """Return the passable cells."""
    lines = text.splitlines()
    sizes = {line.split()[0]: int(line.split()[1]) for line in lines[1:3]}
    if not lines[0].startswith("type") or lines[3].strip() != "map":
        raise ValueError("the header is none")
    rows = lines[4 : 4 + sizes["height"]]
    if len(rows) != sizes["height"] or {len(row) for row in rows} != {sizes["width"]}:
        raise ValueError("the rows are not as many or as long")
    return {(x, y) for y, row in enumerate(rows) for x, cell in enumerate(row) if cell in ".GS"}


def _may(cells: set[Cell], x: int, y: int, dx: int, dy: int) -> bool:
    return {(x + dx, y + dy), (x + dx, y), (x, y + dy)} <= cells


def _shortest(cells: set[Cell], start: Cell, goal: Cell, neighbours: int) -> float | None:
    steps = [step for step in _STEPS.values() if neighbours == 8 or 0 in step]
    distance, waiting = {start: 0.0}, [(0.0, start)]
    while waiting:
        d, (x, y) = heapq.heappop(waiting)
        if (x, y) == goal:
            return d
        for dx, dy in steps:
            new = d + math.hypot(dx, dy)
            if _may(cells, x, y, dx, dy) and new < distance.get((x + dx, y + dy), math.inf) - 1e-12:
                distance[x + dx, y + dy] = new
                heapq.heappush(waiting, (new, (x + dx, y + dy)))
    return None


def _walk(cells: set[Cell], start: Cell, plan: list[str], neighbours: int) -> tuple[Cell, float] | None:
    (x, y), length = start, 0.0
    for name in plan:
        dx, dy = _STEPS[name]
        if not _may(cells, x, y, dx, dy) or (neighbours == 4 and 0 not in (dx, dy)):
            return None
        x, y, length = x + dx, y + dy, length + math.hypot(dx, dy)
    return (x, y), length
