"""The M/D/1 queue in closed form: Poisson arrivals, one server, every answer takes the same time.

Sources: Pollaczek (1930), "Über eine Aufgabe der Wahrscheinlichkeitstheorie", Mathematische Zeitschrift 32 (the
mean); Erlang (1909), "The Theory of Probabilities and Telephone Conversations" (the distribution).
"""

from __future__ import annotations

import math

from pdsearch.errors import BadInputError


def mean_wait(rate: float, seconds: float) -> float:
    """Return the mean seconds a request waits before it is served: rho seconds / (2 (1 - rho)).

    Raises
    ------
    BadInputError
        If requests arrive as fast as they are served, or faster.

    Examples
    --------
    >>> mean_wait(rate=0.5, seconds=1.0)
    0.5
    """
    load = _load(rate, seconds)
    return load * seconds / (2 * (1 - load))


def wait_within(limit: float, rate: float, seconds: float) -> float:
    """Return the probability that a request waits no longer than ``limit`` seconds.

    Exact, as a sum of floor(limit / seconds) + 1 alternating terms that lose about that many digits: up to some twenty
    answers' time.

    Raises
    ------
    BadInputError
        As for :func:`mean_wait`.

    Examples
    --------
    >>> wait_within(0.0, rate=0.5, seconds=1.0)
    0.5
    """
    load = _load(rate, seconds)
    if limit < 0:
        return 0.0
    terms = (
        (-rate * (limit - k * seconds)) ** k / math.factorial(k) * math.exp(rate * (limit - k * seconds))
        for k in range(math.floor(limit / seconds + 1e-12) + 1)
    )
    return (1 - load) * math.fsum(terms)


def _load(rate: float, seconds: float) -> float:
    load = rate * seconds
    if not 0 <= load < 1:
        raise BadInputError(f"{rate} requests a second of {seconds} s each never end; need rate times seconds below 1")
    return load
