"""Ctrl-C and SIGTERM as a wish that the search asks about, instead of an exception in its middle.

SIGUSR1 is one, too, where the search is saved before it ends.

Until the search asks for the first time, while kernels compile, a signal raises
KeyboardInterrupt at once. Where the compiler calls back through ctypes, which swallows every
exception, it is raised again a moment later.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any

from pdsearch.comm.launch import SAME_SIGNAL_S

_AGAIN_S = 0.02  # by then the compiler's callback has returned


class Interrupts:
    """While entered, SIGINT and SIGTERM are remembered; a second one has the usual effect, unless it comes at once.

    Some send each twice, to a process and to its group: timeout of coreutils does.

    Parameters
    ----------
    saves : bool
        The search writes checkpoints, and SIGUSR1 is remembered, too: batch systems send it before they take a machine.
    """

    def __init__(self, saves: bool = False) -> None:
        self.received = False
        self._numbers = [signal.SIGINT, signal.SIGTERM]
        if saves and hasattr(signal, "SIGUSR1"):
            self._numbers.append(signal.SIGUSR1)
        self._which = 0
        self._asked = False
        self._since_s = 0.0
        self._before: dict[int, Any] = {}
        self._unraisable = sys.unraisablehook
        self._again: threading.Timer | None = None

    def __enter__(self) -> Interrupts:
        self._unraisable, sys.unraisablehook = sys.unraisablehook, self._raise_again
        if threading.current_thread() is threading.main_thread():
            for number in self._numbers:
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

    def is_preempted(self) -> bool:
        """Say whether the signal was not that of a terminal."""
        return self.received and self._which != signal.SIGINT

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if self.received:
            if time.monotonic() - self._since_s > SAME_SIGNAL_S:
                self._restore()
                signal.raise_signal(number)
            return
        self.received, self._which, self._since_s = True, number, time.monotonic()
        if not self._asked:
            self._restore()
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
