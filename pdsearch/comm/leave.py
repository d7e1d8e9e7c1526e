"""How a process ends that has nothing left to do.

Python takes itself apart before it ends: every module, the compiler with all that it has compiled, gigabytes of nodes.
That takes from a quarter of a second to seconds, and the system frees all of it at once.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from types import FrameType
from typing import NoReturn

from pdsearch import plugins

BROKEN_PIPE = 141  # what a shell reports for a program ended by SIGPIPE


def leave(code: int) -> NoReturn:
    """End this process: what is to be done at exit is done and what was printed is written, then the system frees all.

    Where somebody still needs Python (a thread, a profiler, MPI, a plug-in that may have files open, a program that has
    called this one, a stream that cannot be written), it ends as by ``sys.exit``.

    Parameters
    ----------
    code : int
        The exit code; that of a broken pipe where the reader of a stream has gone.
    """
    if _is_needed() or _is_called(sys._getframe().f_back):
        sys.exit(code)
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except BrokenPipeError:
        os._exit(BROKEN_PIPE)
    except (OSError, ValueError):
        sys.exit(code)  # which says so
    os._exit(code)


def _is_needed() -> bool:
    threads = [one for one in threading.enumerate() if one is not threading.current_thread() and not one.daemon]
    monitoring = getattr(sys, "monitoring", None)  # from Python 3.12 on
    tools = [] if monitoring is None else [monitoring.get_tool(number) for number in range(6)]
    is_watched = sys.flags.inspect or sys.getprofile() is not None or sys.gettrace() is not None or any(tools)
    return bool(threads or is_watched or plugins.are_loaded() or "mpi4py.MPI" in sys.modules)


def _is_called(frame: FrameType | None) -> bool:
    """Say whether another program waits for this one: a debugger, a notebook's ``%run -m``, a test."""
    while frame is not None and f"{frame.f_globals.get('__name__')}.".startswith("pdsearch."):
        frame = frame.f_back
    if frame is None or frame.f_code.co_name != "<module>":  # of the script, or of __main__.py
        return True
    while (frame := frame.f_back) is not None:
        if frame.f_globals.get("__name__") != "runpy":  # which runs python -m
            return True
    return False
