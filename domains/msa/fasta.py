"""Reading and writing FASTA: records that begin with ``>``, sequences over any number of lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pdsearch.errors import BadInputError, shown
from pdsearch.reading import read_text

_WIDTH = 70  # letters in a line of output


class Record(NamedTuple):
    """A named sequence."""

    name: str
    letters: str


def read_fasta(path: str) -> list[Record]:
    """Return the records of a file.

    Raises
    ------
    BadInputError
        If the file cannot be read, or does not begin with a record.
    """
    return parse_fasta(read_text(path, "a readable fasta file"), path)


def parse_fasta(text: str, name: str) -> list[Record]:
    """Return the records of a text called ``name`` in messages; letters in upper case, blanks and ``;`` lines dropped.

    >>> parse_fasta(">a\\nAC\\nDE\\n>b\\nAD\\n", "two")
    [Record(name='a', letters='ACDE'), Record(name='b', letters='AD')]
    """
    records: list[Record] = []
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith(">"):
            records.append(Record(stripped[1:].strip(), ""))
        elif stripped and not stripped.startswith(";"):
            if not records:
                raise BadInputError(
                    f"{shown(name, 200)} is no fasta file; it begins with {shown(stripped)} instead of '>name'"
                )
            last = records.pop()
            records.append(Record(last.name, last.letters + "".join(stripped.split()).upper()))
    return records


def format_fasta(records: Sequence[Record]) -> str:
    """Return records as text, wrapped; without a final line feed."""
    lines = []
    for name, letters in records:
        lines.append(f">{name}")
        lines += [letters[start : start + _WIDTH] for start in range(0, len(letters), _WIDTH)]
    return "\n".join(lines)
