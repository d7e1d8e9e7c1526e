"""The disk cache of compiled kernels, which no edit can leave stale and no other process can spoil.

The folder is named by a digest of every source file of the library and of installed plug-ins, so an edit anywhere
opens a new, empty folder; :func:`prune` removes old ones. What a kernel takes from a user's own files (classes,
functions, numbers) is part of its name. Each kernel and signature is a file of its own, written in one step, and
begins with a digest of what follows: a file that was cut is compiled anew.

A kernel is code that runs with the rights of who loads it. So a folder that others may write to is not used.

``PDSEARCH_CACHE_DIR`` (or ``NUMBA_CACHE_DIR``) moves the folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import inspect
import os
import pickle
import re
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numba
import numpy as np
from numba.core.compiler import CompileResult
from numba.core.dispatcher import Dispatcher
from numba.core.serialize import dumps

from pdsearch._linear_algebra import put_off_linear_algebra
from pdsearch._notice import notice
from pdsearch.plugins import covered, installed_modules

# domains/ and gpu/ are reached through links or an import hook, so each is named here.
_PACKAGES = ("pdsearch", "pdsearch.domains", "pdsearch.gpu")
_MARK = "kernels of pdsearch"  # a file that says that the library made the folder
_SIZE = 32  # bytes of the digest at the beginning of a file

_folder: Path | None = None
_is_usable: bool | None = None


def cache_folder() -> Path:
    """Return the folder that holds this source tree's compiled kernels."""
    global _folder
    if _folder is None:
        _folder = _base() / _digest()
    return _folder


def prune(max_age_days: float = 30.0) -> None:
    """Remove folders of other source digests not used for ``max_age_days``: only what the library made.

    Called by rank 0 only, before the search; the folder in use is marked as used.
    """
    folder = cache_folder()
    if not (folder / _MARK).is_file():
        return
    with contextlib.suppress(OSError):
        os.utime(folder)
        oldest = time.time() - max_age_days * 86_400
        for other in folder.parent.iterdir():
            is_ours = re.fullmatch("[0-9a-f]{16}", other.name) and (other / _MARK).is_file() and not other.is_symlink()
            if is_ours and other != folder and other.stat().st_mtime < oldest:
                shutil.rmtree(other, ignore_errors=True)


def _base() -> Path:
    chosen = os.environ.get("PDSEARCH_CACHE_DIR") or os.environ.get("NUMBA_CACHE_DIR")
    return Path(chosen or _user_cache()) / "pdsearch"


def _user_cache() -> Path:
    """Return the folder in which this user's programs keep caches."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _digest() -> str:
    digest = hashlib.blake2b(digest_size=8)
    for path in _library_sources():
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _library_sources() -> Iterator[Path]:
    """Yield the files of the library, and of the packages that installed plug-ins are in."""
    for name in (*_PACKAGES, *installed_modules()):
        try:
            spec = importlib.util.find_spec(name)  # locates, does not import, a top-level package
        except (ImportError, ValueError):  # a broken plug-in: who loads it says so
            continue
        if spec is None:
            continue
        if spec.submodule_search_locations is None and spec.origin is not None:
            yield Path(spec.origin)
        for folder in spec.submodule_search_locations or ():
            yield from sorted(Path(folder).rglob("*.py"))


def _may_be_used() -> bool:
    """Make the folder if need be; warn once, in one line, where it cannot be used."""
    global _is_usable
    if _is_usable is None:
        folder, why = cache_folder(), None
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o755)
            if not (folder / _MARK).exists():
                (folder / _MARK).touch()
            why = _distrust(folder) or _distrust(folder.parent)
            if not os.access(folder, os.W_OK | os.X_OK):
                why = "cannot be written"
        except OSError as error:
            why = f"cannot be used ({error.strerror})"
        _is_usable = why is None
        if why is not None:
            sys.stderr.write(
                f"pdsearch: cache folder {folder.parent} {why}; kernels are compiled anew each time, "
                "set PDSEARCH_CACHE_DIR to a folder of your own\n"
            )
    return _is_usable


def _distrust(folder: Path) -> str | None:
    """Return why others might have written what is in a folder."""
    if not hasattr(os, "getuid"):
        return None
    status = folder.stat()
    if status.st_uid not in (os.getuid(), 0):
        return "belongs to somebody else"
    return "may be written by others" if status.st_mode & 0o022 else None


# --- one kernel ---


class KernelCache:
    """What numba asks of the cache of one function.

    Parameters
    ----------
    function : callable
        The kernel.
    answered : mapping
        For each stub what it means for which class.
    answers : tuple of callables
        What was put in place of its stubs.
    """

    def __init__(
        self, function: Any, answered: Mapping[Any, Mapping[type, Any]], implements: tuple[Any, ...] = ()
    ) -> None:
        self._function, self._implemented, self._answers = function, answered, implements

    @property
    def cache_path(self) -> str:
        """Return the folder."""
        return str(cache_folder())

    def enable(self) -> None:
        """Do nothing: it always is."""

    def disable(self) -> None:
        """Do nothing."""

    def flush(self) -> None:
        """Do nothing: an edit opens another folder."""

    def has(self, signature: tuple[Any, ...], target: Any) -> bool:
        """Say whether a file of that name is there."""
        return not _of_a_script(signature) and _may_be_used() and self._path(signature, target).is_file()

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Return the compiled kernel, or None."""
        put_off_linear_algebra()
        target.refresh()
        arguments = getattr(signature, "args", signature)
        found = None
        if not _of_a_script(arguments) and _may_be_used():
            found = self._read(arguments, target)
        if found is None:
            notice.begin()
        return found

    def _read(self, arguments: tuple[Any, ...], target: Any) -> Any:
        try:
            data = self._path(arguments, target).read_bytes()
        except OSError:
            return None
        if hashlib.blake2b(data[_SIZE:], digest_size=_SIZE).digest() != data[:_SIZE]:
            return None  # cut, or of zero length
        try:
            return CompileResult._rebuild(target, *pickle.loads(data[_SIZE:]))
        except Exception:  # of another version, or a class that is gone: compiled anew
            return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep a compiled kernel; a folder that cannot be written is no failure."""
        notice.done()
        arguments = getattr(signature, "args", signature)
        if _of_a_script(arguments) or result.library.has_dynamic_globals or not _may_be_used():
            return
        data = dumps(result._reduce())
        path = self._path(arguments, result.target_context)
        new = path.with_suffix(f".{os.getpid()}.tmp")
        try:
            new.write_bytes(hashlib.blake2b(data, digest_size=_SIZE).digest() + data)
            new.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                new.unlink()

    def _path(self, arguments: tuple[Any, ...], target: Any) -> Path:
        code = self._function.__code__
        described = [
            numba.__version__,
            repr(arguments),
            *(f"{tables.__module__}.{tables.__qualname__}" for tables in _classes(arguments)),
            repr(target.codegen().magic_tuple()),
            code.co_code.hex(),
            *_foreign(self._roots(arguments), self._implemented),
        ]
        digest = hashlib.blake2b("\0".join(described).encode(), digest_size=12).hexdigest()
        name = f"{self._function.__module__}.{self._function.__qualname__}".replace("<", "").replace(">", "")
        return cache_folder() / f"{name[:120]}-{digest}.py{sys.version_info.major}{sys.version_info.minor}.nbc"

    def _roots(self, arguments: tuple[Any, ...]) -> list[Any]:
        """Return what the machine code may come from."""
        classes = list(_classes(arguments))
        by_type = [
            implements[tables]
            for implements in self._implemented.values()
            for tables in classes
            if tables in implements
        ]
        return [self._function, *self._answers, *classes, *by_type]


def _classes(kinds: Iterable[Any]) -> Iterator[type]:
    """Yield the NamedTuple classes within some numba types."""
    for kind in kinds:
        if hasattr(kind, "instance_class"):
            yield kind.instance_class
        yield from _classes(getattr(kind, "types", ()))
        if hasattr(kind, "inner"):  # see pdsearch.kernels.frame
            yield from _classes([kind.inner])


def _of_a_script(signature: Iterable[Any]) -> bool:
    """Return whether a class was defined by the running script: such a one cannot be found again by name."""
    return any(tables.__module__ == "__main__" for tables in _classes(signature))


# --- what a kernel takes from files that are not the library's ---

_file_digests: dict[Path, str] = {}


def _is_ours(module: str) -> bool:
    return any(module == name or module.startswith(name + ".") for name in (*_PACKAGES, "numba", "numpy"))


def _foreign(roots: Iterable[Any], answered: Mapping[Any, Any]) -> list[str]:
    """Return digests of the users' files that define what is reached from some functions and classes, and constants."""
    files: set[Path] = set()
    constants: list[str] = []
    seen: set[int] = set()
    waiting = list(roots)
    while waiting:
        thing = waiting.pop()
        while isinstance(thing, Dispatcher) or hasattr(thing, "_defn"):  # a compiled function, or an intrinsic
            thing = thing.py_func if isinstance(thing, Dispatcher) else thing._defn
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, (FunctionType, type, ModuleType)):
            module = thing.__name__ if isinstance(thing, ModuleType) else str(thing.__module__)
            if _is_ours(module) or module == "builtins":
                continue
            with contextlib.suppress(TypeError, OSError):
                files.add(Path(inspect.getfile(thing)).resolve())
            if isinstance(thing, FunctionType):
                waiting += _reached(thing, constants)
    if files:
        files |= covered
    return [*(_file_digest(file) for file in sorted(files)), *sorted(constants)]


def _reached(function: FunctionType, constants: list[str]) -> list[Any]:
    """Return the functions, classes and modules that a function names; note the values of constants."""
    named = {name: function.__globals__[name] for name in _names(function.__code__) if name in function.__globals__}
    cells = {f"cell {i}": cell.cell_contents for i, cell in enumerate(function.__closure__ or ())}
    for name, value in (named | cells).items():
        if isinstance(value, np.ndarray):
            constants.append(f"{name} {hashlib.blake2b(value.tobytes(), digest_size=8).hexdigest()}")
        elif isinstance(value, (int, float, str, bool, tuple, np.generic)):
            constants.append(f"{name} {value!r}")
    values = [*named.values(), *cells.values()]
    modules = [value for value in values if isinstance(value, ModuleType) and not _is_ours(value.__name__)]
    members = [getattr(module, name, None) for module in modules for name in _names(function.__code__)]
    return [value for value in (*values, *members) if value is not None]


def _names(code: CodeType) -> set[str]:
    inner = [_names(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*inner)


def _file_digest(file: Path) -> str:
    if file not in _file_digests:
        try:
            _file_digests[file] = hashlib.blake2b(file.read_bytes(), digest_size=8).hexdigest()
        except OSError:
            _file_digests[file] = ""
    return _file_digests[file]
