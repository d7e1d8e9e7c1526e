"""How much memory is free: on the machine, and in the cgroups around this process."""

from pathlib import Path

import pytest

from pdsearch import solve
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.limits import Limits, free_memory


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


MACHINE = {"proc/meminfo": "MemTotal: 90 kB\nMemAvailable: 80 kB\n"}
TWO = {
    "proc/self/cgroup": "0::/jobs/mine\n",
    "sys/fs/cgroup/jobs/mine/memory.max": "70000\n",
    "sys/fs/cgroup/jobs/mine/memory.current": "50000\n",
    "sys/fs/cgroup/jobs/mine/memory.stat": "anon 1\ninactive_file 3000\n",
    "sys/fs/cgroup/jobs/memory.max": "max\n",
    "sys/fs/cgroup/jobs/memory.current": "60000\n",
    "sys/fs/cgroup/jobs/memory.stat": "inactive_file 0\n",
}
TIGHTER_AROUND = {"sys/fs/cgroup/jobs/memory.max": "61000\n"}
ONE = {
    "proc/self/cgroup": "9:cpu,memory:/mine\n0::/\n",
    "sys/fs/cgroup/memory/mine/memory.limit_in_bytes": "70000\n",
    "sys/fs/cgroup/memory/mine/memory.usage_in_bytes": "40000\n",
    "sys/fs/cgroup/memory/mine/memory.stat": "inactive_file 1\ntotal_inactive_file 2000\n",
}


@pytest.mark.parametrize(
    ("files", "free"),
    [
        (MACHINE, 80 * 1024),
        (MACHINE | TWO, 23000),
        (MACHINE | TWO | TIGHTER_AROUND, 1000),
        (MACHINE | ONE, 32000),
        (MACHINE | {"proc/self/cgroup": "0::/gone\n"}, 80 * 1024),
    ],
)
def test_free_is_what_the_tightest_group_leaves(files, free, tmp_path):
    assert free_memory(write(tmp_path, files)) == free


def test_a_system_without_proc_is_asked_itself(tmp_path):
    assert 0 < free_memory(tmp_path) < 2**50


def test_ranks_of_a_machine_share_what_is_free_and_keep_what_they_hold(monkeypatch):
    monkeypatch.setattr("pdsearch.limits.free_memory", lambda: 2**30)

    assert Limits().memory(4, held=1000) == int(0.8 * 2**28) + 1000
    assert Limits(memory_bytes=2**21).memory(4, held=1000) == 2**21


def test_limits_in_python_may_be_text_as_on_the_command_line():
    assert solve(Tiles.korf(79), memory="256M", time_limit="10m").cost == 42
    with pytest.raises(BadInputError, match="memory '256X' is not understood"):
        solve(Tiles.korf(79), memory="256X")
    with pytest.raises(BadInputError, match="is no limit"):
        solve(Tiles.korf(79), time_limit=[])
