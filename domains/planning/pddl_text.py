"""PDDL as nested lists of words that know their lines: enough to say where something is wrong.

Source: McDermott et al. (1998), "PDDL: the planning domain definition language", Yale CVC TR-98-003, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pdsearch.errors import BadInputError, shown


@dataclass(frozen=True)
class Word:
    """A word, in lower case, and its line."""

    text: str
    line: int


@dataclass(frozen=True)
class Block:
    """What stands between two parentheses, and the line of the first."""

    items: tuple[Word | Block, ...]
    line: int

    @property
    def head(self) -> str:
        """Return the first word, empty if there is none."""
        return text_of(self.items[0]) if self.items else ""

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks in this one, not those within them."""
        return (item for item in self.items if isinstance(item, Block))

    def inside(self) -> Iterator[Block]:
        """Yield this block and all within it, in the order of the text."""
        waiting = [self]
        while waiting:
            block = waiting.pop()
            yield block
            waiting += reversed([*block.blocks()])


def text_of(item: Word | Block) -> str:
    """Return a word's text, nothing for a block."""
    return item.text if isinstance(item, Word) else ""


class PddlFile:
    """A PDDL file that has been read.

    Parameters
    ----------
    name : str
        The file.

    Attributes
    ----------
    words : list of Word
        All words and parentheses, comments left out.
    root : Block
        The one block that a file is.

    Raises
    ------
    BadInputError
        If it cannot be read, is empty, or its parentheses do not match; the message names the line.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.words = _words(_read(name))
        foreign = next((word for word in self.words if not word.text.isascii()), None)
        if foreign is not None:
            raise self.wrong(foreign.line, f"{shown(foreign.text)} is not ASCII; outside of comments PDDL must be")
        self.root = self._block()

    def wrong(self, line: int, what: str) -> BadInputError:
        """Return an error that names the file and a line of it."""
        return BadInputError(f"{shown(self.name, 200)}, line {line}: {what}")

    def line_of(self, wanted: Sequence[str], start: int = 0) -> int | None:
        """Return the line of the first words like these from a line on; None if there are none."""
        texts = [word.text for word in self.words]
        for at in range(len(texts) - len(wanted) + 1):
            if texts[at] == wanted[0] and self.words[at].line >= start and texts[at : at + len(wanted)] == [*wanted]:
                return self.words[at].line
        return None

    def _block(self) -> Block:
        if not self.words:
            raise BadInputError(f"{shown(self.name, 200)} is empty; give a PDDL file")
        if self.words[0].text != "(":
            raise self.wrong(self.words[0].line, f"'(define' is needed, not {shown(self.words[0].text)}")
        open_: list[tuple[int, list[Word | Block]]] = []
        root: Block | None = None
        for word in self.words:
            if root is not None:
                raise self.wrong(word.line, f"the definition is complete, but {shown(word.text)} follows")
            if word.text == "(":
                open_.append((word.line, []))
            elif word.text != ")":
                open_[-1][1].append(word)
            else:
                line, items = open_.pop()
                block = Block(tuple(items), line)
                if open_:
                    open_[-1][1].append(block)
                else:
                    root = block
        if root is None:
            raise self.wrong(open_[-1][0], f"the '(' here is never closed ({len(open_)} ')' are missing at the end)")
        return root


def _read(name: str) -> str:
    """Return a file's text; of bytes beyond ASCII only comments may have some, in any encoding."""
    if not Path(name).is_file():
        raise BadInputError(f"cannot read {shown(name, 200)}; give the PDDL files of a domain and a problem")
    try:
        content = Path(name).read_bytes()
        return content.decode("utf-8" if _is_utf8(content) else "latin-1")
    except OSError as error:
        raise BadInputError(f"cannot read {shown(name, 200)}: {error.strerror}; give a PDDL file") from None


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _words(text: str) -> list[Word]:
    """Return words and parentheses, as Fast Downward's translator splits them."""
    words = []
    for line, content in enumerate(text.split("\n"), start=1):
        spaced = content.split(";", 1)[0].replace("(", " ( ").replace(")", " ) ").replace("?", " ?")
        words += [Word(word.lower(), line) for word in spaced.split()]
    return words
