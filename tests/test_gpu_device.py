"""The real kernels on a real device: counts, pauses, stops, errors. Skipped where there is none."""

import numpy as np
import pytest
from searches import idastar, idastar_gpu

from pdsearch.domains.pancake import Pancake
from pdsearch.domains.tiles import Tiles
from pdsearch.gpu import ring, schemes
from pdsearch.gpu.devices import choose
from pdsearch.gpu.schemes import SCHEMES, KernelError, Persistent, make
from pdsearch.gpu.shim import cuda, is_simulated
from pdsearch.gpu.steps import one_by_one
from pdsearch.gpu_model import model_of
from pdsearch.result import Status

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(is_simulated() or not cuda.is_available(), reason="no CUDA device"),
]
# last iterations: generated, expanded, goals; without the automaton and with
GOLDEN = {(79, 2): (929645, 452368, 1), (79, 8): (670002, 334610, 1), (12, 8): (426439, 215081, 1)}


@pytest.fixture(scope="module")
def device():
    found = choose("gpu").device
    assert found is not None
    return found


def last_iteration(result):
    last = result.iterations[-1]
    return last.generated, last.expanded, result.solutions


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("number", "length"), GOLDEN)
def test_every_scheme_counts_the_golden_counts(device, scheme, number, length):
    puzzle = Tiles.korf(number)
    kernel = make(scheme, model_of(puzzle, None, length), device)

    (result,) = idastar_gpu([puzzle], device, mode="all", scheme=scheme, kernel=kernel)

    assert last_iteration(result) == GOLDEN[number, length]
    assert result.status is Status.SOLVED


def test_both_steps_count_alike(device):
    puzzle = Tiles.korf(79)
    model = model_of(puzzle, None, 8)
    kernel = Persistent(model, device, step=one_by_one(model))

    (result,) = idastar_gpu([puzzle], device, mode="all", kernel=kernel)

    assert last_iteration(result) == GOLDEN[79, 8]


@pytest.mark.parametrize("repetition", range(5))
def test_counts_stay_with_pauses_at_every_few_steps_and_few_roots(device, repetition, monkeypatch):
    monkeypatch.setattr(schemes, "SLICE_STEPS", 64 + repetition)
    puzzle = Tiles.korf(79)
    kernel = Persistent(model_of(puzzle, None, 2), device)

    (result,) = idastar_gpu([puzzle], device, mode="all", kernel=kernel, wanted=64)

    assert last_iteration(result) == GOLDEN[79, 2]
    assert kernel.launches.n > len(result.iterations)


def test_a_search_that_stops_at_its_first_goal_leaves_the_device_usable(device):
    puzzle = Tiles.korf(9)
    kernel = Persistent(model_of(puzzle, None, 2), device)
    for _ in range(5):
        (result,) = idastar_gpu([puzzle], device, mode="first", kernel=kernel)
        assert (result.status, result.cost) == (Status.SOLVED, 46)

    (result,) = idastar_gpu([puzzle], device, mode="all", kernel=kernel)

    assert last_iteration(result) == (6073616, 2967867, 6)


@pytest.mark.parametrize(
    ("domain", "heuristic"), [(Pancake.parse("random:12", seed=3), "gap"), (Tiles.parse("random:4x4", seed=2), "pdb")]
)
def test_other_models_count_what_the_cpu_counts(device, domain, heuristic):
    kernel = make("persistent", model_of(domain, heuristic, 2), device)
    expected = idastar(domain, heuristic, mode="all", general=True, prune="none")

    (result,) = idastar_gpu([domain], device, mode="all", kernel=kernel)

    assert last_iteration(result) == last_iteration(expected)


def test_a_wait_that_takes_too_long_is_an_error_and_the_device_stays_usable(device, monkeypatch):
    puzzle = Tiles.korf(79)
    model = model_of(puzzle, None, 2)
    kernel = Persistent(model, device, patience=3)  # shorter than any real wait for work

    def search():
        for _ in range(50):
            idastar_gpu([puzzle], device, mode="all", kernel=kernel, wanted=2)

    with pytest.raises(KernelError, match=ring.ERRORS[ring.NO_PACKET]):
        search()

    assert cuda.to_device(np.arange(5)).copy_to_host().sum() == 10
    assert idastar_gpu([puzzle], device)[0].cost == 42
