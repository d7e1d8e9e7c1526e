"""Depth-first search of tile boards with Manhattan distance, as mutually recursive machine code.

One function per cell of the blank and last move, written directly in LLVM's language: cells,
shifts and legal moves are constants, the reversal is absent, and a child costs one shift, one
comparison and three exclusive ors. A move changes h by one, so f stays (a good move) or rises
by two; the functions carry only the number ``k`` of bad moves still allowed. The last child is a
jump. All counts are one integer, handed through the calls:

====== ===========================================================
0-25   expanded nodes
26-53  generated nodes, the pruned ones included, the root not
54     too large: 2**28 generated nodes were passed, or 256 goals
55-63  goals reached; a goal is not expanded
====== ===========================================================

Functions of one central cell look at bit 54, and give up.

With an automaton of forbidden words (:mod:`pdsearch.pruning.automaton`) they carry its state as well. A row of its
table has a field of 16 or 32 bits for each move: the state that follows, or where the move need not be made a negative
number with the count of the moves that must be made in its low bits. Negative is also what a child beyond the bound has
left of ``k``: so one *or* and one branch test both (two branches, which LLVM makes of a conjunction, cost a third of
the speed), and the count is read from the field of the reversal, which no code looks at otherwise. It is one load a
node; moves that the board or the last move exclude are still absent from the code.

On one core of a 2-core x86-64 virtual
machine this generates 4.9e8 to 5.8e8 nodes a second and compiles in 0.7 s; the same recursion written as
numba functions reached 3.1e8 and 9 s, as C compiled by gcc 4.75e8. numba passes each result
through memory together with an error code; here both travel in registers.

Sources: Korf (1985), "Depth-first iterative-deepening: an optimal admissible tree search",
Artificial Intelligence 27, section 5; Burns, Hatem, Leighton and Ruml (2012), "Implementing fast
heuristic search code", SoCS, section 3, on compiling the moves of each blank cell.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

GENERATED_AT, TOO_LARGE_AT, GOALS_AT = 26, 54, 55
NO_MOVE = 4  # last move of a root

_INT64, _INT32, _BIT = ir.IntType(64), ir.IntType(32), ir.IntType(1)
_UP, _LEFT, _RIGHT, _DOWN = range(4)


class Shape:
    """Constants of a board: cells, moves, goal.

    Parameters
    ----------
    width, height : int
        At most 25 cells.
    blank_last : int
        1 when the goal has the blank in the last cell, 0 when in the first.
    field : int
        Bits of a field of the automaton's rows: 16 or 32; 0 without an automaton.
    """

    def __init__(self, width: int, height: int, blank_last: int, field: int) -> None:
        self.width, self.height, self.blank_last, self.field = width, height, blank_last, field
        self.n_cells = width * height
        self.bits = 4 if self.n_cells <= 16 else 5
        self.word = ir.IntType(64 if self.n_cells <= 16 else 128)
        self.row = ir.IntType(4 * field or 64)
        self.goal_blank = self.n_cells - 1 if blank_last else 0
        self.goal = sum(tile << (self.bits * self.goal_cell(tile)) for tile in range(1, self.n_cells))
        self.watched = height // 2 * width + width // 2

    def goal_cell(self, tile: int) -> int:
        """Return the cell of a tile in the goal."""
        return tile - 1 if self.blank_last else tile

    def moves(self, blank: int) -> list[tuple[int, int]]:
        """Return (operator, new cell of the blank) in Korf's order."""
        y, x = divmod(blank, self.width)
        steps = [
            (_UP, -self.width, y > 0),
            (_LEFT, -1, x > 0),
            (_RIGHT, 1, x < self.width - 1),
            (_DOWN, self.width, y < self.height - 1),
        ]
        return [(operator, blank + step) for operator, step, inside in steps if inside]

    def last_moves(self, blank: int) -> list[int]:
        """Return the moves that can have led here; the reversal of one must be possible."""
        return [NO_MOVE, *(3 - operator for operator, _ in self.moves(blank))]

    def good_tiles(self, start: int, end: int) -> list[int]:
        """Return the tiles that come nearer to their goal by moving from one cell to another."""
        return [t for t in range(1, self.n_cells) if self._distance(t, end) < self._distance(t, start)]

    def _distance(self, tile: int, cell: int) -> int:
        y, x = divmod(self.goal_cell(tile), self.width)
        return abs(y - cell // self.width) + abs(x - cell % self.width)

    def name(self, blank: int, last: int) -> str:
        """Return the name of a function in the compiled module."""
        return f"pdsearch_tiles_{self.width}_{self.height}_{self.blank_last}_{self.field}_{blank}_{last}"


class ShapeType(NamedTuple):
    """A board shape that the compiler sees: tuples of zeros, whose lengths are part of their type.

    Literal types would say the same, but numba takes 15 ms to dispatch a call with them.
    """

    width: tuple[int, ...]
    height: tuple[int, ...]
    blank_last: tuple[int, ...]  # one longer
    field: tuple[int, ...]  # of 16 bits; one longer

    @classmethod
    def of(cls, width: int, height: int, blank_last: bool, field: int) -> ShapeType:
        """Return the tuples."""
        return cls((0,) * width, (0,) * height, (0,) * (1 + blank_last), (0,) * (1 + field // 16))


@intrinsic
def subtree(typing_context, shape_type, first, second, blank, last, k, counted, rows, state):
    """Search below a board and return ``counted`` with the subtree's counts added.

    ``shape_type`` is a :class:`ShapeType`; ``first`` and ``second`` are the words of the board (see
    :mod:`pdsearch.domains.tiles.space`); ``last`` is the last move, 4 for none; ``rows`` is the address of the
    automaton's rows, and ``state`` the board's state in it.
    """
    width, height, blank_last, field = (member.count for member in shape_type.types)
    shape = Shape(width, height, blank_last - 1, 16 * (field - 1))
    words, integers = (types.uint64,) * 2, (types.int64,) * 3
    signature = types.uint64(shape_type, *words, *integers, types.uint64, types.uint64, types.int64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _define(builder.module, shape)
        first, second, blank, last, k, counted, rows, state = arguments[1:]
        board, pruning = _board(builder, shape, first, second), list[Any]()
        if shape.field:
            pruning = [builder.inttoptr(rows, shape.row.as_pointer()), builder.trunc(state, _INT32)]
        node = (board, builder.trunc(k, _INT32), counted, *pruning)
        return _dispatch(builder, shape, node, blank, last)

    return signature, generate


def _board(builder: Any, shape: Shape, first: Any, second: Any) -> Any:
    """Join the words of a packed board into one integer of ``bits`` bits a cell."""
    if shape.n_cells <= 16:
        return first
    word, low = shape.word, _INT64(2**60 - 1)
    lower = builder.zext(builder.and_(first, low), word)
    upper = builder.shl(builder.zext(builder.and_(second, low), word), word(60))
    tile = builder.or_(builder.lshr(second, _INT64(60)), builder.shl(builder.lshr(first, _INT64(60)), _INT64(4)))
    top = builder.shl(builder.zext(tile, word), word(120))
    joined = builder.or_(builder.or_(lower, upper), top)
    return builder.and_(joined, word(2 ** (5 * shape.n_cells) - 1))


def _dispatch(builder: Any, shape: Shape, node: tuple[Any, ...], blank: Any, last: Any) -> Any:
    """Call the function of the root's blank and last move."""
    out = cgutils.alloca_once_value(builder, node[2])
    end = builder.append_basic_block("end")
    switch = builder.switch(builder.add(builder.mul(blank, _INT64(5)), last), end)
    for cell in range(shape.n_cells):
        for move in shape.last_moves(cell):
            function = builder.module.globals[shape.name(cell, move)]
            block = builder.append_basic_block()
            switch.add_case(_INT64(5 * cell + move), block)
            with builder.goto_block(block):
                builder.store(builder.call(function, node, cconv="fastcc"), out)
                builder.branch(end)
    builder.position_at_end(end)
    return builder.load(out)


def _define(module: Any, shape: Shape) -> None:
    """Declare all functions, then give them bodies; once per module."""
    if shape.name(0, NO_MOVE) in module.globals:
        return
    pairs = [(blank, last) for blank in range(shape.n_cells) for last in shape.last_moves(blank)]
    pruning = [shape.row.as_pointer(), _INT32] if shape.field else []
    kind = ir.FunctionType(_INT64, [shape.word, _INT32, _INT64, *pruning])
    for blank, last in pairs:
        function = ir.Function(module, kind, shape.name(blank, last))
        function.linkage = "internal"
        function.calling_convention = "fastcc"
        function.attributes.add("nounwind")
    for blank, last in pairs:
        _body(module, shape, blank, last)


def _body(module: Any, shape: Shape, blank: int, last: int) -> None:
    function = module.globals[shape.name(blank, last)]
    board, k, counted, *pruning = function.args
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    if blank == shape.goal_blank:
        with builder.if_then(builder.icmp_unsigned("==", board, shape.word(shape.goal)), likely=False):
            crowded = builder.shl(builder.lshr(counted, _INT64(63)), _INT64(TOO_LARGE_AT))
            builder.ret(builder.or_(builder.add(counted, _INT64(1 << GOALS_AT)), crowded))
    if blank == shape.watched:
        watched = builder.and_(counted, _INT64(1 << TOO_LARGE_AT))
        with builder.if_then(builder.icmp_unsigned("!=", watched, _INT64(0)), likely=False):
            builder.ret(counted)
    moves = [move for move in shape.moves(blank) if last == NO_MOVE or move[0] != 3 - last]
    row = builder.load(builder.gep(pruning[0], [pruning[1]]), align=8) if pruning else None
    counted = builder.add(counted, _INT64(1 if pruning else (len(moves) << GENERATED_AT) + 1))
    if pruning:
        counted = builder.add(counted, _allowed(builder, shape, row, moves, last))
    for operator, cell in moves:
        child, left = _child(builder, shape, board, k, blank, cell, operator)
        callee, following, tested = module.globals[shape.name(cell, operator)], list[Any](), left
        if pruning:
            state = _field(builder, shape, row, operator)
            following, tested = [pruning[0], state], builder.or_(left, state)
        alive = builder.icmp_signed(">=", tested, _INT32(0))
        before = builder.block
        if operator == moves[-1][0]:
            with builder.if_then(alive):
                builder.ret(builder.call(callee, [child, left, counted, *following], cconv="fastcc", tail="tail"))
            builder.ret(counted)
        else:
            with builder.if_then(alive):
                result = builder.call(callee, [child, left, counted, *following], cconv="fastcc")
                after = builder.block
            joined = builder.phi(_INT64)
            joined.add_incoming(counted, before)
            joined.add_incoming(result, after)
            counted = joined


def _field(builder: Any, shape: Shape, row: Any, operator: int) -> Any:
    """Return the field of a move as a signed number of 32 bits."""
    field = builder.trunc(builder.lshr(row, shape.row(shape.field * operator)), ir.IntType(shape.field))
    return field if shape.field == 32 else builder.sext(field, _INT32)


def _allowed(builder: Any, shape: Shape, row: Any, moves: list[tuple[int, int]], last: int) -> Any:
    """Return how many moves must be made, as it is added to the counts."""
    if last == NO_MOVE:
        n = _INT64(0)
        for operator, _ in moves:
            allowed = builder.icmp_signed(">=", _field(builder, shape, row, operator), _INT32(0))
            n = builder.add(n, builder.zext(allowed, _INT64))
    else:
        n = builder.and_(builder.zext(_field(builder, shape, row, 3 - last), _INT64), _INT64(3))
    return builder.shl(n, _INT64(GENERATED_AT))


def _child(builder: Any, shape: Shape, board: Any, k: Any, blank: int, cell: int, operator: int) -> tuple[Any, Any]:
    """Return the board after the blank's move to ``cell``, and the bad moves then left."""
    word, bits = shape.word, shape.bits
    tile = builder.and_(builder.lshr(board, word(bits * cell)), word(2**bits - 1))
    good = _is_good(builder, shape, tile, shape.good_tiles(cell, blank), operator)
    left = builder.sub(k, builder.zext(builder.not_(good), _INT32))
    taken = builder.xor(board, builder.shl(tile, word(bits * cell)))
    return builder.xor(taken, builder.shl(tile, word(bits * blank))), left


def _is_good(builder: Any, shape: Shape, tile: Any, good: list[int], operator: int) -> Any:
    """Say whether the tile is one of the good ones: a comparison where they are contiguous, else a bit test."""
    word = shape.word
    if operator == _UP:
        return builder.icmp_unsigned(">=", tile, word(min(good, default=shape.n_cells)))
    if operator == _DOWN:
        return builder.icmp_unsigned("<", tile, word(max(good, default=0) + 1))
    if shape.width == 4 and not shape.blank_last:
        columns = sorted({tile % 4 for tile in good} | ({0} if operator == _RIGHT else set()))
        column = builder.and_(tile, word(3))
        if operator == _LEFT:
            return builder.icmp_unsigned(">=", column, word(min(columns)))
        return builder.icmp_unsigned("<=", column, word(max(columns)))
    mask = _INT32(sum(1 << tile for tile in good))
    return builder.trunc(builder.lshr(mask, builder.trunc(tile, _INT32)), _BIT)
