"""Lines of 64 bytes, each a vector of non-negative numbers: added up, and the largest sum taken.

The number of numbers in a line follows from the type of the array: 32 of int16, 16 of int32, 8 of int64.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LINE_BYTES = 64


@intrinsic
def largest_sum(typing_context, entries, lines):
    """Add up the given lines of ``entries`` and return the largest of the sums; -1 if a line begins below 0.

    Sums must fit the type of ``entries``.
    """
    signature = types.int64(entries, lines)
    lanes = 8 * LINE_BYTES // entries.dtype.bitwidth

    def generate(context, builder, signature, arguments):
        rows, chosen = (
            context.make_array(kind)(context, builder, value)
            for kind, value in zip(signature.args, arguments, strict=True)
        )
        vector = ir.VectorType(ir.IntType(entries.dtype.bitwidth), lanes)
        zero = ir.Constant(vector, [0] * lanes)
        sums, signs = (cgutils.alloca_once_value(builder, zero) for _ in range(2))
        n = cgutils.unpack_tuple(builder, chosen.shape, 1)[0]
        with cgutils.for_range(builder, n) as loop:
            line = builder.load(cgutils.gep_inbounds(builder, chosen.data, loop.index))
            address = cgutils.gep_inbounds(builder, rows.data, builder.mul(line, ir.Constant(line.type, lanes)))
            row = builder.load(builder.bitcast(address, vector.as_pointer()), align=entries.dtype.bitwidth // 8)
            builder.store(builder.add(builder.load(sums), row), sums)
            builder.store(builder.or_(builder.load(signs), row), signs)
        total, sign = builder.load(sums), builder.extract_element(builder.load(signs), ir.IntType(32)(0))
        kind = vector.element
        reduce = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(kind, [vector]), f"llvm.vector.reduce.smax.v{lanes}i{kind.width}"
        )
        largest = builder.call(reduce, [total])
        if kind.width < 64:
            largest = builder.sext(largest, ir.IntType(64))
        is_dead = builder.icmp_signed("<", sign, ir.Constant(kind, 0))
        return builder.select(is_dead, ir.IntType(64)(-1), largest)

    return signature, generate
