"""One contract for all carriers of nodes: MPI, shared memory, simulated."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import carrier_contract
import jobs
import pytest

from pdsearch.comm import segment
from pdsearch.comm.local import LocalRanks
from pdsearch.comm.rings import RingCommunicator
from pdsearch.comm.simulated import Network
from pdsearch.errors import BadInputError

PROGRAM = str(Path(carrier_contract.__file__))


@pytest.mark.parametrize("n_ranks", [1, 2, 5])
@pytest.mark.parametrize("slowness", [0.0, 0.7])
def test_the_simulated_network_keeps_the_contract(n_ranks, slowness):
    network = Network(n_ranks, seed=n_ranks, slowness=slowness)
    under_way = [carrier_contract.messages(network.communicator(rank)) for rank in range(n_ranks)]
    turns = 0
    while under_way:
        turns += 1
        assert turns < 200_000, "nothing arrives any more"
        under_way = [one for one in under_way if next(one, "ended") != "ended"]
    assert network.under_way == 0


def on_threads(n_ranks, act):
    """Run a function on ranks that are threads of this process, and raise what one of them raises."""
    memory, errors = segment.in_process(n_ranks), []

    def run(rank):
        try:
            act(RingCommunicator(LocalRanks(memory, rank, n_ranks)))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(rank,), daemon=True) for rank in range(n_ranks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive() and not errors:
            thread.join(0.1)
    if errors:
        raise errors[0]


@pytest.mark.few(1)
@pytest.mark.parametrize("n_ranks", [1, 2, 5])
def test_rings_in_shared_memory_keep_the_contract(n_ranks):
    on_threads(n_ranks, carrier_contract.contract)


def test_rings_of_a_few_words_keep_the_contract(monkeypatch):
    monkeypatch.setattr(segment, "_RING_BYTES", (1024, 1024))

    def messages(comm):
        for _ in carrier_contract.messages(comm):
            time.sleep(0)  # lets another thread go on

    monkeypatch.setattr(carrier_contract, "LARGE", 1000)
    on_threads(3, messages)


def test_what_does_not_fit_into_a_ring_is_counted_until_it_is_taken():
    def act(comm):
        before = comm.buffer_bytes
        records = carrier_contract.message(0, carrier_contract.MANY // 2)
        for _ in range(3):
            comm.send(0, records)
        assert comm.buffer_bytes >= before + 2 * records.nbytes
        taken = 0
        while taken < 3:
            taken += comm.receive() is not None
        assert (comm.buffer_bytes, comm.unfinished(0)) == (before, 0)

    on_threads(1, act)


@pytest.mark.mpi
def test_mpi_keeps_the_contract(python_on):
    job = jobs.run(python_on(3, "-m", "mpi4py", PROGRAM), timeout=120)

    assert (job.returncode, job.stdout) == (0, "kept on 3 ranks\n"), job.stderr


def test_processes_of_the_launcher_keep_the_contract_without_mpi():
    code = (
        "import sys; from pdsearch.comm.launch import exit_code_of; import carrier_contract; "
        "sys.exit(exit_code_of(3, carrier_contract.main))"
    )
    env = {"PYTHONPATH": os.pathsep.join([str(Path(PROGRAM).parent), str(jobs.ROOT)])}

    job = jobs.run([sys.executable, "-c", code], timeout=120, env=env)

    assert (job.returncode, job.stdout) == (0, "kept on 3 ranks\n"), job.stderr


def test_a_machine_without_shared_memory_is_told_so_in_one_line(monkeypatch):
    monkeypatch.setattr(segment, "unnamed_file", lambda n_bytes: None)

    with pytest.raises(BadInputError, match=r"4 ranks need .* bytes of shared memory, which cannot be had"):
        segment.create(4)


def test_memory_that_cannot_be_had_is_not_begun_to_be_used():
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)); import signal; "
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); from pdsearch.comm.segment import unnamed_file; "
        "print(unnamed_file(1 << 22))"
    )
    job = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=jobs.ROOT)

    assert (job.stdout, job.stderr) == ("None\n", "")
