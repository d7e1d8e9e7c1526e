"""The short search before a search: small, counted, within the memory limit, and the same on every rank."""

import json

import jobs
import pytest
from examples import DATA, make

from pdsearch.domains.tiles import Tiles
from pdsearch.limits import MIN_MEMORY
from pdsearch.search.best_first.sampling import STORED, ShortSearch
from pdsearch.search.setup import make_task

# prints what each rank samples, in one line of JSON
SAMPLE = """
import json
from mpi4py import MPI
from pdsearch.comm.mpi import MpiCommunicator
from pdsearch.domains.tiles import Tiles
from pdsearch.search.setup import make_task

comm = MpiCommunicator(MPI.COMM_WORLD)
task = make_task(Tiles.korf(12), None, "sampled-cut", 3)
every = comm.gather((task.distribution.words.tolist(), task.sampled))
if comm.rank == 0:
    print(json.dumps(every))
comm.close()
"""


def short_search(domain, **options):
    return ShortSearch(make_task(domain), **options)


@pytest.mark.parametrize("n_states", [1, 100, 1_000_000])
def test_a_short_search_stores_no_more_than_its_cap_and_counts_what_it_expands(n_states):
    short = short_search(Tiles.korf(1))

    states = short.states(n_states)

    assert len(set(states)) == len(states) <= n_states
    assert len(states) <= STORED  # the later half of what was stored
    assert 0 < short.expanded < STORED


def test_a_sample_is_the_same_each_time():
    one, other = (short_search(Tiles.korf(1)).states(50) for _ in range(2))

    assert one == other


@pytest.mark.wide
@pytest.mark.parametrize(
    ("name", "text"), [("tiles", "2x2: 3 2 1 0"), ("tiles", "2x2: 0 1 2 3"), ("msa", str(DATA / "eight.fasta"))]
)
def test_an_instance_smaller_than_the_sample_is_sampled_as_far_as_it_goes(name, text):
    domain = make(name, text, {})

    states = short_search(domain).states(10**6)

    assert 1 <= len(states) <= STORED


def test_a_memory_limit_ends_the_short_search_early_and_never_raises():
    puzzle = Tiles.korf(1)

    states = short_search(puzzle, memory_bytes=MIN_MEMORY // 4).states(10**6)

    assert 1 <= len(states) < len(short_search(puzzle).states(10**6))


def test_too_little_memory_for_the_first_tables_leaves_the_initial_state():
    puzzle = Tiles.korf(1)

    assert short_search(puzzle, memory_bytes=1000).states(100) == [puzzle.initial]


def test_a_problem_says_what_its_distribution_sampled():
    sampled, drawn = (make_task(Tiles.korf(12), None, name, 4) for name in ("sampled-cut", "zobrist"))

    assert sampled.sampled > 0
    assert sampled.setup_s > 0
    assert drawn.sampled == 0


@pytest.mark.wide
@pytest.mark.mpi
def test_all_ranks_sample_the_same(python_on):
    finished = jobs.run(python_on(3, "-m", "mpi4py", "-c", SAMPLE), timeout=240)

    assert finished.returncode == 0, finished.stderr
    first, *others = json.loads(finished.stdout)
    assert first[1] > 0
    assert others == [first, first]
