"""Serving a stream of requests: many independent streams at once, one request of each at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.serving.system import System
from pdsearch.errors import BadInputError

Actions = npt.NDArray[np.int64]
Choice = Callable[[FloatArray], Actions]

_WARM_UP = 0.2  # the part of each stream that does not count: it begins with empty servers


@dataclass(frozen=True, slots=True)
class Served:
    """How requests were served.

    Attributes
    ----------
    quality : float
        Mean over all requests, late ones with 0.
    error : float
        Standard error of ``quality``, from the spread of the streams.
    on_time : float
        Share of the requests.
    wait_s, response_s : float
        Mean seconds until an answer was begun, and until it was there.
    shares : tuple of float
        Of the requests that each model answered.
    busy : tuple of float
        Seconds of work a second that each server got.
    """

    quality: float
    error: float
    on_time: float
    wait_s: float
    response_s: float
    shares: tuple[float, ...]
    busy: tuple[float, ...]


class Streams:
    """Independent streams of requests, each to its own servers.

    Parameters
    ----------
    system : System
        What serves.
    n_streams : int
        At least 1.
    seed : int
        Of the arrivals.

    Attributes
    ----------
    backlogs : float64[n_streams, n_servers]
        Unfinished seconds of each server when the next request arrives, ascending.
    """

    def __init__(self, system: System, n_streams: int, seed: int) -> None:
        self._system, self._rng = system, np.random.default_rng(seed)
        self.backlogs = np.zeros((n_streams, system.n_servers))
        self._order = np.tile(np.arange(system.n_servers), (n_streams, 1))  # whose backlog it is
        self.work = np.zeros((n_streams, system.n_servers))  # seconds given to each server
        self.elapsed = np.zeros(n_streams)

    def serve(self, actions: Actions) -> tuple[FloatArray, FloatArray]:
        """Serve one request of each stream and let time pass until the next; return quality and seconds to answer."""
        seconds = self._system.seconds[actions]
        self.backlogs[:, 0] += seconds
        response = self.backlogs[:, 0].copy()
        self.work[np.arange(len(actions)), self._order[:, 0]] += seconds
        quality = np.where(response <= self._system.deadline + 1e-12, self._system.qualities[actions], 0.0)
        gap = self._rng.exponential(1 / self._system.rate, len(actions))
        self.elapsed += gap
        self.backlogs = np.maximum(self.backlogs - gap[:, None], 0.0)
        if self._system.n_servers > 1:
            order = np.argsort(self.backlogs, axis=1, kind="stable")
            self.backlogs = np.take_along_axis(self.backlogs, order, axis=1)
            self._order = np.take_along_axis(self._order, order, axis=1)
        return quality, response


def simulate(system: System, choose: Choice, n_requests: int = 200_000, n_streams: int = 256, seed: int = 0) -> Served:
    """Serve requests by the models that ``choose`` names for backlogs.

    Parameters
    ----------
    system : System
        Servers, models and arrivals.
    choose : callable
        From float64[n_streams, n_servers], ascending backlogs, to int64[n_streams], models.
    n_requests : int
        That count, all streams together, rounded up to the streams.
    n_streams : int
        At least 2, for the error.
    seed : int
        The same seed brings the same arrivals to every policy.

    Returns
    -------
    Served

    Raises
    ------
    BadInputError
        If there are too few requests or streams.

    Examples
    --------
    >>> always_small = lambda backlogs: np.zeros(len(backlogs), dtype=np.int64)
    >>> served = simulate(System(rate=0.1), always_small, n_requests=2000, n_streams=10)
    >>> round(served.quality, 6), served.shares
    (0.6, (1.0, 0.0, 0.0))
    """
    if n_requests < 1 or n_streams < 2:
        raise BadInputError(f"{n_requests} requests in {n_streams} streams; need a request and 2 streams")
    streams, steps = Streams(system, n_streams, seed), -(-n_requests // n_streams)
    for _ in range(int(_WARM_UP * steps)):
        streams.serve(choose(streams.backlogs))
    streams.work[:], streams.elapsed[:] = 0.0, 0.0
    sums, on_time, counts = np.zeros((3, n_streams)), 0, np.zeros(len(system.models))
    for _ in range(steps):
        actions = choose(streams.backlogs)
        quality, response = streams.serve(actions)
        sums += quality, response, response - system.seconds[actions]
        on_time += int((response <= system.deadline + 1e-12).sum())
        counts += np.bincount(actions, minlength=len(counts))
    means, total = sums / steps, steps * n_streams
    return Served(
        quality=float(means[0].mean()),
        error=float(means[0].std(ddof=1) / np.sqrt(n_streams)),
        on_time=on_time / total,
        wait_s=float(means[2].mean()),
        response_s=float(means[1].mean()),
        shares=tuple((counts / total).tolist()),
        busy=tuple((streams.work.sum(axis=0) / streams.elapsed.sum()).tolist()),
    )
