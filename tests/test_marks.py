"""Which instances of a test run always."""

import pytest

from conftest import pytest_collection_modifyitems


class Item:
    """What is looked at of a collected test."""

    def __init__(self, name, *marks):
        self.nodeid, self.marks = f"tests/test_x.py::{name}", {mark.name: mark for mark in marks}

    def get_closest_marker(self, name):
        return self.marks.get(name)

    def add_marker(self, name):
        self.marks[name] = getattr(pytest.mark, name).mark


def test_few_instances_are_the_first_and_those_that_are_named():
    few, wide = pytest.mark.few(1, "gap-", "octile-grid").mark, pytest.mark.wide.mark
    names = ["blind-grid", "blind-pancake", "gap-pancake", "octile-grid 1", "manhattan-tiles"]
    items = [Item(f"test_h[{name}]", few) for name in names]
    others = [Item("test_plain"), Item("test_wide[blind]", few, wide), Item("test_other[blind]", few)]

    pytest_collection_modifyitems([*items, *others])

    assert [name for name, item in zip(names, items, strict=True) if "wide" not in item.marks] == [
        "blind-grid",
        "gap-pancake",
        "octile-grid 1",
    ]
    assert ["wide" in item.marks for item in others] == [False, True, False]
