"""Data-parallel training on MPI ranks of different speeds, with fixed or dynamic batch sizes.

Softmax regression in numpy, small enough to read. In every step the ranks share one batch of the shuffled
samples by the sizer's sizes and add up their gradients; the sum is divided by the size of the whole batch, so
each sample counts the same whoever computed it, and the weights do not depend on the sizes beyond rounding.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pdsearch.balance.batching import BatchSizer
from pdsearch.balance.metrics import FloatArray, load_balance
from pdsearch.errors import BadInputError

if TYPE_CHECKING:
    from mpi4py import MPI

_POLL_S = 2e-5


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one pass over the samples took.

    Attributes
    ----------
    seconds : float
        Wall time.
    compute_s : tuple[float, ...]
        What each rank computed, waiting excluded.
    load_balance : float
        Their max / mean.
    sizes : tuple[int, ...]
        Samples of a batch on each rank.
    loss : float
        Mean cross entropy before each step, averaged over the epoch.
    """

    seconds: float
    compute_s: tuple[float, ...]
    load_balance: float
    sizes: tuple[int, ...]
    loss: float


@dataclass(frozen=True, slots=True)
class Training:
    """The same on all ranks.

    Attributes
    ----------
    weights : float64[n_features, n_classes]
        After the last step.
    epochs : tuple[Epoch, ...]
        In order.
    """

    weights: FloatArray
    epochs: tuple[Epoch, ...]


def toy_samples(n_samples: int, n_features: int, n_classes: int, seed: int) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Draw samples and the labels that a random linear model with noise gives them.

    >>> toy_samples(3, 2, 4, seed=0)[0].shape
    (3, 2)
    """
    rng = np.random.default_rng(seed)
    samples = rng.normal(size=(n_samples, n_features))
    scores = samples @ rng.normal(size=(n_features, n_classes)) + rng.gumbel(size=(n_samples, n_classes))
    return samples, scores.argmax(axis=1)


def train(
    comm: MPI.Intracomm,
    samples: FloatArray,
    labels: npt.NDArray[np.int64],
    sizer: BatchSizer,
    epochs: int,
    is_dynamic: bool = True,
    extra_s_per_sample: float = 0.0,
    learning_rate: float = 0.5,
    seed: int = 0,
) -> Training:
    """Train on all ranks of a communicator; every rank passes the same samples and sizer parameters.

    Parameters
    ----------
    comm : mpi4py.MPI.Intracomm
        As many ranks as the sizer has workers.
    samples : float64[n_samples, n_features]
        At least one batch; samples that fill no whole batch are left out of an epoch.
    labels : int64[n_samples]
        Classes from 0.
    sizer : BatchSizer
        Splits each batch; updated after every epoch if ``is_dynamic``.
    epochs : int
        Passes over the samples.
    extra_s_per_sample : float
        Time this rank loses per sample, to make it slower than others.
    learning_rate : float
        Of plain gradient descent.
    seed : int
        Of the shuffling.

    Returns
    -------
    Training

    Raises
    ------
    BadInputError
        If ranks and workers, or samples and labels, do not fit.
    """
    if len(sizer.sizes) != comm.size or len(samples) < sizer.total or labels.shape != samples.shape[:1]:
        raise BadInputError(
            f"{comm.size} ranks, {len(sizer.sizes)} workers, {len(samples)} samples, labels {labels.shape}; "
            f"need a rank for each worker, a label for each sample and a batch of {sizer.total}"
        )
    rng = np.random.default_rng(seed)
    weights = np.zeros((samples.shape[1], int(labels.max()) + 1))
    done: list[Epoch] = []
    for _ in range(epochs):
        order = rng.permutation(len(samples))
        begun, sizes = time.perf_counter(), tuple(sizer.sizes.tolist())
        computed, loss, steps = 0.0, 0.0, len(samples) // sizer.total
        first = sum(sizes[: comm.rank])
        for start in range(0, steps * sizer.total, sizer.total):
            mine = order[start + first : start + first + sizes[comm.rank]]
            step_begun = time.perf_counter()
            summed = _gradient(samples[mine], labels[mine], weights)
            time.sleep(extra_s_per_sample * len(mine))
            computed += time.perf_counter() - step_begun
            total = _added(comm, summed)
            weights -= learning_rate / sizer.total * total[:-1].reshape(weights.shape)
            loss += total[-1] / sizer.total / steps
        times = np.array(comm.allgather(computed))
        seconds = comm.bcast(time.perf_counter() - begun)
        done.append(Epoch(seconds, tuple(times.tolist()), load_balance(times), sizes, float(loss)))
        if is_dynamic:
            sizer.update(times)  # the same times on every rank, hence the same sizes
    return Training(weights, tuple(done))


def _gradient(samples: FloatArray, labels: npt.NDArray[np.int64], weights: FloatArray) -> FloatArray:
    """Return the summed gradient of the cross entropy, flat, and the summed loss behind it."""
    scores = samples @ weights
    scores -= scores.max(axis=1, keepdims=True)
    likely = np.exp(scores)
    likely /= likely.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    loss = -np.log(likely[rows, labels]).sum()
    likely[rows, labels] -= 1
    return np.append((samples.T @ likely).ravel(), loss)


def _added(comm: MPI.Intracomm, mine: FloatArray) -> FloatArray:
    """Add up over the ranks; sleeping between tests, so that waiting ranks leave the cores to the others."""
    total = np.empty_like(mine)
    request = comm.Iallreduce(mine, total)
    while not request.Test():
        time.sleep(_POLL_S)
    return total
