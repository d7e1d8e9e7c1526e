"""What commands and benchmarks share: one line for a complaint, parsers, progress, signals, files."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any

from pdsearch.comm.world import speaks as speaks
from pdsearch.errors import shown

BAD_INPUT = 2
INTERRUPTED = 130


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, from rank 0 only, and which takes no option by its first letters."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **({"allow_abbrev": False} | options))  # type: ignore[arg-type]

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse ``--option=--``, of which argparse makes an empty list."""
        words = sys.argv[1:] if args is None else list(args)
        wrong = next((word for word in words if word.startswith("--") and word.endswith("=--")), None)
        if wrong is not None:
            self.error(f"argument {wrong.removesuffix('=--')}: '--' is no value")
        return super().parse_known_args(words, namespace)

    def error(self, message: str) -> None:  # type: ignore[override]
        complain(f"{_short(message, 80)}; see {self.prog} --help")  # argparse repeats what was given
        raise SystemExit(BAD_INPUT)


def _short(message: str, most: int) -> str:
    """Return a message without the middle of its long words: names of files, numbers."""
    return re.sub(rf"\S{{{most},}}", lambda word: shown(word[0]), message)


def complain(message: str) -> None:
    """Print one line on stderr that begins with the program's name, from rank 0 only."""
    if speaks():
        say_alone(message)


def say_alone(message: str) -> None:
    """Print such a line from this rank."""
    print(f"pdsearch: {' '.join(_short(message, 250).split())}", file=sys.stderr, flush=True)


def say(words: str) -> None:
    """Print a line on stderr, from rank 0 only."""
    if speaks():
        print(words, file=sys.stderr, flush=True)
