"""How the instances of a domain are named, read and listed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pdsearch.domains.numbered import numbers_in
from pdsearch.errors import BadInputError
from pdsearch.options import Option


class Instances(ABC):
    """The part of a domain that turns what a user writes into an instance.

    Attributes
    ----------
    instances_help : str
        How instances are written on a command line, in a few words.
    options : tuple of Option
        What a command line may say of an instance; :meth:`parse` takes their values as keywords.
    numbered : mapping of str to int
        Sets of numbered instances, and how many each has: ``{"korf": 100}`` for ``korf:1`` to ``korf:100``.
    has_lines : bool
        True when a file may hold one instance a line.
    is_shared : bool
        True when :meth:`parse` takes ``share``, which builds large read-only arrays once per machine.
    instance : str
        How the user named the instance.
    """

    instances_help: ClassVar[str] = "a file"
    options: ClassVar[tuple[Option, ...]] = ()
    numbered: ClassVar[Mapping[str, int]] = {}
    has_lines: ClassVar[bool] = False
    is_shared: ClassVar[bool] = False
    instance: str

    @classmethod
    def fetch(cls, text: str, **options: Any) -> Any:
        """Return what one rank reads of an instance for all, to be given to :meth:`parse` as ``fetched``, or None."""
        return None

    @classmethod
    @abstractmethod
    def parse(cls, text: str, **options: Any) -> Self:
        """Return the instance a user named; BadInputError when it makes no sense."""

    @classmethod
    def instance_set(cls, text: str) -> list[str]:
        """Return the names of the instances of a set, ``korf:1-20``; of a single instance, its name."""
        kind, _, rest = text.partition(":")
        if kind not in cls.numbered:
            return [text]
        return [f"{kind}:{number}" for number in numbers_in(rest, kind, cls.numbered[kind])]

    @classmethod
    def of_size(cls, text: str, **options: Any) -> Self:
        """Return the instance of a size, such as ``4x4``, whose initial state is the goal."""
        return cls.parse(text, **options)


def constructed(kind: Any, text: str, options: Mapping[str, Any]) -> Any:
    """Return what the constructor of a domain makes of a text, its mistakes said as BadInputError in one line."""
    try:
        return kind(text, **options)
    except BadInputError:
        raise
    except (ValueError, IndexError, KeyError) as error:
        raise BadInputError(
            f"instance {text!r:.60} of domain {kind.name} is not understood ({error!s:.100}); "
            f"give {kind.instances_help}"
        ) from None
