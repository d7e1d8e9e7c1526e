"""Machine instructions that numba has no name for: prefetch, counts of zeros, a compare of sixteen words."""

from __future__ import annotations

from typing import Any

import numba.extending
from llvmlite import ir
from numba import types
from numba.core import cgutils

intrinsic: Any = numba.extending.intrinsic  # its annotations are those of the generator, not of what is called


@intrinsic
def prefetch(typing_context, array, index):
    """Ask for the cache line that holds ``array[index]``, to be read soon; no bounds check."""
    signature = types.void(array, index)

    def generate(context, builder, signature, arguments):
        array_type, _ = signature.args
        view = context.make_array(array_type)(context, builder, arguments[0])
        address = cgutils.gep_inbounds(builder, view.data, arguments[1])
        byte_pointer = builder.bitcast(address, ir.IntType(8).as_pointer())
        int32 = ir.IntType(32)
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), int32, int32, int32]),
            "llvm.prefetch.p0",
        )
        # (address, write = 1, locality = 3 of 0..3, data cache = 1)
        builder.call(function, [byte_pointer, int32(1), int32(3), int32(1)])
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def trailing_zeros(typing_context, word):
    """Return the index of the lowest set bit of a uint64; 64 for zero."""
    if word != types.uint64:
        return None
    signature = types.int64(types.uint64)

    def generate(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return signature, generate


@intrinsic
def leading_zeros(typing_context, word):
    """Return how many bits above the highest set one of a uint64 are zero; 64 for zero."""
    if word != types.uint64:
        return None
    signature = types.int64(types.uint64)

    def generate(context, builder, signature, arguments):
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return signature, generate


@intrinsic
def compare_line(typing_context, array, start, tag, ignored):
    """Compare ``array[start : start + 16]`` (uint32) with ``tag``, all at once.

    Returns int64: bit i says that entry i is empty (0), bit 16 + i that it is not and agrees
    with ``tag`` in all bits outside ``ignored``.
    """
    signature = types.int64(array, types.int64, types.uint32, types.uint32)

    def generate(context, builder, signature, arguments):
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        sixteen = ir.VectorType(ir.IntType(32), 16)
        address = cgutils.gep_inbounds(builder, view.data, arguments[1])
        line = builder.load(builder.bitcast(address, sixteen.as_pointer()), align=4)

        def spread(word):
            first = builder.insert_element(ir.Constant(sixteen, ir.Undefined), word, ir.IntType(32)(0))
            zeros = ir.Constant(sixteen, [0] * 16)
            return builder.shuffle_vector(first, ir.Constant(sixteen, ir.Undefined), zeros)

        def bits(mask):
            return builder.zext(builder.bitcast(mask, ir.IntType(16)), ir.IntType(64))

        zero = ir.Constant(sixteen, [0] * 16)
        empty = builder.icmp_unsigned("==", line, zero)
        differing = builder.and_(builder.xor(line, spread(arguments[2])), spread(builder.not_(arguments[3])))
        agrees = builder.icmp_unsigned("==", differing, zero)
        agrees = builder.and_(agrees, builder.not_(empty))
        return builder.or_(bits(empty), builder.shl(bits(agrees), ir.IntType(64)(16)))

    return signature, generate


def _address(context, builder, array_type, array, index):
    view = context.make_array(array_type)(context, builder, array)
    return cgutils.gep_inbounds(builder, view.data, index)


@intrinsic
def load_acquire(typing_context, array, index):
    """Return ``array[index]`` (int64); nothing that follows in the program is read before it."""
    signature = types.int64(array, types.int64)

    def generate(context, builder, signature, arguments):
        return builder.load_atomic(_address(context, builder, signature.args[0], *arguments), "acquire", 8)

    return signature, generate


@intrinsic
def store_release(typing_context, array, index, value):
    """Write ``array[index]`` (int64); who sees it by :func:`load_acquire` sees all that was written before."""
    signature = types.void(array, types.int64, types.int64)

    def generate(context, builder, signature, arguments):
        builder.store_atomic(arguments[2], _address(context, builder, signature.args[0], *arguments[:2]), "release", 8)
        return context.get_dummy_value()

    return signature, generate


def _read_modify_write(operation, words):
    @intrinsic
    def change(typing_context, array, index, value):
        signature = types.int64(array, types.int64, types.int64)

        def generate(context, builder, signature, arguments):
            place = _address(context, builder, signature.args[0], *arguments[:2])
            return builder.atomic_rmw(operation, place, arguments[2], "seq_cst")

        return signature, generate

    change.__doc__ = words
    return change


fetch_add = _read_modify_write("add", "Add to ``array[index]`` (int64), undivided, and return what it was.")
fetch_min = _read_modify_write("min", "Lower ``array[index]`` (int64) to a value, undivided, and return what it was.")
fetch_max = _read_modify_write("max", "Raise ``array[index]`` (int64) to a value, undivided, and return what it was.")
