"""numba.njit with kernels that are found again in the disk cache, and functions chosen by type.

The cache itself is :mod:`pdsearch._cache`.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from types import FunctionType
from typing import Any

import numba
from numba.core import event
from numba.core.dispatcher import Dispatcher
from numba.core.registry import cpu_target
from numba.extending import overload

from pdsearch._cache import KernelCache, cache_folder, prune
from pdsearch._compile_watch import look_now
from pdsearch._linear_algebra import put_off_linear_algebra
from pdsearch._notice import announced, expect
from pdsearch.errors import BadInputError, PdsearchError

__all__ = [
    "Compiled",
    "announced",
    "cache_folder",
    "chosen",
    "compiling",
    "default",
    "expect",
    "implements",
    "inlined",
    "kernel",
    "prune",
    "read_tables",
    "with_answers",
]
_njit: Any = numba.njit  # numba's annotations do not know _nrt


class _Passes(event.Listener):
    """Told by numba of each pass of its compiler."""

    def on_start(self, event: Any) -> None:
        """Let who watches look; what is raised here ends the compiling."""
        look_now()

    def on_end(self, event: Any) -> None:
        """Do nothing."""


event.register("numba:run_pass", _Passes())


def kernel(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Compile a function with njit and keep it in this source tree's cache folder.

    Used bare, ``@kernel``, or with options: ``@kernel(no_cpython_wrapper=True)`` where only other kernels call it,
    which saves a fifth of a second for tables of many arrays.
    """
    if function is not None:
        return kernel()(function)

    def decorate(function: Callable[..., Any]) -> Any:
        compiled: Any = _njit(nogil=True, _nrt=False, no_cfunc_wrapper=True, **options)(function)
        if isinstance(compiled, Dispatcher):  # not with NUMBA_DISABLE_JIT=1
            vars(compiled)["_cache"] = KernelCache(function, _implemented)
        return compiled

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
_implemented: defaultdict[Function, dict[type, Function]] = defaultdict(dict)
_defaults: dict[Function, Function] = {}


def implements(stub: Function, tables: type) -> Callable[[Function], Function]:
    """Register the decorated function as the meaning of ``stub`` for ``tables``.

    ``tables`` is a NamedTuple class and the type of the stub's first argument. Unlike functions
    passed as arguments, what is chosen by type is inlined and found again in numba's disk cache
    by the next process.
    """

    def register(function: Function) -> Function:
        _implemented[stub][tables] = function
        _overload(stub, function, lambda first: first is tables)
        return function

    return register


def default(stub: Function) -> Callable[[Function], Function]:
    """Register the decorated function as the meaning of ``stub`` for all types that have no answer of their own."""

    def register(function: Function) -> Function:
        _defaults[stub] = function
        _overload(stub, function, lambda first: first not in _implemented[stub])
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
    return _implemented[stub].get(tables) or _defaults.get(stub)


def with_answers(template: Function, implements: Mapping[Function, Function]) -> Function:
    """Return a copy of a function whose stubs are the given functions, inlined; also in what it inlines itself.

    Chosen before compilation, an answer is not typed and compiled as a function of its own.
    """
    replaced: dict[str, Any] = {}
    for name in template.__code__.co_names:
        value = template.__globals__.get(name)
        if isinstance(value, Dispatcher) and value.targetoptions.get("inline") == "always":
            copy = with_answers(value.py_func, implements)
            if copy is not value.py_func:
                replaced[name] = inlined(copy)
        elif callable(value) and value in implements:
            replaced[name] = inlined(implements[value])
    if not replaced:
        return template
    namespace = {**template.__globals__, **replaced}
    copy = FunctionType(template.__code__, namespace, template.__name__, template.__defaults__, template.__closure__)
    copy.__qualname__, copy.__module__, copy.__doc__ = template.__qualname__, template.__module__, template.__doc__
    return copy


def read_tables() -> None:
    """Have numba read its own tables, which takes a third of a second, where there is time for it."""
    put_off_linear_algebra()
    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


@contextmanager
def compiling(owner: str) -> Iterator[None]:
    """Turn what keeps a function of ``owner`` from being compiled into one line.

    The garbage collector rests: compiling makes millions of small objects, few of them in circles, and looking
    through them takes a twentieth of the time.

    Raises
    ------
    BadInputError
        If a function is missing or cannot be compiled.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    except PdsearchError:
        raise
    except Exception as error:  # numba lets its own mistakes through, too
        raise BadInputError(_not_compiled(owner, error)) from error
    finally:
        if was_on:
            gc.enable()


def _not_compiled(owner: str, error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith(("Failed in", "File", "During", "-", ">>>"))]
    reason = (telling or lines or [type(error).__name__])[0][:200]
    return f"a compiled function of {owner} is missing or cannot be compiled: {reason}; see docs/extending.md"


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

    def __init__(self, template: Function, implements: Mapping[Function, Function], signature: tuple[Any, ...]) -> None:
        self._signature = signature
        self._dispatcher = _njit(  # nobody calls it from Python
            nogil=True, _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True
        )(with_answers(template, implements))
        self._cache = KernelCache(template, _implemented, tuple(implements.values()))
        vars(self._dispatcher)["_cache"] = self._cache

    @property
    def is_kept(self) -> bool:
        """Say whether the disk cache has it."""
        return self._cache.has(self._signature, self._dispatcher.targetctx)

    @cached_property
    def address(self) -> int:
        """Return where the machine code is; compile it, or load it from the disk cache, when asked first."""
        self._dispatcher.compile(self._signature)
        result = self._dispatcher.overloads[self._signature]
        address: int = result.library.get_pointer_to_function(result.fndesc.llvm_func_name)
        return address
