"""The comparisons of the papers, each with the distributions it compared, and ours.

Sources: Jinnai and Fukunaga (2016), AAAI (15- and 24-puzzle on threads, multiple sequence
alignment), and (2017), JAIR 60. The grid has no published projection; its distributions are
those of the alignments. The papers' alignments are of proteins of BAliBASE, whose licence does not
allow to ship them: families drawn at random stand for them.
"""

from __future__ import annotations

from dataclasses import dataclass

from pdsearch.domains import DOMAINS, Domain


@dataclass(frozen=True)
class Suite:
    """Instances, easiest first, and the distributions that a paper compares on them.

    Attributes
    ----------
    instances : tuple of str
        Names and sets, as on the command line.
    heuristic : str or None
        The domain's default when None.
    seeds : tuple of int
        Each instance is drawn once with each; one is enough for instances that are not random.
    """

    domain: str
    instances: tuple[str, ...]
    distributions: tuple[str, ...]
    heuristic: str | None = None
    seeds: tuple[int, ...] = (0,)

    def problems(self) -> list[Domain]:
        """Return the instances."""
        domain = DOMAINS[self.domain]
        names = [name for text in self.instances for name in domain.instance_set(text)]
        return [domain.parse(name, seed=seed) for name in names for seed in self.seeds]


_ALWAYS = ("zobrist", "abstract-zobrist", "state-abstraction", "sampled-cut", "random")
_PUZZLES = (*_ALWAYS, "sparsest-cut", "permutation", "multiplicative")

SUITES = {
    "tiles15": Suite("tiles", ("korf:easy20",), _PUZZLES),
    # 13.4 million expansions by A*; #25 and #44, as near to their h as any of the fifty, take more than 25 million
    "tiles24": Suite("tiles", ("korf-felner:40",), _PUZZLES, heuristic="pdb-6-6-6-6"),
    # 85,000 to 348,000 expansions by A*
    "msa": Suite("msa", ("random:5x140",), (*_ALWAYS, "sparsest-cut", "hyperplane"), seeds=(0, 6, 7, 1, 2, 5, 4, 3)),
    # 2,400 to 35,000
    "grid": Suite("grid", ("random:1024x1024",), (*_ALWAYS, "hyperplane"), seeds=(1, 3, 0, 2)),
}
