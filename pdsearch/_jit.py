"""numba.njit with a disk cache that no edit can leave stale and no other process can spoil.

numba keys a cached kernel on the file that defines it, not on the files it calls into.
Here the cache folder is named by a digest of every source file that may be compiled, so
an edit anywhere opens a new, empty folder; :func:`prune` removes the old ones.

numba also keeps one index of all the signatures of a kernel, which it reads whole. Two processes
that write it at once can leave a signature pointing at the code of another, and a domain defined in
a user's script makes it unreadable to every process that cannot import the script. Here each
signature is a file of its own, written in one step and named by what it is compiled for.

``PDSEARCH_CACHE_DIR`` (or ``NUMBA_CACHE_DIR``) moves the folder.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import os
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
import numba.core.config
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.dispatcher import Dispatcher
from numba.extending import overload

config: Any = numba.core.config
_njit: Any = numba.njit  # numba's annotations do not know _nrt

# domains/ and gpu/ are reached through links or an import hook, so each is named here.
_PACKAGES = ("pdsearch", "pdsearch.domains", "pdsearch.gpu")
_PLUGIN_GROUPS = ("pdsearch.domains", "pdsearch.heuristics", "pdsearch.distributions", "pdsearch.prunings")


def kernel(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Compile a function with njit and keep it in this source tree's cache folder.

    Used bare, ``@kernel``, or with options, ``@kernel(forceinline=True)``.
    """
    if function is not None:
        return kernel()(function)

    def decorate(function: Callable[..., Any]) -> Any:
        # numba reads CACHE_DIR once, when the cache of this function is set up.
        saved, config.CACHE_DIR = config.CACHE_DIR, str(cache_folder())
        try:
            compiled: Any = _njit(nogil=True, _nrt=False, **options)(function)
            if isinstance(compiled, Dispatcher):  # not with NUMBA_DISABLE_JIT=1
                vars(compiled)["_cache"] = _KernelCache(function)
            return compiled
        finally:
            config.CACHE_DIR = saved

    return decorate


# Kernels are compiled without reference counting (_nrt=False): numba would count references to
# every array of a NamedTuple that is handed to a helper, 16 atomic pairs per successor, which
# cost a factor of three. In return a kernel cannot allocate; it writes into what it is given.


def inlined(function: Callable[..., Any]) -> Any:
    """Let a helper be copied into the kernels that call it, before their types are inferred.

    A call that passes many arrays costs a factor of two to three in a hot loop; scalars that live in locals stay in
    registers only when the callee is inlined. And each function compiled by itself costs 60 ms or more, however short.
    """
    return _njit(inline="always", nogil=True, _nrt=False)(function)


Function = Callable[..., Any]
_answered: defaultdict[Function, dict[type, Function]] = defaultdict(dict)
_defaults: dict[Function, Function] = {}


def answers(stub: Function, tables: type) -> Callable[[Function], Function]:
    """Register the decorated function as the meaning of ``stub`` for ``tables``.

    ``tables`` is a NamedTuple class and the type of the stub's first argument. Unlike functions
    passed as arguments, what is chosen by type is inlined and found again in numba's disk cache
    by the next process.
    """

    def register(function: Function) -> Function:
        _answered[stub][tables] = function
        _overload(stub, function, lambda first: first is tables)
        return function

    return register


def otherwise(stub: Function) -> Callable[[Function], Function]:
    """Register the decorated function as the meaning of ``stub`` for all types that have no answer of their own."""

    def register(function: Function) -> Function:
        _defaults[stub] = function
        _overload(stub, function, lambda first: first not in _answered[stub])
        return function

    return register


def _overload(stub: Function, function: Function, is_meant: Callable[[Any], bool]) -> None:
    # The chooser needs the stub's own parameter names; numba checks that they agree.
    names = ", ".join(function.__code__.co_varnames[: function.__code__.co_argcount])
    first = names.split(",")[0]
    source = f"lambda {names}: function if is_meant(getattr({first}, 'instance_class', None)) else None"
    options: Any = {"forceinline": True, "_nrt": False}
    overload(stub, jit_options=options)(eval(source, {"function": function, "is_meant": is_meant}))


def chosen(stub: Function, tables: type) -> Function | None:
    """Return what ``stub`` means for a class of tables; None where nobody said."""
    return _answered[stub].get(tables) or _defaults.get(stub)


def with_answers(template: Function, answers: Mapping[Function, Function]) -> Function:
    """Return a copy of a function whose stubs are the given functions, inlined; also in what it inlines itself.

    Chosen before compilation, an answer is not typed and compiled as a function of its own.
    """
    replaced: dict[str, Any] = {}
    for name in template.__code__.co_names:
        value = template.__globals__.get(name)
        if isinstance(value, Dispatcher) and value.targetoptions.get("inline") == "always":
            copy = with_answers(value.py_func, answers)
            if copy is not value.py_func:
                replaced[name] = inlined(copy)
        elif callable(value) and value in answers:
            replaced[name] = inlined(answers[value])
    if not replaced:
        return template
    namespace = {**template.__globals__, **replaced}
    copy = FunctionType(template.__code__, namespace, template.__name__, template.__defaults__, template.__closure__)
    copy.__qualname__, copy.__module__, copy.__doc__ = template.__qualname__, template.__module__, template.__doc__
    return copy


class Compiled:
    """A kernel for one signature, whose machine code is called by its address.

    Parameters
    ----------
    template : callable
        The kernel, with stubs in it.
    answers : mapping
        What each stub means here.
    signature : tuple of numba types
        Of its parameters.
    """

    def __init__(self, template: Function, answers: Mapping[Function, Function], signature: tuple[Any, ...]) -> None:
        self._signature = signature
        # nobody calls it from Python
        self._dispatcher = kernel(no_cpython_wrapper=True, no_cfunc_wrapper=True)(with_answers(template, answers))

    @cached_property
    def address(self) -> int:
        """Return where the machine code is; compile it, or load it from the disk cache, when asked first."""
        self._dispatcher.compile(self._signature)
        result = self._dispatcher.overloads[self._signature]
        address: int = result.library.get_pointer_to_function(result.fndesc.llvm_func_name)
        return address


def cache_folder() -> Path:
    """Return the folder that holds this source tree's compiled kernels."""
    global _folder
    if _folder is None:
        _folder = _base() / _digest()
    return _folder


def prune(max_age_days: float = 30.0) -> None:
    """Remove cache folders of other source digests not used for ``max_age_days``.

    Called by rank 0 only, before the search; the folder in use is marked as used.
    """
    folder = cache_folder()
    if not folder.is_dir():
        return
    os.utime(folder)
    oldest = time.time() - max_age_days * 86_400
    for other in folder.parent.iterdir():
        if other.is_dir() and other.stat().st_mtime < oldest:
            shutil.rmtree(other, ignore_errors=True)


class _OneFileASignature(IndexDataCacheFile):
    """The compiled versions of one kernel, each in a file named by its signature."""

    def load(self, key: tuple[Any, ...]) -> Any:
        try:
            return None if _of_a_script(key[0]) else self._load_data(self._name(key))
        except FileNotFoundError:
            return None

    def save(self, key: tuple[Any, ...], data: Any) -> None:
        if not _of_a_script(key[0]):
            self._save_data(self._name(key), data)

    def _name(self, key: tuple[Any, ...]) -> str:
        signature, *target_and_code = key
        described = repr((self._version, signature, list(map(_origin, _classes(signature))), target_and_code))
        number = int.from_bytes(hashlib.blake2b(described.encode(), digest_size=8).digest())
        return str(self._data_name(number))


class _KernelCache(FunctionCache):
    """numba's cache of one kernel, without the index."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        numbas = self._cache_file
        self._cache_file = _OneFileASignature(self.cache_path, self._impl.filename_base, numbas._source_stamp)


def _classes(kinds: Iterable[Any]) -> Iterator[type]:
    """Yield the NamedTuple classes within some numba types."""
    for kind in kinds:
        if hasattr(kind, "instance_class"):
            yield kind.instance_class
        yield from _classes(getattr(kind, "types", ()))
        if hasattr(kind, "inner"):  # see pdsearch.kernels.frame
            yield from _classes([kind.inner])


def _origin(tables: type) -> str:
    """Return where a class comes from, with a digest of its file if it is a user's: ours name the folder."""
    name = f"{tables.__module__}.{tables.__qualname__}"
    if tables.__module__.startswith(_PACKAGES):
        return name
    return name + hashlib.blake2b(Path(inspect.getfile(tables)).read_bytes(), digest_size=8).hexdigest()


def _of_a_script(signature: Iterable[Any]) -> bool:
    """Return whether a class was defined by the running script: such a one cannot be found again by name."""
    return any(tables.__module__ == "__main__" for tables in _classes(signature))


_folder: Path | None = None


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
    for path in _sources():
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    plugins = {entry.module.partition(".")[0] for group in _PLUGIN_GROUPS for entry in entry_points(group=group)}
    for name in (*_PACKAGES, *sorted(plugins)):
        spec = importlib.util.find_spec(name)  # locates, does not import, a top-level package
        if spec is None:
            continue
        if spec.submodule_search_locations is None and spec.origin is not None:
            yield Path(spec.origin)
        for folder in spec.submodule_search_locations or ():
            yield from sorted(Path(folder).rglob("*.py"))
