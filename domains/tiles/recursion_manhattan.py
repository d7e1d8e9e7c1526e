"""Which moves raise Manhattan distance, for :mod:`pdsearch.domains.tiles.recursion`: a comparison with constants."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from pdsearch.domains.tiles.recursion import Move, Rule, Shape, ShapeType
from pdsearch.domains.tiles.space import DOWN, LEFT, RIGHT, UP

_INT32, _BIT = ir.IntType(32), ir.IntType(1)


class ManhattanRule(Rule):
    """A move is good where the tile comes nearer to its goal cell."""

    name = "manhattan"

    def child(self, builder: Any, shape: Shape, tile: Any, move: Move, memory: Any, carried: Any) -> tuple[Any, Any]:
        """Compare the tile."""
        good = _is_good(builder, shape, tile, _good_tiles(shape, move), move.operator)
        return builder.zext(builder.not_(good), _INT32), carried


class ManhattanShape(ShapeType):
    """A board searched with Manhattan distance."""

    rule = ManhattanRule()


def _good_tiles(shape: Shape, move: Move) -> list[int]:
    """Return the tiles that come nearer to their goal by moving to where the blank was."""
    tiles = range(1, shape.n_cells)
    return [tile for tile in tiles if _distance(shape, tile, move.start) < _distance(shape, tile, move.end)]


def _distance(shape: Shape, tile: int, cell: int) -> int:
    y, x = divmod(shape.goal_cell(tile), shape.width)
    return abs(y - cell // shape.width) + abs(x - cell % shape.width)


def _is_good(builder: Any, shape: Shape, tile: Any, good: list[int], operator: int) -> Any:
    """Say whether the tile is one of the good ones: a comparison where they are contiguous, else a bit test."""
    word = shape.word
    if operator == UP:
        return builder.icmp_unsigned(">=", tile, word(min(good, default=shape.n_cells)))
    if operator == DOWN:
        return builder.icmp_unsigned("<", tile, word(max(good, default=0) + 1))
    if shape.width == 4 and not shape.blank_last:
        columns = sorted({tile % 4 for tile in good} | ({0} if operator == RIGHT else set()))
        column = builder.and_(tile, word(3))
        if operator == LEFT:
            return builder.icmp_unsigned(">=", column, word(min(columns)))
        return builder.icmp_unsigned("<=", column, word(max(columns)))
    mask = _INT32(sum(1 << tile for tile in good))
    return builder.trunc(builder.lshr(mask, builder.trunc(tile, _INT32)), _BIT)
