"""Who looks at the clock while kernels are compiled: between two passes of the compiler, two seconds apart at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Look = Callable[[str], None]
_look: ContextVar[Look | None] = ContextVar("look", default=None)  # of this thread


@contextmanager
def watched(look: Look) -> Iterator[None]:
    """Within the block, call ``look("compiling")`` again and again while kernels are compiled.

    Parameters
    ----------
    look : callable
        What it raises ends the compiling: :meth:`pdsearch.limits.Deadline.check`, say. Where several ranks compile,
        they must raise together.

    Examples
    --------
    >>> from pdsearch.limits import Deadline
    >>> with watched(Deadline(0.0).check):
    ...     look_now()
    Traceback (most recent call last):
    pdsearch.errors.TimeLimitError: the time limit ended compiling; give more time
    """
    before = _look.set(look)
    try:
        yield
    finally:
        _look.reset(before)


def look_now() -> None:
    """Let who watches look."""
    look = _look.get()
    if look is not None:
        look("compiling")
