"""The epochs in a folder of checkpoints: the newest that is complete is what a search goes on from."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pdsearch import __version__
from pdsearch.errors import BadInputError, shown
from pdsearch.search.checkpoint.files import COMPLETE, FORMAT, Part, TornError, read_json, write_json

KEPT = 2
_NAME = re.compile(r"epoch-(\d{6,9})")


@dataclass(frozen=True)
class Epoch:
    """One complete epoch, whose files are not looked at yet.

    Attributes
    ----------
    folder : Path
        Where its files are.
    number : int
        Larger than those of all before.
    task : dict
        What was searched, see :func:`pdsearch.search.checkpoint.identity.facts_of`.
    parts : list of Part
        A file for each rank that wrote one, in their order.
    """

    folder: Path
    number: int
    task: dict[str, Any]
    parts: list[Part]


def folder_of(folder: Path, number: int) -> Path:
    """Return the folder of an epoch."""
    return folder / f"epoch-{number:06d}"


def numbers_in(folder: Path) -> list[int]:
    """Return the numbers of all epochs in a folder, complete or not, the newest first."""
    try:
        matches = [_NAME.fullmatch(path.name) for path in folder.iterdir()]
    except OSError:
        return []
    return sorted((int(match[1]) for match in matches if match), reverse=True)


def is_complete(folder: Path, number: int) -> bool:
    """Say whether an epoch was finished."""
    return (folder_of(folder, number) / COMPLETE).is_file()


def complete(folder: Path, number: int, task: dict[str, Any], parts: list[Part]) -> None:
    """Make an epoch complete, whose files are all there, and remove those that are too old."""
    content = {"format": FORMAT, "pdsearch": __version__, "task": task, "parts": [part._asdict() for part in parts]}
    write_json(folder_of(folder, number), COMPLETE, content)
    finished = [other for other in numbers_in(folder) if is_complete(folder, other)]
    oldest = min(finished[:KEPT])
    for other in numbers_in(folder):
        if other < oldest:
            shutil.rmtree(folder_of(folder, other), ignore_errors=True)


def epochs(folder: Path) -> Iterator[Epoch | TornError]:
    """Yield the epochs of a folder, the newest first, or what is wrong with them.

    Raises
    ------
    BadInputError
        If one was written in another format.
    """
    for number in numbers_in(folder):
        if not is_complete(folder, number):
            yield TornError(f"epoch {number} was not finished")
            continue
        try:
            yield _read(folder, number)
        except TornError as error:
            yield TornError(f"epoch {number}: {error}")


def _read(folder: Path, number: int) -> Epoch:
    where = folder_of(folder, number)
    content = read_json(where / COMPLETE)
    if content.get("format") != FORMAT or content.get("pdsearch") != __version__:
        raise BadInputError(
            f"the checkpoint in {shown(str(folder), 120)} was written by pdsearch {content.get('pdsearch')}, format "
            f"{content.get('format')}; this is {__version__}, format {FORMAT}: go on with that version"
        )
    return Epoch(where, number, content["task"], [Part(**part) for part in content["parts"]])
