"""What cannot be collected without an optional library."""

import importlib.util

# Importing these modules says in one line what is missing; their tests are skipped with that reason.
_NEEDS = {
    "pdsearch/balance/learned/*": "torch",
    "pdsearch/balance/torch/*": "torch",
    "pdsearch/planning/unified_planning.py": "unified_planning",
}
collect_ignore_glob = [modules for modules, library in _NEEDS.items() if not importlib.util.find_spec(library)]
