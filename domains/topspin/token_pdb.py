"""Pattern databases of TopSpin: how many turns some tokens need, were all others alike.

The ring looks the same from everywhere: the tokens 5 .. 10 on their places are as far from
home as 0 .. 5 on places five lower. So one table, of the tokens 0 .. k - 1, answers for
patterns that start anywhere; h is the maximum over two that lie opposite.

Source: Felner, Zahavi, Holte, Schaeffer, Sturtevant and Zhang (2011), "Inconsistent
heuristics in theory and practice", AIJ 175, section 5 (geometric symmetries of TopSpin).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pdsearch._jit import implements, inlined, kernel
from pdsearch.domains import Domain, State
from pdsearch.domains.packing import cell_at
from pdsearch.domains.topspin.ring import TopSpin
from pdsearch.domains.topspin.space import WIDE_BITS
from pdsearch.heuristics import HEURISTICS, Heuristic
from pdsearch.kernels.protocol import estimate, width
from pdsearch.pdb import Database, Entries, Filled
from pdsearch.pdb.ranking import FIELD, lehmer, n_placements, pack_places, rank_of, unrank

MAX_ENTRIES = 1 << 23
UNKNOWN = 255
_UNUSED = 60  # bits of a packed word beyond all fields: tokens outside the pattern go there


class TokenTables(NamedTuple):
    """A table, and for each of two patterns where each token's place belongs in its key."""

    entries: npt.NDArray[np.uint8]  # (n! / (n - k)!,)
    shift: npt.NDArray[np.int64]  # (2 * n,) bits by which a token's place is shifted
    first: npt.NDArray[np.int64]  # (2,) first token of each pattern
    n: int
    k: int


@inlined
def _look_up(heuristic, space, states, at, pattern):
    """Return the turns the tokens of one pattern need."""
    places = np.uint64(0)
    for cell in range(heuristic.n):
        token = cell_at(states, at, cell, width(space), WIDE_BITS)
        place = cell - heuristic.first[pattern]
        if place < 0:
            place += heuristic.n
        shift = heuristic.shift[pattern * heuristic.n + token]
        if shift < _UNUSED:
            places |= np.uint64(place) << np.uint64(shift)
    return np.int64(heuristic.entries[rank_of(places, heuristic.k, heuristic.n)])


@implements(estimate, TokenTables)
def _estimate(heuristic, space, parent_h, moves, c):
    at = c * width(space)
    one = _look_up(heuristic, space, moves.states, at, 0)
    other = _look_up(heuristic, space, moves.states, at, 1)
    return max(one, other)


@kernel
def _turn_all(entries, depth, k, n, turned, places):
    """Give depth + 1 to all unknown placements one turn away from those of ``depth``; return how many."""
    found = 0
    for rank in range(len(entries)):
        if entries[rank] != depth:
            continue
        for start in range(n):
            unrank(rank, k, n, places)
            for i in range(k):
                offset = places[i] - start if places[i] >= start else places[i] - start + n
                if offset < turned:
                    place = start + turned - 1 - offset
                    places[i] = place if place < n else place - n
            to = rank_of(pack_places(places, k), k, n)
            if entries[to] == UNKNOWN:
                entries[to] = depth + 1
                found += 1
    return found


def database(n: int, turned: int) -> Database:
    """Return the database of the first tokens, as many as ``MAX_ENTRIES`` allow."""
    k = max(k for k in range(1, min(n, 12)) if n_placements(n, k) <= MAX_ENTRIES)

    def build(filled: Filled) -> Entries:
        entries = np.full(n_placements(n, k), UNKNOWN, np.uint8)
        entries[0] = 0  # each token at home: no digit of its number is above zero
        depth, known = 0, 1
        while found := _turn_all(entries, depth, k, n, turned, np.empty(k, np.int64)):
            depth, known = depth + 1, known + found
            filled(known, len(entries))
        entries[entries == UNKNOWN] = 0  # only rings that no turns put in order get there
        return entries

    facts = {"domain": "topspin", "tokens": n, "turnstile": turned, "pattern": k, "ranking": "lehmer"}
    command = f"pdsearch pdb build topspin {n}" + (f" --turnstile {turned}" if turned != 4 else "")
    return Database(f"topspin-{n}-{turned}-first-{k}", facts, n_placements(n, k), build, command)


@HEURISTICS.add("token-pdb")
class TokenPdb(Heuristic):
    """Turns that some neighbouring tokens need to get home; the maximum over two patterns."""

    name = "token-pdb"
    source = "Felner et al. (2011), AIJ 175, section 5"
    admissible = True
    consistent = True
    max_rise = 2

    def __init__(self, domain: Domain) -> None:
        super().__init__(domain)
        assert isinstance(domain, TopSpin)
        self.ring = domain
        (kept,) = self.databases(domain)
        entries, self.k = kept.load(deadline=domain.deadline), int(kept.facts["pattern"])
        n = domain.n
        self.first = (0, n // 2)
        self.home = {token: place for place, token in enumerate(domain.goal)}
        slot = [[(self.home[token] - first) % n for token in range(n)] for first in self.first]
        shift = [FIELD * s if s < self.k else _UNUSED for row in slot for s in row]
        self.tables = TokenTables(entries, np.array(shift), np.array(self.first), n, self.k)
        self.max_h = int(entries.max())

    @classmethod
    def fits(cls, domain: Domain) -> bool:
        """Fit every ring."""
        return isinstance(domain, TopSpin)

    @classmethod
    def databases(cls, domain: Domain) -> list[Database]:
        """Return the one database."""
        assert isinstance(domain, TopSpin)
        return [database(domain.n, domain.k)]

    def value(self, state: State) -> int:
        """Look up both patterns."""
        n = self.ring.n
        place = {self.home[token]: i for i, token in enumerate(self.ring.unpack(state))}
        values = []
        for first in self.first:
            places = [(place[(first + i) % n] - first) % n for i in range(self.k)]
            values.append(int(self.tables.entries[lehmer(places, n)]))
        return max(values)

    def towards(self, instance: Domain) -> TokenPdb:
        """Name the tokens after their places in another goal: the table is the same."""
        return TokenPdb(instance)
