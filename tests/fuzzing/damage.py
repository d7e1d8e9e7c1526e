"""Damaging texts and bytes as editors, disks and people do."""

from __future__ import annotations

import random
import re

NUMBERS = (
    *("0", "1", "-1", "2", "3", "7", "16", "63", "64", "127", "255", "256", "65536", "2147483648", "1e9", "1e308"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775809", "18446744073709551616", "9" * 5000),
    *("140737488355328", "4503599627370496", "nan", "inf", "-inf", "0x10", "1_000", "٣", "²", "", " ", "00012", "+5"),
)
JUNK = (
    "\x00",
    "\ufeff",
    "é",
    "💥",
    "(",
    ")",
    ";",
    ":",
    "'",
    '"',
    "\\",
    "%s",
    "{}",
    "\r",
    "\t",
    "-",
    "--",
    ">",
    "a" * 3000,
)
_TOKEN = re.compile(r"-?\d+|[^\W\d]+|\s+|.", re.DOTALL)


def damaged(rng: random.Random, text: str, most: int = 3, keep: float = 0.15) -> str:
    """Return the text with one to ``most`` changes; some texts are left as they are."""
    if rng.random() < keep:
        return text
    for _ in range(rng.randint(1, most)):
        text = rng.choice((_number, _number, _number, _token, _lines, _cut, _insert))(rng, text)
    return text


def damaged_bytes(rng: random.Random, data: bytes, most: int = 3) -> bytes:
    """Return bytes with some flipped, cut off, removed or doubled."""
    content = bytearray(data)
    for _ in range(rng.randint(1, most)):
        at = rng.randrange(len(content) + 1)
        how = rng.randrange(4)
        if how == 0 and at < len(content):
            content[at] = rng.randrange(256)
        elif how == 1:
            del content[at:]
        elif how == 2:
            del content[at : at + rng.randint(1, 9)]
        else:
            content[at:at] = content[at : at + rng.randint(1, 40)]
    return bytes(content)


def as_bytes(rng: random.Random, text: str) -> bytes:
    """Return the text as a file, now and then with foreign bytes or other line ends."""
    how = rng.random()
    if how < 0.03:
        return damaged_bytes(rng, text.encode(errors="surrogatepass"))
    if how < 0.06:
        return text.replace("\n", "\r\n").encode()
    return text.encode("utf-16" if how < 0.07 else "utf-8")


def _number(rng: random.Random, text: str) -> str:
    found = list(re.finditer(r"-?\d+", text))
    if not found:
        return text
    one = rng.choice(found)
    near = str(int(one[0]) + rng.choice((-2, -1, 1, 2))) if len(one[0]) < 15 else "5"
    new = near if rng.random() < 0.6 else rng.choice(NUMBERS)
    return text[: one.start()] + new + text[one.end() :]


def _token(rng: random.Random, text: str) -> str:
    tokens = _TOKEN.findall(text)
    if not tokens:
        return text
    at, other = rng.randrange(len(tokens)), rng.randrange(len(tokens))
    how = rng.randrange(4)
    if how == 0:
        del tokens[at]
    elif how == 1:
        tokens[at] = tokens[other]
    elif how == 2:
        tokens[at], tokens[other] = tokens[other], tokens[at]
    else:
        tokens.insert(at, tokens[other])
    return "".join(tokens)


def _lines(rng: random.Random, text: str) -> str:
    lines = text.split("\n")
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    how = rng.randrange(4)
    if how == 0:
        del lines[at]
    elif how == 1:
        lines.insert(at, lines[other])
    elif how == 2:
        lines[at], lines[other] = lines[other], lines[at]
    else:
        lines[at] = ""
    return "\n".join(lines)


def _cut(rng: random.Random, text: str) -> str:
    return text[: rng.randrange(len(text) + 1)] if rng.random() < 0.4 else text


def _insert(rng: random.Random, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(JUNK) + text[at:]
