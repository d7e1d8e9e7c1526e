"""Objects from text as it stands on a command line: ``name:option=value:...``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from pdsearch.errors import BadInputError

_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def chosen(name: str, known: Mapping[str, Any], options: Sequence[str]) -> dict[str, Any]:
    """Read ``option=value`` texts; each value as the type of the option's default.

    Parameters
    ----------
    name : str
        Of what has the options, for the messages.
    known : mapping of str to value
        The options and their defaults.
    options : sequence of str
        Each ``option=value``; a hyphen in an option stands for an underscore.

    Returns
    -------
    dict[str, value]
        The options that the texts name.

    Raises
    ------
    BadInputError
        If there is no such option, or the value does not read as one.

    Examples
    --------
    >>> chosen("bip", {"iterations": 4, "gate": "softmax"}, ["iterations=14"])
    {'iterations': 14}
    """
    values = {}
    for text in options:
        option, equals, value = text.partition("=")
        option = option.replace("-", "_")
        if not equals or option not in known:
            raise BadInputError(
                f"{name} was given {shortened(text)!r}; give OPTION=VALUE with one of {', '.join(known) or 'none'}"
            )
        values[option] = _read(name, option, value, known[option])
    return values


def defaults(kind: Any) -> dict[str, Any]:
    """Return the options of a dataclass and their defaults."""
    return {field.name: field.default for field in dataclasses.fields(kind) if field.init}


def built(kinds: Mapping[str, Any], text: str) -> Any:
    """Build the dataclass that a registry has under a name, from ``name:option=value:...``.

    Raises
    ------
    UnknownNameError
        If the registry has no such name.
    BadInputError
        If it has no such option, or the value does not read as one.
    """
    name, *options = text.split(":")
    kind = kinds[name]
    return kind(**chosen(name, defaults(kind), options))


def _read(name: str, option: str, value: str, default: Any) -> Any:
    try:
        if isinstance(default, bool):
            return _BOOLEANS[value.lower()]
        return type(default)(value)
    except (ValueError, KeyError):
        raise BadInputError(
            f"{option} of {name} is {shortened(value)!r}; a {type(default).__name__} like {default} is needed"
        ) from None


def shortened(value: Any, width: int = 40) -> str:
    """Return what was given, cut where it is long.

    >>> shortened(10**60)
    '1000000000000000000000000000000000000...'
    """
    text = str(value) if not isinstance(value, int) or abs(value) < 10**1000 else "a number of over 1000 digits"
    return text if len(text) <= width else text[: width - 3] + "..."
