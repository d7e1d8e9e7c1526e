"""How evenly work is spread: one vocabulary for search ranks, GPU blocks and experts, all of them *bins*."""
