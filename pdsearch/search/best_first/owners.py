"""Who owns what a rank generates, one node after the other: whether few ranks take what it sends.

The sequence goes into :mod:`pdsearch.balance.locality`, where tokens that activate one expert each stand for
nodes that have one owner each.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from pdsearch.domains import Domain
from pdsearch.errors import BadInputError
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.records import initial_record
from pdsearch.search.setup import make_task


def owners_generated(
    domain: Domain,
    distribution: str | None = None,
    n_ranks: int = 8,
    *,
    heuristic: str | None = None,
    n_expansions: int = 2000,
    seed: int = 0,
    memory_bytes: int = 2**28,
) -> list[npt.NDArray[np.int64]]:
    """Return the owners of the nodes that each rank generates, in the order in which an A* search stores them.

    A node belongs to the sequence of the rank that owns the node it was generated from, by the cheapest way found.
    States that were known already are left out.

    Parameters
    ----------
    domain : Domain
        The instance.
    distribution, heuristic : str, optional
        By name, as of :func:`pdsearch.search.solve`.
    n_ranks : int
        Ranks that own states; the search itself runs on one.
    n_expansions : int
        After which the search stops, if not before.
    seed : int
        Of the distribution.
    memory_bytes : int
        Of the search.

    Returns
    -------
    list of int64[n_nodes, 1]
        One for each rank; ``ids`` of :func:`pdsearch.balance.locality.segment_routing` and its neighbours.

    Raises
    ------
    UnknownNameError, BadInputError
        If heuristic or distribution do not exist, do not fit the domain or give equal states different owners; or
        there is nothing to expand.

    Examples
    --------
    >>> from pdsearch.domains.tiles import Tiles
    >>> sequences = owners_generated(Tiles.korf(1), "zobrist", n_ranks=4, n_expansions=100)
    >>> len(sequences), sequences[0].shape[1]
    (4, 1)
    """
    if n_expansions < 1:
        raise BadInputError(f"{n_expansions} expansions generate nothing; give at least 1")
    task = make_task(domain, heuristic, distribution, n_ranks, seed=seed)
    if not task.has_owners:
        raise BadInputError(f"distribution {distribution!r} gives equal states different owners; choose another")
    rank = LocalSearch(dataclasses.replace(task, distribution=None, n_ranks=1), 0, memory_bytes)
    rank.absorb(initial_record(task))
    rank.expand(n_expansions)
    sequences: list[list[list[int]]] = [[] for _ in range(n_ranks)]
    for node in range(1, rank.n_nodes):  # the first one is the initial state
        state = rank.state_of(node)
        origin = rank.origin_of(state)
        assert origin is not None, "a stored state is not found"
        sequences[task.owner_of(domain.undo(state, origin[1]))].append([task.owner_of(state)])
    return [np.array(owners, dtype=np.int64).reshape(-1, 1) for owners in sequences]
