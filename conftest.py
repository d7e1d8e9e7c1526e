"""What cannot be collected without an optional library."""

import importlib.util

# Importing these modules says in one line what is missing; their tests are skipped with that reason.
_NEEDS = {"torch": "pdsearch/balance/learned/*", "unified_planning": "pdsearch/planning/unified_planning.py"}
collect_ignore_glob = [modules for library, modules in _NEEDS.items() if not importlib.util.find_spec(library)]
