"""benchmarks/gpu.py writes each row as it comes, errors too; benchmarks/lease.sh goes on after a step that fails."""

import json
import subprocess
import sys
from pathlib import Path

import jobs
import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = """
import sys; sys.path[:0] = [{tests!r}, {benchmarks!r}]
from numpy import errstate
from simulated_warps import install
install()
import gpu as benchmark
from pdsearch.domains.tiles import Tiles
from pdsearch.gpu.devices import choose

puzzle = Tiles.parse("3 1 2 6 4 5 7 8 0")
bench = benchmark.Bench(choose("gpu").device, {out!r}, 60.0)
def toy(bench):
    model = benchmark.model_of(puzzle)
    kernel = bench.kernel(("persistent", 2), lambda: benchmark.make("persistent", model, bench.device), puzzle)
    bench.search(kernel, [Tiles.parse("8 6 7 2 5 4 3 0 1")], "first", most=3.0, wanted=64)
def broken(bench):
    raise OSError("the device fell off")
with errstate(all="ignore"):
    bench.run("toy", toy)
    bench.run("broken", broken)
print(bench.is_wrong)
"""


@pytest.mark.wide
def test_rows_are_written_as_they_come_errors_too(tmp_path):
    out = str(tmp_path / "rows.jsonl")
    script = SCRIPT.format(tests=str(ROOT / "tests"), benchmarks=str(ROOT / "benchmarks"), out=out)

    job = jobs.run([sys.executable, "-W", "ignore", "-c", script], env={"NUMBA_ENABLE_CUDASIM": "1"})

    assert job.returncode == 0, job.stderr
    assert job.stdout.splitlines()[-1] == "True"
    rows = [json.loads(line) for line in Path(out).read_text().splitlines()]
    assert [row["part"] for row in rows] == ["toy", "toy", "broken"]
    assert rows[1]["launches"] > 0
    assert rows[1]["kernel_ms"] > 0
    assert rows[1]["wrong"] is None
    assert rows[2]["error"] == "OSError: the device fell off"


def test_from_a_plain_checkout_the_benchmark_says_that_there_is_no_gpu(tmp_path):
    run = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "gpu.py"), "--out", str(tmp_path / "rows")],
        capture_output=True, text=True, cwd=tmp_path, env={"PATH": "/usr/bin:/bin", "CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip

    assert run.returncode == 2, run.stderr
    assert run.stderr.startswith("gpu.py: no CUDA device was found")


def test_the_lease_goes_on_after_a_step_that_fails(tmp_path):
    run = subprocess.run(
        ["sh", str(ROOT / "benchmarks" / "lease.sh"), str(tmp_path / "lease")],
        capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "PYTHON": "false"}, timeout=60,
    )  # fmt: skip

    steps = (tmp_path / "lease" / "progress.txt").read_text().splitlines()
    assert run.returncode == 0
    assert [line.split(":")[0] for line in steps][-2:] == ["graphs", "sweep"]
    assert "check: exit code 1 after 0 s" in steps


def test_the_lease_leaves_out_what_does_not_fit_its_time(tmp_path):
    run = subprocess.run(
        ["sh", str(ROOT / "benchmarks" / "lease.sh"), str(tmp_path / "lease")],
        capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "SECONDS_IN_ALL": "2"}, timeout=60,
    )  # fmt: skip

    steps = (tmp_path / "lease" / "progress.txt").read_text().splitlines()
    assert run.returncode == 0
    assert len(steps) >= 11
    assert all(step.endswith("left out, no time is left") for step in steps)
