"""Reading a seed as argparse wants it."""

from __future__ import annotations

import argparse

from pdsearch.errors import BadInputError
from pdsearch.limits import whole


def seed(text: str) -> int:
    """Return the number, or have argparse complain."""
    try:
        return whole(text, "seed")
    except BadInputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
