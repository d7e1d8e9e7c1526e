"""Routers from text: ``bip`` and ``["iterations=14"]``, as they stand on a command line."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from pdsearch.balance.routers import ROUTERS, Router
from pdsearch.balance.routers._checks import shortened
from pdsearch.errors import BadInputError

_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def built(name: str, options: Sequence[str] = (), **defaults: Any) -> Router:
    """Build a registered router.

    Parameters
    ----------
    name : str
    options : sequence of str
        Each ``option=value``; the value is read as the type of the option's default.
    **defaults
        Values for options that the router has and ``options`` does not name; others are left out.

    Raises
    ------
    UnknownNameError
        If no router has this name.
    BadInputError
        If it has no such option, or the value does not read as one.

    Examples
    --------
    >>> built("bip", ["iterations=14"], gate="sigmoid")
    BIP(iterations=14, gate='sigmoid')
    """
    kind: Any = ROUTERS[name]
    known = {field.name: field.default for field in dataclasses.fields(kind)}
    chosen = {option: value for option, value in defaults.items() if option in known}
    for text in options:
        option, equals, value = text.partition("=")
        option = option.replace("-", "_")
        if not equals or option not in known:
            raise BadInputError(
                f"{name} was given {shortened(text)!r}; give OPTION=VALUE with one of {', '.join(known) or 'none'}"
            )
        chosen[option] = _read(name, option, value, known[option])
    router: Router = kind(**chosen)
    return router


def _read(name: str, option: str, value: str, default: Any) -> Any:
    try:
        if isinstance(default, bool):
            return _BOOLEANS[value.lower()]
        return type(default)(value)
    except (ValueError, KeyError):
        raise BadInputError(
            f"{option} of {name} is {shortened(value)!r}; a {type(default).__name__} like {default} is needed"
        ) from None
