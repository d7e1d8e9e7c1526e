"""The commands that plug-ins add.

A command is a module, or a class with static methods: a docstring whose first line is its help, ``EXAMPLES`` (a str),
and the two functions ``add_arguments(parser)`` and ``run(arguments) -> int``, which returns the exit code. An installed
package names it in the entry-point group ``pdsearch.commands``; a file given by ``--plugin`` decorates a class with
``@COMMANDS.add("name")``. The commands of the library itself are the modules of :mod:`pdsearch.cli`.
"""

from __future__ import annotations

from typing import Any

from pdsearch.errors import BadInputError
from pdsearch.plugins import load, named
from pdsearch.registry import Registry

GROUP = "pdsearch.commands"
COMMANDS: Registry[Any] = Registry("command")

_PARTS = ("EXAMPLES", "add_arguments", "run")


def plugin_commands() -> list[str]:
    """Return the names of the commands of plug-ins; no installed package is imported."""
    return sorted({*COMMANDS, *named(GROUP)})


def plugin_command(name: str) -> Any:
    """Return a command of a plug-in, or None, with one warning, if it cannot be imported.

    Raises
    ------
    BadInputError
        If a part is missing.
    """
    command = COMMANDS[name] if name in list(COMMANDS) else load(named(GROUP)[name])
    missing = [part for part in _PARTS if not hasattr(command, part)]
    if command is not None and missing:
        raise BadInputError(f"command {name!r} of a plug-in lacks {', '.join(missing)}; see docs/extending.md")
    return command
