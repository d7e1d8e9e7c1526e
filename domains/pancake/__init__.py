"""Pancake sorting: a stack is put in order by turning over some of its top pancakes."""

from pdsearch.domains.pancake.stack import Pancake as Pancake
