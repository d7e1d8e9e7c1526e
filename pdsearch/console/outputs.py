"""Files that commands write: refused before the work where they cannot be written, and - for standard output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pdsearch.errors import BadInputError


def writable(name: str | None) -> str | None:
    """Return ``name`` if it is nothing, standard output or a file that can be written.

    Raises
    ------
    BadInputError
        If it is a folder, or in a folder that does not exist or cannot be written to.
    """
    if name not in (None, "-"):
        folder = Path(name).resolve().parent
        if Path(name).is_dir() or not os.access(folder, os.W_OK):
            raise BadInputError(f"cannot write {name!r}; give a file in a folder that exists and is writable")
    return name


@contextmanager
def writing(name: str) -> Iterator[None]:
    """Turn what keeps a file from being written into one line that names it."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise BadInputError(f"cannot write {name!r}: {reason}; give a file in a folder that exists") from None


def write_json(name: str, content: dict[str, Any]) -> None:
    """Write one line of JSON to a file, or to standard output for ``-``."""
    text = json.dumps(content) + "\n"
    if name == "-":
        sys.stdout.write(text)
        return
    with writing(name):
        Path(name).write_text(text, encoding="utf-8")
