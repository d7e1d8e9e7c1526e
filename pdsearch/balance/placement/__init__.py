"""Which GPU holds which replicas of which experts, or which rank which buckets of a hash.

A placement fills ``n_slots`` slots, equally many per GPU, with expert ids; each expert has at
least one replica, and its load is split evenly over its replicas. A policy is one module of this
package; all of them minimise the largest load of a GPU.

Source of the setting: DeepSeek-AI (2025), "Expert Parallelism Load Balancer", github.com/deepseek-ai/EPLB.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from pdsearch.balance.metrics import FloatArray, as_loads
from pdsearch.errors import BadInputError
from pdsearch.registry import Registry

Ids: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where experts can be placed.

    Attributes
    ----------
    n_slots : int
        Slots for replicas, a multiple of ``n_gpus``.
    n_gpus : int
        A multiple of ``n_nodes``.
    n_nodes : int
        Machines, with fast links inside.
    n_groups : int
        Groups of consecutive experts that routing keeps together; they stay on one node if
        their number is a multiple of ``n_nodes``.
    """

    n_slots: int
    n_gpus: int
    n_nodes: int = 1
    n_groups: int = 1

    @property
    def slots_per_gpu(self) -> int:
        """Return the slots of one GPU."""
        return self.n_slots // self.n_gpus

    @property
    def is_hierarchical(self) -> bool:
        """Say whether groups are kept on nodes; otherwise nodes and groups are ignored."""
        return self.n_groups % self.n_nodes == 0

    @property
    def n_domains(self) -> int:
        """Return the number of nodes between which no expert may move."""
        return self.n_nodes if self.is_hierarchical else 1


@dataclass(frozen=True, slots=True)
class Placement:
    """The expert in every slot, layer by layer.

    Attributes
    ----------
    experts : int64[n_layers, n_slots]
        Those of GPU 0 first.
    n_experts, n_gpus : int
        Experts of a layer, and GPUs.
    slots : tuple of int, optional
        Slots of each GPU; n_slots / n_gpus each unless given.
    """

    experts: Ids
    n_experts: int
    n_gpus: int
    slots: tuple[int, ...] | None = None

    @property
    def gpu_of_slot(self) -> Ids:
        """Return int64[n_slots]."""
        n_slots = self.experts.shape[1]
        sizes = np.full(self.n_gpus, n_slots // self.n_gpus) if self.slots is None else np.array(self.slots)
        return np.repeat(np.arange(self.n_gpus), sizes)

    @property
    def held(self) -> Ids:
        """Return int64[n_layers, n_gpus, n_experts], the replicas on each GPU."""
        n_layers, rows = len(self.experts), self.gpu_of_slot + self.n_gpus * np.arange(len(self.experts))[:, None]
        cells = (self.experts + self.n_experts * rows).ravel()
        counts = np.bincount(cells, minlength=n_layers * self.n_gpus * self.n_experts)
        return counts.reshape(n_layers, self.n_gpus, self.n_experts)

    @property
    def counts(self) -> Ids:
        """Return int64[n_layers, n_experts], the replicas of each expert."""
        n_layers = len(self.experts)
        cells = self.experts + self.n_experts * np.arange(n_layers)[:, None]
        return np.bincount(cells.ravel(), minlength=n_layers * self.n_experts).reshape(n_layers, self.n_experts)

    def gpu_loads(self, loads: npt.ArrayLike) -> FloatArray:
        """Return float64[n_layers, n_gpus], what each GPU serves when replicas share evenly.

        Raises
        ------
        BadInputError
            If the loads do not have one row a layer and one column an expert.
        """
        layers = as_layers(loads)
        if layers.shape != (len(self.experts), self.n_experts):
            needed = (len(self.experts), self.n_experts)
            raise BadInputError(f"loads have shape {layers.shape}; this placement needs {needed}")
        shares = np.take_along_axis(layers / self.counts, self.experts, axis=1)
        if self.slots is None:
            return np.asarray(shares.reshape(len(layers), self.n_gpus, -1).sum(axis=2))
        rows = self.gpu_of_slot + self.n_gpus * np.arange(len(layers))[:, None]
        summed = np.bincount(rows.ravel(), shares.ravel(), len(layers) * self.n_gpus).astype(np.float64)
        return np.asarray(summed.reshape(len(layers), self.n_gpus))

    def duplicates(self) -> Ids:
        """Return int64[n_layers], the slots that repeat an expert their GPU already holds."""
        return np.asarray(np.maximum(self.held - 1, 0).sum(axis=(1, 2)))


_MOST_SLOTS = 20_000_000  # of all layers: 160 MB for each array

Policy: TypeAlias = Callable[[FloatArray, Cluster], Ids]
POLICIES: Registry[Policy] = Registry("placement", __name__)


def place(
    loads: npt.ArrayLike,
    n_slots: int,
    n_gpus: int,
    n_nodes: int = 1,
    n_groups: int = 1,
    policy: str = "eplb",
) -> Placement:
    """Choose replicas and their GPUs for every layer.

    Parameters
    ----------
    loads : array_like[n_layers, n_experts] or array_like[n_experts]
        Expected load of each expert.
    n_slots, n_gpus, n_nodes, n_groups : int
        See :class:`Cluster`.
    policy : str
        ``eplb`` (the published ids), ``local-search`` (from there and elsewhere downhill, no needless duplicates
        on a GPU) or ``optimum`` (exact, small cases).

    Returns
    -------
    Placement

    Raises
    ------
    BadInputError
        If the loads are not loads, or no placement of this shape exists.
    UnknownNameError
        If there is no such policy.

    Examples
    --------
    >>> placement = place([90, 30, 20, 10], n_slots=6, n_gpus=2)
    >>> placement.experts.tolist(), placement.gpu_loads([90, 30, 20, 10]).tolist()
    ([[0, 0, 2, 1, 0, 3]], [[80.0, 70.0]])
    """
    chosen = POLICIES[policy]
    layers = as_layers(loads)
    cluster = Cluster(n_slots, n_gpus, n_nodes, n_groups)
    _check(layers.shape[1], cluster)
    if len(layers) * n_slots > _MOST_SLOTS:
        raise BadInputError(f"{n_slots} slots in {len(layers)} layers are too many; give at most {_MOST_SLOTS} in all")
    experts = chosen(layers, cluster)
    return Placement(experts, layers.shape[1], n_gpus)


def as_layers(loads: npt.ArrayLike) -> FloatArray:
    """Return float64[n_layers, n_experts], or say what is wrong with the loads."""
    array = as_loads(loads)
    if array.ndim > 2:
        raise BadInputError(f"loads have shape {array.shape}; placement needs (layers, experts)")
    layers = np.ascontiguousarray(np.atleast_2d(array), dtype=np.float64)
    with np.errstate(over="ignore"):
        if not np.isfinite(layers.sum(axis=1)).all():
            raise BadInputError("loads of a layer add up to more than a float64 holds; divide all by the same number")
    return layers


def _check(n_experts: int, cluster: Cluster) -> None:
    if min(cluster.n_slots, cluster.n_gpus, cluster.n_nodes, cluster.n_groups) < 1:
        raise BadInputError(f"{cluster}: every number must be at least 1")
    for whole, what, part, of in (
        (cluster.n_slots, "slots", cluster.n_gpus, "GPUs"),
        (cluster.n_gpus, "GPUs", cluster.n_nodes, "nodes"),
        (n_experts, "experts", cluster.n_groups, "groups"),
    ):
        if whole % part:
            raise BadInputError(f"{whole} {what} cannot be shared equally by {part} {of}; need a multiple")
    if cluster.n_slots < n_experts:
        raise BadInputError(f"{n_experts} experts do not fit {cluster.n_slots} slots; give at least {n_experts}")
