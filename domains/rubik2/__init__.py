"""Rubik's cube of 2×2×2 pieces."""

from pdsearch.domains.rubik2.cube import Rubik2 as Rubik2
