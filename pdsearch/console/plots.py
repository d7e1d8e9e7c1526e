"""Plots of the command line; matplotlib is imported when one is asked for."""

from __future__ import annotations

from typing import Any

from pdsearch.errors import BadInputError, MissingDependencyError, pip_install


def new_figure(width: float, height: float) -> Any:
    """Return an empty figure of a size in inches.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependencyError(f"matplotlib is not installed; run: {pip_install('plot')}") from None
    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Any, path: str) -> None:
    """Write a figure; the format is the name's ending.

    Raises
    ------
    BadInputError
        If the file cannot be written, or there is no such format.
    """
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        formats = "a name ending in .png, .pdf or .svg in a folder that exists"
        raise BadInputError(f"cannot write {path}: {error}; need {formats}") from None
