"""Ctrl-C and SIGTERM as a wish that the search asks about, instead of an exception in its middle.

Until the search asks for the first time, while kernels compile, a signal raises
KeyboardInterrupt at once.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any


class Interrupts:
    """While entered, SIGINT and SIGTERM are remembered; a second one has the usual effect."""

    def __init__(self) -> None:
        self.received = False
        self._asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._remember)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def __call__(self) -> bool:
        """Say whether a signal has come."""
        self._asked = True
        return self.received

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.received = True
        self._restore()
        if not self._asked:
            raise KeyboardInterrupt

    def _restore(self) -> None:
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, handler)
