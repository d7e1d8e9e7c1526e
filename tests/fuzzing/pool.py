"""Processes that run cases, and are ended and begun anew when one does not come back."""

from __future__ import annotations

import contextlib
import multiprocessing
import resource
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

from fuzzing.cases import LIMIT_S, Case, case_of
from fuzzing.judging import GRACE_S, fault, run_apart, run_here

APART_EVERY = 100  # one of so many cases runs as a command of its own
MEMORY = 6 * 2**30  # bytes of address space more than a process has, so that what asks for terabytes fails
_PATIENCE_S = 240.0  # for a process to begin, kernels to compile, a case to end on a busy machine
_AFTER = 4000  # cases of one process


class Answer(NamedTuple):
    """How one case went."""

    number: int
    kind: str
    code: int | None
    fault: str | None


def answers(seed: int, numbers: range, kinds: list[str], n_processes: int) -> Iterator[Answer]:
    """Run cases and yield how each went."""
    waiting = iter(numbers)
    workers = [_Worker(seed, kinds) for _ in range(n_processes)]
    for worker in workers:
        worker.give(next(waiting, None))
    while any(worker.number is not None for worker in workers):
        ready = wait([worker.pipe for worker in workers if worker.number is not None], timeout=0.2)
        for place, worker in enumerate(workers):
            if worker.number is None:
                continue
            answer = worker.answer() if worker.pipe in ready else worker.late()
            if answer is None:
                continue
            yield answer
            if worker.is_over:
                worker.end()
                workers[place] = worker = _Worker(seed, kinds)
            worker.give(next(waiting, None))
    for worker in workers:
        worker.end()


def one(seed: int, number: int, kinds: list[str], apart: bool = False) -> tuple[str, Case, Any, str | None]:
    """Run one case and return its kind, itself, its ending and its fault."""
    name, case = case_of(seed, number, kinds)
    ending = run_apart(case, _PATIENCE_S) if apart else run_here(case)
    return name, case, ending, fault(case, ending)


class _Worker:
    def __init__(self, seed: int, kinds: list[str]) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, seed, kinds), daemon=True)
        self.process.start()
        theirs.close()
        self.seed, self.kinds = seed, kinds
        self.number: int | None = None
        self.given, self.done, self.is_over = 0.0, 0, False

    def give(self, number: int | None) -> None:
        self.number, self.given = number, time.monotonic()
        if number is not None:
            self.pipe.send(number)

    def answer(self) -> Answer | None:
        assert self.number is not None
        try:
            got = self.pipe.recv()
        except EOFError:  # it died
            self.process.join()
            self.is_over = True
            return self._failed(f"died with exit code {self.process.exitcode}")
        self.done += 1
        self.is_over = self.done >= _AFTER
        return Answer(*got)

    def late(self) -> Answer | None:
        """Return an answer for a case that does not end."""
        if time.monotonic() - self.given < _PATIENCE_S:
            return None
        self.is_over = True
        return self._failed(f"no end after {_PATIENCE_S} s")

    def _failed(self, why: str) -> Answer:
        assert self.number is not None
        name, _ = case_of(self.seed, self.number, self.kinds)
        return Answer(self.number, name, None, why)

    def end(self) -> None:
        with contextlib.suppress(OSError):
            self.pipe.send(None)
        self.process.join(0.5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.pipe.close()


def _work(pipe: Connection, seed: int, kinds: list[str]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY + 2**32, MEMORY + 2**32))
    import pdsearch.cli
    import pdsearch.search  # noqa: F401

    while (number := pipe.recv()) is not None:
        name, ending, what = _timed(seed, number, kinds)
        pipe.send((number, name, ending.code, what))


def _timed(seed: int, number: int, kinds: list[str]) -> tuple[str, Any, str | None]:
    """Run a case; one that takes longer than its limit runs again, as its kernels are compiled then.

    Time is that of this process, not of the clock: others may use the machine.
    """
    apart = number % APART_EVERY == 0
    for _ in range(2):
        began = time.process_time()
        name, _, ending, what = one(seed, number, kinds, apart)
        took = time.process_time() - began
        if took <= LIMIT_S + GRACE_S:
            return name, ending, what
    return name, ending, what or f"hang: {took:.1f} s under a limit of {LIMIT_S} s"
