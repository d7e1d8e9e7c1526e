"""What ranks must have alike is made by one of them: counted on ranks of this machine, and where two count as machines.

Each rank counts what it makes itself, and all say what they have; MPI ranks run this file.
"""

import ctypes
import json
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import jobs
import numpy as np
import pytest
import sas_tasks

from pdsearch import solve
from pdsearch.comm import shared
from pdsearch.comm.alike import digest
from pdsearch.comm.launch import call_on_ranks
from pdsearch.comm.local import LocalRanks
from pdsearch.comm.parcel import packed, unpacked
from pdsearch.comm.world import carrier_of, import_mpi, world
from pdsearch.console.instances import instances
from pdsearch.distribution import DISTRIBUTIONS, make_distribution
from pdsearch.distribution.feature_sum import FeatureSum
from pdsearch.domains.planning import h2, stubborn, symmetry
from pdsearch.domains.planning import task as planning
from pdsearch.domains.planning.task import Planning
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError, MemoryLimitError, PdsearchError, TimeLimitError
from pdsearch.search import setup
from pdsearch.search.best_first import portfolio
from pdsearch.search.run import Run
from pdsearch.search.setup import task_of_ranks

MAKERS = (
    (h2, "find_possible"),
    (planning, "parse_sas"),
    (symmetry, "automorphisms"),
    (symmetry.Symmetry, "_replaced_on_walks"),
    (stubborn, "_lists"),
    (setup, "make_distribution"),
)
LONGER = sas_tasks.counters(3, 4, 1)  # h2 finds something to remove
ALIKE = sas_tasks.balls(4)  # with symmetries, and operators whose order does not matter


def on_ranks(n_ranks, act, *arguments):
    """Return what a function returns on rank 0 of so many; the others do the same."""
    return call_on_ranks(n_ranks, act, *arguments, heard=print, wants_end=lambda: False)


@contextmanager
def counting():
    """Return how often each maker is called on this rank meanwhile."""
    made = Counter()

    def counted(name, make):
        def count(*given, **options):
            made[name] += 1
            return make(*given, **options)

        return count

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in MAKERS:
            patch.setattr(owner, name, counted(name, getattr(owner, name)))
        yield made


def read(task, comm, **options):
    """Read a task as the command does."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "task.sas"
        file.write_text(sas_tasks.sas_text(task))
        if comm is not None:
            file = Path(comm.bcast(str(file)))
        (domain,) = instances(Planning, [str(file)], options, comm)
        if comm is not None:
            comm.Barrier()
    return domain


def seen_in(domain):
    """Return digests of what a search sees of a task."""
    real = domain.real_plan(domain.operators(domain.initial)[:1])
    return digest([domain.space, domain.initial, domain.max_moves, str(domain.task), real, domain.made_by])


def chosen_for(task, carrier):
    """Return what chooses how to search a task."""
    given = task_of_ranks(carrier, Run(), Planning(task, "task"), "blind", None)
    return portfolio._Choice(portfolio.Portfolio(), given, Run(), carrier)


def all_of_them(comm):
    """Make everything as commands and the choice of a heuristic do; return what this rank has, and what it made."""
    with counting() as made:
        return _all_of_them(comm), dict(made)


def _all_of_them(comm):
    carrier = carrier_of(comm)
    found = [
        seen_in(read(LONGER, comm, preprocess="h2", pruning="stubborn")),
        seen_in(read(ALIKE, comm, pruning="symmetry")),
    ]
    longer, alike = (chosen_for(task, carrier) for task in (LONGER, ALIKE))
    forms = [longer._long_form(1.0), *alike._pruned(alike.domain)]
    assert [one.made_by for one in forms] == [{"preprocess": "h2"}, {"pruning": "symmetry"}, {"pruning": "stubborn"}]
    found += map(seen_in, forms)
    for name in ("sampled-cut", "sparsest-cut", "random"):
        task = task_of_ranks(carrier, Run(), Planning(ALIKE, "balls"), "blind", name, 3)
        owners = task.distribution.owners_of(np.array([task.domain.initial], np.uint64)).tolist()
        found.append(digest([task.distribution.name, task.sharing, owners, task.sampled, task.n_ranks]))
    carrier.close()
    return found


def everywhere():
    """Return what each rank has and made."""
    return world().allgather(all_of_them(world()))


EVERY = {
    "parse_sas": 2,
    "find_possible": 2,  # once by name, once for a long search
    "automorphisms": 2,
    "_replaced_on_walks": 2,
    "_lists": 2,
    "make_distribution": 3,
}


@pytest.mark.parametrize("n_ranks", [2, 3])
def test_one_rank_makes_what_all_have_alike(n_ranks):
    alone, made = all_of_them(None)
    found = on_ranks(n_ranks, everywhere)

    assert made == EVERY
    assert [made for _, made in found] == [EVERY, *[{}] * (n_ranks - 1)]
    assert [known for known, _ in found] == [alone] * n_ranks


def apart(n_ranks):
    """Be a rank of MPI, of which so many count as a machine; say what was made, and whether all have the same."""
    comm = import_mpi().COMM_WORLD
    shared.machine_of = lambda comm: comm.Split(comm.Get_rank() // n_ranks, comm.Get_rank())
    shared.common_memory = lambda *_: None  # and no memory that is seen by several
    known, made = all_of_them(comm)
    found = comm.allgather((known, made))
    if comm.rank == 0:
        assert all(known == found[0][0] for known, _ in found)
        sys.stdout.write(json.dumps([made for _, made in found]))


@pytest.mark.wide
@pytest.mark.mpi
def test_of_ranks_on_several_machines_one_of_each_makes_the_tables(python_on):
    program = "import sys; sys.path.insert(0, 'tests'); import test_made_once; test_made_once.apart(2)"
    job = jobs.run(python_on(3, "-c", program))

    tables = {name: EVERY[name] for name in ("automorphisms", "_replaced_on_walks", "_lists")}
    assert job.returncode == 0, job.stderr
    assert json.loads(job.stdout) == [EVERY, {}, tables]


# --- what goes wrong on the one rank ---


def failing(owner, name, error, act):
    """Have a maker fail; return what this rank hears when all do something."""
    make = getattr(owner, name)

    def fail(*given, **options):
        assert world().Get_rank() == 0
        raise error

    setattr(owner, name, fail)
    try:
        result = act()
        return result.status.words
    except PdsearchError as heard:
        return str(heard), heard.is_shared
    finally:
        setattr(owner, name, make)


def chosen_by_trying():
    """Solve a task that is not solved at once."""
    for name in ("FIRST_S", "LONG_S", "_TRIAL_S"):
        setattr(portfolio, name, 0.0)
    domain = Planning(sas_tasks.balls(12), "balls")
    domain.candidates = ("blind",)
    return solve(domain, comm=world())


def what_fails():
    """Have one maker after the other fail, and all ranks do the same; return what each hears."""
    late, large, wrong = TimeLimitError("late"), MemoryLimitError("large"), BadInputError("wrong")
    heard = [
        failing(planning, "parse_sas", wrong, lambda: read(ALIKE, world())),
        failing(h2.H2, "prepare", late, lambda: read(ALIKE, world(), preprocess="h2")),
        failing(stubborn, "_lists", large, lambda: read(ALIKE, world(), pruning="stubborn")),
        failing(h2, "find_possible", late, chosen_by_trying),
        failing(symmetry, "automorphisms", late, chosen_by_trying),
        failing(stubborn, "_lists", large, chosen_by_trying),
        failing(setup, "make_distribution", late, lambda: solve(Planning(ALIKE, "balls"), "blind", comm=world())),
        failing(setup, "make_distribution", wrong, lambda: solve(Planning(ALIKE, "balls"), "blind", comm=world())),
    ]
    return world().allgather(heard)


def test_what_fails_on_the_one_rank_all_ranks_hear():
    first, *others = on_ranks(3, what_fails)

    limits = ["time limit", "time limit", "memory limit", "time limit"]
    assert first == [("wrong", True), ("late", True), ("large", True), *limits, ("wrong", True)]
    assert others == [first, first]


def a_fault_while_one_makes():
    """Fail in a way that is no limit and no mistake of the user's, while the other rank waits."""
    failing(h2, "find_possible", RuntimeError("a fault of h2"), chosen_by_trying)


def test_a_fault_on_the_one_rank_ends_the_others():
    with pytest.raises(RuntimeError, match="a fault of h2"):
        on_ranks(2, a_fault_while_one_makes)


# --- what is sent ---


class Closed(FeatureSum):
    """A distribution that cannot be sent."""

    name = "closed"
    source = "a test"

    def __init__(self, *given, **options):
        super().__init__(*given, **options)
        self.secret = lambda: 1

    @classmethod
    def fits(cls, domain):
        """Fit all."""
        return True

    def fill(self, rng):
        """Draw words."""
        return rng.integers(self.n_ranks, size=(self.domain.n_variables, self.domain.n_values))


def made_by_each():
    """Return what each rank has and made of a distribution that cannot be sent."""
    DISTRIBUTIONS._entries["closed"] = Closed
    with counting() as made:
        task = task_of_ranks(carrier_of(world()), Run(), Tiles.parse("3x2: 5 4 3 2 1 0"), "blind", "closed", 2)
    return world().allgather((task.sharing.words.tolist(), made["make_distribution"]))


def test_what_cannot_be_sent_each_rank_makes():
    (first, n_first), (second, n_second) = on_ranks(2, made_by_each)

    assert first == second
    assert (n_first, n_second) == (1, 1)


class Unreadable:
    """What can be pickled, and not read again."""

    def __reduce__(self):
        return int, ("no number",)


@pytest.mark.parametrize("value", [ctypes.pointer(ctypes.c_int(1)), Unreadable()])
def test_whatever_is_raised_on_the_way_there_and_back_means_that_it_cannot_be_sent(value):
    assert packed([value], {}) is None


class Sharing(Tiles):
    """A domain that shares tables and reads nothing for others."""

    is_shared = True

    @classmethod
    def parse(cls, text, share, **options):
        """Read a puzzle."""
        return super().parse(text, **options)


def test_what_one_instance_shares_the_next_one_is_not_given_as_an_option():
    options = {}

    assert len(instances(Sharing, ["3x2: 5 4 3 2 1 0", "3x2: 1 0 2 3 4 5"], options, LocalRanks.alone())) == 2
    assert options == {}


@pytest.mark.parametrize("name", list(DISTRIBUTIONS))
def test_a_distribution_that_was_sent_is_the_same(name):
    domain = Planning(ALIKE, "balls")
    if not DISTRIBUTIONS[name].fits(domain):
        pytest.skip("not for planning")
    made = make_distribution(domain, name, 2, 7)
    sent = unpacked(packed(made, {"domain": domain}), {"domain": domain})
    states = np.array([domain.initial], np.uint64)

    assert sent.domain is domain
    assert digest(sent.tables) == digest(made.tables)
    assert sent.owners_of(states).tolist() == made.owners_of(states).tolist()
    assert not set(made.only_made_with) & set(vars(sent))
