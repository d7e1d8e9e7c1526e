"""Named implementations of one kind, found by importing the modules of a few packages.

Adding an implementation is adding one module: it decorates its class with
``@REGISTRY.add("name")`` and nothing else in the tree changes. Installed packages outside the tree
name their modules under an entry-point group, ``pdsearch.domains`` for domains; a plug-in that cannot be
imported is left out with a warning (:mod:`pdsearch.plugins`).
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar, cast

from pdsearch.errors import UnknownNameError, shown
from pdsearch.plugins import load_group

T = TypeVar("T")
C = TypeVar("C")


class Registry(Mapping[str, T]):
    """A mapping from names to implementations, filled on first use.

    Parameters
    ----------
    kind : str
        What the entries are, in the singular, for error messages.
    *packages : str
        Packages all of whose modules are imported, subpackages included, on first use.
    plural : str, optional
        The plural of the kind; the entry-point group is ``pdsearch.`` and this, with hyphens for blanks.

    Raises
    ------
    UnknownNameError
        On looking up a name nobody registered; the message suggests the nearest one.

    Examples
    --------
    >>> toys: Registry[type] = Registry("toy")
    >>> @toys.add("ball")
    ... class Ball: ...
    >>> toys["ball"] is Ball
    True
    >>> toys["bal"]
    Traceback (most recent call last):
    ...
    pdsearch.errors.UnknownNameError: no toy is called 'bal'; did you mean 'ball'? known: ball
    """

    def __init__(self, kind: str, *packages: str, plural: str = "") -> None:
        self.kind, self.plural = kind, plural or f"{kind}s"
        self.group = f"pdsearch.{self.plural.replace(' ', '-')}"
        self._packages = packages
        self._entries: dict[str, T] = {}
        self._loaded = not packages

    def add(self, name: str) -> Callable[[C], C]:
        """Return a decorator that enters what it decorates under ``name``; a class without a ``name`` gets it."""

        def register(entry: C) -> C:
            if not str(getattr(entry, "__module__", "")).startswith(self._packages):
                self._load()  # a plug-in's: names of the library are taken
            known = self._entries.setdefault(name, cast("T", entry))
            if cast("object", known) is not entry:
                raise ValueError(f"two {self.plural} are called {name!r}: {known} and {entry}")
            if isinstance(entry, type) and not hasattr(entry, "name"):
                entry.name = name  # type: ignore[attr-defined]
            return entry

        return register

    def __getitem__(self, name: str) -> T:
        self._load()
        try:
            return self._entries[name]
        except KeyError:
            raise UnknownNameError(self._no_such(name)) from None

    def __contains__(self, name: object) -> bool:
        self._load()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        self._load()
        return len(self._entries)

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True  # first, so that a module may look at the registry while it registers
        for name in self._packages:
            package = importlib.import_module(name)
            for module in pkgutil.walk_packages(package.__path__, f"{name}."):
                importlib.import_module(module.name)
        load_group(self.group)  # imports modules, whose classes add themselves

    def _no_such(self, name: str) -> str:
        close = difflib.get_close_matches(name, self._entries, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        return f"no {self.kind} is called {shown(name)}; {hint}known: {', '.join(sorted(self._entries))}"
