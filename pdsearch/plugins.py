"""Plug-ins: modules of other packages, found by their entry points, and files that a user names.

Either way a module is imported, and what it decorates with ``@REGISTRY.add("name")`` is there. An installed package
that fails to import is one warning; a file that was named and cannot be imported is an error. Entry-point groups are
those that begin with ``pdsearch.``; the digest of the compiler's cache covers their modules, see
:func:`installed_modules`.
"""

from __future__ import annotations

import importlib.util
import sys
import warnings
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from pdsearch.errors import BadInputError, PluginWarning

_OURS = "pdsearch."
_warned: set[str] = set()
covered: set[Path] = set()  # the files of plug-ins: sources of what is compiled for them
files: list[str] = []  # that were loaded by name, in order
_loaded: set[str] = set()  # what entry points name


def load(entry: EntryPoint) -> Any:
    """Return what an entry point names, or None with one warning if it cannot be imported."""
    try:
        loaded = entry.load()
        _loaded.add(entry.value)
        return loaded
    except Exception as error:
        if entry.value not in _warned:
            _warned.add(entry.value)
            owner = f" of {entry.dist.name}" if entry.dist is not None else ""
            warnings.warn(
                f"plug-in {entry.name!r}{owner} is left out: {_reason(error)}; repair or uninstall it",
                PluginWarning,
                stacklevel=2,
            )
        return None


def are_loaded() -> bool:
    """Say whether code of others runs in this process."""
    return bool(files or _loaded)


def load_group(group: str) -> None:
    """Import the modules of all installed packages that are named in an entry-point group."""
    for entry in _entries().select(group=group):
        load(entry)


def named(group: str) -> dict[str, EntryPoint]:
    """Return the entry points of a group by name, nothing imported."""
    return {entry.name: entry for entry in _entries().select(group=group)}


def installed_modules() -> list[str]:
    """Return the top-level packages of all installed plug-ins, sorted; nothing is imported."""
    return sorted({entry.module.partition(".")[0] for entry in _entries()})


@cache
def _entries() -> EntryPoints:
    """Return the entry points of all plug-ins: to find them is to read what is installed, so it is done once."""
    found = entry_points()
    return EntryPoints(
        entry for group in found.groups if group.startswith(_OURS) for entry in found.select(group=group)
    )


def load_file(name: str) -> ModuleType:
    """Import a Python file as a plug-in; modules beside it can be imported by it, after all installed ones.

    Parameters
    ----------
    name : str
        Path of a file that ends in ``.py``.

    Raises
    ------
    BadInputError
        If there is no such file, or importing it fails; the message has the file's own line.
    """
    path = Path(name).resolve()
    if path.suffix != ".py" or not path.is_file():
        raise BadInputError(f"cannot load plug-in {name!r:.200}; give an existing file that ends in .py")
    module_name = f"pdsearch_plugin_{path.stem}"
    loaded = sys.modules.get(module_name)
    if loaded is not None and loaded.__file__ == str(path):
        return loaded
    if loaded is not None:
        raise BadInputError(f"two plug-ins are called {path.name}: {loaded.__file__} and {path}; rename one of them")
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    covered.add(path)
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[module_name]
        raise BadInputError(f"cannot load plug-in {name!r:.200}: {_reason(error, path)}; correct the file") from error
    files.append(str(path))
    return module


def _reason(error: BaseException, path: Path | None = None) -> str:
    """Return the type and the text of an error in one line, and the line of the file in which it arose."""
    words = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    if isinstance(error, SyntaxError):
        return words
    at, traceback = None, error.__traceback__
    while traceback is not None:
        if path is not None and traceback.tb_frame.f_code.co_filename == str(path):
            at = traceback.tb_lineno
        traceback = traceback.tb_next
    return words if at is None else f"{words} (line {at})"
