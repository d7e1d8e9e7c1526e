"""Classical planning: SAS+ tasks, PDDL through a translator, heuristics, pruning."""
