"""Damaged boards, stacks, rings and scrambles: plans are followed, small ones held against breadth-first searches."""

from __future__ import annotations

import random
import re
from collections import deque
from functools import cache
from typing import Any

from naive import tile_distances

from fuzzing.cases import SEARCH, Case, agrees, kind
from fuzzing.damage import damaged

SHAPES = ((2, 2), (2, 3), (3, 2), (3, 3), (4, 4), (2, 4))
_WORDS = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}


@kind("tiles", 20)
def tiles(rng: random.Random) -> Case:
    """A board as words, as a file, or as lines of a file."""
    width, height = rng.choice(SHAPES)
    board = rng.sample(range(width * height), width * height)
    text = " ".join(map(str, board))
    if width != height or rng.random() < 0.3:
        text = f"{width}x{height}: {text}"
    if rng.random() < 0.1:
        text = rng.choice((f"random:{width}x{height}", "korf:1-3", "korf:7", "korf-felner:3", "korf:all"))
    text = damaged(rng, text, 2, keep=0.4)
    last = rng.random() < 0.3
    heuristic = rng.choice(([], [], ["--heuristic", "blind"], ["--heuristic", "linear-conflict"]))
    words, files = _given(rng, text)
    words = ["solve", "tiles", *words, *heuristic, *["--goal", "blank-last"] * last, *SEARCH]
    return Case(words, files, lambda code, result: _tiles_right(text, last, code, result))


@kind("permutations", 14)
def permutations(rng: random.Random) -> Case:
    """A stack of pancakes or a ring of tokens."""
    is_stack = rng.random() < 0.5
    n = rng.choice((3, 5, 6, 7, 7, 9, 16, 17))
    text = damaged(rng, " ".join(map(str, rng.sample(range(n), n))), 2, keep=0.4)
    k = rng.choice((2, 3, 4, 4, 5))
    given, files = _given(rng, text)
    words = ["solve", "pancake", *given] if is_stack else ["solve", "topspin", *given, "--turnstile", str(k)]
    return Case([*words, *SEARCH], files, lambda code, result: _order_right(text, 0 if is_stack else k, code, result))


@kind("cubes", 6)
def cubes(rng: random.Random) -> Case:
    """A scramble of the 2x2x2 cube."""
    turns = [rng.choice("URF") + rng.choice(("", "2", "'")) for _ in range(rng.randint(0, 9))]
    text = damaged(rng, " ".join(turns), 2, keep=0.5)
    words, files = _given(rng, text) if rng.random() < 0.3 else ([text], {})
    return Case(["solve", "rubik2", *words, *SEARCH], files, lambda code, result: _cube_right(text, code, result))


def _given(rng: random.Random, text: str) -> tuple[list[str], dict[str, bytes]]:
    """Return the words and files that give an instance: itself, or in a file."""
    if "\x00" in text or text.startswith("-") or rng.random() < 0.3:
        return ["board.txt"], {"board.txt": text.encode()}  # as it is: the text is what is compared
    return [text], {}


def _numbers(text: str) -> list[int] | None:
    """Return the numbers of a text that is nothing but numbers and blanks, else None."""
    if not re.fullmatch(r"[0-9 ]*", text) or max(map(len, text.split()), default=0) > 6:
        return None
    return [int(word) for word in text.split()]


def _tiles_right(text: str, last: bool, code: int, result: Any) -> str | None:
    match = re.fullmatch(r"(?:(\d)x(\d):)?([0-9 ]+)", text)
    board = _numbers(match[3]) if match else None
    if match is None or board is None:
        return None
    side = int(len(board) ** 0.5 + 0.5)
    width, height = (int(match[1]), int(match[2])) if match[1] else (side, side)
    if width * height != len(board) or sorted(board) != list(range(len(board))) or min(width, height) < 2:
        return None if code == 2 else f"accepted with code {code}"
    if code == 2:
        return "refused"
    if code == 0:
        goal = [*range(1, len(board)), 0] if last else list(range(len(board)))
        if _slid(board, width, result["plan"]) != goal:
            return f"the plan {result['plan']} does not lead to the goal"
        if len(result["plan"]) != result["cost"]:
            return "cost and length of the plan differ"
    if len(board) > 9:
        return None
    return agrees(result, code, _distances(width, height, last).get(tuple(board)))


@cache
def _distances(width: int, height: int, last: bool) -> dict[tuple[int, ...], int]:
    return tile_distances(width, height, last)


def _slid(board: list[int], width: int, plan: list[str]) -> list[int] | None:
    """Move the blank as the plan says; None where it leaves the board."""
    board = [*board]
    for move in plan:
        (dx, dy), blank = _WORDS[move], board.index(0)
        x, y = blank % width + dx, blank // width + dy
        if not (0 <= x < width and 0 <= y < len(board) // width):
            return None
        board[blank], board[y * width + x] = board[y * width + x], 0
    return board


def _order_right(text: str, k: int, code: int, result: Any) -> str | None:
    """Check an ordering by flips (k = 0) or by turns of k tokens on a ring."""
    items = _numbers(text)
    if items is None:
        return None
    n = len(items)
    fits = n >= 2 if k == 0 else 4 <= n <= 20 and k <= min(8, n - 1)
    if sorted(items) != list(range(n)) or not fits or n > 60:
        return None if code == 2 else f"accepted with code {code}"
    if code == 2:
        return "refused"
    if code == 0:
        state = tuple(items)
        for move in result["plan"]:
            state = _moved(state, k, int(move.split()[1]))
        if state != tuple(range(n)) or len(result["plan"]) != result["cost"]:
            return f"the plan {result['plan']} is wrong"
    return agrees(result, code, _orders(n, k).get(tuple(items))) if n <= 7 else None


def _moved(state: tuple[int, ...], k: int, at: int) -> tuple[int, ...]:
    if k == 0:
        return (*state[:at][::-1], *state[at:])
    n = len(state)
    around = [state[(at + i) % n] for i in range(n)]
    turned = [*around[:k][::-1], *around[k:]]
    return tuple(turned[(i - at) % n] for i in range(n))


@cache
def _orders(n: int, k: int) -> dict[tuple[int, ...], int]:
    """Return the distance of everything that flips, or turns of k, make of the ordered row: they undo themselves."""
    goal = tuple(range(n))
    distance, waiting = {goal: 0}, deque([goal])
    while waiting:
        state = waiting.popleft()
        for at in range(2, n + 1) if k == 0 else range(n):
            successor = _moved(state, k, at)
            if successor not in distance:
                distance[successor] = distance[state] + 1
                waiting.append(successor)
    return distance


_TURNS = {"U": (1, 1), "R": (0, 1), "F": (2, 1)}  # axis and side of each face


def _cube_right(text: str, code: int, result: Any) -> str | None:
    turns = text.split()
    if "\n" in text.strip():  # each line of a file is an instance
        return None
    if not turns or not all(re.fullmatch("[URF][2']?", turn) for turn in turns):
        return None
    if code != 0:  # a limit, while the table of all cubes is made
        return None if code in (22, 23) else f"code {code} for a scramble"
    if len(result["plan"]) != result["cost"] or result["cost"] > min(11, len(turns)):
        return f"cost {result['cost']} for {len(turns)} turns"
    cubies = {(x, y, z): (0, 1, 2) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)}
    cubies = {place: (place, ((1, 0, 0), (0, 1, 0), (0, 0, 1))) for place in cubies}
    for turn in [*turns, *result["plan"]]:
        for _ in range({"": 1, "2": 2, "'": 3}[turn[1:]]):
            cubies = _turned(cubies, *_TURNS[turn[0]])
    (place, (home, axes)) = next((p, c) for p, c in cubies.items() if c[0] == (-1, -1, -1))
    if place != home or any(frame != axes for _, frame in cubies.values()):
        return f"the plan {result['plan']} does not solve the cube"
    if any(where != whence for where, (whence, _) in cubies.items()):
        return f"the plan {result['plan']} leaves corners elsewhere"
    return None


def _turned(cubies: Any, axis: int, side: int) -> Any:
    """Turn a face clockwise as seen from outside: positions and frames of its corners."""

    def rotated(v: tuple[int, ...]) -> tuple[int, ...]:
        a, b = (axis + 1) % 3, (axis + 2) % 3
        new = [*v]
        new[a], new[b] = (v[b], -v[a]) if side > 0 else (-v[b], v[a])
        return tuple(new)

    return {
        (rotated(place) if place[axis] == side else place): (
            home,
            tuple(map(rotated, frame)) if place[axis] == side else frame,
        )
        for place, (home, frame) in cubies.items()
    }
