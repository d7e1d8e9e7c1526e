"""Pattern databases built by the GPU kernels are, byte for byte, those that the CPU builds."""

import sys

import jobs
import numba
import numpy as np
import pytest

from pdsearch.cli import BAD_INPUT, main
from pdsearch.domains.tiles import Tiles
from pdsearch.domains.tiles.partitions import partition, shared_tables
from pdsearch.domains.tiles.pdb import database
from pdsearch.domains.tiles.retrograde import board_of, distances
from pdsearch.errors import BadInputError
from pdsearch.gpu import tables
from pdsearch.gpu.devices import Device
from pdsearch.gpu.shim import cuda
from pdsearch.pdb.places import Places
from pdsearch.pdb.ranking import lehmer, n_placements

CORNER = Places(3, 9, (1, 3), 1)  # the blank's corner is cut off by the solved pattern
ROW = Places(3, 6, (1, 2, 4), 0b1001)


def by_cpu(table):
    """Return the table that the CPU builds."""
    space = Tiles.of_size(f"{table.width}x{table.n // table.width}").space
    board = board_of(table.width, table.n // table.width, space.neighbours, len(table.goal))
    return distances(board, lehmer(table.goal, table.n), table.blanks, lambda *told: None)


def by_one_thread(table, compiler):
    """Return the table that the kernels' own functions build on the CPU: one thread takes all numbers."""

    @compiler
    def send(words, number, bits):
        words[number] |= bits

    expand = tables.expander(table, compiler, send)
    steepest_at, number_of = tables.stepper(table, compiler), tables.ranker(table, compiler)

    @compiler
    def layers(closed, fresh, after, entries, dense):
        depth, sent = 0, 1
        while sent != 0:
            sent = 0
            for i in range(len(closed)):
                sent += expand(i, closed, fresh, after, entries, depth)[1]
            fresh, after, depth = after, fresh, depth + 1
        steepest = 0
        for i in range(len(closed)):
            steepest = max(steepest, steepest_at(i, closed, entries))
        for i in range(len(dense)):
            dense[i] = entries[number_of(i)]
        return steepest

    closed, fresh, after = np.zeros((3, table.n_numbers), np.uint32)
    entries = np.full(table.n_numbers, tables.UNKNOWN, np.uint8)
    dense = np.zeros(n_placements(table.n, len(table.goal)), np.uint8)
    fresh[table.number(table.goal)] = table.blanks & -table.blanks
    assert 1 <= layers(closed, fresh, after, entries, dense) <= tables.MAX_STEP
    dense[dense == tables.UNKNOWN] = 0
    return dense


def test_the_kernels_functions_build_the_tables_of_the_cpu():
    with np.errstate(all="ignore"):
        found = by_one_thread(CORNER, lambda function: function)

    assert found.tobytes() == by_cpu(CORNER).tobytes()


@pytest.mark.heavy
@pytest.mark.parametrize(("width", "height"), [(3, 4), (4, 4)])
def test_all_tables_of_a_board_are_built_alike(width, height):
    for table in database(width, height, "pdb").places:
        assert by_one_thread(table, numba.njit).tobytes() == by_cpu(table).tobytes()


SIMULATED = """
import sys; sys.path.insert(0, {tests!r})
from test_gpu_tables import CORNER, ROW
from pdsearch.gpu import tables
from pdsearch.gpu.devices import choose
told = []
found = tables.build((CORNER, ROW), choose("gpu").device, lambda *done: told.append(done))
print(found.tobytes().hex(), told == sorted(told), told[-1])
"""


def test_the_kernels_build_them_in_the_simulator():
    job = jobs.run(
        [sys.executable, "-W", "ignore", "-c", SIMULATED.format(tests=jobs.__file__.rpartition("/")[0])],
        env={"NUMBA_ENABLE_CUDASIM": "1"},
    )

    expected = np.concatenate([by_cpu(CORNER), by_cpu(ROW)])
    assert job.returncode == 0, job.stderr
    assert job.stdout.split(" ", 1) == [expected.tobytes().hex(), "True (192, 192)\n"]


@pytest.mark.gpu
@pytest.mark.skipif(not cuda.is_available(), reason="no CUDA device")
def test_a_device_builds_the_tables_of_the_fifteen_puzzle():
    from pdsearch.gpu.devices import available

    places = database(4, 4, "pdb").places

    assert tables.build(places, available()[0]).tobytes() == np.concatenate([by_cpu(one) for one in places]).tobytes()


def test_the_tables_of_a_partition_say_what_they_are():
    found = database(5, 5, "pdb-6-6-6-6")
    shared, _ = shared_tables(5, 5, partition(5, 5, "pdb-6-6-6-6") or [])

    assert [place.goal for place in found.places] == [table.pattern for table in shared]
    assert sum(n_placements(place.n, len(place.goal)) for place in found.places) == found.n_entries
    assert all(place.blanks & 1 for place in found.places)


def test_what_does_not_fit_a_device_or_has_no_kernel_is_said(capsys, monkeypatch):
    with pytest.raises(BadInputError, match="building the tables needs 3148 MiB on tiny, 1024 MiB are free"):
        tables.build(database(5, 5, "pdb-6-6-6-6").places, Device(0, "tiny", (9, 0), 1, 2**30))
    monkeypatch.setattr("pdsearch.cli.pdb.choose", lambda text: type("Choice", (), {"device": 0, "word": None}))
    assert main(["pdb", "build", "topspin", "8", "--device", "gpu"]) == BAD_INPUT
    assert "no GPU kernel builds topspin" in capsys.readouterr().err
