"""Files that servers of Mixture-of-Experts models write and read: maps of experts to slots, and counts of tokens.

One module a format, one registry. A format reads a document into :class:`Tables` or says that it is another's, and
writes a map. ``physical`` is a slot, ``logical`` an expert; maps go from physical to logical.

==============  =====================================================================================
format          files
==============  =====================================================================================
``sglang``      .json or .pt: physical_to_logical_map; dumps: logical_count, or physical_count with
                last_physical_to_logical_map
``vllm``        .json or .pt: physical_to_logical_map as nested lists
``ascend``      expert_map.json: the experts of every device of every layer
``tensorrt-llm``  .yaml: initial_global_assignments
``pdsearch``    .json of ``pdsearch place --json``
``npz``         .npz: physical_to_logical_map, logical_count
``csv``         .csv with a header layer_id,expert_id,count
==============  =====================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pdsearch.balance.placement import Ids, Placement
from pdsearch.balance.servers._documents import document_of, fault
from pdsearch.errors import BadInputError
from pdsearch.registry import Registry


@dataclass(frozen=True)
class Tables:
    """What a file holds; at least one of map and counts.

    Attributes
    ----------
    map : int64[n_layers, n_slots], optional
        The expert in each slot.
    counts : float64[n_steps, n_layers, n_experts], optional
        Tokens that chose each expert.
    n_gpus : int, optional
        GPUs of the map, where the file says so.
    layers : tuple of int, optional
        Numbers of the layers in the model, where the file says so.
    n_experts : int, optional
        Experts of a layer, where the file says so.
    slots : tuple of int, optional
        Slots of each GPU, where they are not equally many.
    """

    map: Ids | None = None
    counts: npt.NDArray[np.float64] | None = None
    n_gpus: int | None = None
    layers: tuple[int, ...] | None = None
    n_experts: int | None = None
    slots: tuple[int, ...] | None = None


class Format(Protocol):
    """What every format is; a class whose methods need no instance."""

    @staticmethod
    def read(document: Any, name: str) -> Tables | None:
        """Return what a document holds, None if it is of another format; raise BadInputError if it is broken."""

    @staticmethod
    def write(name: str, placement: Placement, layers: tuple[int, ...]) -> None:
        """Write a map; raise BadInputError if the format has none, or not for this placement."""


FORMATS: Registry[type[Format]] = Registry("format", __name__)


def read_tables(name: str, format_name: str | None = None) -> Tables:
    """Read a server's file.

    Parameters
    ----------
    name : str
        Of a .json, .pt, .npz, .yaml or .csv file. A .pt file is read by torch with ``weights_only``.
    format_name : str, optional
        One of :data:`FORMATS`; found out from the file unless given.

    Returns
    -------
    Tables

    Raises
    ------
    BadInputError
        If the file cannot be read or is of no such format.
    MissingDependencyError
        If it is a .pt file and torch is not installed.
    """
    document = document_of(name)
    for kind in [format_name] if format_name is not None else sorted(FORMATS):
        tables = FORMATS[kind].read(document, name)
        if tables is not None:
            return tables
    known = format_name or f"any of {', '.join(FORMATS)}"
    raise fault(name, f"is no file of {known}")


def read_placement(name: str, n_experts: int, n_gpus: int, format_name: str | None = None) -> Placement:
    """Read the placement in use from a server's file, as of :func:`read_tables`.

    Parameters
    ----------
    name, format_name
        As of :func:`read_tables`.
    n_experts, n_gpus : int
        What there is; a file that says otherwise is refused.

    Raises
    ------
    BadInputError
        If the file holds no map, or one of other experts or GPUs.
    """
    tables = read_tables(name, format_name)
    if tables.map is None:
        raise fault(name, "holds counts and no map of experts to slots")
    if n_gpus < 1:
        raise BadInputError(f"{n_gpus} GPUs; give at least 1")
    experts, gpus = tables.n_experts or n_experts, tables.n_gpus or n_gpus
    if (experts, gpus) != (n_experts, n_gpus):
        raise fault(name, f"places {experts} experts on {gpus} GPUs, and {n_experts} on {n_gpus} are asked for")
    sizes = tables.slots
    if sizes is not None and (len(sizes) != n_gpus or min(sizes) < 0 or sum(sizes) != tables.map.shape[1]):
        raise fault(name, f"has slots {tables.slots} that are not those of its map")
    if tables.slots is None and tables.map.shape[1] % n_gpus:
        raise fault(name, f"has {tables.map.shape[1]} slots, which {n_gpus} GPUs cannot share equally")
    if tables.map.min() < 0 or tables.map.max() >= n_experts:
        raise fault(name, f"places experts {tables.map.min()} to {tables.map.max()}; {n_experts} are there")
    return Placement(tables.map, n_experts, n_gpus, tables.slots)


def read_loads(name: str, format_name: str | None = None) -> tuple[npt.NDArray[np.float64], tuple[int, ...] | None]:
    """Read loads, float64[n_layers, n_experts], summed over steps, and the layers' numbers where they are known."""
    tables = read_tables(name, format_name)
    if tables.counts is None:
        raise fault(name, "holds a map of experts to slots and no counts")
    return tables.counts.sum(axis=0), tables.layers


def write_placement(name: str, placement: Placement, format_name: str, layers: tuple[int, ...] | None = None) -> None:
    """Write a placement for a server.

    Parameters
    ----------
    name : str
    placement : Placement
    format_name : str
        One of :data:`FORMATS`.
    layers : tuple of int, optional
        Numbers of the layers in the model; 0, 1, ... unless given.

    Raises
    ------
    BadInputError
        If the format cannot hold the placement, or the file cannot be written.
    """
    numbers = tuple(range(len(placement.experts))) if layers is None else layers
    if len(numbers) != len(placement.experts):
        raise BadInputError(f"{len(numbers)} layers are numbered and {len(placement.experts)} are placed")
    FORMATS[format_name].write(name, placement, numbers)


def logical_counts(physical: npt.NDArray[Any], slots: Ids, n_experts: int | None = None) -> npt.NDArray[np.float64]:
    """Add up the counts of the slots that hold the same expert.

    Parameters
    ----------
    physical : array[n_steps, n_layers, n_slots]
    slots : int64[n_layers, n_slots]
        The expert in each slot.
    n_experts : int, optional
        One more than the largest id unless given.

    Returns
    -------
    float64[n_steps, n_layers, n_experts]

    Examples
    --------
    >>> logical_counts(np.array([[[1, 2, 4]]]), np.array([[1, 0, 1]])).tolist()
    [[[2.0, 5.0]]]
    """
    n = int(slots.max()) + 1 if n_experts is None else n_experts
    counts = np.zeros((*physical.shape[:2], n))
    for layer, experts in enumerate(slots):
        np.add.at(counts[:, layer].T, experts, physical[:, layer].T)
    return counts
