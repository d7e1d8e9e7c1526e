"""Damaged FASTA files: short alignments are held against all alignments, by cells from the front."""

from __future__ import annotations

import random
from itertools import combinations, product
from math import prod
from pathlib import Path
from typing import Any

from fuzzing.cases import SEARCH, Case, agrees, kind
from fuzzing.damage import as_bytes, damaged

MATRICES = Path(__file__).parents[2] / "domains" / "msa" / "matrices"
_DEFAULT_GAP = {"pam250": 25, "blosum62": 15}


@kind("fasta", 20)
def fasta(rng: random.Random) -> Case:
    """Two to five short sequences and a matrix."""
    n = rng.choice((2, 2, 3, 3, 4, 5))
    records = ["".join(rng.choices("ACDEFGHIKLMNPQRSTVWY", k=rng.randint(1, 7))) for _ in range(n)]
    text = damaged(rng, "".join(f">s{i}\n{letters}\n" for i, letters in enumerate(records)), 2, keep=0.4)
    matrix, gap = rng.choice(("pam250", "blosum62")), rng.choice((None, None, 1, 7, 1000))
    words = ["--matrix", matrix, *([] if gap is None else ["--gap", str(gap)])]
    content = as_bytes(rng, text)
    return Case(
        ["solve", "msa", "s.fasta", *words, *SEARCH],
        {"s.fasta": content},
        lambda code, result: _right(content, matrix, gap or _DEFAULT_GAP[matrix], code, result),
    )


def _right(content: bytes, matrix: str, gap: int, code: int, result: Any) -> str | None:
    if code == 2:
        return None
    sequences = _sequences(content.decode())
    if code == 0:
        built = [sum(column[i] == "x" for column in result["plan"]) for i in range(len(sequences))]
        if built != [len(letters) for letters in sequences]:
            return f"the columns {result['plan']} do not take up the sequences"
    if prod(len(letters) + 1 for letters in sequences) * 2 ** len(sequences) > 60_000:
        return None
    return agrees(result, code, _least(sequences, _costs(matrix), gap))


def _sequences(text: str) -> list[str]:
    found: list[str] = []
    for line in text.splitlines():
        if line.strip().startswith(">"):
            found.append("")
        elif line.strip() and not line.strip().startswith(";"):
            found[-1] += "".join(line.split()).upper()
    return found


def _costs(matrix: str) -> dict[tuple[str, str], int]:
    lines = [line.split() for line in (MATRICES / f"{matrix}.txt").read_text().splitlines() if line[:1] != "#"]
    similar = {(row[0], other): int(word) for row in lines[1:] for other, word in zip(lines[0], row[1:], strict=True)}
    largest = max(similar.values())
    return {pair: largest - value for pair, value in similar.items()}


def _least(sequences: list[str], costs: dict[tuple[str, str], int], gap: int) -> int:
    steps = [step for step in product((0, 1), repeat=len(sequences)) if any(step)]
    best = {(0,) * len(sequences): 0}
    for cell in product(*(range(len(letters) + 1) for letters in sequences)):
        for step in steps:
            after = tuple(a + b for a, b in zip(cell, step, strict=True))
            if all(a <= len(letters) for a, letters in zip(after, sequences, strict=True)):
                column = [s[a] if b else "-" for s, a, b in zip(sequences, cell, step, strict=True)]
                cost = best[cell] + sum(_pair(one, other, costs, gap) for one, other in combinations(column, 2))
                best[after] = min(cost, best.get(after, cost))
    return best[tuple(map(len, sequences))]


def _pair(one: str, other: str, costs: dict[tuple[str, str], int], gap: int) -> int:
    if one == other == "-":
        return 0
    return gap if "-" in (one, other) else costs[one, other]
