"""When a search writes checkpoints, and who brings them to the disk.

All ranks stop at a cut, write their arrays, and go on; a thread of each makes the digest of its file, and that of rank
0 completes the epoch when all files are there. Only then the next may begin. What cannot be written, for the disk is
full say, is one line, and the search goes on; earlier epochs stay.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pdsearch.comm.together import once
from pdsearch.errors import BadInputError, shown
from pdsearch.search.checkpoint import epochs as folders
from pdsearch.search.checkpoint.epochs import Epoch
from pdsearch.search.checkpoint.files import (
    Arrays,
    Part,
    TornError,
    check,
    read_json,
    settle,
    share,
    write_arrays,
    write_json,
)

EVERY_S = 600.0
_SHARE = 32  # a search stands still for about one part in so many of its time
_LOOK_S = 0.05
_GIVEN_UP_S = 3600.0  # without the file of some rank
Say = Callable[[str], None]


def _nothing(_: str) -> None:
    return None


class Checkpoints:
    """The checkpoints of one search.

    Parameters
    ----------
    folder : str or Path
        Made if need be; the folder around it must exist. On several machines all of them must see it.
    every_s : float
        Seconds from one checkpoint to the next; more where the search would stand still for more than a thirty-second
        of its time. One is written when a limit or a signal ends the search, too.
    resumes : bool
        Go on from the newest complete one; else there must be none.
    command : dict, optional
        What ``pdsearch resume`` needs to know.
    say : callable, optional
        Told, in a line, what a user should know at once.

    Attributes
    ----------
    epoch : Epoch or None
        What the search goes on from.
    notes : list of str
        What was said.

    Raises
    ------
    BadInputError
        If the time makes no sense.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        every_s: float = EVERY_S,
        resumes: bool = False,
        command: dict[str, Any] | None = None,
        say: Say = _nothing,
    ) -> None:
        if not every_s > 0:
            raise BadInputError(f"a checkpoint every {shown(every_s)} s makes no sense; give more than 0")
        self.folder, self.every_s, self.resumes, self.command = Path(folder).absolute(), every_s, resumes, command
        self._say = say
        self.epoch: Epoch | None = None
        self.notes: list[str] = []
        self.rank, self.size = 0, 1
        self.is_writing = False
        self._next = 1
        self._thread: threading.Thread | None = None
        self._failed: str | None = None
        self._written: tuple[Path, Part] | None = None  # this rank's last file
        self._lasting: tuple[Path, Part] | None = None  # its file that later epochs share
        self._last_s, self._stood_s = time.monotonic(), 0.0

    # --- before the search ---

    def begin(self, comm: Any) -> None:
        """Look at the folder; all ranks of ``comm``, mpi4py's, this machine's or None, must call.

        Raises
        ------
        BadInputError
            On all ranks: if it cannot be written to, holds a checkpoint already, or none to go on from.
        """
        self.rank, self.size = (0, 1) if comm is None else (comm.Get_rank(), comm.Get_size())
        once(comm, self._make_folder)
        self._next = once(comm, lambda: max(folders.numbers_in(self.folder), default=0)) + 1
        if self.resumes:
            self.epoch = self._newest(comm)

    def _make_folder(self) -> None:
        where = shown(str(self.folder), 200)
        if self.resumes and not self.folder.is_dir():
            raise BadInputError(f"there is no folder {where}; give the one that was given with --checkpoint")
        try:
            self.folder.mkdir(exist_ok=True)
            is_writable = os.access(self.folder, os.W_OK | os.X_OK)
        except (OSError, ValueError):
            is_writable = False
        if not is_writable:
            raise BadInputError(f"cannot write checkpoints to {where}; give a folder in one that exists")
        finished = [number for number in folders.numbers_in(self.folder) if folders.is_complete(self.folder, number)]
        if finished and not self.resumes:
            raise BadInputError(
                f"{where} holds a checkpoint already; go on with pdsearch resume, or give another folder"
            )

    def _newest(self, comm: Any) -> Epoch:
        """Return the newest epoch of which every file is as it should be; the ranks share the looking."""
        wrong: list[str] = []
        for found in once(comm, lambda: [_picklable(one) for one in folders.epochs(self.folder)]):
            error = found if isinstance(found, str) else self._check(found, comm)
            if error is None:
                assert isinstance(found, Epoch)
                if wrong:
                    self._tell_once(f"{'; '.join(wrong)}; going on from epoch {found.number}")
                return found
            wrong.append(error)
        reason = "; ".join(wrong) or "none was written"
        raise _shared(BadInputError(f"no complete checkpoint is in {shown(str(self.folder), 200)}: {reason}"))

    def _check(self, epoch: Epoch, comm: Any) -> str | None:
        error = None
        try:
            for part in epoch.parts[self.rank :: self.size]:
                check(epoch.folder, part)
        except TornError as torn:
            error = f"epoch {epoch.number}: {torn}"
        errors = [error] if comm is None else comm.allgather(error)
        return next((one for one in errors if one is not None), None)

    def search_begins(self) -> None:
        """The first interval begins."""
        self._last_s = time.monotonic()

    # --- during it ---

    def chose(self, **arguments: str) -> None:
        """Note what was chosen for the search, as arguments of the command that goes on with it."""
        if self.command is not None:
            self.command["arguments"].update(arguments)

    @property
    def is_due(self) -> bool:
        """Say, on rank 0, whether it is time for the next one and the last is on the disk."""
        if self.rank != 0 or time.monotonic() - self._last_s < max(self.every_s, _SHARE * self._stood_s):
            return False
        return self._thread is None or not self._thread.is_alive()

    def lasts(self, folder: Path | None = None, part: Part | None = None) -> None:
        """Let later epochs share a file of an earlier one: the last that was written here where none is named."""
        self._join()
        self._lasting = self._written if folder is None or part is None else (folder / part.file, part)

    def save(
        self,
        task: dict[str, Any],
        arrays: Arrays,
        facts: dict[str, Any],
        writers: int,
        lasting: Callable[[], Arrays] | None = None,
    ) -> None:
        """Write this rank's arrays, at a cut; what follows is done while the search goes on.

        Parameters
        ----------
        task : dict
            What the search is of.
        arrays, facts : mapping
            Of this rank; the arrays may change when this returns.
        writers : int
            Ranks that write a file, this one among them.
        lasting : callable, optional
            Returns arrays that do not change any more: called where no file that lasts has them yet.
        """
        self._join()
        began, number, self._next = time.monotonic(), self._next, self._next + 1
        self._failed = None
        self.is_writing = True
        try:
            self._write(number, {**task, "command": self.command}, arrays, facts, writers, lasting)
        finally:
            self.is_writing = False
            self._last_s = time.monotonic()
            self._stood_s = self._last_s - began

    def _write(
        self,
        number: int,
        task: dict[str, Any],
        arrays: Arrays,
        facts: dict[str, Any],
        writers: int,
        lasting: Callable[[], Arrays] | None,
    ) -> None:
        folder, name = folders.folder_of(self.folder, number), f"rank-{self.rank:04d}"
        earlier, kept = self._lasting if lasting is not None else None, f"{name}.kept.bin"
        self._written = None
        try:
            size, places = write_arrays(folder, f"{name}.bin", arrays)
            if lasting is not None and earlier is None:
                kept_size, kept_places = write_arrays(folder, kept, lasting())
        except OSError as error:
            self._fail(number, name, error)
            return

        def settled() -> None:
            try:
                part = Part(f"{name}.bin", size, settle(folder, f"{name}.bin"), places, facts)
                if earlier is not None:
                    share(earlier[0], folder, kept)
                    part = part._replace(shared=[*earlier[1]._replace(file=kept, facts={}, shared=None)])
                elif lasting is not None:
                    part = part._replace(shared=[*Part(kept, kept_size, settle(folder, kept), kept_places, {})])
                write_json(folder, f"{name}.json", part._asdict())
                self._written = folder / part.file, part
                if part.lasting is not None:
                    self._lasting = folder / kept, part.lasting
                if self.rank == 0:
                    self._complete(number, task, writers)
            except OSError as error:
                self._fail(number, name, error)

        self._thread = threading.Thread(target=settled, daemon=True, name="pdsearch checkpoint")
        self._thread.start()

    def _complete(self, number: int, task: dict[str, Any], writers: int) -> None:
        """Wait for the files of the other ranks, and complete the epoch."""
        folder = folders.folder_of(self.folder, number)
        names = [folder / f"rank-{rank:04d}.json" for rank in range(writers)]
        given_up = time.monotonic() + _GIVEN_UP_S
        while not all(name.exists() for name in names):
            if any(folder.glob("*.failed")) or time.monotonic() > given_up:
                raise OSError("a rank could not write its file")
            time.sleep(_LOOK_S)
        parts = [Part(**_read(name)) for name in names]
        folders.complete(self.folder, number, task, parts)
        for name in names:
            name.unlink()

    def _fail(self, number: int, name: str, error: OSError) -> None:
        reason = error.strerror or str(error)
        self._failed = f"epoch {number} of the checkpoint was not written: {reason}"
        folder = folders.folder_of(self.folder, number)
        with suppress(OSError):
            for path in [*folder.glob(f"{name}.*"), *folder.glob(f".{name}.*")]:
                path.unlink()
            (folder / f"{name}.failed").touch()
        self.say(f"{self._failed}; earlier ones are kept, and the search goes on")

    def _join(self) -> None:
        if self._thread is not None:
            self._thread.join()

    # --- after it ---

    def end(self, comm: Any) -> None:
        """Wait until the last one is on the disk; all ranks must call."""
        self.is_writing = True
        try:
            self._join()
            if comm is not None:
                comm.allgather(None)
        finally:
            self.is_writing = False

    def ended(self, comm: Any, is_early: bool) -> list[str]:
        """Do so, and return what a result says of checkpoints."""
        self.end(comm)
        return [*self.notes, *([self.last_words] if is_early else [])]

    def say(self, words: str) -> None:
        """Tell the user now, and in the result."""
        self.notes.append(words)
        self._say(words)

    def _tell_once(self, words: str) -> None:
        """Tell what all ranks have to tell."""
        self.notes.append(words)
        if self.rank == 0:
            self._say(words)

    @property
    def last_words(self) -> str:
        """Return what a search that ended early says of its last checkpoint."""
        if self._failed is not None:
            return self._failed
        return f"a checkpoint was written; go on with: pdsearch resume {self.folder}"


def newest_command(folder: Path) -> dict[str, Any]:
    """Return the command of the newest complete epoch in a folder.

    Raises
    ------
    BadInputError
        If there is none, or no command began the search.
    """
    where = shown(str(folder), 200)
    found = list(folders.epochs(folder))
    newest = next((one for one in found if isinstance(one, Epoch)), None)
    if newest is None:
        reason = "; ".join(map(str, found)) or "no epoch is there; give the folder that was given with --checkpoint"
        raise BadInputError(f"no complete checkpoint is in {where}: {reason}")
    command: dict[str, Any] | None = newest.task.get("command")
    if command is None:
        raise BadInputError(
            f"a Python program wrote the checkpoint in {where}; go on with solve(..., resume=True) there"
        )
    return command


def _picklable(found: Epoch | TornError) -> Epoch | str:
    return found if isinstance(found, Epoch) else str(found)


def _shared(error: BadInputError) -> BadInputError:
    error.is_shared = True
    return error


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_json(path)
    except TornError as error:
        raise OSError(str(error)) from error
