"""What cannot be collected without an optional library, and how the pages of docs/ are collected."""

import importlib.util

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
