"""Best-first search: A*, HDA*, and the simulations of it, over one local search and one worker."""
