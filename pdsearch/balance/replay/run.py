"""The replay itself: every rule goes through the trace, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pdsearch.balance.metrics import FloatArray
from pdsearch.balance.placement import Cluster, Ids, Placement, place
from pdsearch.balance.placement.moves import fewest_moves
from pdsearch.balance.placement.optimum import least_possible
from pdsearch.balance.replay.bound import least_largest
from pdsearch.balance.replay.costs import Costs, Moves, largest_loads, moves
from pdsearch.balance.replay.outcome import Outcome, Replay
from pdsearch.balance.replay.rules import Rule
from pdsearch.balance.replay.trace import Trace


def replay(
    trace: Trace,
    cluster: Cluster,
    rules: Sequence[Rule],
    costs: Costs | None = None,
    progress: Callable[[int, int], None] | None = None,
    is_exact: bool = False,
) -> Replay:
    """Compute what each rule would have cost on a trace.

    A step begins with a decision, at every interval of the rule, from the loads of the steps before; then its loads are
    served. Replicas share the load of their expert evenly.

    Parameters
    ----------
    trace : Trace
        The loads.
    cluster : Cluster
        Slots, GPUs, nodes and groups.
    rules : sequence of Rule
        As many as wanted; each is replayed by itself.
    costs : Costs, optional
        Prices; the defaults are assumptions.
    progress : callable, optional
        Called with the steps done and all steps.
    is_exact : bool
        Measure regret against the exact optimum of each step in place of a lower bound; small cases only.

    Returns
    -------
    Replay

    Raises
    ------
    BadInputError
        If the cluster cannot hold the experts, or is too large for the exact optimum.

    Examples
    --------
    >>> from pdsearch.balance.replay.rules import rule_of
    >>> rules = [rule_of("static"), rule_of("eplb:interval=2")]
    >>> result = replay(Trace([[9, 9, 1, 1]] * 6), Cluster(n_slots=4, n_gpus=2), rules, Costs(layer_s=0, load_s=1))
    >>> [float(outcome.serving_s.sum()) for outcome in result.outcomes], float(result.least_s.sum())
    ([108.0, 76.0], 60.0)
    """
    _check(trace, cluster)
    prices = Costs() if costs is None else costs
    runs = [_Run(rule, trace, cluster, prices) for rule in rules]
    least = np.empty((trace.n_steps, trace.loads.shape[1]))
    for step in range(trace.n_steps):
        loads = np.ascontiguousarray(trace.loads[step], dtype=np.float64)
        least[step] = least_possible(loads, cluster) if is_exact else least_largest(loads, cluster)
        for run in runs:
            run.take(step, loads)
        if progress is not None:
            progress(step + 1, trace.n_steps)
    least_s = prices.layer_s * least.shape[1] + prices.load_s * least.sum(axis=1)
    return Replay(least_s, tuple(run.outcome(least_s) for run in runs))


def _check(trace: Trace, cluster: Cluster) -> None:
    """Let ``place`` say what is wrong with a cluster for this many experts."""
    place(np.ones((1, trace.loads.shape[2])), cluster.n_slots, cluster.n_gpus, cluster.n_nodes, cluster.n_groups)


class _Run:
    """One rule on its way through the trace."""

    def __init__(self, rule: Rule, trace: Trace, cluster: Cluster, costs: Costs) -> None:
        self.rule, self.cluster, self.costs = rule, cluster, costs
        self.experts = rule.policy.start(trace.loads, cluster)
        rule.forecast.begin(trace.loads, rule.interval)
        n_steps, n_layers, _ = trace.loads.shape
        self.largest, self.mean = np.zeros((n_steps, n_layers)), np.zeros((n_steps, n_layers))
        self.stall_s, self.moves = np.zeros(n_steps), [0, 0, 0, 0]  # rearrangements, layers, experts, between nodes
        self.coming: tuple[Ids, float] | None = None  # a placement on its way, and the seconds it still takes

    def take(self, step: int, loads: FloatArray) -> None:
        """Decide, if it is time to, and serve the loads."""
        if self.coming is not None and self.coming[1] <= 0:
            self.experts, self.coming = self.coming[0], None
        if step and step % self.rule.interval == 0 and self.coming is None:
            self._decide(step)
        self.largest[step] = largest_loads(loads, self.experts, self.cluster.n_gpus)
        self.mean[step] = loads.sum(axis=1) / self.cluster.n_gpus
        if self.coming is not None:
            self.coming = self.coming[0], self.coming[1] - self._seconds(step)
        self.rule.forecast.observe(loads)

    def _seconds(self, step: int) -> float:
        return self.costs.layer_s * self.largest.shape[1] + self.costs.load_s * float(self.largest[step].sum())

    def _decide(self, step: int) -> None:
        expected = self.rule.forecast.expect(self.rule.interval)
        wanted = self.rule.policy.target(expected, self.experts, self.cluster)
        if wanted is self.experts:
            return
        if not self.rule.policy.keeps_places:
            wanted = self._relabelled(wanted, expected.shape[1])
        new, n_layers = self._accepted(expected, wanted)
        if n_layers == 0:
            return
        cost = moves(self.experts, new, self.cluster, self.costs)
        self._count(n_layers, cost)
        if self.costs.is_overlapped:
            self.coming = new, cost.seconds + self.costs.start_s
        else:
            self.experts, self.stall_s[step] = new, cost.seconds + self.costs.start_s

    def _relabelled(self, wanted: Ids, n_experts: int) -> Ids:
        now, then = (Placement(ids, n_experts, self.cluster.n_gpus) for ids in (self.experts, wanted))
        return fewest_moves(now, then, self.cluster.n_domains).experts

    def _accepted(self, expected: FloatArray, wanted: Ids) -> tuple[Ids, int]:
        """Return the placement with the layers that pay, and their number."""
        n_gpus, new, n_layers, left = self.cluster.n_gpus, self.experts.copy(), 0, self.rule.max_moves or np.inf
        saved = largest_loads(expected, self.experts, n_gpus) - largest_loads(expected, wanted, n_gpus)
        saved *= self.costs.load_s * self.rule.interval
        alone = [
            moves(self.experts[i : i + 1], wanted[i : i + 1], self.cluster, self.costs) for i in range(len(wanted))
        ]
        best_first = sorted(range(len(wanted)), key=lambda i: (-saved[i] / max(alone[i].n_moved, 0.5), i))
        for layer in best_first:
            if saved[layer] <= max(self.rule.threshold * alone[layer].seconds, 1e-12) or alone[layer].n_moved > left:
                continue
            new[layer] = wanted[layer]
            left -= alone[layer].n_moved
            n_layers += 1
        return new, n_layers

    def _count(self, n_layers: int, cost: Moves) -> None:
        counted = (1, n_layers, cost.n_moved, cost.n_between)
        self.moves = [old + new for old, new in zip(self.moves, counted, strict=True)]

    def outcome(self, least_s: FloatArray) -> Outcome:
        """Return what the rule cost."""
        n_layers = self.largest.shape[1]
        even = np.divide(self.largest, self.mean, out=np.ones_like(self.largest), where=self.mean > 0)
        return Outcome(
            self.rule.text,
            serving_s=self.costs.layer_s * n_layers + self.costs.load_s * self.largest.sum(axis=1),
            stall_s=self.stall_s,
            least_s=least_s,
            load_balance=float(even.mean()),
            n_rearranged=self.moves[0],
            n_layers=self.moves[1],
            n_moved=self.moves[2],
            n_between_nodes=self.moves[3],
            n_bytes=self.moves[2] * self.costs.expert_bytes,
        )
