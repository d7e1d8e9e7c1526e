"""Find optimal plans by IDA*, on the CPU's cores or a GPU, for one instance or many.

Exit codes: 0 all solved, else that of the first instance that was not: 11 unsolvable, 12 node
limit, 23 time, 130 interrupted; 2 bad input, 1 internal error.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import IO, Any

from pdsearch.cli import complain
from pdsearch.cli._batch import instances
from pdsearch.cli._interrupts import Interrupts
from pdsearch.cli._outputs import writable
from pdsearch.cli._seed import seed
from pdsearch.cli.solve import _communicator, _limits
from pdsearch.comm.together import ranks_of_node, together
from pdsearch.domains import DOMAINS, Domain
from pdsearch.gpu.devices import FORMS, Choice, Device, choose
from pdsearch.heuristics import HEURISTICS
from pdsearch.limits import Limits
from pdsearch.result import Status
from pdsearch.search.depth_first.idastar import MODES, IdaProgress, idastar
from pdsearch.search.depth_first.result import IdaResult

EXAMPLES = """\
  pdsearch ida tiles korf:1-20 --threads 2 --mode first --json out.jsonl
  pdsearch ida tiles korf:all --device gpu
  mpiexec -n 2 pdsearch ida tiles korf:1,4,7 --mode all
  pdsearch ida tiles boards.txt --heuristic linear-conflict --time-limit 1m
"""
_SHOW_EVERY_S = 0.5
SCHEMES = ("persistent", "block", "thread")  # of pdsearch.gpu.schemes, which loads CUDA


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("domain", help=f"one of: {', '.join(DOMAINS)}")
    parser.add_argument(
        "instances", help="tiles: korf:1, korf:1,4,7, korf:1-20, korf:all, random:4x4, a file, or tiles"
    )
    parser.add_argument("--heuristic", metavar="NAME", help=f"one of: {', '.join(HEURISTICS)}")
    parser.add_argument("--mode", choices=MODES, default="first", help="stop at the first solution, or count all")
    parser.add_argument(
        "--device", default="auto", metavar="DEVICE", help=f"{FORMS} (default auto: a GPU if there is one)"
    )
    parser.add_argument(
        "--scheme", choices=SCHEMES, default=SCHEMES[0], help=f"on a GPU, who searches what (default {SCHEMES[0]})"
    )
    parser.add_argument("--threads", type=int, default=0, help="of each process; 0 is one for each core (default)")
    parser.add_argument("--general", action="store_true", help="not the code made for one domain and heuristic")
    parser.add_argument("--seed", type=seed, metavar="N", default=0, help="of random instances (default 0)")
    parser.add_argument("--time-limit", metavar="TIME", help="of each instance, as 30s, 10m or 2h")
    parser.add_argument("--node-limit", metavar="N", help="expansions of each instance")
    parser.add_argument("--json", metavar="FILE", help="write one JSON line an instance; - is stdout")
    parser.add_argument("--progress", action="store_true", help="show progress even when stderr is no terminal")
    parser.set_defaults(memory=None)
    for name in DOMAINS:
        DOMAINS[name].add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Solve all instances, write each result as it comes, and return the exit code."""
    comm = _communicator("auto")
    rank = 0 if comm is None else comm.Get_rank()
    on_machine = 0 if comm is None else ranks_of_node(comm)[0]
    puzzles, limits, choice = together(comm, lambda: _read(arguments, rank, on_machine))
    if choice.word and rank == 0:
        complain(choice.word)
    with _output(arguments.json if rank == 0 else None) as lines, Interrupts() as interrupts:
        show = _Line(len(puzzles), rank == 0 and (arguments.progress or sys.stderr.isatty()))
        if choice.device is None:
            results = _each(puzzles, _solver(arguments, limits, comm, interrupts, show), show)
        else:
            results = _on_gpu(puzzles, arguments, choice.device, limits, comm, interrupts, show)
        codes = [_write(result, lines, rank) for result in results]
    if rank == 0 and len(puzzles) > 1:
        _total(show, arguments.json)
    return next((code for code in codes if code), 0)


def _read(arguments: argparse.Namespace, rank: int, on_machine: int) -> tuple[list[Domain], Limits, Choice]:
    """Read what is given as text: instances, limits and the device of a rank by its place on its machine."""
    left_out = ("run", "domain", "instances")
    options = {key: value for key, value in vars(arguments).items() if key not in left_out}
    puzzles = instances(DOMAINS[arguments.domain], arguments.instances, options)
    limits = _limits(arguments)
    if rank == 0:
        writable(arguments.json)
    return puzzles, limits, choose(arguments.device, on_machine)


_Solver = Callable[[Domain], IdaResult]


def _solver(arguments: argparse.Namespace, limits: Limits, comm: Any, interrupts: Interrupts, show: _Line) -> _Solver:
    def on_cpu(puzzle: Domain) -> IdaResult:
        return idastar(
            puzzle,
            arguments.heuristic,
            mode=arguments.mode,
            threads=arguments.threads,
            comm=comm,
            specialised=not arguments.general,
            limits=limits,
            interrupted=interrupts,
            on_progress=show.update if show.is_shown else None,
            seed=arguments.seed,
        )

    return on_cpu


def _each(puzzles: list[Domain], solve: _Solver, show: _Line) -> Iterator[IdaResult]:
    """Solve one after the other, until one is interrupted."""
    for number, puzzle in enumerate(puzzles):
        show.begin(number, puzzle.instance)
        result = solve(puzzle)
        show.end(result)
        yield result
        if result.status is Status.INTERRUPTED:
            return


def _on_gpu(
    puzzles: list[Domain],
    arguments: argparse.Namespace,
    device: Device,
    limits: Limits,
    comm: Any,
    interrupts: Interrupts,
    show: _Line,
) -> Iterator[IdaResult]:
    """Solve all instances of a shape in one batch."""
    from pdsearch.gpu.idastar import model_of, solve_batch

    models = [model_of(puzzle, arguments.heuristic).name for puzzle in puzzles]
    for _, group in groupby(zip(models, puzzles, strict=True), key=lambda pair: pair[0]):
        batch = [puzzle for _, puzzle in group]
        show.begin(0, f"{len(batch)} instances on gpu:{device.number}")
        results = solve_batch(
            batch,
            device,
            heuristic=arguments.heuristic,
            mode=arguments.mode,
            scheme=arguments.scheme,
            comm=comm,
            limits=limits,
            interrupted=interrupts,
            on_progress=show.update if show.is_shown else None,
            seed=arguments.seed,
        )
        for result in results:
            show.end(result)
        show.search_s += results[0].search_s - sum(result.search_s for result in results)  # they ran together
        yield from results
        if any(result.status is Status.INTERRUPTED for result in results):
            return


@contextmanager
def _output(name: str | None) -> Iterator[IO[str] | None]:
    if name is None or name == "-":
        yield None if name is None else sys.stdout
    else:
        with open(name, "w") as file:
            yield file


def _write(result: IdaResult, lines: IO[str] | None, rank: int) -> int:
    if rank == 0:
        if lines is not None:
            print(result.to_json(), file=lines, flush=True)
        if lines is not sys.stdout:
            print(result.summary(), flush=True)
    return result.status.value


def _total(show: _Line, json_file: str | None) -> None:
    rate = show.generated / max(1e-9, show.search_s)
    stream = sys.stderr if json_file == "-" else sys.stdout
    print(
        f"{show.solved} of {show.n} solved; {show.generated:,} generated in {show.search_s:.3f} s of search, "
        f"{rate / 1e6:.1f} M nodes/s",
        file=stream,
    )


class _Line:
    """One line on stderr that is written over again, and the totals."""

    def __init__(self, n: int, is_shown: bool) -> None:
        self.n, self.is_shown = n, is_shown
        self.solved = self.generated = 0
        self.search_s = 0.0
        self._width, self._shown_s = 0, 0.0
        self._last = IdaProgress(0.0, 0, 0)

    def begin(self, number: int, instance: str) -> None:
        """Go on to another instance."""
        self._name = f"{number + 1}/{self.n} {instance[:40]}"
        self._last = IdaProgress(0.0, 0, 0)

    def end(self, result: IdaResult) -> None:
        """Add to the totals and clear the line."""
        self.solved += result.status is Status.SOLVED
        self.generated += result.generated
        self.search_s += result.search_s
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r" if sys.stderr.isatty() else "\n")
            sys.stderr.flush()
            self._width = 0

    def update(self, now: IdaProgress, done: int = 0) -> None:
        """Write the line again when half a second has passed; ``done`` are the finished instances of a batch."""
        if time.monotonic() - self._shown_s < _SHOW_EVERY_S:
            return
        self._shown_s = time.monotonic()
        rate = (now.generated - self._last.generated) / max(1e-9, now.seconds - self._last.seconds)
        line = (
            f"{self._name}  {now.seconds:6.1f} s  bound {now.bound}  {now.generated / 1e6:,.0f} M generated, "
            f"{rate / 1e6:.0f} M/s, {self.solved + done} done"
        )
        self._last = now
        sys.stderr.write("\r" + line.ljust(self._width))
        sys.stderr.flush()
        self._width = max(self._width, len(line))
