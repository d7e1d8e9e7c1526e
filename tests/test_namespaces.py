"""Three machines made of one: network namespaces with hostnames, PIDs, memory and a link of their own; needs root.

``ip netns exec`` stands in the place of ssh for Hydra. Without ``--ipc`` and ``UCX_TLS`` MPI was seen to go on
between the namespaces after a link was cut.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress

import jobs
import pytest
from test_broadcast import PROGRAM
from test_mpi import stderr_says

pytestmark = [pytest.mark.heavy, pytest.mark.mpi]

HUB = "10.77.0.100"
HOSTS = [f"10.77.0.{number}" for number in (1, 2, 3)]
LAUNCHER = """#!/bin/sh
# in ssh's place: [options] HOST COMMAND ...
while [ "${{1#-}}" != "$1" ]; do shift; done
number=${{1##*.}}; shift
exec ip netns exec {name}$number unshare --ipc --uts --mount --pid --fork --mount-proc sh -c \\
  "hostname node$number; mount -t tmpfs -o size=64m none /dev/shm; exec $*"
"""


def ip(*words):
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=True).stdout


def inside(namespace, *words):
    return ip("netns", "exec", namespace, "ip", *words)


@pytest.fixture
def machines(tmp_path, python_on):
    """Return the command that runs on three machines, one rank each, and the name of their namespaces."""
    name = f"pds{os.getpid()}n"
    if os.geteuid() or not shutil.which("ip") or not shutil.which("unshare"):
        pytest.skip("needs root, ip and unshare")
    try:
        ip("netns", "add", f"{name}0")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespaces here: {error.stderr.strip()}")
    made = [f"{name}0"]
    try:
        inside(f"{name}0", "link", "add", "br0", "type", "bridge")
        inside(f"{name}0", "addr", "add", f"{HUB}/24", "dev", "br0")
        for link in ("lo", "br0"):
            inside(f"{name}0", "link", "set", link, "up")
        for number, host in enumerate(HOSTS, 1):
            ip("netns", "add", f"{name}{number}")
            made.append(f"{name}{number}")
            veth = ["link", "add", f"v{number}", "netns", f"{name}0", "type", "veth"]
            ip(*veth, "peer", "name", "eth0", "netns", f"{name}{number}")
            inside(f"{name}0", "link", "set", f"v{number}", "master", "br0", "up")
            inside(f"{name}{number}", "addr", "add", f"{host}/24", "dev", "eth0")
            for link in ("lo", "eth0"):
                inside(f"{name}{number}", "link", "set", link, "up")
        launcher = tmp_path / "launch"
        launcher.write_text(LAUNCHER.format(name=name))
        launcher.chmod(0o755)
        mpiexec = python_on(1)[0]
        yield (
            [
                *["ip", "netns", "exec", f"{name}0", mpiexec, "-genv", "UCX_TLS", "tcp,self"],
                *["-launcher", "ssh", "-launcher-exec", str(launcher), "-localhost", HUB],
                *["-hosts", ",".join(HOSTS), "-n", "3", sys.executable],
            ],
            name,
        )
    finally:
        for one in made:
            for process in ip("netns", "pids", one).split():
                with suppress(ProcessLookupError):
                    os.kill(int(process), signal.SIGKILL)
            subprocess.run(["ip", "netns", "del", one], check=False)


def test_a_search_over_three_machines_is_optimal(machines, tmp_path):
    command, _ = machines
    words = ["-m", "pdsearch", "solve", "tiles", "korf:79", "--memory", "100M", "--json", str(tmp_path / "result.json")]

    job = jobs.run([*command, *words], timeout=180)

    assert job.returncode == 0, job.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    assert (result["cost"], result["n_ranks"]) == (42, 3)
    assert min(rank["expanded"] for rank in result["ranks"]) > 0


def test_orders_that_one_machine_finds_reach_the_others(machines):
    command, _ = machines

    job = jobs.run([*command, "-m", "mpi4py", PROGRAM, "1", *"393979"], timeout=180)

    assert job.returncode == 0, job.stderr
    assert int(re.fullmatch(r"(\d+) heard\n", job.stdout)[1]) > 0


def test_a_dead_link_ends_the_job_after_the_time_limit(machines, tmp_path):
    command, name = machines
    told = tmp_path / "stderr"
    assert jobs.run([*command, "-m", "pdsearch", "solve", "tiles", "korf:79"], timeout=180).returncode == 0  # compiles
    words = ["-m", "pdsearch", "solve", "tiles", "korf:88", "--memory", "300M", "--time-limit", "30s", "--progress"]
    with told.open("w") as stderr:
        job = jobs.start([*command, *words, "--json", str(tmp_path / "result.json")], stderr=stderr)
    stderr_says(told, "expanded", job)

    inside(f"{name}3", "link", "set", "eth0", "down")
    stderr_says(told, "rank 0: the time limit is over and some rank does not answer", job)

    until = time.monotonic() + 30
    while not (tmp_path / "result.json").exists() and time.monotonic() < until:
        time.sleep(0.1)
    os.killpg(job.pid, signal.SIGKILL)  # Hydra waits for the machine that is gone
    job.communicate()
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["status"] == "time limit"
    assert result["lower_bound"] >= 43
