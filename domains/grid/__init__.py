"""Shortest paths on maps of square cells, in the formats of the MovingAI benchmarks."""

from pdsearch.domains.grid.path import Grid as Grid
