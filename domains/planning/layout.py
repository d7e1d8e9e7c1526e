"""Where each variable of a planning task lies in the 64-bit words of a packed state.

Variables are placed largest first into the first word with room, so that none crosses a word;
most tasks of the planning competitions fit one to three words.

Source: Helmert (2006), "The Fast Downward Planning System", JAIR 26 (packed states).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WORD_BITS = 64


@dataclass(frozen=True)
class Layout:
    """Word, shift and mask of each variable.

    Attributes
    ----------
    word, shift : int64[n_variables]
        Which word, and by how many bits the value is shifted there.
    mask : uint64[n_variables]
        The value's bits before the shift.
    n_words : int
        At least 1.
    """

    word: npt.NDArray[np.int64]
    shift: npt.NDArray[np.int64]
    mask: npt.NDArray[np.uint64]
    n_words: int

    @classmethod
    def of(cls, sizes: Sequence[int]) -> Layout:
        """Return the layout of variables with so many values each.

        >>> layout = Layout.of([3, 300, 2])
        >>> layout.pack([2, 299, 1])
        (3371,)
        >>> layout.unpack((3371,))
        (2, 299, 1)
        """
        bits = [max(1, (size - 1).bit_length()) for size in sizes]
        word, shift, used = np.zeros(len(bits), np.int64), np.zeros(len(bits), np.int64), [0]
        for var in sorted(range(len(bits)), key=lambda var: -bits[var]):
            place = next((i for i, taken in enumerate(used) if taken + bits[var] <= WORD_BITS), len(used))
            used += [0] * (place == len(used))
            word[var], shift[var] = place, used[place]
            used[place] += bits[var]
        mask = np.array([(1 << n) - 1 for n in bits], np.uint64)
        return cls(word, shift, mask, len(used))

    @property
    def variable_at(self) -> npt.NDArray[np.int64]:
        """Return the variable that each bit of all words belongs to: int64[64 * n_words], 0 where it is nobody's."""
        found = np.zeros(WORD_BITS * self.n_words, np.int64)
        firsts = (WORD_BITS * self.word + self.shift).tolist()
        for var, (first, mask) in enumerate(zip(firsts, self.mask.tolist(), strict=True)):
            found[first : first + mask.bit_length()] = var
        return found

    def pack(self, values: Sequence[int]) -> tuple[int, ...]:
        """Return the words of a state given by all its values."""
        return self.facts(enumerate(values))

    def facts(self, facts: Iterable[tuple[int, int]]) -> tuple[int, ...]:
        """Return words in which these variables have these values and all other bits are 0."""
        words = [0] * self.n_words
        for var, value in facts:
            words[self.word[var]] |= int(value) << int(self.shift[var])
        return tuple(words)

    def masks(self, variables: Iterable[int]) -> tuple[int, ...]:
        """Return words in which the bits of these variables are 1."""
        return self.facts((var, int(self.mask[var])) for var in set(variables))

    def unpack(self, words: Sequence[int]) -> tuple[int, ...]:
        """Return the values of a packed state."""
        return tuple(
            (words[word] >> shift) & mask
            for word, shift, mask in zip(self.word.tolist(), self.shift.tolist(), self.mask.tolist(), strict=True)
        )
