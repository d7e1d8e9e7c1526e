"""Damaged arrays for balance, place and route: .npy, .csv, .json; figures are computed a second time."""

from __future__ import annotations

import io
import json
import random
from typing import Any

import numpy as np

from fuzzing.cases import Case, kind
from fuzzing.damage import NUMBERS, as_bytes, damaged, damaged_bytes

_DTYPES = ("int64", "float64", "float32", "int8", "uint64", "bool", "complex64", "U3", "datetime64[s]", "float16")


@kind("balance", 16)
def balance(rng: random.Random) -> Case:
    """Loads, and now and then weights, nodes or traffic beside them."""
    name, content, array = _array(rng)
    words, files = ["balance", name, "--json", "-"], {name: content}
    if rng.random() < 0.5:
        words += _few(
            rng, {"--axis": None, "--capacity-factor": None, "--items": None, "--top-k": None, "--sequential": None}
        )
    if rng.random() < 0.2:
        words += ["--layers"]
    for option in ("--weights", "--nodes", "--traffic"):
        if rng.random() < 0.1:
            other, data, _ = _array(rng)
            words += [option, "more-" + other]
            files["more-" + other] = data
    is_plain = len(words) == 4
    return Case(words, files, lambda code, result: _balance_right(array, is_plain, code, result))


@kind("place", 12)
def place(rng: random.Random) -> Case:
    """Loads of experts, slots and GPUs."""
    name, content, array = _array(rng)
    gpus = rng.choice((1, 2, 4, 8))
    replicas = rng.choice((4, 8, 16, 12, 10**6))
    words = ["place", name, "--gpus", str(gpus), "--replicas", str(replicas), "--json", "-"]
    if rng.random() < 0.5:
        words += _few(rng, {"--nodes": None, "--groups": None, "--policy": ("eplb", "local-search", "optimum", "x")})
    if rng.random() < 0.2:
        words += _few(rng, {"--slots": None, "--active": None, "--max-moves": None, "--speeds": None, "--pin": None})
    return Case(words, {name: content}, lambda code, result: _place_right(array, gpus, code, result))


@kind("route", 8)
def route(rng: random.Random) -> Case:
    """Scores of tokens for a router."""
    from pdsearch.balance.routers import ROUTERS

    name, content, array = _array(rng)
    k = rng.choice((1, 1, 2, 3, 8))
    words = ["route", name, "--router", rng.choice([*ROUTERS]), "--top-k", str(k), "--json", "-"]
    if rng.random() < 0.3:
        option = rng.choice(("iterations", "capacity_factor", "n_experts", "n_groups", "cost", "seed", "x", ""))
        words += ["--option", f"{option}={_value(rng)}"]
    if rng.random() < 0.2:
        words += ["--gate", rng.choice(("softmax", "sigmoid", "none", "x"))]
    return Case(words, {name: content}, lambda code, result: _route_right(array, k, code, result))


def _array(rng: random.Random) -> tuple[str, bytes, Any]:
    """Return a file's name and content, and its array where it was not damaged."""
    shape = rng.choice(((8,), (4,), (1, 8), (5, 8), (2, 3, 8), (0,), (3, 0), (8, 1)))
    draw = np.random.default_rng(rng.randrange(2**32))
    array = draw.integers(0, 9, shape) if rng.random() < 0.5 else draw.random(shape) * 9
    is_damaged = rng.random() < 0.7
    suffix = rng.choice((".npy", ".npy", ".csv", ".json"))
    if suffix == ".npy":
        if rng.random() < 0.2:
            array = array.astype(rng.choice(_DTYPES))
        file = io.BytesIO()
        np.save(file, array)
        content = file.getvalue()
        if is_damaged:
            content = _damaged_npy(rng, content)
    elif suffix == ".json":
        text = json.dumps(array.tolist())
        if is_damaged:
            deep = "[" * 9000 + "]" * 9000 if rng.random() < 0.05 else text
            text = damaged(rng, deep, keep=0)
        content = as_bytes(rng, text)
    else:
        rows = np.atleast_2d(array).reshape(-1, max(1, array.shape[-1]))
        text = "".join(",".join(map(str, row)) + "\n" for row in rows.tolist())
        content = as_bytes(rng, damaged(rng, text, keep=0) if is_damaged else text)
    if rng.random() < 0.02:
        suffix = rng.choice((".txt", ".NPY", ".npz", ".pt", ""))
    return f"loads{suffix}", content, None if is_damaged else array


def _damaged_npy(rng: random.Random, content: bytes) -> bytes:
    """Damage the header's text, or any bytes."""
    if rng.random() < 0.5:
        return damaged_bytes(rng, content)
    at = content.index(b"'shape'")
    shape = rng.choice(("(-1,)", "(True, 8)", "(10**12,)", "(1000000000000,)", "()", "(8.0,)", "8", "(None,)", "(9,)"))
    dtype = rng.choice((b"'<i8'", b"'<f8'", b"'|O'", b"'>f4'", b"'<q99'", b"'|V8'"))
    header = content[:at] + f"'shape': {shape}, }}".encode()
    header = header.replace(content[content.index(b"'descr': ") + 9 : content.index(b", 'fortran")], dtype)
    start = 10 if content[6] == 1 else 12
    return header.ljust(128, b" ")[:127] + b"\n" + content[128:] if start == 10 else header


def _value(rng: random.Random) -> str:
    return rng.choice(NUMBERS) if rng.random() < 0.6 else str(rng.randint(-2, 9))


def _few(rng: random.Random, options: dict[str, Any]) -> list[str]:
    """Return one or two options with values."""
    chosen = rng.sample([*options], min(len(options), rng.randint(1, 2)))
    return [
        word for name in chosen for word in (f"{name}={rng.choice(options[name]) if options[name] else _value(rng)}",)
    ]


def _balance_right(array: Any, is_plain: bool, code: int, result: Any) -> str | None:
    if array is None or not is_plain or code != 0:
        return None
    rows = np.atleast_2d(array).reshape(-1, array.shape[-1]).astype(np.float64)
    rows = rows[rows.sum(axis=1) > 0]
    if not len(rows):
        return None
    wanted = float((rows.max(axis=1) / rows.mean(axis=1)).mean())
    found = result["load_balance"]
    return None if abs(found - wanted) <= 1e-6 * wanted else f"load balance {found} instead of {wanted}"


def _place_right(array: Any, gpus: int, code: int, result: Any) -> str | None:
    if code != 0:
        return None
    for layer in result["layers"]:
        placed = np.bincount(np.ravel(layer["experts"]), minlength=result["n_experts"])
        if placed.min() < 1:
            return "an expert is nowhere"
        if placed.tolist() != layer["replicas"]:
            return "replicas are miscounted"
        if len(layer["gpu_loads"]) != gpus:
            return "GPUs are missing"
    if array is not None and array.dtype.kind in "iuf":
        rows = np.atleast_2d(array).reshape(-1, array.shape[-1])
        total = [sum(layer["gpu_loads"]) for layer in result["layers"]]
        if not np.allclose(total, rows.sum(axis=1), rtol=1e-6, atol=1e-9):
            return f"loads {total} instead of {rows.sum(axis=1)}"
    return None


def _route_right(array: Any, k: int, code: int, result: Any) -> str | None:
    if code != 0:
        return None
    ids = np.array(result["ids"])
    if ids.size and (ids.max() >= len(result["counts"]) or ids.min() < -1):
        return "an expert that does not exist"
    if (np.bincount(ids[ids >= 0], minlength=len(result["counts"])) != np.array(result["counts"])).any():
        return "tokens are miscounted"
    if any(len({x for x in row if x >= 0}) != sum(x >= 0 for x in row) for row in ids.tolist()):
        return "an expert twice for a token"
    return None
