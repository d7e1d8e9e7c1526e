"""``python -m pdsearch`` is the command ``pdsearch``."""

from pdsearch.cli import command

command()
