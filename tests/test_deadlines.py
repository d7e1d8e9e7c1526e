"""What comes before the search ends with the time that is left, and keeps to the memory."""

import json
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import sas_tasks

from pdsearch import solve
from pdsearch._cache import KernelCache
from pdsearch._compile_watch import watched
from pdsearch._jit import compiling, kernel
from pdsearch.domains.planning.h2 import reduce_by_h2
from pdsearch.domains.planning.merge_and_shrink import h_tables
from pdsearch.domains.planning.sas import parse_sas
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import MemoryLimitError, TimeLimitError
from pdsearch.heuristics import make_heuristic
from pdsearch.limits import Deadline, Limits
from pdsearch.result import Status

DATA = Path(__file__).parent / "data" / "planning"
DEPOTS = DATA / "depots.sas"


def test_a_deadline_that_has_passed_ends_every_builder():
    over = Deadline(0.0)
    task = parse_sas(DEPOTS.read_text(), "depots.sas")
    for build in (
        lambda: parse_sas(DEPOTS.read_text(), "depots.sas", over),
        lambda: Planning.parse(str(DEPOTS), deadline=over),
        lambda: reduce_by_h2(task, deadline=over),
        lambda: Planning(task, "depots", preprocess="h2", deadline=over),
        lambda: make_heuristic(Planning(task, "depots", deadline=over), "merge-and-shrink:100"),
        lambda: make_heuristic(Planning(task, "depots", deadline=over), "pdb"),
    ):
        with pytest.raises(TimeLimitError, match="give more time"):
            build()


def test_merge_and_shrink_ends_within_a_second_of_its_time():
    task = parse_sas(DEPOTS.read_text(), "depots.sas")
    h_tables(task, 10)  # compiles

    began = time.monotonic()
    with pytest.raises(TimeLimitError):
        h_tables(task, 1_000_000, Deadline(1.0))

    assert time.monotonic() - began < 3


def test_merge_and_shrink_shrinks_to_its_memory():
    task = parse_sas(DEPOTS.read_text(), "depots.sas")
    h_tables(task, 1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    roomy, tight = h_tables(task, 3000), h_tables(task, 3000, Deadline(memory_bytes=2**20))

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**16  # KiB
    assert len(tight[0]) < len(roomy[0])
    with pytest.raises(MemoryLimitError, match=r"merge-and-shrink needs \d+ bytes"):
        h_tables(task, 3000, Deadline(memory_bytes=100))


NOTES = {
    "merge-and-shrink:100": r"merge-and-shrink: \d+ abstract states at a time, not 100, for memory of 8 KiB",
    "pdb": r"pdb: \d+ of \d+ patterns were kept, for memory of 8 KiB",
    "scp:offline": r"scp: \d+ of \d+ small patterns were kept, for memory of 8 KiB",
    "potential:2": r"potential: \d+ of \d+ variables have no potentials, for memory of 8 KiB",
}


@pytest.mark.wide
@pytest.mark.parametrize("heuristic", NOTES)
def test_with_little_memory_heuristics_are_weaker_and_still_lower_bounds(heuristic):
    said = []
    for seed in range(6):
        task = sas_tasks.random_task(seed, max_cost=4)
        roomy = Planning(task, "task")
        tight = Planning(task, "task", deadline=Deadline(memory_bytes=2**13))
        exact = make_heuristic(roomy, "merge-and-shrink:1000000").value(roomy.initial)

        built = make_heuristic(tight, heuristic)
        assert built.value(tight.initial) <= exact
        assert not make_heuristic(roomy, heuristic).notes()
        said += built.notes()
    assert said
    assert all(re.fullmatch(NOTES[heuristic], note) for note in said)


@pytest.mark.wide
def test_the_result_says_what_was_shrunk():
    task = parse_sas(DEPOTS.read_text(), "depots.sas")

    result = solve(Planning(task, "depots"), "pdb", limits=Limits(memory_bytes=2**20, nodes=10))

    assert any(note.startswith("pdb: ") and note.endswith("for memory of 1 MiB") for note in result.notes)


def test_a_limit_that_is_far_changes_nothing():
    task = parse_sas(DEPOTS.read_text(), "depots.sas")

    plain, limited = h_tables(task, 500), h_tables(task, 500, Deadline(1000.0, 2**40))

    assert all(np.array_equal(one, other) for one, other in zip(plain, limited, strict=True))


@kernel(no_cpython_wrapper=True)
def _half(number):
    return number + 1


@kernel
def _sum(number):
    return _half(number) + number


def test_the_clock_is_looked_at_between_two_passes_of_the_compiler(monkeypatch):
    monkeypatch.setattr(KernelCache, "_read", lambda *given: None)  # whatever an earlier run of the tests kept
    looks = []

    def ends_in_the_inner_kernel(doing):
        looks.append(doing)
        if len(looks) == 8:
            raise TimeLimitError(doing)

    for look in (Deadline(0.0).check, ends_in_the_inner_kernel):
        with pytest.raises(TimeLimitError, match="compiling"), compiling("a test"), watched(look):
            _sum(1.5)
        assert not _sum.overloads

    looks.clear()
    with watched(looks.append):
        assert _sum(2) == 5
    assert len(looks) > 20

    looks.clear()
    with watched(looks.append):
        assert _sum(2) == 5
    assert not looks
    assert _sum(1.5) == 4.0


def test_a_search_whose_kernels_are_not_compiled_ends_while_they_are(tmp_path):
    words = ["plan", str(DATA / "courier.sas"), "--heuristic", "hmax", "--time-limit", "0.6s", "--json", "result.json"]
    cold = os.environ | {"PDSEARCH_CACHE_DIR": str(tmp_path / "cache")}
    imported = "import sys; from pdsearch.cli import main, plan; from pdsearch.heuristics import HEURISTICS; "
    code = imported + "len(plan.ALGORITHMS), len(HEURISTICS); sys.exit(main(sys.argv[1:]))"

    job = subprocess.run([sys.executable, "-c", code, *words], cwd=tmp_path, env=cold, capture_output=True)

    result = json.loads((tmp_path / "result.json").read_text())
    assert (job.returncode, result["status"], result["lower_bound"]) == (Status.TIME_LIMIT.value, "time limit", 0)
    assert 0 < result["phases"]["read"] < result["phases"]["compile"] < 5
    assert b"  phases: compile " in job.stdout
