"""The policy ``learned``: a double deep Q-network, which knows the system only from serving it.

Two hidden layers say what each model is worth at given backlogs. The network learns from single requests that are drawn
from the latest ones: what a request gave, plus what the next one is worth, by the model that the network itself would
choose there and by a copy of it that follows slowly.

Sources: Narayan et al. (2024), arXiv 2401.07886 (a double DQN for this problem); van Hasselt, Guez and Silver (2016),
"Deep Reinforcement Learning with Double Q-learning", AAAI, arXiv 1509.06461.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.serving.policies import POLICIES
from pdsearch.balance.serving.simulation import Actions, Streams
from pdsearch.balance.serving.system import System
from pdsearch.errors import BadInputError, MissingDependencyError, pip_install

_STREAMS, _BATCH, _KEPT_STEPS = 64, 256, 400  # requests served and learned from each step; steps remembered
_FOLLOW = 0.02  # of the way that the slow copy goes each step
_LONGEST = 3.0  # deadlines: a longer backlog looks like this one


@POLICIES.add("learned")
@dataclass
class Learned:
    """A network that values the models.

    Parameters
    ----------
    steps : int
        Of training; each serves one request of 64 streams.
    hidden : int
        Units of a hidden layer.
    discount : float
        Of the next request's worth, in (0, 1).
    rate : float
        Of Adam; it falls to a tenth.
    """

    steps: int = 2000
    hidden: int = 64
    discount: float = 0.97
    rate: float = 2e-3
    _network: Any = field(init=False, repr=False)
    _deadline: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.steps < 1 or self.hidden < 1 or not 0 < self.discount < 1 or not 0 < self.rate < 1:
            raise BadInputError(
                f"{self.steps} steps, {self.hidden} hidden, discount {self.discount}, rate {self.rate}; "
                "need at least 1 of the first two, and the others between 0 and 1"
            )

    def fit(self, system: System, seed: int) -> None:
        """Train on requests served."""
        torch = _torch()
        with _one_thread(torch):
            self._train(torch, system, seed)

    def _train(self, torch: Any, system: System, seed: int) -> None:
        rng, self._deadline = np.random.default_rng(seed), system.deadline
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._network = _layers(torch, system.n_servers, self.hidden, len(system.models))
        slow = copy.deepcopy(self._network)
        adam = torch.optim.Adam(self._network.parameters(), lr=self.rate)
        falling = torch.optim.lr_scheduler.LinearLR(adam, 1.0, 0.1, self.steps)
        streams, memory = Streams(system, _STREAMS, seed + 1), _Memory(system.n_servers)
        for step in range(self.steps):
            seen = self._seen(streams.backlogs)
            actions = self.choose(streams.backlogs)
            exploring = rng.random(_STREAMS) < max(0.05, 1 - 2 * step / self.steps)
            actions = np.where(exploring, rng.integers(len(system.models), size=_STREAMS), actions)
            quality, _ = streams.serve(actions)
            memory.keep(seen, actions, quality, self._seen(streams.backlogs))
            loss = self._loss(torch, slow, memory.drawn(rng))
            adam.zero_grad()
            loss.backward()
            adam.step()
            falling.step()
            with torch.no_grad():
                for kept, new in zip(slow.parameters(), self._network.parameters(), strict=True):
                    kept.lerp_(new, _FOLLOW)

    def choose(self, backlogs: FloatArray) -> Actions:
        """Return the models that the network values most."""
        torch = _torch()
        with _one_thread(torch), torch.no_grad():
            worth = self._network(torch.from_numpy(self._seen(backlogs)))
        return np.asarray(worth.argmax(dim=1).numpy())

    def _seen(self, backlogs: FloatArray) -> npt.NDArray[np.float32]:
        return np.minimum(backlogs / self._deadline, _LONGEST).astype(np.float32)

    def _loss(self, torch: Any, slow: Any, drawn: tuple[npt.NDArray[Any], ...]) -> Any:
        seen, actions, quality, following = (torch.from_numpy(part) for part in drawn)
        with torch.no_grad():
            chosen = self._network(following).argmax(dim=1, keepdim=True)
            aim = quality + self.discount * slow(following).gather(1, chosen)[:, 0]
        worth = self._network(seen).gather(1, actions[:, None])[:, 0]
        return torch.nn.functional.smooth_l1_loss(worth, aim)


class _Memory:
    """The latest requests, overwritten in turn."""

    def __init__(self, n_servers: int) -> None:
        n = _STREAMS * _KEPT_STEPS
        self._parts: tuple[npt.NDArray[Any], ...] = (
            np.zeros((n, n_servers), dtype=np.float32),
            np.zeros(n, dtype=np.int64),
            np.zeros(n, dtype=np.float32),
            np.zeros((n, n_servers), dtype=np.float32),
        )
        self._kept = 0

    def keep(self, *parts: npt.NDArray[Any]) -> None:
        first = self._kept % (_STREAMS * _KEPT_STEPS)
        for mine, new in zip(self._parts, parts, strict=True):
            mine[first : first + _STREAMS] = new
        self._kept += _STREAMS

    def drawn(self, rng: np.random.Generator) -> tuple[npt.NDArray[Any], ...]:
        at = rng.integers(min(self._kept, _STREAMS * _KEPT_STEPS), size=_BATCH)
        return tuple(part[at] for part in self._parts)


def _layers(torch: Any, n_inputs: int, hidden: int, n_outputs: int) -> Any:
    nn = torch.nn
    return nn.Sequential(
        nn.Linear(n_inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, n_outputs)
    )


@contextmanager
def _one_thread(torch: Any) -> Iterator[None]:
    """Keep torch to one thread: layers of 64 units are too small to share, and threads that wait spin."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise MissingDependencyError(f"torch is not installed; run: {pip_install('torch')}") from None
    return torch
