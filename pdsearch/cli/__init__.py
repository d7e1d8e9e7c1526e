"""The command line: one module of this package per command, found by its name.

A command module has a docstring whose first line is its help, ``EXAMPLES`` (a str), and the
two functions ``add_arguments(parser)`` and ``run(arguments) -> int`` (the exit code). Only the module of the
command that is run gets imported. Where ``SUBCOMMANDS`` maps a word to another such module, that word after the
command's name runs that module.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import os
import pkgutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pdsearch import __version__
from pdsearch.errors import PdsearchError, WrongPlanError

BAD_INPUT = 2
INTERRUPTED = 130
BROKEN_PIPE = 141  # what a shell reports for a program ended by SIGPIPE


class _Help(argparse.HelpFormatter):
    """Keeps every command on one line with its summary: argparse forgets the indentation of the longest."""

    def add_arguments(self, actions: Iterable[argparse.Action]) -> None:
        super().add_arguments(actions)
        self._action_max_length += self._indent_increment


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, from rank 0 only."""

    def error(self, message: str) -> None:  # type: ignore[override]
        complain(f"{message}; see {self.prog} --help")
        raise SystemExit(BAD_INPUT)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; an error on any rank ends the whole MPI job."""
    argv = [*(sys.argv[1:] if argv is None else argv)]  # `list` is a command here
    try:
        return _run(argv)
    except WrongPlanError as error:  # no mistake of the user's: a bug, with its traceback
        _abort_mpi(error)
        raise
    except PdsearchError as error:
        _complain_about(error)
        return BAD_INPUT
    except BrokenPipeError:  # the reader of stdout, head say, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt as error:
        sys.unraisablehook = lambda _: None  # while Python ends, the compiler complains of what it left half made
        complain("interrupted before the search began")
        _abort_mpi(error)
        return INTERRUPTED
    except BaseException as error:
        if not (isinstance(error, SystemExit) and error.code in (0, BAD_INPUT)):
            _abort_mpi(error)
        raise


def _complain_about(error: PdsearchError) -> None:
    """Print an error once if all ranks have it; a rank that has it alone says so itself, and ends the job."""
    mpi = sys.modules.get("mpi4py.MPI")
    if mpi is None or error.is_shared or mpi.COMM_WORLD.Get_size() == 1:
        complain(str(error))
    else:
        _say(f"rank {mpi.COMM_WORLD.Get_rank()}: {error}")
        _abort_mpi(BAD_INPUT)


def _abort_mpi(error: BaseException | int) -> None:
    """Have MPI_Abort called at exit, so that no rank waits for this one; a serial run never imports MPI."""
    if "mpi4py.MPI" in sys.modules:
        from mpi4py.run import set_abort_status

        set_abort_status(error)


def complain(message: str) -> None:
    """Print one line on stderr, from rank 0 only."""
    if speaks():
        _say(message)


def _say(message: str) -> None:
    print(f"pdsearch: {' '.join(message.split())}", file=sys.stderr, flush=True)


def speaks() -> bool:
    """Say whether this process is rank 0 of its MPI job, without importing MPI."""
    ranks = (os.environ.get(name) for name in ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK"))
    return next((rank for rank in ranks if rank is not None), "0") == "0"


def command_names() -> list[str]:
    """Return the names of all commands."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def _run(argv: list[str]) -> int:
    chosen = next((word for word in argv if not word.startswith("-")), "")
    title, module, argv = _command(chosen, argv)
    parser = Parser(
        formatter_class=_Help, prog="pdsearch", description="Optimal state-space search on every core, machine and GPU."
    )
    parser.add_argument("--version", action="version", version=f"pdsearch {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for name in command_names():
        if name == chosen and module is not None:
            subparser = commands.add_parser(
                name,
                prog=f"pdsearch {title}",
                help=_summary(name),
                description=module.__doc__,
                epilog=f"examples:\n{module.EXAMPLES}",
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
            module.add_arguments(subparser)
            subparser.set_defaults(run=module.run)
        else:
            commands.add_parser(name, help=_summary(name))
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help()
        return 0
    return int(arguments.run(arguments))


def _command(name: str, argv: list[str]) -> tuple[str, Any, list[str]]:
    """Return a command's title, its module, None for no command, and the words with a subcommand's taken out."""
    if name not in command_names():
        return name, None, argv
    module = importlib.import_module(f"{__name__}.{name}")
    after = argv.index(name) + 1
    subcommands = getattr(module, "SUBCOMMANDS", {})
    if argv[after : after + 1] and argv[after] in subcommands:
        title = f"{name} {argv[after]}"
        return title, importlib.import_module(subcommands[argv[after]]), [*argv[:after], *argv[after + 1 :]]
    return name, module, argv


def _summary(name: str) -> str:
    """Return the first line of a command's docstring without importing it."""
    spec = importlib.util.find_spec(f"{__name__}.{name}")
    assert spec is not None
    assert spec.origin is not None
    doc = ast.get_docstring(ast.parse(Path(spec.origin).read_text())) or ""
    return doc.split("\n")[0].rstrip(".")
