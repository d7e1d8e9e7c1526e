"""What is wrong with a PDDL task and is better said here than by the translator, or would be translated wrongly.

The translator takes one increase of the total cost in an action and drops the others, and shows its own traceback
for costs under conditions.

Source: Fox and Long (2003), "PDDL2.1", JAIR 20 (numeric fluents, durative actions); Fast Downward's documentation,
"PDDL support".
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from pdsearch.domains.planning.pddl_text import Block, PddlFile, Word, text_of
from pdsearch.errors import BadInputError, shown

_TIMED = {":durative-action", ":durative-actions", ":process", ":event", ":timed-initial-literals"}
_COMPARES = {"<", ">", "<=", ">="}
_CHANGES = {"assign", "scale-up", "scale-down", "decrease"}
_NO_NUMBERS = "numeric fluents are not supported, but for (increase (total-cost) ...) in effects"


def check(domain: PddlFile, problem: PddlFile) -> None:
    """Refuse what the translator would not understand, or misunderstand.

    Raises
    ------
    BadInputError
        That names file and line.
    """
    _check_kinds(domain, problem)
    _check_time(domain)
    for block in domain.root.blocks():
        if block.head == ":action":
            _check_action(domain, block)
    for file in (domain, problem):
        for block in file.root.blocks():
            if block.head in (":goal", ":constants", ":objects"):
                _check_numbers(file, block)
    _check_objects(domain, problem)
    _check_types(domain, problem)
    _check_names(domain, problem)


def kind_of(file: PddlFile) -> str | None:
    """Return what a file defines, ``domain`` or ``problem``; None if neither."""
    if file.root.head != "define":
        raise file.wrong(file.root.line, f"'(define' is needed, not {shown(file.root.head)}")
    second = next(file.root.blocks(), None)
    return second.head if second is not None and second.head in ("domain", "problem") else None


def _check_kinds(domain: PddlFile, problem: PddlFile) -> None:
    kinds = kind_of(domain), kind_of(problem)
    if kinds == ("problem", "domain"):
        raise BadInputError(
            f"{shown(domain.name, 200)} is a problem and {shown(problem.name, 200)} a domain; swap them"
        )
    for file, wanted, kind in zip((domain, problem), ("domain", "problem"), kinds, strict=True):
        if kind != wanted:
            is_what = f"it is a {kind}" if kind else f"'({wanted} NAME)' is needed after 'define'"
            raise file.wrong(file.root.line, f"{is_what}; give the PDDL file of a {wanted}")


def _check_time(domain: PddlFile) -> None:
    for block in domain.root.blocks():
        words = [item for item in block.items if isinstance(item, Word) and item.text in _TIMED]
        if block.head in _TIMED | {":requirements"} and words:
            raise domain.wrong(
                words[0].line, f"{words[0].text}: durative actions and other timed PDDL are not supported"
            )


def _check_action(domain: PddlFile, action: Block) -> None:
    name = text_of(action.items[1]) if len(action.items) > 1 else ""
    _check_numbers(domain, action)
    increases = [*_increases(action, False)]
    for increase, is_conditional in increases:
        target = increase.items[1] if len(increase.items) > 1 else None
        if not (isinstance(target, Block) and [text_of(item) for item in target.items] == ["total-cost"]):
            raise domain.wrong(increase.line, f"action {shown(name)} increases another number; {_NO_NUMBERS}")
        if is_conditional:
            raise domain.wrong(
                increase.line,
                f"the cost of action {shown(name)} depends on a condition; write an action for each case",
            )
        if any(_is_expression(item) for item in increase.items[2:]):
            raise domain.wrong(
                increase.line,
                f"the cost of action {shown(name)} is an expression; only a number or one function is supported",
            )
    if len(increases) > 1:
        raise domain.wrong(
            increases[1][0].line, f"action {shown(name)} increases (total-cost) twice; write one increase by the sum"
        )


def _is_expression(cost: Word | Block) -> bool:
    return isinstance(cost, Block) and (cost.head in ("+", "-", "*", "/") or any(True for _ in cost.blocks()))


def _increases(block: Block, is_conditional: bool) -> Iterator[tuple[Block, bool]]:
    """Yield the increases in a block, and whether each is under a condition or a quantifier."""
    if block.head == "increase":
        yield block, is_conditional
    for inner in block.blocks():
        yield from _increases(inner, is_conditional or block.head in ("when", "forall"))


def _check_numbers(file: PddlFile, where: Block) -> None:
    """Refuse comparisons and changes of numbers."""
    for block in where.inside():
        compares = block.head in _COMPARES or (block.head == "=" and any(True for _ in block.blocks()))
        if block.head in _CHANGES or compares:
            raise file.wrong(block.line, f"({block.head} ...): {_NO_NUMBERS}")


def _check_objects(domain: PddlFile, problem: PddlFile) -> None:
    """Refuse an object that is named twice."""
    seen: dict[str, tuple[PddlFile, int]] = {}
    for file in (domain, problem):
        for block in file.root.blocks():
            if block.head in (":constants", ":objects"):
                for word in _names(block):
                    if word.text in seen:
                        other, line = seen[word.text]
                        where = f"line {line}" if other is file else f"{shown(other.name, 200)}, line {line}"
                        raise file.wrong(word.line, f"object {shown(word.text)} is named already in {where}")
                    seen[word.text] = (file, word.line)


def _names(typed: Block) -> Iterator[Word]:
    """Yield the names of a typed list: ``a b - town c``."""
    is_type = False
    for item in typed.items[1:]:
        if isinstance(item, Word) and item.text != "-" and not is_type:
            yield item
        is_type = text_of(item) == "-"


def _check_types(domain: PddlFile, problem: PddlFile) -> None:
    """Refuse types that nobody declared: no object would have them."""
    types = {"object", "number"}
    for block in domain.root.blocks():
        if block.head == ":types":
            types |= {word.text for item in block.items for word in _flat(item)} - {"-", "either", ":types"}
    for file in (domain, problem):
        for typed in _typed_lists(file.root):
            for item, following in pairwise(typed.items):
                for word in _flat(following) if text_of(item) == "-" else ():
                    if word.text not in types | {"either"}:
                        raise file.wrong(word.line, f"type {shown(word.text)} is not declared; add it to (:types ...)")


def _typed_lists(root: Block) -> Iterator[Block]:
    """Yield the lists of objects, parameters and quantified variables."""
    for block in root.inside():
        if block.head in (":constants", ":objects"):
            yield block
        for item, following in pairwise(block.items):
            if text_of(item) in (":parameters", "forall", "exists") and isinstance(following, Block):
                yield following


def _flat(item: Word | Block) -> Iterator[Word]:
    """Yield the words of an item: itself, or those in ``(either a b)``."""
    if isinstance(item, Word):
        yield item
    else:
        yield from (inner for inner in item.items if isinstance(inner, Word))


def _check_names(domain: PddlFile, problem: PddlFile) -> None:
    """Refuse a problem of another domain."""
    name = next((text_of(block.items[1]) for block in domain.root.blocks() if len(block.items) == 2), "")
    for block in problem.root.blocks():
        if block.head == ":domain" and len(block.items) == 2 and text_of(block.items[1]) != name:
            wanted = shown(text_of(block.items[1]))
            raise problem.wrong(
                block.line, f"the problem is of domain {wanted}, but {shown(domain.name, 200)} defines {shown(name)}"
            )
