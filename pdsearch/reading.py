"""What users give as text: files and numbers, read so that nothing ends in more than one line.

A folder, a named pipe, foreign bytes, or a number of 5,000 digits are refused in a few words.
"""

from __future__ import annotations

from pathlib import Path

from pdsearch.errors import BadInputError, shown

MOST = 2**63 - 1  # of a number that is no size
_DIGITS = 19  # no number of more fits 64 bits


def read_text(name: str, wanted: str) -> str:
    """Return the text of a file.

    Parameters
    ----------
    name : str
        The file, as the user wrote it.
    wanted : str
        What to give instead, for the message.

    Raises
    ------
    BadInputError
        If it is no regular file, cannot be read, or is not UTF-8 text.
    """
    try:
        if Path(name).is_file():
            return Path(name).read_text(encoding="utf-8")
        reason = "not a regular file" if Path(name).exists() else "No such file or directory"
    except UnicodeDecodeError:
        reason = "not a text file"
    except (OSError, ValueError) as error:  # a name that is too long, or has a NUL
        reason = getattr(error, "strerror", None) or "not a name of a file"
    raise BadInputError(f"cannot read {shown(name, 200)} ({reason}); give {wanted}")


def whole_number(text: str, what: str, least: int = 0, most: int = MOST) -> int:
    """Return a number without a sign.

    Parameters
    ----------
    text : str
        The number.
    what : str
        What it is, to begin the message with.
    least, most : int
        What is allowed.

    Raises
    ------
    BadInputError
        If it is none, or out of range.

    Examples
    --------
    >>> whole_number(" 12", "size", 2, 25)
    12
    >>> whole_number("9" * 5000, "size", 2, 25)
    Traceback (most recent call last):
    pdsearch.errors.BadInputError: size '999999999999999999999...999999999999999999999' (5000 characters) is not \
supported; give 2 to 25
    """
    digits = text.strip()
    is_number = digits.isascii() and digits.isdecimal() and len(digits.lstrip("0")) <= _DIGITS
    if not (is_number and least <= int(digits) <= most):
        raise BadInputError(f"{what} {shown(text.strip())} is not supported; give {least} to {most}")
    return int(digits)


def integers(text: str, what: str) -> list[int]:
    """Return the numbers of a text, set apart by blanks or commas; what is none, or too long, is named.

    >>> integers("1, -2 3", "stack")
    [1, -2, 3]
    """
    words = text.replace(",", " ").split()
    wrong = next((word for word in words if not _is_integer(word)), None)
    if wrong is not None:
        raise BadInputError(f"{what}: {shown(wrong)} is no number, or too large")
    return [int(word) for word in words]


def integer(text: str) -> int:
    """Return the number that an option gives.

    >>> integer("-12")
    -12
    """
    if not _is_integer(text.strip()):
        raise BadInputError(f"{shown(text)} is not understood; give a whole number of at most {_DIGITS - 1} digits")
    return int(text)


def _is_integer(word: str) -> bool:
    digits = word[1:] if word[:1] in ("-", "+") else word
    return digits.isascii() and digits.isdecimal() and len(digits.lstrip("0")) < _DIGITS
