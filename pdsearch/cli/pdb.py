"""Build pattern databases, or list those in the cache folder.

A heuristic builds small databases when it first needs them; large ones are built here, on a GPU where --device says
so. A database that is there is checked and left alone, unless --rebuild is given.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from pdsearch.console.arguments import add_domain_options, domain_values
from pdsearch.domains import DOMAINS, Domain
from pdsearch.errors import BadInputError
from pdsearch.gpu.devices import FORMS, Device, choose
from pdsearch.heuristics import HEURISTICS
from pdsearch.pdb import Database, Entries, Filled, database_folder

EXAMPLES = """\
  pdsearch pdb build tiles 5x5
  pdsearch pdb build tiles 4x4 --heuristic pdb-7-8
  pdsearch pdb build tiles 5x5 --heuristic pdb-6-6-6-6 --device gpu
  pdsearch pdb build topspin 16 --rebuild
  pdsearch pdb list
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("action", choices=["build", "list"])
    parser.add_argument("domain", nargs="?", help=f"one of: {', '.join(DOMAINS)}")
    parser.add_argument("size", nargs="?", help="of the domain's instances, as 5x5 or 16")
    parser.add_argument("--heuristic", metavar="NAME", help="whose database; default: the first that fits")
    parser.add_argument("--rebuild", action="store_true", help="build it even if it is there")
    parser.add_argument("--device", default="cpu", metavar="DEVICE", help=f"{FORMS}; tiles alone (default: cpu)")
    add_domain_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Build or list."""
    if arguments.action == "list":
        for path in sorted(path for path in database_folder().glob("*.pdb") if path.is_file()):
            print(f"{path.stat().st_size:>13,} bytes  {path}")
        return 0
    if arguments.domain is None or arguments.size is None:
        raise BadInputError("pdb build needs a domain and a size, as in: pdsearch pdb build tiles 5x5")
    chosen = DOMAINS[arguments.domain]
    domain = chosen.of_size(arguments.size, **domain_values(arguments, chosen))
    choice = choose(arguments.device)
    if choice.word is not None:
        print(f"pdsearch: {choice.word}", file=sys.stderr)
    for database in _databases(domain, arguments.heuristic):
        build = None if choice.device is None else _on_gpu(database, choice.device)
        with _Filling(database) as filling:
            entries = database.load(arguments.rebuild, automatic=False, filled=filling.show, build=build)
        print(f"{database.name}: {len(entries):,} entries, largest {entries.max()}, {filling.words()}; {database.path}")
    return 0


def _on_gpu(database: Database, device: Device) -> Callable[[Filled], Entries]:
    """Return what builds a database on a device."""
    if not database.places:
        raise BadInputError(f"no GPU kernel builds {database.name}; give --device cpu")

    def build(filled: Filled) -> Entries:
        from pdsearch.gpu import tables  # loads CUDA

        return tables.build(database.places, device, filled)

    return build


def _databases(domain: Domain, name: str | None) -> list[Database]:
    """Return the databases of the named heuristic, or of the first that fits and has any."""
    fitting = [other for other in HEURISTICS if hasattr(HEURISTICS[other], "databases")]
    fitting = [other for other in fitting if HEURISTICS[other].fits(domain)]
    chosen = name if name is not None else next(iter(fitting), None)
    if chosen not in fitting:
        known = ", ".join(fitting) or "none"
        asked = "no heuristic has a" if name is None else f"heuristic {HEURISTICS[name].name!r} has no"
        raise BadInputError(f"{asked} pattern database for {domain.name} {domain.instance}; those that do: {known}")
    return HEURISTICS[chosen].databases(domain)  # type: ignore[attr-defined, no-any-return]


class _Filling:
    """A line on stderr that shows how full a database is."""

    def __init__(self, database: Database) -> None:
        self._name = database.name
        self._start_s = self._last_s = time.monotonic()
        self._was_built = False

    def __enter__(self) -> _Filling:
        return self

    def __exit__(self, *_: object) -> None:
        if self._was_built and sys.stderr.isatty():
            sys.stderr.write("\r" + " " * 78 + "\r")

    def show(self, filled: int, of: int) -> None:
        """Write the line again when half a second has passed."""
        self._was_built = True
        now = time.monotonic()
        if now - self._last_s >= 0.5:
            self._last_s = now
            end = "" if sys.stderr.isatty() else "\n"
            line = f"{now - self._start_s:6.1f} s  {self._name}: {filled:,} of {of:,} entries, {100 * filled // of} %"
            sys.stderr.write(("\r" if not end else "") + line + end)
            sys.stderr.flush()

    def words(self) -> str:
        """Say what was done."""
        return f"built in {time.monotonic() - self._start_s:.1f} s" if self._was_built else "was there already"
