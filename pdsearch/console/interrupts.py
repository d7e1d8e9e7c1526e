"""Ctrl-C and SIGTERM as a wish that the search asks about, instead of an exception in its middle.

Until the search asks for the first time, while kernels compile, a signal raises
KeyboardInterrupt at once. Where the compiler calls back through ctypes, which swallows every
exception, it is raised again a moment later.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from types import FrameType
from typing import Any

_AGAIN_S = 0.02  # by then the compiler's callback has returned


class Interrupts:
    """While entered, SIGINT and SIGTERM are remembered; a second one has the usual effect."""

    def __init__(self) -> None:
        self.received = False
        self._asked = False
        self._before: dict[int, Any] = {}
        self._unraisable = sys.unraisablehook
        self._again: threading.Timer | None = None

    def __enter__(self) -> Interrupts:
        self._unraisable, sys.unraisablehook = sys.unraisablehook, self._raise_again
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._remember)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()
        sys.unraisablehook = self._unraisable
        if self._again is not None:
            self._again.cancel()

    def __call__(self) -> bool:
        """Say whether a signal has come."""
        self._asked = True
        return self.received

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.received = True
        self._restore()
        if not self._asked:
            raise KeyboardInterrupt

    def _raise_again(self, swallowed: sys.UnraisableHookArgs) -> None:
        if not self.received or self._asked:
            self._unraisable(swallowed)
        elif issubclass(swallowed.exc_type, KeyboardInterrupt):  # else the compiler, of what it left half made
            self._again = threading.Timer(_AGAIN_S, _thread.interrupt_main)
            self._again.start()

    def _restore(self) -> None:
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, handler)
