"""The errors pdsearch raises on purpose; all derive from :class:`PdsearchError`.

Their messages are one line: what was given, what is needed, what to do. The command line
prints them as they are and leaves with exit code 2.
"""

from __future__ import annotations

import sys

DISTRIBUTION = "pdsearch-hda"  # what pip installs; "pdsearch" on the public index is somebody else's program


class PdsearchError(Exception):
    """Base of every error a caller may want to catch.

    Attributes
    ----------
    is_shared : bool
        All ranks of the MPI job raise it together.
    """

    is_shared = False


class UnknownNameError(PdsearchError, LookupError):
    """A registry has no entry of that name."""


class BadInputError(PdsearchError, ValueError):
    """An instance, a limit or an option does not make sense."""


class MissingDependencyError(PdsearchError, ImportError):
    """An optional library is needed and not installed."""


class TimeLimitError(PdsearchError):
    """The time given ran out before the search, while something was read or built."""


class MemoryLimitError(PdsearchError):
    """What is to be read or built needs more memory than was given."""


class TooLittleMemoryError(MemoryLimitError, BadInputError):
    """The memory limit is below what the first tables of a search take."""


class WrongPlanError(PdsearchError, AssertionError):
    """A plan did not survive its replay: a bug in pdsearch, never in the input."""


class PluginWarning(UserWarning):
    """A plug-in cannot be used; everything else goes on without it."""


def pip_install(extra: str) -> str:
    """Return the command that installs what an extra of this library needs.

    Parameters
    ----------
    extra : str
        Its name in ``pyproject.toml``, or several with commas.

    Examples
    --------
    >>> pip_install("plot")
    "pip install 'pdsearch-hda[plot]'"
    """
    return f"pip install '{DISTRIBUTION}[{extra}]'"


def shown(value: object, most: int = 60) -> str:
    """Return what a user gave as a message quotes it: text in quotation marks, one line, the middle left out.

    Parameters
    ----------
    value : object
        Text, a number, or anything with a ``repr``.
    most : int
        Characters that are left of it, at least 20.

    Examples
    --------
    >>> shown("8-puzzle")
    "'8-puzzle'"
    >>> shown("9" * 5000)
    "'999999999999999999999...999999999999999999999' (5000 characters)"
    >>> shown(10**5000)
    'a number of more than 4300 digits'
    """
    try:
        text = repr(value)
    except ValueError:  # Python turns no longer integers into text
        return f"a number of more than {sys.get_int_max_str_digits()} digits"
    if len(text) <= most:
        return text
    length = len(value) if isinstance(value, str | bytes) else len(text)
    kept = text[: most // 2 - 8] + "..." + text[-(most // 2 - 8) :]
    return f"{kept} ({length} characters)"
