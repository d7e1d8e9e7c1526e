"""Multiple sequence alignment as a user meets it: FASTA files, matrices, aligned FASTA.

A state says how much of each sequence is aligned; a move adds a column. The cost of an
alignment is the sum over columns and pairs of sequences. Where a gap costs something to open, the
state says also what the last column was; see :mod:`pdsearch.domains.msa.affine`.

Source: Carrillo and Lipman (1988), "The multiple sequence alignment problem in biology", SIAM
Journal on Applied Mathematics 48.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.domains import DOMAINS, Domain, State, TransitionGraph
from pdsearch.domains.msa.affine import AffineMsaSpace
from pdsearch.domains.msa.families import random_family
from pdsearch.domains.msa.fasta import Record, format_fasta, read_fasta
from pdsearch.domains.msa.scoring import MATRICES, MAX_GAP, pair_costs
from pdsearch.domains.msa.space import BITS, MAX_LENGTH, PER_WORD, MsaSpace, WideMsaSpace
from pdsearch.errors import BadInputError, shown
from pdsearch.options import Option
from pdsearch.reading import integer, whole_number

MAX_SEQUENCES = 10
_MAX_NARROW = 7  # sequences whose columns are numbered below 127
_MAX_G = 2**24 - 1  # of a narrow node


@DOMAINS.add("msa")
class Alignment(Domain):
    """Sequences to be aligned at the least sum of pair costs.

    Parameters
    ----------
    records : sequence of Record
        2 to 10 named sequences of 1 to 4095 letters that the matrix has.
    matrix : {"pam250", "blosum62"}
        Similarities; a pair of letters costs the largest similarity less its own.
    gap : int, optional
        Cost of a letter against a gap, 1 to 1000; 25 for pam250 and 15 for blosum62 when left out.
    gap_open : int
        Cost of each gap of a pair of sequences besides that of its letters, 0 to 1000; gaps at the ends cost it, too.
    instance : str, optional
        How to call it in results.

    Raises
    ------
    BadInputError
        If there are too few or too many sequences, letters that the matrix does not have, or costs out of range.

    Examples
    --------
    >>> two = Alignment([Record("one", "ACD"), Record("other", "AD")])
    >>> two.replay([2, 0, 2])  # A with A, C with a gap, D with D: 15 + 25 + 13
    53
    """

    name = "msa"
    source = "Carrillo and Lipman (1988), SIAM Journal on Applied Mathematics 48"
    default_heuristic = "pairwise"
    has_coordinates = True
    instances_help = "a fasta file of 2 to 10 sequences, or random:5x60, a family of 5 with about 60 letters"
    options = (
        Option("matrix", "similarities", "pam250", metavar="|".join(MATRICES)),
        Option("gap", "of a letter against a gap (25 for pam250)", None, integer, "COST"),
        Option("gap_open", "of each gap, besides its letters", 0, integer, "COST"),
    )

    def __init__(
        self,
        records: Sequence[Record],
        matrix: str = "pam250",
        gap: int | None = None,
        instance: str | None = None,
        gap_open: int = 0,
    ) -> None:
        if not 2 <= len(records) <= MAX_SEQUENCES:
            raise BadInputError(f"{len(records)} sequences given; an alignment has 2 to {MAX_SEQUENCES}")
        if not 0 <= gap_open <= MAX_GAP:
            raise BadInputError(f"cost {gap_open} of opening a gap makes no sense; give 0 to {MAX_GAP}")
        self.alphabet, costs = pair_costs(matrix, gap)
        for record in records:
            _check(record, self.alphabet, matrix)
        self.records = list(records)
        self.n = self.n_variables = len(records)
        self.codes = [np.array([self.alphabet.index(a) for a in record.letters], np.int64) for record in records]
        self.lengths = [len(record.letters) for record in records]
        self.n_values = max(self.lengths) + 1
        self.instance = instance or " ".join(record.name for record in records)
        self.max_moves = (1 << self.n) - 1
        self.gap_open = gap_open
        self.max_cost = self.n * (self.n - 1) // 2 * (int(costs.max()) + gap_open)
        self.initial = self.pack([0] * self.n)
        letters = np.zeros((self.n, self.n_values), np.int64)
        for row, codes in zip(letters, self.codes, strict=True):
            row[: len(codes)] = codes
        self.pair_costs = costs
        tables = (
            tuple(np.array(self.pack(self.lengths), np.uint64).view(np.int64).tolist()),
            self.n,
            self.n_values,
            np.array(self.lengths, np.int64),
            letters.reshape(-1),
            costs.reshape(-1),
        )
        is_wide = self.n > _MAX_NARROW or self.max_cost * sum(self.lengths) > _MAX_G
        linear = WideMsaSpace if is_wide else MsaSpace
        self.space = AffineMsaSpace(*tables, gap_open) if gap_open else linear(*tables)

    @classmethod
    def parse(
        cls,
        text: str,
        matrix: str = "pam250",
        gap: int | None = None,
        gap_open: int = 0,
        seed: int = 0,
        **options: Any,
    ) -> Alignment:
        """Return the instance of a FASTA file, or of ``random:NxL``, a family drawn with ``seed``."""
        if not text.strip():
            raise BadInputError(f"the instance is empty; give {cls.instances_help}")
        told = [matrix] if matrix != "pam250" or gap is not None or gap_open else []
        told += [f"gap {gap}"] if gap is not None else []
        told += [f"gap-open {gap_open}"] if gap_open else []
        if match := re.fullmatch(r"random:(\d+)x(\d+)", text.strip()):
            n = whole_number(match[1], "number of sequences", 2, MAX_SEQUENCES)
            length = whole_number(match[2], "length of a family", 1, MAX_LENGTH // 2)
            name = " ".join([f"{text.strip()} seed {seed}", *told])
            return cls(random_family(n, length, seed), matrix, gap, name, gap_open)
        return cls(read_fasta(text), matrix, gap, " ".join([Path(text).name, *told]), gap_open)

    def pack(self, positions: Sequence[int], last: int = 0) -> State:
        """Return the words of positions and last column; see :mod:`pdsearch.domains.msa.space`."""
        fields = [*positions, last] if self.gap_open else positions
        return tuple(
            sum(field << (BITS * i) for i, field in enumerate(fields[start : start + PER_WORD]))
            for start in range(0, len(fields), PER_WORD)
        )

    def unpack(self, state: State) -> tuple[int, ...]:
        """Return how many letters of each sequence are aligned."""
        return tuple(_field(state, i) for i in range(self.n))

    def last_column(self, state: State) -> int:
        """Return the column that led to a state as a set of bits; 0 at the start, and where opening a gap is free."""
        return _field(state, self.n) if self.gap_open else 0

    def is_goal(self, state: State) -> bool:
        """Say whether all letters are aligned."""
        return list(self.unpack(state)) == self.lengths

    def operators(self, state: State) -> list[int]:
        """Return the columns that take letters only from sequences that have some left."""
        left = sum(1 << i for i, position in enumerate(self.unpack(state)) if position < self.lengths[i])
        first = self.last_column(state) << self.n
        return [first + column - 1 for column in range(1, 1 << self.n) if column & ~left == 0]

    def apply(self, state: State, operator: int) -> tuple[State, int]:
        """Add a column."""
        positions, last = list(self.unpack(state)), self.last_column(state)
        column = operator - (last << self.n) + 1
        if not 1 <= column < 1 << self.n:
            first = last << self.n
            raise ValueError(f"column {operator} is not one of {first} to {first + (1 << self.n) - 2}")
        codes = []
        for i in range(self.n):
            taken = (column >> i) & 1
            if taken and positions[i] == self.lengths[i]:
                raise ValueError(f"sequence {self.records[i].name} has no letter left")
            codes.append(int(self.codes[i][positions[i]]) if taken else -1)  # -1 is the last code, a gap
            positions[i] += taken
        cost = sum(int(self.pair_costs[codes[i], codes[j]]) for i in range(self.n) for j in range(i))
        return self.pack(positions, column), cost + self.gap_open * len(self._gaps(column) - self._gaps(last))

    def undo(self, state: State, operator: int) -> State:
        """Take a column away."""
        last, column = divmod(operator, 1 << self.n)
        return self.pack([p - ((column + 1) >> i & 1) for i, p in enumerate(self.unpack(state))], last)

    def _gaps(self, column: int) -> set[tuple[int, int]]:
        """Return the pairs (i, j) with a letter of i against a gap in j."""
        letters = {i for i in range(self.n) if column >> i & 1}
        return {(i, j) for i in letters for j in range(self.n) if j not in letters}

    def operator_name(self, operator: int) -> str:
        """Return a column, a letter as x and a gap as -."""
        column = operator % (1 << self.n) + 1
        return "".join("x" if column >> i & 1 else "-" for i in range(self.n))

    def features(self, state: State) -> npt.NDArray[np.int64]:
        """Return ``sequence * n_values + position`` of each sequence."""
        return np.arange(self.n) * self.n_values + np.array(self.unpack(state), np.int64)

    def projections(self) -> dict[str, npt.NDArray[np.int64]]:
        """Return runs of positions, the same for each sequence.

        Source: Jinnai and Fukunaga (2016), AAAI, section 4.3; runs of five are their published code's.
        """
        position = np.tile(np.arange(self.n_values), self.n)
        return {f"runs-{length}": position // length for length in (5, 10, 20)}

    def abstractions(self) -> dict[str, tuple[int, ...]]:
        """Return sequences to keep: the longest, the two or the three longest.

        Source: Jinnai and Fukunaga (2016), AAAI, section 4.3 (the best of these is the longest alone).
        """
        by_length = sorted(range(self.n), key=lambda i: -self.lengths[i])
        kept = {f"longest-{k}": tuple(by_length[:k]) for k in (2, 3) if k <= self.n}
        return {"longest": tuple(by_length[:1])} | kept

    def transition_graphs(self) -> list[TransitionGraph]:
        """Return a path for each sequence: half of all columns take its next letter."""
        columns = 1 << (self.n - 1)
        graphs = []
        for i, length in enumerate(self.lengths):
            edges = np.column_stack([np.arange(length), np.arange(1, length + 1)])
            graphs.append(TransitionGraph(i, np.arange(length + 1), edges, np.full(length, columns, np.int64)))
        return graphs

    def show(self, state: State) -> str:
        """Return the position in each sequence."""
        return " ".join(map(str, self.unpack(state)))

    def show_plan(self, plan: Sequence[str]) -> str:
        """Return the alignment as FASTA."""
        return format_fasta([Record(name, row) for (name, _), row in zip(self.records, self.rows(plan), strict=True)])

    def rows(self, plan: Sequence[str]) -> list[str]:
        """Return the aligned sequences of a plan, gaps as ``-``."""
        letters = [iter(record.letters) for record in self.records]
        return ["".join(next(letters[i]) if column[i] == "x" else "-" for column in plan) for i in range(self.n)]


def _field(state: State, i: int) -> int:
    return (state[i // PER_WORD] >> (BITS * (i % PER_WORD))) & MAX_LENGTH


def _check(record: Record, alphabet: str, matrix: str) -> None:
    if not 1 <= len(record.letters) <= MAX_LENGTH:
        raise BadInputError(
            f"sequence {shown(record.name)} has {len(record.letters)} letters; 1 to {MAX_LENGTH} are needed"
        )
    wrong = next((letter for letter in record.letters if letter not in alphabet), None)
    if wrong is not None:
        raise BadInputError(f"letter {wrong!r} of sequence {shown(record.name)} is not in {matrix}; it has {alphabet}")
