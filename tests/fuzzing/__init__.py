"""Thousands of damaged inputs, each under a limit: a status or one line, never a traceback, a hang or a wrong answer.

    make fuzz                                       20,000 cases of seed 0
    PYTHONPATH=tests python -m fuzzing --cases 500 --seed 7 --kinds sas,maps
    PYTHONPATH=tests python -m fuzzing --seed 7 --only 132        one case again, with all it printed

A case is a command, its files, and what is known of the answer; ``seed`` and number determine it. Kinds are the
modules of this folder whose functions carry ``@kind``. Cases run in worker processes, which are ended past the limit;
one of a hundred runs as a command of its own. Answers are held against searches that are slow, obvious, and read the
input by themselves.
"""

from fuzzing import alignments, arrays, boards, maps, options, planning_tasks  # noqa: F401  (they enter their kinds)
from fuzzing.cases import KINDS as KINDS
