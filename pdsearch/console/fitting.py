"""Which heuristics are for which domains, told without an instance."""

from __future__ import annotations

from pdsearch.domains import DOMAINS, Domain
from pdsearch.domains.plain import PlainDomain
from pdsearch.domains.vectors import VectorDomain
from pdsearch.heuristics import HEURISTICS, Heuristic

_HOME = "pdsearch.domains."


def domains_of(heuristic: type[Heuristic]) -> list[str]:
    """Return the domains that a heuristic may fit: that of its folder; all compiled ones for what is general.

    Examples
    --------
    >>> domains_of(HEURISTICS["manhattan"])
    ['tiles']
    """
    module = heuristic.__module__
    if module.startswith(_HOME):
        folder = module.removeprefix(_HOME).split(".")[0]
        return [name for name in DOMAINS if DOMAINS[name].__module__.startswith(_HOME + folder)]
    if heuristic.name == "own":
        return [name for name in DOMAINS if issubclass(DOMAINS[name], PlainDomain | VectorDomain)]
    return [name for name in DOMAINS if not issubclass(DOMAINS[name], PlainDomain)]


def heuristics_of(domain: type[Domain]) -> list[str]:
    """Return the heuristics that may fit a domain, by the names that go with it, its default first.

    Examples
    --------
    >>> heuristics_of(DOMAINS["grid"])
    ['octile', 'blind']
    """
    own = f"{domain.name}-"
    names = [name.removeprefix(own) for name in HEURISTICS if domain.name in domains_of(HEURISTICS[name])]
    first = domain.default_heuristic if domain.default_heuristic in names else None
    return [*([first] if first else []), *sorted(name for name in names if name != first)]
