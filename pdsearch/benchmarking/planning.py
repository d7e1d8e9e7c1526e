"""Planning tasks with several heuristics on one core, and other planners beside them: Fast Downward and SymK.

The configuration ``auto`` names no heuristic: it is chosen by trying, as plain ``pdsearch plan`` does. Every task is
solved with every configuration. Costs that differ between configurations or planners are an error. Rates are per CPU
second of the search, compilation excluded; ``auto`` has none, for its CPU seconds are those of all that was tried, with
compilation. Ratios are ours over Fast Downward's, where both searched for 0.1 s or more; searches of other planners
that correspond to no configuration of ours are run, too, and counted. Runs that the JSON file has already are not
repeated.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from pdsearch.benchmarking._peers import FAST_DOWNWARD, PEERS, Peer, peer_run, peers_of
from pdsearch.benchmarking._planning_runs import AUTO, OURS, Trial, own_run, trial_of
from pdsearch.benchmarking._runs import write
from pdsearch.console import INTERRUPTED, say
from pdsearch.console.interrupts import Interrupts
from pdsearch.console.outputs import writable
from pdsearch.domains.planning.sas import EXAMPLE, parse_sas
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import BadInputError, WrongPlanError
from pdsearch.heuristics import make_heuristic
from pdsearch.limits import Limits, bytes_, seconds
from pdsearch.report.rows import Log

EXAMPLES = """\
  pdsearch bench planning --tasks benchmarks/ --configs blind,lmcut --time-limit 60s --json runs.jsonl
  pdsearch bench planning --tasks benchmarks/ --configs auto,lmcut,pdb,scp --time-limit 20s
  pdsearch bench planning --tasks gripper/p01.pddl --configs blind,hmax,lmcut,merge-and-shrink --peers
  pdsearch bench planning --tasks benchmarks/planning-hardest.txt --folder downward-benchmarks --configs auto,pdb
"""
_LONG_S = 0.1  # CPU seconds; of shorter searches start-up and the size of the process are all that is seen
_RATIOS = {
    "generated/s": lambda run: run.per_second(run.generated),
    "evaluated/s": lambda run: run.per_second(run.evaluated),
    "bytes/state": lambda run: run.bytes_per_state,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what to solve, how, and where to write it."""
    parser.add_argument(
        "--tasks", metavar="PATH", required=True, help="a .sas or PDDL problem, a folder of them, or a list, one a line"
    )
    parser.add_argument("--folder", metavar="PATH", help="where the tasks of a list are (default: beside the list)")
    names = "heuristics, and auto: one chosen by trying (default blind,hmax,lmcut,pdb,merge-and-shrink)"
    parser.add_argument("--configs", metavar="NAME,...", default="blind,hmax,lmcut,pdb,merge-and-shrink", help=names)
    parser.add_argument("--time-limit", metavar="TIME", default="60s", help="of each search (default 60s)")
    parser.add_argument("--memory", metavar="BYTES", default="2G", help="of each search (default 2G)")
    parser.add_argument("--json", metavar="FILE", help="add a line for each run, and take over those it has")
    peers = ",".join(PEERS)
    also = f"run other planners, too: {peers} (pip install {' '.join(peer.package for peer in PEERS.values())})"
    parser.add_argument("--peers", metavar="NAME,...", nargs="?", const=peers, help=also)


def run(arguments: argparse.Namespace) -> int:
    """Solve everything, print the table, and compare the costs."""
    configs = _configs(arguments.configs)
    limits = Limits(time_s=seconds(arguments.time_limit), memory_bytes=bytes_(arguments.memory))
    tasks = tasks_of(arguments.tasks, arguments.folder)
    peers = peers_of(arguments.peers)
    known = _known(writable(arguments.json))
    log, runs = Log(arguments.json), list[Trial]()
    with Interrupts() as interrupts:
        for found, is_new in _runs(tasks, configs, limits, peers, known, interrupts):
            if interrupts.received:
                break
            if is_new:
                say(f"{found.task} {found.config} by {found.planner}: {found.status}")
                write(log, found)
            runs.append(found)
    if arguments.json != "-":
        print(table(runs))
    compare_costs(runs)
    return INTERRUPTED if interrupts.received else 0


def tasks_of(name: str, folder: str | None = None, within: Sequence[Path] = ()) -> list[str]:
    """Return the problems a path stands for: itself, those in a folder, those a list names.

    What a list names is in ``folder``, or beside it; ``within`` are the lists that name it.

    Raises
    ------
    BadInputError
        If it cannot be read, or there are none.
    """
    path = Path(name)
    if path.is_dir():
        found = sorted(str(file) for file in path.rglob("*") if _is_problem(file))
    elif path.suffix in (".sas", ".pddl") and path.is_file():
        found = [name]
    elif path.resolve() in within:
        raise BadInputError(f"list {name!r} names itself, or a list that names it; leave out that line")
    else:
        inside, lists = path.parent if folder is None else Path(folder), (*within, path.resolve())
        found = [task for line in _lines(path) for task in tasks_of(str(inside / line), within=lists)]
    if not found:
        raise BadInputError(f"no planning tasks in {name!r}; give a .sas or PDDL problem, a folder of them, or a list")
    return found


def _is_problem(file: Path) -> bool:
    """Say whether a file is a task; of one that was translated already only the .sas file is."""
    is_domain = file.stem == "domain" or file.stem.startswith("domain-") or file.stem.endswith("-domain")
    return file.suffix == ".sas" or (file.suffix == ".pddl" and not is_domain and not file.with_suffix(".sas").exists())


def _lines(path: Path) -> list[str]:
    try:
        lines = [line.partition("#")[0].strip() for line in path.read_text().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no text"
        raise BadInputError(
            f"cannot read {str(path)!r}: {reason}; give a .sas or PDDL problem, a folder of them, or a list"
        ) from None
    return [line for line in lines if line]


def _configs(text: str) -> list[str]:
    """Return the configurations named, tried on a tiny task so that a wrong name is said before the first search."""
    names, tiny = [name.strip() for name in text.split(",")], Planning(parse_sas(EXAMPLE, "example"), "example")
    for name in names:
        if name != AUTO and not make_heuristic(tiny, name).admissible:
            raise BadInputError(f"heuristic {name!r} is not admissible, so its costs cannot be compared; leave it out")
    return names


def _known(name: str | None) -> dict[tuple[object, ...], Trial]:
    """Return the runs of a file that was written before."""
    if name in (None, "-") or not Path(name).is_file():
        return {}
    return {found.key: found for found in map(trial_of, Path(name).read_text().splitlines())}


def _runs(
    tasks: Sequence[str],
    configs: Sequence[str],
    limits: Limits,
    peers: Sequence[Peer],
    known: dict[tuple[object, ...], Trial],
    interrupts: Interrupts,
) -> Iterator[tuple[Trial, bool]]:
    """Yield each run, and whether it is new; a task is read only where something is to be run."""
    for task in tasks:
        pairs = [(OURS, config) for config in configs]
        pairs += [(peer.name, config) for peer in peers for config in peer.searches(configs)]
        keys = {pair: (task, *pair, limits.time_s, limits.memory_bytes) for pair in pairs}
        sas = "" if all(key in known for key in keys.values()) else Planning.text_of(task)
        for (who, config), key in keys.items():
            if key in known:
                yield known[key], False
            elif who != OURS:
                yield peer_run(PEERS[who], sas, task, config, limits), True
            else:
                yield own_run(Planning(parse_sas(sas, task), task), config, limits, interrupts), True


def compare_costs(runs: Sequence[Trial]) -> None:
    """Compare what was proved of each task.

    Raises
    ------
    WrongPlanError
        If two runs do not agree.
    """
    proved: dict[str, Trial] = {}
    for found in runs:
        if found.is_proof:
            first = proved.setdefault(found.task, found)
            if (first.status, first.cost) != (found.status, found.cost):
                raise WrongPlanError(
                    f"{found.task}: {found.planner} with {found.config} says {found.status}, cost {found.cost}; "
                    f"{first.planner} with {first.config} says {first.status}, cost {first.cost}: report this bug"
                )


def table(runs: Sequence[Trial]) -> str:
    """Return a line for each run, then one for each configuration: what it solved, and the median ratios."""
    width = max((len(found.task) for found in runs), default=0)
    head = (
        f"{'task':<{width}}  {'config':<20}  {'planner':<13}  {'status':<12}      cost  initial h      expanded"
        "  evaluated/s  generated/s  bytes/state  setup s  search s  CPU s"
    )
    lines = [_line(found, width) for found in runs]
    return "\n".join([head, *lines, "", *_summaries(runs)])


def _line(found: Trial, width: int) -> str:
    rates = [found.per_second(found.evaluated), found.per_second(found.generated)]
    return (
        f"{found.task:<{width}}  {found.config:<20}  {found.planner:<13}  {found.status:<12}  {_shown(found.cost, 8)}"
        f"  {_shown(found.initial_h, 9)}  {_shown(found.expanded, 12)}  {_shown(rates[0], 11)}  {_shown(rates[1], 11)}"
        f"  {_shown(found.bytes_per_state, 11, 1)}  {_shown(found.setup_s, 7, 2)}  {_shown(found.search_s, 8, 2)}"
        f"  {_shown(found.cpu_s, 5, 2)}"
    )


def _shown(number: float | None, width: int, digits: int = 0) -> str:
    return "-".rjust(width) if number is None else f"{number:{width},.{digits}f}"


def _summaries(runs: Sequence[Trial]) -> Iterator[str]:
    by_config = sorted(runs, key=lambda found: (found.config, found.planner != OURS))
    for (config, planner), group in groupby(by_config, key=lambda found: (found.config, found.planner)):
        members = list(group)
        solved = sum(found.is_proof for found in members)
        yield f"{config} by {planner}: {solved} of {len(members)} solved"
    for config in dict.fromkeys(found.config for found in by_config):
        yield from _ratios(config, [found for found in runs if found.config == config and found.is_proof])


def _ratios(config: str, runs: Sequence[Trial]) -> Iterator[str]:
    """Yield the median ratios of a configuration over the tasks that both planners solved, and not at once."""
    long = [found for found in runs if (found.cpu_s or 0) >= _LONG_S]
    theirs = {found.task: found for found in long if found.planner == FAST_DOWNWARD.name}
    both = [(found, theirs[found.task]) for found in long if found.planner == OURS and found.task in theirs]
    medians = []
    for name, value in _RATIOS.items():
        ratios = [a / b for a, b in ((value(own), value(peer)) for own, peer in both) if a and b]
        if ratios:
            medians.append(f"{name} x {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    if medians:
        yield f"{config} over Fast Downward, median of {len(both)} tasks: {', '.join(medians)}"
