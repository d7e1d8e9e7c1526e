"""Which successors a search need not look at, known from the moves alone."""
