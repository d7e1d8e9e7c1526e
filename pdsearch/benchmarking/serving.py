"""Best-effort serving: quality of answers in time, by the policy that chooses the model.

Requests arrive as a Poisson process; each is answered by one of the models, on the server with the fewest unfinished
seconds. An answer after the deadline is worth nothing. ``static`` stands for one row for each model; ``threshold``
answers with a better model while the backlog is short; ``optimal`` is value iteration's policy, for one server, which
no other can beat; ``learned`` is a double DQN (needs torch).
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass
from typing import Any

from pdsearch.balance.report import balance_report
from pdsearch.balance.serving.policies import policy_of
from pdsearch.balance.serving.simulation import Served, simulate
from pdsearch.balance.serving.system import DEFAULT_MODELS, Model, System
from pdsearch.console.counting import Counting
from pdsearch.console.outputs import writable, write_json
from pdsearch.console.plots import new_figure, save
from pdsearch.errors import BadInputError

EXAMPLES = """\
  pdsearch bench serving
  pdsearch bench serving --rates 1,2 --policies static,threshold,optimal,learned
  pdsearch bench serving --servers 4 --rates 4,8 --policies static,threshold --plot serving.png
  pdsearch bench serving --models fast:0.1:0.5,good:0.8:0.9 --deadline 1 --json -
"""
_MODELS = ",".join(f"{model.name}:{model.seconds:g}:{model.quality:g}" for model in DEFAULT_MODELS)


@dataclass(frozen=True)
class Row:
    """How one policy served one rate."""

    rate: float
    policy: str
    served: Served

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values, the servers' work as a report."""
        report = balance_report(self.served.busy).to_dict()
        return {"rate": self.rate, "policy": self.policy, **asdict(self.served), "report": report}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the system and of the output."""
    parser.add_argument("--rates", default="0.5,1,1.5,2,3", metavar="R,...", help="requests a second (0.5,1,1.5,2,3)")
    parser.add_argument("--models", default=_MODELS, metavar="NAME:SECONDS:QUALITY,...", help=f"({_MODELS})")
    parser.add_argument("--deadline", type=float, default=2.0, metavar="S", help="seconds until an answer (2)")
    parser.add_argument("--servers", type=int, default=1, metavar="N", help="each can run every model (1)")
    parser.add_argument(
        "--policies",
        metavar="NAME[:OPTION=VALUE]...,...",
        help="(static,threshold,optimal; without optimal for several servers)",
    )
    parser.add_argument("--requests", type=int, default=200_000, metavar="N", help="simulated for a row (200000)")
    parser.add_argument("--seed", type=int, default=0, help="of the arrivals (0)")
    parser.add_argument("--json", metavar="FILE", help="JSON in place of a table; - for standard output")
    parser.add_argument("--plot", "--plots", metavar="FILE", help="draw quality against rate (needs matplotlib)")


def run(arguments: argparse.Namespace) -> int:
    """Simulate, and print the table."""
    writable(arguments.json), writable(arguments.plot)
    if arguments.plot is not None:
        new_figure(1, 1)  # says now if matplotlib is missing
    if arguments.seed < 0:
        raise BadInputError(f"the seed is {arguments.seed}; give a whole number from 0 on")
    models = tuple(_model(text) for text in arguments.models.split(","))
    systems = [
        System(_rate(text), models, arguments.deadline, arguments.servers) for text in arguments.rates.split(",")
    ]
    texts = _policies(arguments.policies, models, arguments.servers)
    rows = []
    with Counting("rows") as progress:
        for system in systems:
            for name, text in texts.items():
                rows.append(Row(system.rate, name, _served(system, text, arguments)))
                progress(len(rows), len(systems) * len(texts))
    if arguments.json:
        names = ("models", "deadline", "servers", "requests", "seed")
        write_json(
            arguments.json, {n: getattr(arguments, n) for n in names} | {"rows": [row.to_dict() for row in rows]}
        )
    if arguments.json != "-":
        print(table(rows, models))
    if arguments.plot:
        plot(rows, arguments.plot)
    return 0


def _served(system: System, text: str, arguments: argparse.Namespace) -> Served:
    """Fit a policy on other arrivals than those that count, and serve."""
    policy = policy_of(text)
    policy.fit(system, arguments.seed + 1)
    return simulate(system, policy.choose, arguments.requests, seed=arguments.seed)


def _policies(given: str | None, models: tuple[Model, ...], n_servers: int) -> dict[str, str]:
    """Return the policies' texts by the names of their rows."""
    texts: dict[str, str] = {}
    default = "static,threshold,optimal" if n_servers == 1 else "static,threshold"
    for text in (given or default).split(","):
        if text == "static":
            texts |= {f"static {model.name}": f"static:model={i}" for i, model in enumerate(models)}
        else:
            policy_of(text)
            texts[text] = text
    return texts


def _model(text: str) -> Model:
    try:
        name, seconds, quality = text.split(":")
        return Model(name, float(seconds), float(quality))
    except ValueError:
        raise BadInputError(
            f"model {text!r} is not understood; write NAME:SECONDS:QUALITY, as small:0.25:0.6"
        ) from None


def _rate(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadInputError(f"rate {text!r} is no number; write 0.5,1,2") from None


def table(rows: list[Row], models: tuple[Model, ...]) -> str:
    """Return the rows as a table."""
    width = max(len(row.policy) for row in rows)
    names = "  ".join(f"{model.name:>7}" for model in models)
    head = f"{'rate':>6}  {'policy':<{width}}  quality     ±  on time  wait s  answer s  {names}"
    lines = []
    for row in rows:
        served, shares = row.served, "  ".join(f"{share:7.3f}" for share in row.served.shares)
        lines.append(
            f"{row.rate:>6g}  {row.policy:<{width}}  {served.quality:7.4f}  {served.error:.4f}  {served.on_time:6.3f}  "
            f"{served.wait_s:7.3f}  {served.response_s:7.3f}  {shares}"
        )
    return "\n".join([head, *lines])


def plot(rows: list[Row], path: str) -> None:
    """Draw the quality of each policy against the rate."""
    figure = new_figure(7, 4.5)
    axes = figure.subplots()
    for i, policy in enumerate(dict.fromkeys(row.policy for row in rows)):
        mine = [row for row in rows if row.policy == policy]
        style = {"color": f"C{i % 10}", "linestyle": "--" if policy.startswith("static") else "-"}
        if policy == "optimal":  # others come close to it: dots let them through
            style = {"color": "black", "linestyle": ":"}
        axes.plot([row.rate for row in mine], [row.served.quality for row in mine], marker=".", label=policy, **style)
    axes.set(xlabel="requests a second", ylabel="quality of an answer, late ones 0")
    axes.set_ylim(0, None)
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize="small", frameon=False)
    save(figure, path)
