"""What a checkpoint is of: the same instance and heuristic, by digests of what compiled code reads.

Values of h lie in a checkpoint, and states as the domain packs them; with other tables both would mean something else.
A file of the instance that was changed since shows in the tables that are made of it. Ranks and owners may change.
"""

from __future__ import annotations

from typing import Any

from pdsearch.comm.alike import digest
from pdsearch.domains import Domain
from pdsearch.errors import BadInputError, shown
from pdsearch.heuristics import Heuristic
from pdsearch.kernels.scratch import without_scratch
from pdsearch.search.task import Task


def facts_of(task: Task, kind: str) -> dict[str, Any]:
    """Return what must be the same, what may not be, and what a message shows of it.

    Parameters
    ----------
    task : Task
        What is searched.
    kind : str
        Of the search that writes: what its arrays mean.
    """
    domain, heuristic = task.domain, task.heuristic
    return {
        "kind": kind,
        "domain": domain.name,
        "instance": instance_digest(domain),
        "instance_name": domain.instance,
        "heuristic": heuristic.label or heuristic.name,
        "heuristic_tables": digest((heuristic.max_h, heuristic.max_rise, without_scratch(_tables_of(heuristic)))),
        "owners": None if task.distribution is None else digest((task.distribution.name, task.sharing)),
        "n_ranks": task.n_ranks,
    }


def instance_digest(domain: Domain) -> str:
    """Return a digest of what compiled code reads of an instance, whatever was searched before."""
    return digest((domain.name, domain.initial, without_scratch(domain.space)))


def _tables_of(heuristic: Heuristic) -> Any:
    """Return what may not change: nothing of a heuristic that learns, whose values are lower bounds at any time."""
    return () if heuristic.lesson_every else heuristic.tables


def check_same(saved: dict[str, Any], task: Task, kind: str) -> None:
    """Raise BadInputError unless a checkpoint is of a task, and of the same kind of search."""
    now = facts_of(task, kind)
    told = {
        "kind": f"is of {saved['kind']} and the search is {kind}; name the same algorithm",
        "domain": f"is of domain {saved['domain']} and not {now['domain']}; give the same instance",
        "instance": f"is of instance {shown(saved['instance_name'], 120)} as it was then, which has changed; give the "
        "same files",
        "heuristic": f"was written with heuristic {saved['heuristic']} and not {now['heuristic']}; give the same",
        "heuristic_tables": f"was written with other tables of heuristic {saved['heuristic']}: limits of time and "
        "memory decide how large they are; give those of before, or a checkpoint of these",
    }
    for name, words in told.items():
        if saved[name] != now[name]:
            raise BadInputError(f"the checkpoint {words}")
