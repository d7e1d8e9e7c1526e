"""Balance, kept score and time of routers on one stream of batches.

The stream is skewed: every expert has a popularity of its own, which all batches share. Each router keeps its
state from batch to batch. The kept score is relative to plain top-k's, which only routers that give some tokens
more than k experts can exceed (fill-in of rectify, expert-choice); MaxVio has a floor, because even uniformly
random routing is uneven in a finite batch.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.balance.chance import sampling_floor
from pdsearch.balance.report import BalanceReport, balance_report
from pdsearch.balance.routers import Assignment, kept_score
from pdsearch.balance.routers.options import built
from pdsearch.benchmarking.router_vectors import vectors
from pdsearch.console.outputs import writable, write_json
from pdsearch.console.plots import new_figure, save
from pdsearch.errors import BadInputError

EXAMPLES = """\
  pdsearch bench routers
  pdsearch bench routers --batches 10 --routers top-k,bip:iterations=14,quantile --plot routers.png
  pdsearch bench routers --tokens 2048 --experts 16 --top-k 4 --json routers.json
  pdsearch bench routers --vectors router-vectors.json
"""
DEFAULT = (
    "top-k,loss-free,loss-free:step=0.01,quantile,bip:iterations=2,bip:iterations=4,bip:iterations=14,bip-online,"
    "sinkhorn:temperature=0.1,base,expert-choice,capacity"
)
_LEAST_DRAWN = 1e-4  # of MaxVio, on an axis that has no 0
_TITLES = {"kept_score": "kept score / top-k's", "gini": "Gini of all batches", "median_ms": "ms a batch"}


@dataclass(frozen=True)
class Row:
    """How one router did on the stream.

    Attributes
    ----------
    average_max_violation, sup_max_violation, last_max_violation : float
        MaxVio of the batches: mean, worst, last.
    gini : float
        Of the loads of all batches added up.
    kept_score : float
        Sum of the affinities served, over plain top-k's.
    dropped : float
        Share of the k pairs of each token that were refused and not made good.
    median_ms : float
        Per batch; the first call's compilation is not in it.
    report : BalanceReport
        Of the loads of all batches added up.
    """

    router: str
    average_max_violation: float
    sup_max_violation: float
    last_max_violation: float
    gini: float
    kept_score: float
    dropped: float
    median_ms: float
    report: BalanceReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the stream and of the output."""
    parser.add_argument("--tokens", type=int, default=4096, help="per batch (default 4096)")
    parser.add_argument("--experts", type=int, default=64, help="(default 64)")
    parser.add_argument("--top-k", type=int, default=8, help="experts per token (default 8)")
    parser.add_argument("--batches", type=int, default=60, help="(default 60)")
    parser.add_argument("--routers", default=DEFAULT, metavar="NAME[:OPTION=VALUE]...,...", help="what to compare")
    parser.add_argument(
        "--vectors", metavar="FILE", help="write test vectors for other implementations as JSON, and end"
    )
    parser.add_argument("--json", metavar="FILE", help="JSON in place of a table; - for standard output")
    parser.add_argument(
        "--plot",
        "--plots",
        metavar="FILE",
        help="draw MaxVio by batch, kept score, Gini, time (needs matplotlib)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Compare the routers and print the table."""
    if arguments.vectors:
        write_json(arguments.vectors, vectors())
        return 0
    if min(arguments.tokens, arguments.experts, arguments.batches) < 1:
        raise BadInputError("tokens, experts and batches must all be at least 1")
    writable(arguments.json), writable(arguments.plot)
    floor = sampling_floor(arguments.tokens, arguments.experts, arguments.top_k)
    batches = list(skewed_stream(arguments.tokens, arguments.experts, arguments.batches))
    routers = {text: router_of(text) for text in arguments.routers.split(",")}
    results = {}
    for text, router in routers.items():
        print(f"{text} ...", file=sys.stderr, flush=True)
        results[text] = measured(text, router, batches, arguments.top_k)
    rows = [row for row, _ in results.values()]
    if arguments.json:
        write_json(arguments.json, written(rows, arguments))
    else:
        print(table(rows))
        print(f"MaxVio of uniformly random routing: about {floor:.3f}")
    if arguments.plot:
        plot(results, arguments.plot)
    return 0


def skewed_stream(n_tokens: int, n_experts: int, n_batches: int) -> Iterator[npt.NDArray[np.float32]]:
    """Yield affinities, float32[T, E]: a sigmoid of shared bias, 32 hidden features and noise."""
    rng = np.random.default_rng(0)
    bias = np.random.default_rng(99).normal(size=n_experts)
    mixing = np.random.default_rng(98).normal(size=(32, n_experts)) / math.sqrt(32)
    for _ in range(n_batches):
        scores = rng.normal(size=(n_tokens, 32)) @ mixing + bias + 0.3 * rng.normal(size=(n_tokens, n_experts))
        yield (1 / (1 + np.exp(-scores))).astype(np.float32)


def router_of(text: str) -> Any:
    """Build a router from ``name:option=value:...``; its gate, if it has one, is the identity."""
    name, *options = text.split(":")
    return built(name, options, gate="identity")


def measured(text: str, router: Any, batches: list[npt.NDArray[np.float32]], k: int) -> tuple[Row, list[float]]:
    """Route all batches and return the row and the MaxVio of each batch."""
    if router.reads != "scores":
        raise BadInputError(f"{text} reads {router.reads}, and the stream is of scores; leave it out")
    router.route(batches[0][: 2 * k], k)  # compiles
    state, assignments, times, kept, best = None, list[Assignment](), [], 0.0, 0.0
    for affinities in batches:
        start = time.perf_counter()
        assignment: Assignment = router.route(affinities, k, state)
        times.append(time.perf_counter() - start)
        state = assignment.state
        assignments.append(assignment)
        kept += kept_score(affinities, assignment)
        best += float(np.partition(affinities, -k, axis=1)[:, -k:].sum(dtype=np.float64))
    violations = [assignment.report()["max_violation"] for assignment in assignments]
    pooled = balance_report(np.sum([assignment.counts for assignment in assignments], axis=0))
    row = Row(
        router=text,
        average_max_violation=float(np.mean(violations)),
        sup_max_violation=max(violations),
        last_max_violation=violations[-1],
        gini=pooled["gini"],
        kept_score=kept / best,
        dropped=sum(assignment.n_dropped for assignment in assignments) / (k * sum(map(len, batches))),
        median_ms=1e3 * float(np.median(times)),
        report=pooled,
    )
    return row, violations


def table(rows: list[Row]) -> str:
    """Return the rows as a table."""
    width = max(len(row.router) for row in rows)
    head = f"{'router':<{width}}  avg MaxVio  sup MaxVio  last MaxVio    Gini  kept score  dropped  ms/batch"
    lines = [
        f"{row.router:<{width}}  {row.average_max_violation:10.3f}  {row.sup_max_violation:10.3f}  "
        f"{row.last_max_violation:11.3f}  {row.gini:6.3f}  {row.kept_score:10.4f}  {row.dropped:7.3f}  "
        f"{row.median_ms:8.2f}"
        for row in rows
    ]
    return "\n".join([head, *lines])


def written(rows: list[Row], arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the rows, with what they were measured on, as plain values."""
    names = ("tokens", "experts", "top_k", "batches")
    values = [asdict(row) | {"report": row.report.to_dict()} for row in rows]
    return {name: getattr(arguments, name) for name in names} | {"rows": values}


def plot(results: dict[str, tuple[Row, list[float]]], path: str) -> None:
    """Draw the MaxVio of each batch, and bars of kept score, Gini and time."""
    figure = new_figure(14, 5)
    stream, *bars = figure.subplots(1, 4, width_ratios=[3, 1, 1, 1])
    styles: list[dict[str, Any]] = [{"color": f"C{i % 10}"} for i in range(len(results))]
    for i, (name, (_, violations)) in enumerate(results.items()):
        batches = range(1, len(violations) + 1)
        stream.plot(batches, np.maximum(violations, _LEAST_DRAWN), "-" if i < 10 else "--", label=name, **styles[i])
    stream.set(xlabel="batch", ylabel="MaxVio", yscale="log")
    figure.legend(loc="outside lower left", fontsize="small", ncols=4, frameon=False)
    for axes, name in zip(bars, ("kept_score", "gini", "median_ms"), strict=True):
        values = [getattr(row, name) for row, _ in results.values()]
        drawn = axes.barh(range(len(values)), values, color=[style["color"] for style in styles])
        axes.bar_label(drawn, fmt="%.3g", fontsize="x-small", padding=2)
        axes.set_yticks(range(len(values)), list(results) if axes is bars[0] else [""] * len(values))
        axes.set(title=_TITLES[name], xscale="log" if name == "median_ms" else "linear")
        axes.margins(x=0.3)
        axes.invert_yaxis()
    save(figure, path)
