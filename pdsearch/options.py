"""Options that domains and algorithms declare, for the command line, for Python and for the documentation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pdsearch.errors import BadInputError


@dataclass(frozen=True)
class Option:
    """One option: ``gap_open`` in Python, ``--gap-open`` on the command line.

    Parameters
    ----------
    name : str
        As a Python keyword.
    help : str
        In a few words, without the name of who declares it.
    default : object
        The value when it is not given.
    read : callable
        Turns the text of a command line into the value; raises ValueError or BadInputError for other text.
    metavar : str, optional
        What the help shows for the value.
    choices : sequence of str
        The only values, if not empty.
    is_flag : bool
        True for an option without a value.
    aliases : sequence of str
        Other flags with the same meaning, for older scripts.

    Examples
    --------
    >>> Option("gap_open", "of each gap", 0, int).value("12")
    12
    """

    name: str
    help: str
    default: Any = None
    read: Callable[[str], Any] = str
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    is_flag: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """Return the option as it is written on a command line."""
        return "--" + self.name.replace("_", "-")

    def value(self, text: Any) -> Any:
        """Return the value of a text; None is the default.

        Raises
        ------
        BadInputError
            If the text is none of the choices, or cannot be read.
        """
        if text is None:
            return self.default
        if self.is_flag:
            return bool(text)
        if self.choices and text not in self.choices:
            raise BadInputError(f"{self.flag} {text!r:.60} is unknown; it is one of {', '.join(self.choices)}")
        try:
            return self.read(text)
        except BadInputError:
            raise
        except ValueError:
            kind = {int: "a whole number", float: "a number"}.get(self.read, "a value")  # type: ignore[call-overload]
            raise BadInputError(f"{self.flag} {text!r:.60} is not understood; give {kind}") from None


def values_of(options: Iterable[Option], given: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Return the value of every option, from the texts of those that were given.

    Raises
    ------
    BadInputError
        If a value cannot be read, or ``given`` has one that ``owner`` does not declare.
    """
    declared = {option.name: option for option in options}
    for name, text in given.items():
        if name not in declared and text is not None:
            known = ", ".join(option.flag for option in declared.values()) or "none"
            raise BadInputError(f"--{name.replace('_', '-')} is no option of {owner}; its options: {known}")
    return {name: option.value(given.get(name)) for name, option in declared.items()}
