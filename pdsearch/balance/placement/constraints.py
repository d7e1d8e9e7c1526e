"""Placement under constraints: dead ranks, uneven slots, speeds, pinned replicas, groups, and a limit on moves.

Every constraint is hard, and no GPU holds an expert twice. What is minimised is the longest time of a GPU, load over
speed. Each layer, or each node of a layer where groups are kept together, starts from greedy placements and, where
one is in use, from that one repaired: experts of dead ranks move, lost ones come back, spare slots are filled. From
there it goes downhill by the steps of :mod:`pdsearch.balance.placement.local_search` that keep the constraints.

What production asks for: active ranks (vllm-project/vllm, issue 39942), slots that ranks do not share equally (18343,
sgl-project/sglang, issue 8253), few moves (vllm 50647, 47206).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pdsearch.balance._values import as_array
from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.placement import Ids, Placement, as_layers
from pdsearch.balance.placement._state import Problem, arrivals, copy_state, new_problem
from pdsearch.balance.placement.apart import pack
from pdsearch.balance.placement.eplb import pack as pack_evenly
from pdsearch.balance.placement.local_search import MOST_PAIRS, Scratch, effort
from pdsearch.balance.placement.moves import first_slots, keep_slots
from pdsearch.balance.placement.repair import repaired
from pdsearch.errors import BadInputError


@dataclass(frozen=True)
class Constraints:
    """What a placement must respect.

    Attributes
    ----------
    slots : sequence of int, optional
        Slots of each GPU; equally many unless given.
    active : sequence of bool, optional
        Which GPUs are there; the others get nothing. All unless given.
    speeds : sequence of float, optional
        Relative speeds of the GPUs, positive; equal unless given.
    pinned : sequence of (int, int)
        Expert and GPU of replicas that must be there, in every layer.
    current : Placement, optional
        The one in use, on the same GPUs.
    max_moves : int, optional
        Most experts per layer that a GPU may get and does not hold in ``current``.
    """

    slots: Sequence[int] | None = None
    active: Sequence[bool] | None = None
    speeds: Sequence[float] | None = None
    pinned: Sequence[tuple[int, int]] = ()
    current: Placement | None = None
    max_moves: int | None = None


def place_within(
    loads: npt.ArrayLike,
    n_slots: int,
    n_gpus: int,
    constraints: Constraints,
    n_nodes: int = 1,
    n_groups: int = 1,
) -> Placement:
    """Choose replicas and their GPUs for every layer, within constraints.

    Parameters
    ----------
    loads : array_like[n_layers, n_experts] or array_like[n_experts]
        Expected load of each expert.
    n_slots, n_gpus, n_nodes, n_groups : int
        As of :class:`pdsearch.balance.placement.Cluster`. ``n_slots`` are those of all GPUs, dead ones included; the
        slots of the constraints, where given, take their place.
    constraints : Constraints

    Returns
    -------
    Placement
        With the slots of the active GPUs; an expert that stays on its GPU stays in its slot.

    Raises
    ------
    BadInputError
        If the constraints contradict each other, or take more moves than are allowed.

    Examples
    --------
    >>> constraints = Constraints(active=[True, False, True], speeds=[2, 1, 1], pinned=[(3, 2)])
    >>> placement = place_within([60, 30, 20, 10], n_slots=9, n_gpus=3, constraints=constraints)
    >>> placement.experts.tolist(), placement.slots
    ([[0, 1, 3, 3, 1, 2]], (3, 0, 3))
    >>> placement.gpu_loads([60, 30, 20, 10]).tolist()  # GPU 0 is twice as fast
    [[80.0, 0.0, 40.0]]
    """
    layers = as_layers(loads)
    cluster = _Cluster.of(layers.shape[1], n_slots, n_gpus, n_nodes, n_groups, constraints)
    experts = np.stack([cluster.place_layer(row, number) for number, row in enumerate(layers)])
    even = len(set(cluster.slots.tolist())) == 1
    return Placement(experts, layers.shape[1], n_gpus, None if even else tuple(cluster.slots.tolist()))


@dataclass(frozen=True)
class _Cluster:
    """Checked constraints."""

    n_experts: int
    slots: Ids  # [n_gpus]
    speeds: FloatArray  # [n_gpus]
    pins: tuple[tuple[int, ...], ...]  # [n_gpus], experts
    n_nodes: int  # those that keep groups together, else 1
    n_groups: int
    current: Placement | None
    held: npt.NDArray[np.bool_] | None  # [n_layers, n_gpus, n_experts] of the placement in use
    max_moves: int | None

    @staticmethod
    def of(n_experts: int, n_slots: int, n_gpus: int, n_nodes: int, n_groups: int, given: Constraints) -> _Cluster:
        """Check everything that does not depend on loads."""
        if max(n_slots, n_gpus) > 10**6:
            raise BadInputError(f"{n_slots} slots on {n_gpus} GPUs are too many; give at most a million of each")
        if min(n_slots, n_gpus, n_nodes, n_groups) < 1 or n_gpus % n_nodes or n_experts % n_groups:
            raise BadInputError(
                f"{n_gpus} GPUs on {n_nodes} nodes, {n_experts} experts in {n_groups} groups; "
                "give positive numbers that divide"
            )
        slots = _slots(n_slots, n_gpus, given)
        speeds = _per_gpu(given.speeds, n_gpus, "speeds", 1.0).astype(np.float64)
        if not ((speeds > 0) & (speeds < np.inf)).all():
            raise BadInputError("a speed is zero, negative or not finite; speeds must be positive")
        domains = n_nodes if n_groups % n_nodes == 0 else 1
        in_use = given.current
        if in_use is not None and (in_use.n_experts, in_use.n_gpus) != (n_experts, n_gpus):
            raise BadInputError(
                f"the placement in use has {in_use.n_experts} experts on {in_use.n_gpus} GPUs, "
                f"and {n_experts} on {n_gpus} are asked for"
            )
        if given.max_moves is not None and (in_use is None or given.max_moves < 0):
            raise BadInputError("a limit of moves is 0 or more and needs the placement in use; give both")
        _refuse_impossible(slots, n_experts, domains)
        pins = _pins(given.pinned, slots, n_experts)
        held = None if in_use is None else in_use.held > 0
        return _Cluster(n_experts, slots, speeds, pins, domains, n_groups, in_use, held, given.max_moves)

    @property
    def first(self) -> Ids:
        """Return int64[n_gpus + 1], where the slots of each GPU begin."""
        return np.concatenate([[0], np.cumsum(self.slots)])

    def place_layer(self, loads: FloatArray, layer: int) -> Ids:
        """Return int64[n_slots], the experts of one layer."""
        if self.held is not None and layer >= len(self.held):
            raise BadInputError(f"the placement in use has {len(self.held)} layers, and loads more; give both the same")
        old = None if self.held is None else self.held[layer]
        size = len(self.slots) // self.n_nodes
        domains = [
            _Domain.of(self, loads, np.sort(experts), range(node * size, node * size + size), old)
            for node, experts in enumerate(self.experts_by_node(loads, old))
        ]
        if self.max_moves is None:
            for domain in domains:
                domain.search()
        else:
            self._share_moves(domains, layer, self.max_moves)
        experts = np.concatenate([domain.placed() for domain in domains])
        if self.current is None:
            return experts
        return keep_slots(first_slots(self.current), self.current.experts[layer], self.first, experts)

    def _share_moves(self, domains: list[_Domain], layer: int, allowed: int) -> None:
        """Search with the moves each node cannot do without, and the rest for those that take longest."""
        spare = allowed - sum(domain.forced for domain in domains)
        if spare < 0:
            raise BadInputError(f"layer {layer} needs {allowed - spare} moves and {allowed} are allowed; allow more")
        for domain in sorted(domains, key=lambda domain: -domain.repaired_time):
            spare -= domain.search_within(domain.forced + spare) - domain.forced

    def experts_by_node(self, loads: FloatArray, old: npt.NDArray[np.bool_] | None) -> list[Ids]:
        """Return the experts of each node: where they are if moves are limited, else as even as groups go."""
        size = self.n_experts // self.n_groups
        groups = np.arange(self.n_experts).reshape(self.n_groups, size)
        if self.n_nodes == 1:
            return [groups.ravel()]
        by_node = [[int(group) for group in np.flatnonzero(row)] for row in self._groups(loads, old)]
        return [groups[chosen].ravel() for chosen in by_node]

    def _groups(self, loads: FloatArray, old: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.bool_]:
        """Return bool[n_nodes, n_groups]."""
        per_node, size = self.n_groups // self.n_nodes, self.n_experts // self.n_groups
        chosen = np.zeros((self.n_nodes, self.n_groups), bool)
        gpus = len(self.slots) // self.n_nodes
        if self.max_moves is not None and old is not None:
            present = old.reshape(self.n_nodes, gpus, self.n_groups, size).any(axis=1).sum(axis=2)
            chosen[present.argmax(axis=0), np.arange(self.n_groups)] = True
        elif any(self.pins) or len(set(self.slots.tolist())) > 1 or len(set(self.speeds.tolist())) > 1:
            chosen = self._groups_by_capacity(loads.reshape(self.n_groups, size).sum(axis=1))
        else:
            sums = loads.reshape(1, self.n_groups, size).sum(axis=2).astype(np.float32)
            chosen[pack_evenly(sums, self.n_nodes)[0] // per_node, np.arange(self.n_groups)] = True
        room = self.slots.reshape(self.n_nodes, gpus).sum(axis=1)
        if (chosen.sum(axis=1) * size > room).any():
            raise BadInputError("the groups do not fit the slots of their nodes; give more slots, or one group")
        return chosen

    def _groups_by_capacity(self, sums: FloatArray) -> npt.NDArray[np.bool_]:
        """Give each group, heaviest first, to the node with room that then takes least time; pins decide first."""
        size, gpus = self.n_experts // self.n_groups, len(self.slots) // self.n_nodes
        room = self._room()
        speed = np.where(self.slots > 0, self.speeds, 0).reshape(self.n_nodes, gpus).sum(axis=1)
        chosen, load = np.zeros((self.n_nodes, self.n_groups), bool), np.zeros(self.n_nodes)
        home = {expert // size: gpu // gpus for gpu, pins in enumerate(self.pins) for expert in pins}
        if any(home[expert // size] != gpu // gpus for gpu, pins in enumerate(self.pins) for expert in pins):
            raise BadInputError("experts of one group are pinned to different nodes; pin them to one, or use one group")
        for group in sorted(range(self.n_groups), key=lambda group: (group not in home, -sums[group])):
            time = np.where(room > 0, (load + sums[group]) / np.where(speed > 0, speed, 1), np.inf)
            node = home.get(group, int(time.argmin()))
            chosen[node, group] = True
            load[node] += sums[group]
            room[node] -= 1
        return chosen

    def _room(self) -> Ids:
        """Return how many groups a node takes: equally many, more where others cannot hold their part."""
        fits = self.slots.reshape(self.n_nodes, -1).sum(axis=1) // (self.n_experts // self.n_groups)
        room = np.minimum(fits, self.n_groups // self.n_nodes)
        while room.sum() < self.n_groups and (room < fits).any():
            room[np.where(room < fits, fits - room, 0).argmax()] += 1
        return np.asarray(room)


class _Domain:
    """The experts and GPUs of a node of a layer, or of the whole layer."""

    def __init__(self, experts: Ids, problem: Problem, pinned: Ids, has_old: bool) -> None:
        self.experts, self.problem, self.pinned = experts, problem, pinned
        self.scratch = Scratch(problem)
        self.start = repaired(problem, pinned) if has_old else None
        self.forced, self.repaired_time = 0, 0.0
        if self.start is not None:
            self.repaired_time = self.scratch.load(problem, self.start)
            self.forced = int(arrivals(problem, self.scratch.state))

    @staticmethod
    def of(
        cluster: _Cluster, loads: FloatArray, experts: Ids, gpus: range, old: npt.NDArray[np.bool_] | None
    ) -> _Domain:
        """Translate experts and GPUs to local numbers."""
        index = {int(expert): i for i, expert in enumerate(experts)}
        slots = cluster.slots[gpus.start : gpus.stop]
        pinned = np.full(int(slots.sum()), -1, np.int64)
        first = np.concatenate([[0], np.cumsum(slots)])
        for i, gpu in enumerate(gpus):
            pins = [index[expert] for expert in cluster.pins[gpu]]
            pinned[first[i] : first[i] + len(pins)] = pins
        before = None if old is None else np.ascontiguousarray(old[gpus.start : gpus.stop][:, experts])
        speeds = cluster.speeds[gpus.start : gpus.stop]
        problem = new_problem(loads[experts], slots, speeds, pinned >= 0, before)
        return _Domain(experts, problem, pinned, before is not None)

    def search_within(self, budget: int) -> int:
        """Search with so many moves allowed, and return those used."""
        self.problem = self.problem._replace(budget=budget)
        self.search()
        return int(arrivals(self.problem, self.scratch.best))

    def search(self) -> None:
        """Leave the best end of the descents from all starts in ``scratch.best``."""
        rows, n_starts = effort(len(self.pinned))
        placed, longest = pack(self.problem, self.pinned, rows)
        starts = list(placed[np.argsort(longest, kind="stable")[:n_starts]])
        if self.start is not None:
            starts.insert(0, self.start)
        least = np.inf
        for start in starts:
            self.scratch.load(self.problem, start)
            if arrivals(self.problem, self.scratch.state) > self.problem.budget:
                continue
            time = self.scratch.search(self.problem, start)
            if time < least and self._is_allowed():
                least = time
                copy_state(self.scratch.state, self.scratch.best)
        if least == np.inf:
            raise BadInputError(
                "no placement within these constraints was found; relax pins, slots or the limit of moves"
            )

    def _is_allowed(self) -> bool:
        state = self.scratch.state
        return bool(state.holds.max() <= 1 and arrivals(self.problem, state) <= self.problem.budget)

    def placed(self) -> Ids:
        """Return the experts in the slots."""
        return np.asarray(self.experts[self.scratch.best.slots])


def _slots(n_slots: int, n_gpus: int, given: Constraints) -> Ids:
    if given.slots is None and n_slots % n_gpus:
        raise BadInputError(f"{n_slots} slots cannot be shared equally by {n_gpus} GPUs; give the slots of each")
    slots = _per_gpu(given.slots, n_gpus, "slots", n_slots // n_gpus)
    if slots.dtype.kind not in "iu" or slots.min() < 0 or slots.sum() > 10**6:
        raise BadInputError("slots of a GPU are no count, or more than a million in all; give 0 or more each")
    active = _per_gpu(given.active, n_gpus, "active ranks", True).astype(bool)
    return np.where(active, slots, 0).astype(np.int64)


def _per_gpu(values: object, n_gpus: int, what: str, default: object) -> npt.NDArray[np.generic]:
    array = np.full(n_gpus, default) if values is None else as_array(values, what)
    if array.shape != (n_gpus,) or array.dtype.kind not in "biuf":
        raise BadInputError(f"{what} have shape {array.shape}; {n_gpus} GPUs need ({n_gpus},)")
    return array


def _pins(pinned: Sequence[tuple[int, int]], slots: Ids, n_experts: int) -> tuple[tuple[int, ...], ...]:
    pins: list[list[int]] = [[] for _ in slots]
    for expert, gpu in pinned:
        if not (0 <= expert < n_experts and 0 <= gpu < len(slots)):
            raise BadInputError(f"expert {expert} is pinned to GPU {gpu}; there are {n_experts} and {len(slots)}")
        if expert not in pins[gpu]:
            pins[gpu].append(int(expert))
        if len(pins[gpu]) > slots[gpu]:
            raise BadInputError(f"{len(pins[gpu])} experts are pinned to GPU {gpu}, which has {slots[gpu]} slots")
    n_free = int(slots.sum()) - sum(map(len, pins))
    n_left = n_experts - len({expert for held in pins for expert in held})
    if n_left > n_free:
        raise BadInputError(f"{n_left} experts that are not pinned do not fit the {n_free} slots left; pin fewer")
    return tuple(map(tuple, pins))


def _refuse_impossible(slots: Ids, n_experts: int, n_nodes: int) -> None:
    if slots.sum() < n_experts:
        raise BadInputError(f"{n_experts} experts do not fit the {slots.sum()} slots of active GPUs; give more")
    if slots.max() * slots.sum() > MOST_PAIRS:
        raise BadInputError(f"{slots.max()} slots a GPU of {slots.sum()} are too many for swaps; give fewer")
    if slots.max() > n_experts // n_nodes and n_nodes == 1:
        raise BadInputError(
            f"a GPU has {slots.max()} slots and there are {n_experts} experts, none of which it may hold twice"
        )
