"""What the passes over a batch share: a frame of 64-bit words, with addresses of tables and plain numbers.

A pass takes a frame and *kinds*: values without content whose numba type says what lies at an address of the frame.
So all passes have one signature in machine code, and a driver that calls them by address is compiled once for all
domains, heuristics and layouts; each pass is compiled for the kinds that it reads and for nothing else.

Tables in memory look as numba's own structures do: an array is seven words (two empty ones, number of items, size of
one, address, length, stride; one more length and stride for each further axis), an integer or float one word, and
a tuple its parts one after the other.
"""

from __future__ import annotations

import struct
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.imputils import lower_constant
from numba.extending import register_model, typeof_impl

from pdsearch.errors import BadInputError
from pdsearch.kernels.intrinsics import intrinsic

# addresses of tables
SPACE, HEURISTIC, DISTRIBUTION, TABLE, OPEN, OUTBOX, MOVES, BATCH, RECORDS, LAYERS = range(10)
# what the driver is told
RANK, N_RANKS, BUDGET_LEFT, F_LIMIT, INCUMBENT, RISE, SHIFT, LAZY_RISE, F_END, MAX_NODES, MOST_MOVES, BATCH_SIZE = (
    range(10, 22)
)
MAX_COST, MAX_H, MAX_OPERATOR, MAX_MOVES, MAX_G, ENTERS, AT, N_RECORDS = range(22, 30)
# what the passes tell each other
MOST, F_ALLOWED, POPPED, F, N_PARENTS, N_ROWS, IS_FULL, ROOM, FAULT, N_OPENED, ARE_DROPPED, NODES_LEFT = range(30, 42)
STATISTICS = 42  # see pdsearch.search.step; so many words are kept for them
THROUGH_GOALS = 55  # 1: goals are noted and expanded like other nodes, and are no incumbent
N_SLOTS = 96  # from 56 on: of searches with two sides, see pdsearch.kernels.sides


class KindType(types.Type):
    """The numba type of :class:`Kind`."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        super().__init__(name=f"Kind({inner})")


class Kind:
    """A value without content that stands for the type of a value."""

    def __init__(self, value: Any) -> None:
        self.type = KindType(numba.typeof(value))


NO_KIND = KindType(types.none)
FRAME_TYPE = types.Array(types.int64, 1, "C")


@typeof_impl.register(Kind)
def _typeof_kind(value: Kind, context: Any) -> KindType:
    return value.type


register_model(KindType)(models.OpaqueModel)


@lower_constant(KindType)
def _no_content(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    return context.get_dummy_value()


@intrinsic
def part(typing_context, kind, frame, slot):
    """Return the value of a kind that lies at the address in a slot of a frame."""
    if not isinstance(kind, KindType):
        return None
    signature = kind.inner(kind, frame, types.intp)

    def generate(context, builder, signature, arguments):
        view = context.make_array(signature.args[1])(context, builder, arguments[1])
        address = builder.load(cgutils.gep_inbounds(builder, view.data, arguments[2]))
        model = context.data_model_manager[signature.return_type]
        return model.load_from_data_pointer(
            builder, builder.inttoptr(address, model.get_data_type().as_pointer()), align=8
        )

    return signature, generate


@intrinsic
def blank(typing_context, kind):
    """Return an empty value of a kind, where only its type matters."""
    signature = kind.inner(kind)

    def generate(context, builder, signature, arguments):
        return context.get_constant_null(signature.return_type)

    return signature, generate


@intrinsic
def call(typing_context, address, frame):
    """Call the pass at an address."""
    signature = types.int64(types.int64, frame)
    kinds = (NO_KIND, NO_KIND, FRAME_TYPE)

    def generate(context, builder, signature, arguments):
        convention = context.call_conv
        pointer = convention.get_function_type(types.int64, kinds).as_pointer()
        nothing = context.get_dummy_value()
        callee = builder.inttoptr(arguments[0], pointer)
        status, result = convention.call_function(builder, callee, types.int64, kinds, [nothing, nothing, arguments[1]])
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return result

    return signature, generate


def words_of(value: Any) -> list[int]:
    """Return a value as compiled code finds it in memory.

    >>> words_of((3, -1))
    [3, -1]

    Raises
    ------
    BadInputError
        If it has parts other than integers, floats, arrays and tuples of them.
    """
    if isinstance(value, tuple):
        return [word for item in value for word in words_of(item)]
    if isinstance(value, np.ndarray):
        axes = [*value.shape, *value.strides]
        return [0, 0, value.size, value.itemsize, value.ctypes.data, *axes]
    if isinstance(value, (float, np.float64)):
        return [struct.unpack("q", struct.pack("d", value))[0]]
    if isinstance(value, (int, np.int64, np.uint64)) and not isinstance(value, bool):
        return [(int(value) + 2**63) % 2**64 - 2**63]
    raise BadInputError(f"tables of compiled code hold {type(value).__name__}; give int, float, arrays and tuples")


class Frame:
    """A frame, and the tables whose addresses are in it."""

    def __init__(self) -> None:
        self.words = np.zeros(N_SLOTS, np.int64)
        self._kept: dict[int, tuple[Any, npt.NDArray[np.int64]]] = {}

    def place(self, slot: int, value: Any) -> None:
        """Let a slot point to tables, which are kept alive."""
        placed = np.array(words_of(value) or [0], np.int64)
        self._kept[slot] = value, placed
        self.words[slot] = placed.ctypes.data
