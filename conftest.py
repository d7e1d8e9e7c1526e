"""What is not collected without an optional library, how pages of docs/ are collected, how workers share tests."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
from pages import page_folder as page_folder
from pages import page_inputs as page_inputs
from pages import pytest_collect_file as pytest_collect_file
from pages import pytest_collection_modifyitems as pytest_collection_modifyitems

# Importing these modules says in one line what is missing; their tests are skipped with that reason.
_NEEDS = {
    "pdsearch/balance/learned/*": "torch",
    "pdsearch/balance/torch/*": "torch",
    "docs/roles.py": "griffe",
    "pdsearch/planning/unified_planning.py": "unified_planning",
}
collect_ignore_glob = [modules for modules, library in _NEEDS.items() if not importlib.util.find_spec(library)]


@pytest.hookimpl(optionalhook=True)  # pytest-xdist may be switched off
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give a file to one worker: what a page's example names, examples before it have made.

    A worker compiles what a file's tests share once, too.
    """
    from xdist.scheduler import LoadFileScheduling

    return LoadFileScheduling(config, log)
