"""What cannot be collected without an optional library."""

import importlib.util

# Importing these modules says in one line that torch is missing; their tests are skipped with that reason.
collect_ignore_glob = [] if importlib.util.find_spec("torch") else ["pdsearch/balance/learned/*"]
