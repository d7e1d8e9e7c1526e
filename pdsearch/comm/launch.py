"""Ranks on this machine, without MPI: processes that call one function, watched by the process that starts them.

Each rank is joined to its launcher by a pipe of two ends. The rank's end closes with the rank, however it ends, and
the launcher ends the others; the launcher's end closes with the launcher, and the ranks end themselves. Ranks are one
process group of their own: a terminal's Ctrl-C reaches the launcher alone, which passes it on once.

Nothing here imports a compiler, so that the ranks start as soon as Python does.
"""

from __future__ import annotations

import math
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from multiprocessing.spawn import get_preparation_data
from typing import Any

from pdsearch import plugins
from pdsearch.comm.segment import MOST_RANKS, create
from pdsearch.comm.world import is_local_rank, is_under_mpiexec
from pdsearch.errors import BadInputError, PdsearchError, shown
from pdsearch.result import Status

# for the ranks that are left when one has ended with an exit code that all are likely to share
_GRACE_S = {**{status.value: 30.0 for status in Status}, Status.INTERRUPTED.value: 5.0, 2: 5.0}
_LEAST_GRACE_S = 1.0
_TICK_S = 0.1
SAME_SIGNAL_S = 0.5  # a signal that comes again within is the same one, sent to a process and to its group
LOOK_S = 0.05  # between two questions of who waits for an answer
_PASSED_ON = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGUSR1") if hasattr(signal, name)]
_BOOT = "import sys; sys.path[:] = {path!r}; from pdsearch.comm.child import main; main({file})"


class RankLostError(PdsearchError):
    """A rank was ended from outside, or by a fault of the machine."""


@dataclass(frozen=True)
class Order:
    """What a rank is told.

    Attributes
    ----------
    rank, size, memory : int
        Which of how many it is, and the file that they share.
    main : dict or None
        How to import the launcher's script, where the call names something of it.
    plugins : list of str
        Files to be loaded as the launcher has loaded them.
    call : bytes
        Function and arguments, pickled.
    reports : bool
        Whether what the function returns or raises is sent to the launcher; else it is an exit code.
    """

    rank: int
    size: int
    memory: int
    main: dict[str, Any] | None
    plugins: list[str]
    call: bytes
    reports: bool


@dataclass
class _Rank:
    process: subprocess.Popen[bytes]
    connection: Connection


def check_size(size: int) -> None:
    """Raise BadInputError unless so many ranks can be started here."""
    if not 1 <= size <= MOST_RANKS:
        raise BadInputError(f"{shown(size)} ranks on one machine make no sense; give 1 to {MOST_RANKS}")
    if is_under_mpiexec() or is_local_rank():
        by = "mpiexec" if is_under_mpiexec() else "a launcher"
        raise BadInputError(
            f"{by} started this process as a rank, which cannot start {size} more; leave out one of both"
        )


def exit_code_of(size: int, function: Callable[..., int], *arguments: Any) -> int:
    """Call a function on ranks of this machine and return the exit code of the job, that of the first rank that failed.

    Signals are passed on. A rank that was killed is named in one line.

    Parameters
    ----------
    size : int
        Ranks.
    function : callable
        Found by its name; returns an exit code.
    *arguments
        Pickled.
    """
    with _started(size, (function, arguments), reports=False) as job, job.passing_on():
        return job.exit_code()


def call_on_ranks(
    size: int,
    function: Callable[..., Any],
    *arguments: Any,
    heard: Callable[[Any], None],
    wants_end: Callable[[], bool],
) -> Any:
    """Call a function on ranks of this machine and return what rank 0 returns, or raise what one of them raises.

    Parameters
    ----------
    size, function, arguments
        As of :func:`exit_code_of`; the function may return, and raise, what can be pickled.
    heard : callable
        Called with what rank 0 says by :func:`pdsearch.comm.child.say` on its way.
    wants_end : callable
        Asked some twenty times a second; true is what :func:`pdsearch.comm.child.is_asked_to_end` says on the ranks.

    Raises
    ------
    RankLostError
        If a rank was ended from outside.
    """
    with _started(size, (function, arguments), reports=True) as job:
        return job.answer(heard, wants_end)


class _Job:
    """The ranks under way."""

    def __init__(self, ranks: list[_Rank]) -> None:
        self.ranks = ranks
        self._told: dict[int, float] = {}  # signals that were passed on, and when

    def send_signal(self, number: int) -> None:
        """Pass a signal on to all ranks."""
        self._told[number] = time.monotonic()
        for rank in self.ranks:
            with suppress(OSError):
                rank.process.send_signal(number)

    @contextmanager
    def passing_on(self) -> Iterator[None]:
        """Pass signals on while entered; a stop of the terminal stops the ranks, too."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._pass_on) for number in _PASSED_ON}
        before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, self._stop_and_go_on)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _pass_on(self, number: int, _: object) -> None:
        if time.monotonic() - self._told.get(number, -math.inf) > SAME_SIGNAL_S:
            self.send_signal(number)

    def _stop_and_go_on(self, *_: object) -> None:
        self.send_signal(signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        self.send_signal(signal.SIGCONT)

    def exit_code(self) -> int:
        """Wait until all ranks have ended; after an error of one, end those that do not in time."""
        left, first, left_s, last = dict(enumerate(self.ranks)), 0, math.inf, time.monotonic()
        while left and left_s > 0:
            ready = wait([rank.connection for rank in left.values()], None if left_s == math.inf else _TICK_S)
            now = time.monotonic()
            left_s, last = left_s - min(now - last, 2 * _TICK_S), now  # while all were stopped, no time went by
            for number in [number for number, rank in left.items() if rank.connection in ready]:
                code = left.pop(number).process.wait()
                if code and not first:
                    first, left_s = self._code_of(number, code), _grace_s(code)
        return first

    def _code_of(self, number: int, code: int) -> int:
        """Return the job's exit code; name a rank that was killed by a signal that nobody passed on."""
        if code > 0:
            return code
        if -code not in self._told:
            sys.stderr.write(f"pdsearch: {self._lost(number, -code)}\n")
        return 128 - code

    def _lost(self, number: int, by: int) -> str:
        with suppress(ValueError):
            return (
                f"rank {number} of {len(self.ranks)} was killed by signal {by} ({signal.Signals(by).name}), and the "
                "others were ended; start again, with more memory if the system killed it for want of some"
            )
        return f"rank {number} of {len(self.ranks)} was killed by signal {by}, and the others were ended"

    def answer(self, heard: Callable[[Any], None], wants_end: Callable[[], bool]) -> Any:
        """Listen to the ranks until all have returned."""
        left, value, is_asked = dict(enumerate(self.ranks)), None, False
        while left:
            if not is_asked and wants_end():
                is_asked = True
                for rank in left.values():
                    with suppress(OSError):
                        rank.connection.send_bytes(b"end")
            ready = wait([rank.connection for rank in left.values()], LOOK_S)
            for number in [number for number, rank in left.items() if rank.connection in ready]:
                kind, content = self._hear(number)
                if kind == "said":
                    heard(content)
                    continue
                if kind == "raised":
                    raise content
                value = content if number == 0 else value
                del left[number]
        return value

    def _hear(self, number: int) -> tuple[str, Any]:
        rank = self.ranks[number]
        try:
            kind, content = pickle.loads(rank.connection.recv_bytes())
        except (EOFError, OSError):
            code = rank.process.wait()
            words = self._lost(number, -code) if code < 0 else f"rank {number} ended with exit code {code}"
            raise RankLostError(words) from None
        return kind, content

    def end(self) -> None:
        """End what is left, with all that the ranks have started."""
        if any(rank.process.returncode is None for rank in self.ranks):  # not waited for: their group is still there
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.ranks[0].process.pid, signal.SIGKILL)
        for rank in self.ranks:
            rank.process.kill()
            rank.process.wait()
            rank.connection.close()


def _grace_s(code: int) -> float:
    """Return how long the other ranks may take to end after one has ended with an exit code."""
    if code < 0:
        return 0.0
    return _GRACE_S.get(code, _LEAST_GRACE_S)


@contextmanager
def _started(size: int, call: tuple[Any, ...], reports: bool) -> Iterator[_Job]:
    """Start the ranks; at the end none of them is left."""
    check_size(size)
    pickled = _pickled(call)
    main = _how_to_import_main() if b"__main__" in pickled else None
    memory = create(size)
    job = _Job([])
    try:
        for number in range(size):
            order = Order(number, size, memory, main, list(plugins.files), pickled, reports)
            job.ranks.append(_start(order, job.ranks[0].process.pid if job.ranks else 0))
        yield job
    finally:
        os.close(memory)
        job.end()


def _start(order: Order, group: int) -> _Rank:
    """Start one rank. It gets signals, of those that are passed on, when it is ready for them."""
    ours, theirs = Pipe()
    words = [sys.executable, "-c", _BOOT.format(path=sys.path, file=theirs.fileno())]
    _block(True)
    try:
        process = subprocess.Popen(
            words,
            stdin=None if order.rank == 0 else subprocess.DEVNULL,
            pass_fds=[theirs.fileno(), order.memory],
            process_group=group,
        )
    finally:
        _block(False)
    theirs.close()
    with suppress(BrokenPipeError):  # it has ended already: that shows soon
        ours.send_bytes(pickle.dumps(order))
    return _Rank(process, ours)


def _how_to_import_main() -> dict[str, Any]:
    """Return what multiprocessing tells its processes of the script, without its key for connections."""
    return {name: value for name, value in get_preparation_data("rank").items() if name != "authkey"}


def _block(is_blocked: bool) -> None:
    """Hold back the signals that are passed on, or let them come."""
    signal.pthread_sigmask(signal.SIG_BLOCK if is_blocked else signal.SIG_UNBLOCK, _PASSED_ON)


def _pickled(call: tuple[Any, ...]) -> bytes:
    try:
        return pickle.dumps(call, pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise BadInputError(
            f"ranks are processes and cannot be given what cannot be pickled: {error}; define it at the top of a module"
        ) from None
