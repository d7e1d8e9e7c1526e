"""Automata kept in the cache folder, so that each is built once; a damaged file is built again."""

from __future__ import annotations

import hashlib
import os
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np

from pdsearch._jit import cache_folder
from pdsearch._notice import making
from pdsearch.limits import NO_DEADLINE, Deadline
from pdsearch.pruning.automaton import Automaton, build
from pdsearch.pruning.words import Words, words_of

_FORMAT = b"pdsearch automaton 1"
_MOST_KEPT = 8  # in memory
_kept: dict[bytes, Automaton] = {}
QUICK = 6  # words of this length and less take milliseconds, and no file


def automaton_of(domain: object, length: int) -> Automaton:
    """Return the automaton of a domain's moves, from the cache folder where it is there.

    Parameters
    ----------
    domain : Domain
        An instance whose moves are registered as words.
    length : int
        Of the longest forbidden words.

    Raises
    ------
    BadInputError
        If the domain has no words, or the length makes no sense.

    Examples
    --------
    >>> from pdsearch.domains.tiles import Tiles
    >>> len(automaton_of(Tiles.korf(1), 2).root)
    16
    """
    return load(words_of(domain), length)


def load(words: Words, length: int, deadline: Deadline = NO_DEADLINE) -> Automaton:
    """Return the automaton of some moves, built at most once by this user.

    Raises
    ------
    TimeLimitError
        If the time is over before it is built.
    """
    facts = b"%s %r %d" % (_FORMAT, words.source.shape, length) + words.leads.tobytes() + words.source.tobytes()
    if facts not in _kept:
        while len(_kept) >= _MOST_KEPT:
            del _kept[next(iter(_kept))]
        _kept[facts] = (
            build(words, length, deadline) if length <= QUICK else _from_folder(words, length, facts, deadline)
        )
    return _kept[facts]


def _from_folder(words: Words, length: int, facts: bytes, deadline: Deadline) -> Automaton:
    path = cache_folder().parent / "automata" / f"{hashlib.blake2b(facts, digest_size=8).hexdigest()}.npz"
    found = _read(path, facts)
    if found is None:
        with making(f"building the automaton of words up to length {length}"):
            found = build(words, length, deadline)
        with suppress(OSError):  # a folder that cannot be written costs time, no more
            _write(path, found, facts)
    return found


def _read(path: Path, facts: bytes) -> Automaton | None:
    """Return what a file holds; None if there is none, or it is not what it should be."""
    try:
        with path.open("rb") as opened, np.load(opened) as file:
            found = Automaton(file["next"], file["root"], file["start"])
            return found if bytes(file["checksum"]) == _checksum(found, facts) else None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write(path: Path, automaton: Automaton, facts: bytes) -> None:
    """Write the file under another name first, so that no reader ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.npz")
    try:
        checksum = np.frombuffer(_checksum(automaton, facts), np.uint8)
        np.savez(unfinished, checksum=checksum, **automaton._asdict())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _checksum(automaton: Automaton, facts: bytes) -> bytes:
    """Return a digest of the tables and of what they were made from."""
    digest = hashlib.blake2b(facts, digest_size=16)
    for table in automaton:
        digest.update(np.ascontiguousarray(table).data)
    return digest.digest()
