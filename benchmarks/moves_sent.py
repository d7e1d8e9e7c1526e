"""CO of planning tasks without a search on ranks: the share of moves that lead to another rank's state.

``python benchmarks/moves_sent.py TASK.pddl ... --distributions sparsest-cut,sampled-cut --ranks 48``

States are those of a search on one rank that has stored ``--stored`` nodes, every so many of its later half, and each
makes one move drawn at random. A file ``domain.pddl`` or ``TASK-domain.pddl`` lies beside each task.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from pdsearch.distribution import make_distribution
from pdsearch.distribution.sampling import Sample
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import PdsearchError
from pdsearch.search.best_first.sampling import ShortSearch
from pdsearch.search.setup import make_task


def domain_of(task: Path) -> str:
    """Return the file of a task's domain."""
    own = task.with_name(f"{task.stem}-domain.pddl")
    return str(own if own.exists() else task.with_name("domain.pddl"))


def shares(task: Path, names: list[str], arguments: argparse.Namespace) -> list[float]:
    """Return the share of moves that each distribution sends; nan where it is refused."""
    domain = Planning.parse(str(task), domain_file=domain_of(task))
    alone = make_task(domain, arguments.heuristic)
    states = ShortSearch(alone, most_stored=arguments.stored).states(arguments.states)
    sample = Sample.of(domain, states)

    def share(name: str) -> float:
        try:
            distribution = make_distribution(domain, name, arguments.ranks, 0, ShortSearch(alone).states)
        except PdsearchError:
            return float("nan")
        words = np.append(distribution.words, np.zeros((domain.n_variables, 1), np.int64), axis=1)  # type: ignore[attr-defined]

        def owners(values: np.ndarray) -> np.ndarray:
            return np.take_along_axis(words, values.T, axis=1).sum(axis=0) % arguments.ranks  # -1 is the column of 0

        return float((owners(sample.values) != owners(sample.successors)).mean())

    return [share(name) for name in names]


def main() -> None:
    """Print a row for each task, and the means."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tasks", nargs="+", type=Path)
    parser.add_argument("--distributions", default="sparsest-cut,sparsest-cut:code:ignore=0.5,sampled-cut")
    parser.add_argument("--ranks", type=int, default=48)
    parser.add_argument("--heuristic", default="merge-and-shrink:1000")
    parser.add_argument("--stored", type=int, default=2_000_000, help="nodes of the search")
    parser.add_argument("--states", type=int, default=5000)
    arguments = parser.parse_args()
    names = arguments.distributions.split(",")
    print(f"{'task':44}" + "".join(f"{name:>34}" for name in names))
    rows = []
    for task in arguments.tasks:
        rows.append(shares(task, names, arguments))
        print(f"{task.parent.name + '/' + task.stem:44}" + "".join(f"{one:34.2f}" for one in rows[-1]), flush=True)
    print(f"{'mean':44}" + "".join(f"{one:34.3f}" for one in np.nanmean(rows, axis=0)))


if __name__ == "__main__":
    main()
