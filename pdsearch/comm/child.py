"""A process that :mod:`pdsearch.comm.launch` started as a rank."""

from __future__ import annotations

import multiprocessing.spawn
import os
import pickle
import signal
import threading
import traceback
from multiprocessing.connection import Connection
from typing import Any

from pdsearch import plugins
from pdsearch.comm import world
from pdsearch.comm.launch import Order, _block
from pdsearch.comm.leave import leave
from pdsearch.errors import PdsearchError

_INTERRUPTED = 130
_connection: list[Connection] = []
_asked = threading.Event()


def main(file: int) -> None:
    """Do what the launcher orders."""
    connection = Connection(file)
    try:
        order: Order = pickle.loads(connection.recv_bytes())
    except EOFError:  # the launcher has ended
        return
    _connection.append(connection)
    threading.Thread(target=_listen, args=(connection,), daemon=True).start()
    if not order.reports:
        leave(_exit_code(order))
    try:
        value = _act(order)
    except BaseException as error:
        _send(connection, "raised", _sendable(error))
        leave(1)
    _send(connection, "returned", value if order.rank == 0 else None)
    leave(0)


def say(content: Any) -> None:
    """Tell the launcher something on the way; it has to be picklable."""
    _send(_connection[0], "said", content)


def is_asked_to_end() -> bool:
    """Say whether the launcher wants the ranks to come to an end."""
    return _asked.is_set()


def _exit_code(order: Order) -> int:
    try:
        return int(_act(order))
    except KeyboardInterrupt:  # before the function was ready for it
        return _INTERRUPTED
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1


def _act(order: Order) -> Any:
    """Import what the call needs, become a rank, and call."""
    world.announce(order.rank, order.size)
    if order.main is not None:
        multiprocessing.spawn.prepare(order.main)
    for name in order.plugins:
        plugins.load_file(name)
    function, arguments = pickle.loads(order.call)
    from pdsearch.comm.local import LocalRanks
    from pdsearch.comm.segment import attach

    world.join(LocalRanks(attach(order.memory, order.size), order.rank, order.size))
    os.close(order.memory)
    _block(False)
    return function(*arguments)


def _listen(connection: Connection) -> None:
    """Note the launcher's wish to end; when the launcher itself has ended, end all ranks and what they started."""
    try:
        while connection.recv_bytes():
            _asked.set()
    except (EOFError, OSError):
        os.killpg(0, signal.SIGKILL)


def _send(connection: Connection, kind: str, content: Any) -> None:
    connection.send_bytes(pickle.dumps((kind, content), pickle.HIGHEST_PROTOCOL))


def _sendable(error: BaseException) -> BaseException:
    """Return an error as the launcher can raise it, with the place where it arose if it is a bug."""
    if not isinstance(error, PdsearchError):
        error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError("".join(traceback.format_exception(error)))
    return error
