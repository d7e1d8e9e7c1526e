"""How a process ends that has nothing left to do.

Python takes itself apart before it ends: every module, the compiler with all that it has compiled, gigabytes of nodes.
That takes from a quarter of a second to seconds, and the system frees all of it at once.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from typing import NoReturn

BROKEN_PIPE = 141  # what a shell reports for a program ended by SIGPIPE


def leave(code: int) -> NoReturn:
    """End this process: what is to be done at exit is done and what was printed is written, then the system frees all.

    Where somebody still needs Python (a thread, a profiler, MPI, a stream that cannot be written), it ends as by
    ``sys.exit``.

    Parameters
    ----------
    code : int
        The exit code; that of a broken pipe where the reader of a stream has gone.
    """
    if _is_needed():
        sys.exit(code)
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
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
    return bool(threads or is_watched or "mpi4py.MPI" in sys.modules)
