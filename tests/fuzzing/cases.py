"""What a case is, and the kinds of cases."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

LIMIT_S = 2
SEARCH = ["--time-limit", f"{LIMIT_S}s", "--memory", "64M", "--node-limit", "20000", "--json", "-"]


@dataclass(frozen=True)
class Case:
    """A command and what is known of its answer.

    Attributes
    ----------
    words : list of str
        After ``pdsearch``.
    files : mapping of str to bytes
        Written to the folder in which it runs.
    check : callable
        Given the exit code and the JSON that was printed, says in a few words what is wrong, or None.
    stdin : str
        What comes on standard input.
    """

    words: list[str]
    files: Mapping[str, bytes] = field(default_factory=dict)
    check: Callable[[int, Any], str | None] = lambda code, result: None
    stdin: str = ""


KINDS: dict[str, tuple[int, Callable[[random.Random], Case]]] = {}


def kind(name: str, share: int) -> Callable[[Any], Any]:
    """Enter a maker of cases, and how many it makes of 200."""

    def enter(make: Callable[[random.Random], Case]) -> Callable[[random.Random], Case]:
        KINDS[name] = share, make
        return make

    return enter


def case_of(seed: int, number: int, kinds: list[str]) -> tuple[str, Case]:
    """Return a case by its number: kinds take turns by their shares."""
    rng = random.Random(f"{seed} {number}")
    name = rng.choices(kinds, [KINDS[one][0] for one in kinds])[0]
    return name, KINDS[name][1](rng)


def agrees(result: Any, code: int, cost: int | None) -> str | None:
    """Compare with the known cost of a cheapest plan, None for no plan; limits prove only a bound."""
    is_bounded = result.get("status") == "solved within bound"
    if code == 0 and (cost is None or result["cost"] < cost or (result["cost"] > cost and not is_bounded)):
        return f"cost {result['cost']} instead of {cost}"
    if code == 11 and cost is not None:
        return f"unsolvable instead of cost {cost}"
    if code not in (0, 11) and cost is not None and result["lower_bound"] is not None and result["lower_bound"] > cost:
        return f"lower bound {result['lower_bound']} above the cost {cost}"
    return None
