"""Optimal alignment of several sequences, as a shortest path in a grid of as many dimensions."""

from pdsearch.domains.msa.alignment import Alignment as Alignment
