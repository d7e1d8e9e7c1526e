"""The command line: one module of this package per command, found by its name.

A command module has a docstring whose first line is its help, ``EXAMPLES`` (a str), and the
two functions ``add_arguments(parser)`` and ``run(arguments) -> int`` (the exit code). Only the module of the
command that is run gets imported. One with ``TAKES_RANKS = True`` runs on the ranks that ``-n`` starts on this machine,
and finds them by :func:`pdsearch.comm.world.world` as it finds those of ``mpiexec``.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import os
import pkgutil
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterable, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, NoReturn

from pdsearch import __version__
from pdsearch._notice import announced
from pdsearch.comm.leave import BROKEN_PIPE, leave
from pdsearch.comm.world import is_local_rank, local_rank, speaks
from pdsearch.console import BAD_INPUT, INTERRUPTED, Parser, clock, complain, say_alone
from pdsearch.console.commands import plugin_command, plugin_commands
from pdsearch.errors import (
    BadInputError,
    MemoryLimitError,
    PdsearchError,
    PluginWarning,
    TimeLimitError,
    WrongPlanError,
)
from pdsearch.limits import whole
from pdsearch.plugins import load_file
from pdsearch.result import Status

_CODES = {TimeLimitError: Status.TIME_LIMIT.value, MemoryLimitError: Status.MEMORY_LIMIT.value}


class _Help(argparse.HelpFormatter):
    """Keeps every command on one line with its summary: argparse forgets the indentation of the longest."""

    def add_arguments(self, actions: Iterable[argparse.Action]) -> None:
        super().add_arguments(actions)
        self._action_max_length += self._indent_increment


def command() -> NoReturn:
    """Be the program ``pdsearch``: run the command that this process was started for, and end it."""
    leave(main(began=clock.process_began()))


def main(argv: Sequence[str] | None = None, began: float | None = None) -> int:
    """Run one command and return its exit code; an error on any rank ends the whole MPI job.

    Parameters
    ----------
    argv : sequence of str, optional
        The words of the command; those of this process when left out.
    began : float, optional
        When the command began, from which its time limit counts, by ``time.monotonic()``; now when left out.
    """
    argv = [*(sys.argv[1:] if argv is None else argv)]  # `list` is a command here
    clock.begin(time.monotonic() if began is None else began)
    _open_streams()
    before = _end_politely(argv)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", PluginWarning)
            warnings.showwarning = _warn  # type: ignore[assignment]
            return _run(argv)
    except WrongPlanError as error:  # no mistake of the user's: a bug, with its traceback
        _abort_mpi(error)
        raise
    except PdsearchError as error:
        return _complain_about(error)
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
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _open_streams() -> None:
    """Give a process that was started with a closed stream (``2>&-``) one that takes everything.

    Python has None in its place, and the next file that is opened would get its number.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(number, "r" if name == "stdin" else "w"))


def _end_politely(argv: Sequence[str]) -> dict[int, Any]:
    """Let SIGTERM end what comes before a search as Ctrl-C does; return what is to be restored.

    So does SIGUSR1, where it is to end the search with a checkpoint.
    """
    numbers = [signal.SIGTERM]
    if hasattr(signal, "SIGUSR1") and ("resume" in argv or any(word.startswith("--checkpoint") for word in argv)):
        numbers.append(signal.SIGUSR1)
    if threading.current_thread() is not threading.main_thread():
        return {}
    free = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    return {number: signal.signal(number, signal.default_int_handler) for number in free}


def _warn(message: Warning | str, category: type[Warning], *where: Any) -> None:
    """Print a warning of ours as one line; others as Python does."""
    if issubclass(category, PluginWarning):
        complain(str(message))
    else:
        sys.stderr.write(warnings.formatwarning(message, category, *where[:2]))


def _complain_about(error: PdsearchError) -> int:
    """Print an error once if all ranks have it; a rank that has it alone says so itself, and ends the job."""
    rank = _rank()
    if rank is None or error.is_shared:
        complain(str(error))
        return _code(error)
    say_alone(f"rank {rank}: {error}")
    _abort_mpi(BAD_INPUT)
    return BAD_INPUT


def _code(error: PdsearchError) -> int:
    return next((code for kind, code in _CODES.items() if isinstance(error, kind)), BAD_INPUT)


def _rank() -> int | None:
    """Return which of several ranks this process is; None where it is alone, or has not met the others yet."""
    if is_local_rank():
        return local_rank()
    mpi = sys.modules.get("mpi4py.MPI")
    return None if mpi is None or mpi.COMM_WORLD.Get_size() == 1 else int(mpi.COMM_WORLD.Get_rank())


def _abort_mpi(error: BaseException | int) -> None:
    """Have MPI_Abort called at exit, so that no rank waits for this one; a serial run never imports MPI."""
    if "mpi4py.MPI" in sys.modules:
        from mpi4py.run import set_abort_status

        set_abort_status(error)


def command_names() -> list[str]:
    """Return the names of all commands of the library."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def _run(argv: list[str]) -> int:
    ranks, argv = _ranks(argv)
    if ranks > 1:
        from pdsearch.comm.launch import exit_code_of

        return exit_code_of(ranks, main, argv, time.monotonic() - clock.spent_s())
    files, argv = _plugin_files(argv)
    for file in files:
        load_file(file)
    chosen, command, title, argv = _command(argv)
    parser = Parser(
        formatter_class=_Help, prog="pdsearch", description="Optimal state-space search on every core, machine and GPU."
    )
    parser.add_argument("--version", action="version", version=f"pdsearch {__version__}")
    parser.add_argument("--plugin", metavar="FILE.py", help="load what a file adds; every command takes it, repeatedly")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    if argv[:1] == [chosen] and command is not None:  # to find out what the others do takes 30 ms, and is not shown
        _add(commands, chosen, "", command, title)
    else:
        _add_all(commands, chosen, command, title)
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help()
        return 0
    if not hasattr(arguments, "run"):
        return BAD_INPUT  # a plug-in that was left out, with its warning
    try:
        with announced() if speaks() else nullcontext():
            return int(arguments.run(arguments))
    except (TimeLimitError, MemoryLimitError) as error:
        _write_status(getattr(arguments, "json", None), error)
        raise


def _write_status(name: str | None, error: PdsearchError) -> None:
    """Write to where the result was asked for that a limit ended what comes before the search."""
    if name is None or not speaks():
        return
    from pdsearch.console.outputs import write_json

    with suppress(BadInputError):  # the line on stderr is what counts
        write_json(name, {"status": Status(_code(error)).words, "error": str(error)})


def _ranks(argv: list[str]) -> tuple[int, list[str]]:
    """Return the ranks that ``-n`` asks a command for, wherever it stands, and the words without it.

    It is looked for before anything is imported, for all that the ranks have to import, too.
    """
    name = next((word for word in _plugin_files(argv)[1] if not word.startswith("-")), "")
    at = next((place for place, word in enumerate(argv) if word.startswith("-n")), None)
    if at is None or name not in command_names() or not _takes_ranks(name):
        return 1, argv
    from pdsearch.comm.launch import check_size

    after = at + 1 if argv[at][2:] else at + 2
    ranks = whole(argv[at][2:].removeprefix("=") or " ".join(argv[at + 1 : after]), "number of ranks")
    check_size(ranks)
    return ranks, [*argv[:at], *argv[after:]]


def _command(argv: list[str]) -> tuple[str, Any, str, list[str]]:
    """Return a command's name, the command itself if there is such a one, its title, and the words.

    A subcommand, as in ``balance replay``, is taken out of the words and stands for its command.
    """
    name = next((word for word in argv if not word.startswith("-")), "")
    if name not in command_names():
        return name, plugin_command(name) if name in plugin_commands() else None, name, argv
    command = importlib.import_module(f"{__name__}.{name}")
    after = argv.index(name) + 1
    subcommands = getattr(command, "SUBCOMMANDS", {})
    if argv[after : after + 1] and argv[after] in subcommands:
        command = importlib.import_module(subcommands[argv[after]])
        return name, command, f"{name} {argv[after]}", [*argv[:after], *argv[after + 1 :]]
    return name, command, name, argv


def _add_all(commands: Any, chosen: str, command: Any, title: str) -> None:
    """Add all commands, each with its summary."""
    for name in command_names():
        _add(commands, name, _summary(name), command if name == chosen else None, title)
    for name in plugin_commands():
        if name not in command_names():
            _add(commands, name, "a plug-in's; see its --help", command if name == chosen else None, title)


def _add(commands: Any, name: str, summary: str, command: Any, title: str) -> None:
    """Add a command to the parser; with all its arguments if it is the one to be run."""
    if command is None:
        commands.add_parser(name, help=summary)
        return
    parser = commands.add_parser(
        name,
        prog=f"pdsearch {title}",
        help=summary,
        description=command.__doc__,
        epilog=f"examples:\n{command.EXAMPLES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    parser.add_argument("--plugin", metavar="FILE.py", help="load what a file adds: a domain, a heuristic, ...")
    parser.set_defaults(run=command.run)


def _plugin_files(argv: list[str]) -> tuple[list[str], list[str]]:
    """Return the files of ``--plugin``, wherever it stands, and the words without them."""
    files, rest, words = [], [], iter(argv)
    for word in words:
        if word == "--plugin":
            file = next(words, None)
            if file is None:
                raise BadInputError("--plugin names no file; give --plugin FILE.py")
            files.append(file)
        elif word.startswith("--plugin="):
            files.append(word.partition("=")[2])
        else:
            rest.append(word)
    return files, rest


def _summary(name: str) -> str:
    """Return the first line of a command's docstring without importing it."""
    doc = ast.get_docstring(_source(name)) or ""
    return doc.split("\n")[0].rstrip(".").replace("``", "")


def _takes_ranks(name: str) -> bool:
    """Say whether a command runs on ranks: its module has ``TAKES_RANKS = True``. It is not imported."""
    return any(ast.unparse(node) == "TAKES_RANKS = True" for node in _source(name).body)


def _source(name: str) -> ast.Module:
    spec = importlib.util.find_spec(f"{__name__}.{name}")
    assert spec is not None
    assert spec.origin is not None
    return ast.parse(Path(spec.origin).read_text())
