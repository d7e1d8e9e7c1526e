"""Hash: a fixed random table says which experts serve a token id, whatever the token's context.

Roller, Sukhbaatar, Szlam and Weston (2021), "Hash Layers for Large Sparse Models", arXiv 2106.04426, section
3 (random hash); HASH in Clark et al. (2022), "Unified Scaling Laws for Routed Language Models", arXiv
2202.01169. The table is balanced over the vocabulary; the load is as even as the token ids are frequent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pdsearch.balance._values import as_array
from pdsearch.balance.routers import ROUTERS, Assignment
from pdsearch.balance.routers._checks import checked_k, checked_number
from pdsearch.errors import BadInputError

_MOST_IDS = 2**24  # 64 MiB of a table at k = 1; the largest vocabularies in use have 2^18


@ROUTERS.add("hash")
@dataclass(frozen=True)
class HashTable:
    """Experts by token id; the state is the table, int32[vocabulary, k].

    Parameters
    ----------
    n_experts : int
    vocabulary : int
        Token ids are below it.
    seed : int

    Examples
    --------
    >>> router = HashTable(n_experts=4, vocabulary=8)
    >>> assignment = router.route(np.arange(8), k=2)
    >>> assignment.counts.tolist()
    [4, 4, 4, 4]
    """

    n_experts: int = 64
    vocabulary: int = 65_536
    seed: int = 0

    batch_invariant: ClassVar[bool] = True
    reads: ClassVar[str] = "token ids"
    source: ClassVar[str] = "Roller et al. (2021), arXiv 2106.04426, section 3"

    def __post_init__(self) -> None:
        checked_number(self.seed, "seed")
        checked_number(self.vocabulary, "vocabulary", least=1, most=_MOST_IDS)
        checked_number(self.n_experts, "n_experts", least=1, most=_MOST_IDS)

    def route(self, scores: npt.ArrayLike, k: int, state: Any = None) -> Assignment:
        """Look the experts of each token up; all weigh the same.

        Parameters
        ----------
        scores : int[T] or int[T, 1]
            Token ids.
        k : int
        state : int32[vocabulary, k], optional
            The table of an earlier call, for speed; drawn from the seed where not given.

        Raises
        ------
        BadInputError
            For token ids that are not integers below the vocabulary, k > E, or a table of another shape, of other
            numbers or of other experts.
        """
        tokens = self._token_ids(scores)
        checked_k(k, self.n_experts)
        table = self.table(k) if state is None else self._checked_table(state, k)
        ids = table[tokens]
        counts = np.bincount(ids.ravel(), minlength=self.n_experts)
        weights = np.full(ids.shape, 1 / k, np.float32)
        return Assignment(ids, weights, counts, np.zeros(self.n_experts, np.int64), table)

    def table(self, k: int) -> npt.NDArray[np.int32]:
        """Draw the table: k different experts per id, each expert equally often in every block of E ids."""
        rng = np.random.default_rng(self.seed)
        experts = np.arange(self.n_experts)
        blocks = [
            (rng.permutation(experts)[:, None] + rng.permutation(experts)[:k]) % self.n_experts
            for _ in range(-(-self.vocabulary // self.n_experts))
        ]
        return np.concatenate(blocks)[: self.vocabulary].astype(np.int32)

    def _checked_table(self, state: Any, k: int) -> npt.NDArray[np.int32]:
        table = as_array(state, "rows of the table")
        if table.dtype.kind not in "iu" or table.shape != (self.vocabulary, k):
            raise BadInputError(
                f"the table is {table.dtype}{list(table.shape)}; int32[{self.vocabulary}, {k}] is needed, "
                f"the state of an earlier call"
            )
        if table.min() < 0 or table.max() >= self.n_experts:
            raise BadInputError(
                f"the table names experts {table.min()} to {table.max()}; 0 to {self.n_experts - 1} are there"
            )
        return table.astype(np.int32, copy=False)

    def _token_ids(self, scores: npt.ArrayLike) -> npt.NDArray[Any]:
        tokens = as_array(scores, "token ids")
        if tokens.ndim == 2 and tokens.shape[1] == 1:
            tokens = tokens[:, 0]
        if tokens.ndim != 1 or (tokens.dtype.kind not in "iu" and tokens.size):
            raise BadInputError(
                f"hash reads token ids and was given {tokens.dtype}{list(tokens.shape)}; "
                f"give int[n_tokens], one id a line"
            )
        if tokens.size and (tokens.min() < 0 or tokens.max() >= self.vocabulary):
            raise BadInputError(
                f"token ids run from {tokens.min()} to {tokens.max()}; below {self.vocabulary} is needed"
            )
        return tokens.astype(np.int64)
