"""Sliding-tile puzzles of up to 25 cells: the 8-, 15- and 24-puzzle and everything between."""

from pdsearch.domains.tiles.puzzle import Tiles as Tiles
