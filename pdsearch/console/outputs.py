"""Files that commands write: refused before the work where they cannot be written, and - for standard output.

A result that took hours is not lost because a disk is full at the end: files are written beside their place and then
renamed, so that what was there stays until the new content is complete, and what cannot be written is printed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pdsearch.errors import BadInputError, shown

_MOST = 200  # characters of a name in a message


def writable(name: str | None) -> str | None:
    """Return ``name`` if it is nothing, standard output or a file that can be written.

    Raises
    ------
    BadInputError
        If it is a folder, a file that is read-only, or in a folder that does not exist or cannot be written to.
    """
    if name in (None, "-"):
        return name
    try:
        path = Path(str(name)).resolve()
        is_new = not path.exists()
        can = os.access(path.parent if is_new else path, os.W_OK) and path.parent.is_dir() and not path.is_dir()
    except (OSError, ValueError):  # a name that is too long, or has a NUL
        can = False
    if not can:
        raise BadInputError(f"cannot write {shown(name, _MOST)}; give a file in a folder that exists and is writable")
    return name


@contextmanager
def writing(name: str) -> Iterator[None]:
    """Turn what keeps a file, or standard output, from being written into one line that names it."""
    try:
        yield
    except BrokenPipeError:
        raise  # whoever read standard output has seen enough
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        what = "standard output" if name == "-" else shown(name, _MOST)
        raise BadInputError(f"cannot write {what}: {reason}; give a file in a folder that exists") from None


def save(name: str, text: str) -> None:
    """Write text to a file, which has all of it or what it had before, or to standard output for ``-``.

    Raises
    ------
    BadInputError
        If it cannot be written; nothing is left beside the file.
    """
    with writing(name):
        if name == "-":
            _print(text)
            return
        path = Path(name).resolve()  # the file a link names, not the link
        if (path.exists() and not path.is_file()) or not os.access(path.parent, os.W_OK):
            path.write_text(text, encoding="utf-8")  # a device, a pipe, or a folder that takes no neighbour
            return
        _replace(path, text)


def save_all(outputs: Sequence[tuple[str | None, str]], instead: str = "") -> None:
    """Write the outputs of a command, each if it can be, whatever happens to the others.

    Parameters
    ----------
    outputs : sequence of (str or None, str)
        Names and contents; None stands for an output that was not asked for.
    instead : str
        What must not be lost, the plan: printed if any output cannot be written, on stderr if stdout cannot.

    Raises
    ------
    BadInputError
        The first that a file raised, once all have been tried.
    """
    errors: list[BadInputError] = []
    is_stdout_lost = False
    for name, text in outputs:
        if name is None:
            continue
        try:
            save(name, text)
        except BadInputError as error:
            errors.append(error)
            is_stdout_lost |= name == "-"
    if not errors:
        return
    try:
        if is_stdout_lost:
            raise errors[0]
        save("-", instead)
    except BadInputError:
        sys.stderr.write(instead)
    raise errors[0]


def write_json(name: str, content: dict[str, Any]) -> None:
    """Write one line of JSON to a file, or to standard output for ``-``."""
    save(name, json.dumps(content) + "\n")


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError:
        with suppress(OSError, ValueError):  # or the interpreter would try again when it ends, and complain
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _replace(path: Path, text: str) -> None:
    """Write a neighbour with the rights of the file, if there is one, and put it in its place."""
    beside = path.with_name(f".{path.name[:200]}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            if path.exists():
                os.chmod(beside, path.stat().st_mode & 0o7777)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
