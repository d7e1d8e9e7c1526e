"""Projections written by users: which values of a variable share a word.

A file holds a line of numbers for each variable, in the domain's order: the group of each of its
values, -1 where it is not hashed. One line alone is taken for every variable. JSON says the same
as a list, or a list of lists.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pdsearch.domains import Domain
from pdsearch.errors import BadInputError


def read_projection(path: str, domain: Domain) -> npt.NDArray[np.int64]:
    """Return the group of each feature: int64[n_variables, n_values].

    Raises
    ------
    BadInputError
        If the file cannot be read, or does not have a group for each value.
    """
    rows = _rows(path)
    values = {graph.variable: graph.values for graph in domain.transition_graphs()}
    values = values or {variable: np.arange(domain.n_values) for variable in range(domain.n_variables)}
    if len(rows) not in (1, len(values)):
        raise BadInputError(
            f"projection {path!r} has groups for {len(rows)} variables; {domain.name} ({domain.instance}) has "
            f"{len(values)}; give a line for each, or one for all"
        )
    groups = np.full((domain.n_variables, domain.n_values), -1, np.int64)
    for row, (variable, of_variable) in zip(rows * (len(values) // len(rows)), values.items(), strict=True):
        if len(row) != len(of_variable):
            raise BadInputError(
                f"projection {path!r} has {len(row)} groups for variable {variable}; it has {len(of_variable)} values"
            )
        groups[variable, of_variable] = row
    numbers = np.unique(groups[groups >= 0])
    if len(numbers) == 0:
        raise BadInputError(f"projection {path!r} hashes no value; give some a group of 0 or more")
    return np.where(groups >= 0, np.searchsorted(numbers, groups), -1)


def _rows(path: str) -> list[list[int]]:
    """Return the numbers of each line or list."""
    try:
        text = Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text file"
        raise BadInputError(f"cannot read projection {path!r}: {reason}; give a file of numbers") from None
    try:
        content: Any = json.loads(text)
    except ValueError:
        content = [line.replace(",", " ").split() for line in text.splitlines() if line.strip()]
    if isinstance(content, list) and content and not any(isinstance(row, list) for row in content):
        content = [content]
    try:
        rows = [[_group(number) for number in row] for row in content]
    except (TypeError, ValueError):
        rows = []
    if not rows:
        raise BadInputError(f"projection {path!r} does not hold lists of whole numbers from -1 on; give one a value")
    return rows


def _group(number: Any) -> int:
    group = int(number)
    if isinstance(number, bool | float) or not -1 <= group < 2**31:
        raise ValueError
    return group
