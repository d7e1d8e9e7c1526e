"""Routers from text: ``bip`` and ``["iterations=14"]``, as they stand on a command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pdsearch.balance.routers import ROUTERS, Router
from pdsearch.named_options import chosen
from pdsearch.named_options import defaults as options_of


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
    known = options_of(kind)
    given = {option: value for option, value in defaults.items() if option in known}
    router: Router = kind(**given | chosen(name, known, options))
    return router
