"""The comparisons of the papers, as far as the registries have their domains and distributions.

Sources: Jinnai and Fukunaga (2016), AAAI (15- and 24-puzzle on threads, multiple sequence
alignment) and (2017), JAIR 60; the grid has no published projection.
"""

from __future__ import annotations

from dataclasses import dataclass

from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.domains import DOMAINS


@dataclass(frozen=True)
class Suite:
    """A domain, an instance set, and the distributions that a paper compares on it."""

    domain: str
    instances: str
    distributions: tuple[str, ...]


SUITES = {
    "tiles15": Suite(
        "tiles",
        "korf:easy20",
        ("zobrist", "abstract-zobrist", "state-abstraction", "sparsest-cut", "permutation", "multiplicative", "random"),
    ),
    "tiles24": Suite(
        "tiles", "korf24:easy", ("zobrist", "abstract-zobrist", "state-abstraction", "sparsest-cut", "permutation")
    ),
    "msa": Suite("msa", "balibase:easy", ("zobrist", "abstract-zobrist", "hyperplane", "state-abstraction")),
    "grid": Suite("grid", "movingai:arena", ("zobrist", "abstract-zobrist", "hyperplane", "state-abstraction")),
}


def available(suite: Suite) -> tuple[list[str], list[str]]:
    """Return the distributions of a suite that exist here, and what is skipped, in words."""
    if suite.domain not in list(DOMAINS):
        return [], [f"domain {suite.domain} does not exist here"]
    names = [name for name in DISTRIBUTIONS if name in suite.distributions]
    return names, [f"distribution {name} does not exist here" for name in suite.distributions if name not in names]
