"""Depth-first search of tile boards as mutually recursive machine code.

One function per cell of the blank and last move, written directly in LLVM's language: cells,
shifts and legal moves are constants, and the reversal is absent. A move changes h by one, so f
stays (a good move) or rises by two; the functions carry only the number ``k`` of bad moves still
allowed, and what the heuristic's :class:`Rule` needs to tell good moves from bad ones: for Manhattan
distance nothing, and a child costs one shift, one comparison and three exclusive ors. The last child
is a jump. All counts are one integer, handed through the calls:

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

With Manhattan distance, on one core of a 2-core x86-64 virtual
machine, this generates 4.9e8 to 5.8e8 nodes a second and compiles in 0.7 s; the same recursion written as
numba functions reached 3.1e8 and 9 s, as C compiled by gcc 4.75e8. numba passes each result
through memory together with an error code; here both travel in registers.

Sources: Korf (1985), "Depth-first iterative-deepening: an optimal admissible tree search",
Artificial Intelligence 27, section 5; Burns, Hatem, Leighton and Ruml (2012), "Implementing fast
heuristic search code", SoCS, section 3, on compiling the moves of each blank cell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from pdsearch.domains.tiles.space import DOWN, LEFT, RIGHT, UP

GENERATED_AT, TOO_LARGE_AT, GOALS_AT = 26, 54, 55
NO_MOVE = 4  # last move of a root

_INT64, _INT32, _BYTES = ir.IntType(64), ir.IntType(32), ir.IntType(8).as_pointer()


class Move(NamedTuple):
    """A move of the blank from one cell to another."""

    operator: int
    start: int
    end: int


class Rule:
    """How functions tell a bad move from a good one; each heuristic has its own.

    Attributes
    ----------
    name : str
        In the names of functions.
    carried : ir.Type or None
        Of a value that functions carry and each move changes.
    looks_up : bool
        True when it reads tables; they end where the automaton's rows begin.
    """

    name: str
    carried: Any = None
    looks_up: bool = False

    def child(self, builder: Any, shape: Shape, tile: Any, move: Move, memory: Any, carried: Any) -> tuple[Any, Any]:
        """Return 1 where the move of a tile is bad, else 0, as an integer of 32 bits, and what is carried then.

        ``memory`` is the address of the automaton's rows, ``i8*``; None where nothing is looked up.
        """
        raise NotImplementedError


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
    rule : Rule
        Of the heuristic.
    """

    def __init__(self, width: int, height: int, blank_last: int, field: int, rule: Rule) -> None:
        self.rule = rule
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

    def moves(self, blank: int) -> list[Move]:
        """Return the moves of the blank in Korf's order."""
        y, x = divmod(blank, self.width)
        steps = [
            (UP, -self.width, y > 0),
            (LEFT, -1, x > 0),
            (RIGHT, 1, x < self.width - 1),
            (DOWN, self.width, y < self.height - 1),
        ]
        return [Move(operator, blank, blank + step) for operator, step, inside in steps if inside]

    def last_moves(self, blank: int) -> list[int]:
        """Return the moves that can have led here; the reversal of one must be possible."""
        return [NO_MOVE, *(3 - move.operator for move in self.moves(blank))]

    def name(self, blank: int, last: int) -> str:
        """Return the name of a function in the compiled module."""
        shape = f"{self.width}_{self.height}_{self.blank_last}_{self.field}"
        return f"pdsearch_tiles_{self.rule.name}_{shape}_{blank}_{last}"


class ShapeType(NamedTuple):
    """A board shape that the compiler sees: tuples of zeros, whose lengths are part of their type.

    Literal types would say the same, but numba takes 15 ms to dispatch a call with them. A class derived from this one
    has the ``rule`` of a heuristic.
    """

    width: tuple[int, ...]
    height: tuple[int, ...]
    blank_last: tuple[int, ...]  # one longer
    field: tuple[int, ...]  # of 16 bits; one longer

    @classmethod
    def of(cls, width: int, height: int, blank_last: bool, field: int) -> ShapeType:
        """Return the tuples."""
        return cls((0,) * width, (0,) * height, (0,) * (1 + blank_last), (0,) * (1 + field // 16))


@dataclass(frozen=True)
class _Node:
    """What functions are given; None for what they are not."""

    board: Any
    k: Any
    counted: Any
    memory: Any
    carried: Any
    state: Any

    def arguments(self) -> list[Any]:
        """Return those that there are."""
        return [value for value in vars(self).values() if value is not None]

    @classmethod
    def of(cls, shape: Shape, arguments: Iterable[Any]) -> _Node:
        """Name the arguments of a function."""
        rest = iter(arguments)
        return cls(*(next(rest) if kind is not None else None for kind in _kinds(shape)))


def _kinds(shape: Shape) -> list[Any]:
    """Return the types of a node's values."""
    rule, has_state = shape.rule, shape.field > 0
    memory = _BYTES if has_state or rule.looks_up else None
    return [shape.word, _INT32, _INT64, memory, rule.carried, _INT32 if has_state else None]


@intrinsic
def subtree(typing_context, shape_type, first, second, blank, last, k, counted, memory, carried, state):
    """Search below a board and return ``counted`` with the subtree's counts added.

    ``shape_type`` is of a class derived from :class:`ShapeType`; ``first`` and ``second`` are the words of the board
    (see :mod:`pdsearch.domains.tiles.space`); ``last`` is the last move, 4 for none; ``memory`` is the address of the
    automaton's rows, before which lie the tables of the rule, ``carried`` what the rule carries, and ``state`` the
    board's state in the automaton.
    """
    width, height, blank_last, field = (member.count for member in shape_type.types)
    shape = Shape(width, height, blank_last - 1, 16 * (field - 1), shape_type.instance_class.rule)
    words, integers = (types.uint64,) * 2, (types.int64,) * 3
    signature = types.uint64(shape_type, *words, *integers, *(types.uint64,) * 3, types.int64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _define(builder.module, shape)
        first, second, blank, last, k, counted, memory, carried, state = arguments[1:]
        node = _Node(
            _board(builder, shape, first, second),
            builder.trunc(k, _INT32),
            counted,
            builder.inttoptr(memory, _BYTES) if shape.field or shape.rule.looks_up else None,
            builder.trunc(carried, shape.rule.carried) if shape.rule.carried else None,
            builder.trunc(state, _INT32) if shape.field else None,
        )
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


def _dispatch(builder: Any, shape: Shape, node: _Node, blank: Any, last: Any) -> Any:
    """Call the function of the root's blank and last move."""
    out = cgutils.alloca_once_value(builder, node.counted)
    end = builder.append_basic_block("end")
    switch = builder.switch(builder.add(builder.mul(blank, _INT64(5)), last), end)
    for cell in range(shape.n_cells):
        for move in shape.last_moves(cell):
            function = builder.module.globals[shape.name(cell, move)]
            block = builder.append_basic_block()
            switch.add_case(_INT64(5 * cell + move), block)
            with builder.goto_block(block):
                builder.store(builder.call(function, node.arguments(), cconv="fastcc"), out)
                builder.branch(end)
    builder.position_at_end(end)
    return builder.load(out)


def _define(module: Any, shape: Shape) -> None:
    """Declare all functions, then give them bodies; once per module."""
    if shape.name(0, NO_MOVE) in module.globals:
        return
    pairs = [(blank, last) for blank in range(shape.n_cells) for last in shape.last_moves(blank)]
    kind = ir.FunctionType(_INT64, [kind for kind in _kinds(shape) if kind is not None])
    for blank, last in pairs:
        function = ir.Function(module, kind, shape.name(blank, last))
        function.linkage = "internal"
        function.calling_convention = "fastcc"
        function.attributes.add("nounwind")
    for blank, last in pairs:
        _body(module, shape, blank, last)


def _body(module: Any, shape: Shape, blank: int, last: int) -> None:
    function = module.globals[shape.name(blank, last)]
    node, counted = _Node.of(shape, function.args), function.args[2]
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    _leave_early(builder, shape, node, blank)
    moves = [move for move in shape.moves(blank) if last == NO_MOVE or move.operator != 3 - last]
    row = _row(builder, shape, node) if shape.field else None
    counted = builder.add(counted, _INT64(1 if shape.field else (len(moves) << GENERATED_AT) + 1))
    if shape.field:
        counted = builder.add(counted, _allowed(builder, shape, row, moves, last))
    for move in moves:
        child, tested = _child(builder, shape, node, row, move)
        callee = module.globals[shape.name(move.end, move.operator)]
        alive = builder.icmp_signed(">=", tested, _INT32(0))
        before = builder.block
        arguments = replace(child, counted=counted).arguments()
        if move is moves[-1]:
            with builder.if_then(alive):
                builder.ret(builder.call(callee, arguments, cconv="fastcc", tail="tail"))
            builder.ret(counted)
        else:
            with builder.if_then(alive):
                result = builder.call(callee, arguments, cconv="fastcc")
                after = builder.block
            joined = builder.phi(_INT64)
            joined.add_incoming(counted, before)
            joined.add_incoming(result, after)
            counted = joined


def _leave_early(builder: Any, shape: Shape, node: _Node, blank: int) -> None:
    """Return from a goal, and on one cell where too much was counted."""
    counted = node.counted
    if blank == shape.goal_blank:
        with builder.if_then(builder.icmp_unsigned("==", node.board, shape.word(shape.goal)), likely=False):
            crowded = builder.shl(builder.lshr(counted, _INT64(63)), _INT64(TOO_LARGE_AT))
            builder.ret(builder.or_(builder.add(counted, _INT64(1 << GOALS_AT)), crowded))
    if blank == shape.watched:
        watched = builder.and_(counted, _INT64(1 << TOO_LARGE_AT))
        with builder.if_then(builder.icmp_unsigned("!=", watched, _INT64(0)), likely=False):
            builder.ret(counted)


def _row(builder: Any, shape: Shape, node: _Node) -> Any:
    """Return the automaton's row of a node."""
    rows = builder.bitcast(node.memory, shape.row.as_pointer())
    return builder.load(builder.gep(rows, [node.state]), align=8)


def _field(builder: Any, shape: Shape, row: Any, operator: int) -> Any:
    """Return the field of a move as a signed number of 32 bits."""
    field = builder.trunc(builder.lshr(row, shape.row(shape.field * operator)), ir.IntType(shape.field))
    return field if shape.field == 32 else builder.sext(field, _INT32)


def _allowed(builder: Any, shape: Shape, row: Any, moves: list[Move], last: int) -> Any:
    """Return how many moves must be made, as it is added to the counts."""
    if last == NO_MOVE:
        n = _INT64(0)
        for move in moves:
            allowed = builder.icmp_signed(">=", _field(builder, shape, row, move.operator), _INT32(0))
            n = builder.add(n, builder.zext(allowed, _INT64))
    else:
        n = builder.and_(builder.zext(_field(builder, shape, row, 3 - last), _INT64), _INT64(3))
    return builder.shl(n, _INT64(GENERATED_AT))


def _child(builder: Any, shape: Shape, node: _Node, row: Any, move: Move) -> tuple[_Node, Any]:
    """Return the node after a move, and a number that is negative where the move need not be made."""
    word, bits = shape.word, shape.bits
    tile = builder.and_(builder.lshr(node.board, word(bits * move.end)), word(2**bits - 1))
    bad, carried = shape.rule.child(builder, shape, tile, move, node.memory, node.carried)
    left = tested = builder.sub(node.k, bad)
    taken = builder.xor(node.board, builder.shl(tile, word(bits * move.end)))
    board = builder.xor(taken, builder.shl(tile, word(bits * move.start)))
    state = None
    if shape.field:
        state = _field(builder, shape, row, move.operator)
        tested = builder.or_(left, state)
    return replace(node, board=board, k=left, carried=carried, state=state), tested
