"""Groups of ranks try candidates at the same time: what one finds or meets, all learn, and no answer changes.

Ranks are processes, which do several things one after the other; each says what it found, or fails.
"""

import gc
import json
import math
import time
from pathlib import Path

import numpy as np
import pytest
import sas_tasks
from sas_tasks import KINDS

from pdsearch import Limits, Status, solve
from pdsearch.comm.launch import call_on_ranks
from pdsearch.comm.news import News
from pdsearch.comm.world import carrier_of, world
from pdsearch.domains.planning import task as planning
from pdsearch.domains.planning.task import Planning
from pdsearch.errors import BadInputError, MemoryLimitError
from pdsearch.heuristics import HEURISTICS
from pdsearch.result import RankCounts
from pdsearch.search.best_first import portfolio, trial_groups
from pdsearch.search.best_first.deal_out import deal_out
from pdsearch.search.best_first.hdastar import HdaStar
from pdsearch.search.best_first.hold import Hold
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.short_searches import ShortSearches, give_up
from pdsearch.search.best_first.step import EXPANDED
from pdsearch.search.best_first.trial_group import Group
from pdsearch.search.best_first.trial_groups import groups_of, try_apart
from pdsearch.search.finish import Outcome
from pdsearch.search.run import Progress, Run
from pdsearch.search.setup import task_of_ranks

COURIER = Path(__file__).parent / "data" / "planning" / "courier.sas"


def courier(*candidates):
    """Return a task of cost 18, and what may be tried on it."""
    domain = Planning.parse(str(COURIER))
    domain.candidates = candidates or domain.candidates
    return domain


def on_ranks(n_ranks, act):
    """Return what a function returns on rank 0 of so many; the others do the same."""
    return call_on_ranks(n_ranks, act, heard=print, wants_end=lambda: False)


def without_time():
    """End every short search after its first steps; try LM-cut and h = 0, and no pruning."""
    for name in ("FIRST_S", "LONG_S", "_TRIAL_S"):
        setattr(portfolio, name, 0.0)
    planning._CANDIDATES, planning._PRUNINGS = ("blind",), ()
    trial_groups._DEALT_A_SECOND = math.inf


# --- the groups ---


@pytest.mark.parametrize("size", [2, 3, 5, 8, 64])
@pytest.mark.parametrize("n_others", [1, 4, 7])
def test_every_rank_is_in_a_group(size, n_others):
    groups = groups_of(size, n_others)

    assert [rank for ranks in groups for rank in ranks] == list(range(size))
    assert min(map(len, groups)) >= 1
    assert len(groups) <= 1 + n_others
    assert len(groups[0]) == size // 2


# --- no answer changes ---


def small_tasks():
    """Return some tasks with costs, conditional effects and axioms."""
    return [
        sas_tasks.planning(seed, n_operators=20, **KINDS[kind]) for kind in ("costs", "everything") for seed in range(4)
    ]


def answers():
    """Solve small tasks, with little time for each trial; return what was found of them and of the courier."""
    without_time()
    tasks = small_tasks()
    found = [solve(task, comm=world()) for task in tasks]
    result = solve(courier(), comm=world())
    everywhere = world().allgather([(one.status, one.cost, one.choice) for one in (*found, result)])
    assert everywhere == everywhere[:1] * len(everywhere)
    return [(one.status, one.cost) for one in found], result


@pytest.mark.few(1)
@pytest.mark.parametrize("n_ranks", [3, 2, 4, 5])
def test_any_number_of_ranks_finds_the_same_cost(n_ranks):
    tasks = small_tasks()
    found, result = on_ranks(n_ranks, answers)

    sure = [solve(task, "hmax") for task in tasks]
    assert found == [(one.status, one.cost) for one in sure]
    assert (result.status, result.cost, result.n_ranks, len(result.ranks)) == (Status.SOLVED, 18, n_ranks, n_ranks)
    assert {one.heuristic for one in result.probes} <= {"lmcut", "blind"}  # one of them alone may have ended the search


@pytest.mark.wide
@pytest.mark.mpi
def test_groups_of_an_mpi_job_find_the_same_cost(mpirun):
    job = mpirun(3, "plan", str(COURIER), "--json", "-")

    assert job.returncode == 0, job.stderr
    assert json.loads(job.stdout)["cost"] == 18


# --- what one group does, and all learn ---


def waits(domain):
    """Build tables for ever, but look at the deadline."""
    for _ in range(3000):
        domain.deadline.check("waiting")
        time.sleep(0.01)
    raise AssertionError("nobody said that it was over")


def refuses(domain):
    """Build tables for which there is no room."""
    raise MemoryLimitError("no room for tables")


def fails(domain):
    """Build tables, with a fault."""
    raise RuntimeError("a fault in one group")


def add_heuristics():
    """Register heuristics of h = 0 whose tables are built so."""
    builds = {"waits": waits, "waits too": waits, "refuses": refuses, "fails": fails, "finds": str, "proves": str}
    for name, build in builds.items():
        HEURISTICS._entries[name] = built_by(build)


def built_by(build):
    """Return a heuristic."""

    class Made(HEURISTICS["blind"]):
        def __init__(self, domain):
            super().__init__(domain)
            build(domain)

    return Made


def tried(names, seconds=0.0, searcher=None, distribution=None):
    """Try candidates in groups, and return what this rank knows then."""
    comm = carrier_of(world())
    searches = searcher or HdaStar(when_full="stop")
    short = ShortSearches(searches, distribution, Run(), comm, courier(*names))
    assert try_apart(short, names, seconds, math.inf)
    assert comm.receive() is None
    return short


def whoever_ends_first_ends_all():
    """One group solves the task, while another would build tables for half a minute."""
    three = [("waits", "waits too", "blind")] if world().Get_size() > 2 else []
    for names in (("blind", "waits"), ("waits", "blind"), *three):
        outcome, task = (short := tried(names, seconds=60.0)).ended
        assert (outcome.stop, outcome.incumbent, task.heuristic.label) == (None, 18, "blind")
        assert task.domain.replay(outcome.plan) == 18
        assert sum(one.expanded for one in outcome.ranks) == short.spent > 0


class Scripted(HdaStar):
    """One heuristic finds a plan and no bound, the other goes on until it is told to stop, and proves its cost."""

    def go_on(self, task, run, comm, hold):
        """Search, or seem to."""
        deadline = time.monotonic() + 30
        hold.rank = self.rank_of(task, run, comm)
        ranks = [RankCounts(rank, 1, 2, 3, 0, 0, 0, 0, 0, 1, 1, 1, 0.0) for rank in range(comm.size)]
        if task.heuristic.label == "finds":
            found = HdaStar().search(task, Run(), comm)
            return Outcome("HDA*", 3, found.incumbent, found.plan, Status.TIME_LIMIT, ranks=ranks)
        run.tell = lambda: Progress(0.0, 18)
        while comm.rank == 0 and not run.interrupted():
            assert time.monotonic() < deadline, "nobody told of the plan"
        comm.barrier()
        return Outcome("HDA*", 18, stop=Status.INTERRUPTED, ranks=ranks)


def a_plan_of_one_group_is_proved_by_another():
    """Neither has the answer alone. Told is what each rank did, and what shared nodes out where the plan was found."""
    size = world().Get_size()
    for names, n_finders in ((("finds", "proves"), size // 2), (("proves", "finds"), size - size // 2)):
        outcome, task = tried(names, searcher=Scripted(when_full="stop")).ended
        counts = [(one.rank, one.expanded, one.generated) for one in outcome.ranks]
        assert counts == [(rank, 1, 2) for rank in range(size)]
        assert outcome.totals["evaluated"] == 3 * size
        assert outcome.details["distribution"] == (None if n_finders == 1 else "sampled-cut")
        assert (outcome.stop, outcome.incumbent, outcome.lower_bound) == (None, 18, 18)
        assert task.heuristic.label == "finds"
        assert task.domain.replay(outcome.plan) == 18


def what_has_no_room_is_left_out_by_all():
    """Whichever group it is."""
    for names in (("blind", "refuses"), ("refuses", "blind")):
        short = tried(names)
        assert short.usable(names) == ["blind"]
        assert short.probes[0].heuristic == "blind"


def limits_end_all_groups():
    """Of time, of nodes and of memory, and a signal that one rank alone has heard."""
    result = solve(courier("waits", "waits too"), comm=world(), time_limit=0.5)
    assert (result.status, result.cost) == (Status.TIME_LIMIT, None)
    asked = []

    def interrupted():
        asked.append(1)
        return world().Get_rank() == 1 and len(asked) > 20

    result = solve(courier("waits", "waits too"), comm=world(), interrupted=interrupted)
    assert (result.status, result.cost) == (Status.INTERRUPTED, None)
    without_time()
    result = solve(courier("lmcut", "blind"), comm=world(), limits=Limits(nodes=60))
    assert result.status is Status.NODE_LIMIT
    result = solve(courier("lmcut", "blind"), comm=world(), memory=2**21, when_full="stop")
    assert (result.status, result.cost) == (Status.SOLVED, 18)


def without_memory_for_groups_all_make_each_search():
    """As where ranks are on several machines."""
    from pdsearch.comm import local

    local.common_memory = lambda *_: None
    result = solve(courier("lmcut", "blind"), comm=world())
    assert (result.status, result.cost, result.distribution is None) == (Status.SOLVED, 18, False)


def nodes_that_are_given_up_are_free_at_once():
    """Not only when Python looks for cycles; what is held is at most the search that was dealt out."""
    gc.collect()
    gc.disable()
    short = tried(("blind", "lmcut"))
    held = [one for one in gc.get_objects() if isinstance(one, LocalSearch)]
    gc.enable()
    assert held == [one.hold.rank for one in short._tried.values() if one.hold.rank is not None]


def nodes_are_dealt_out_where_that_is_possible():
    """Not where states have no owners, and not where their numbers take all memory."""
    trial_groups._DEALT_A_SECOND = math.inf

    def is_dealt_out(distribution=None):
        short = tried(("blind", "refuses"), distribution=distribution)
        return short.tried("blind").hold.rank is not None

    assert is_dealt_out()
    assert not is_dealt_out("random")
    owned, trial_groups._OWNED = trial_groups._OWNED, math.inf
    assert not is_dealt_out()
    trial_groups._OWNED = owned


def scenarios():
    """Do all of these; the last one leaves the process as it is."""
    add_heuristics()
    whoever_ends_first_ends_all()
    a_plan_of_one_group_is_proved_by_another()
    what_has_no_room_is_left_out_by_all()
    nodes_that_are_given_up_are_free_at_once()
    nodes_are_dealt_out_where_that_is_possible()
    limits_end_all_groups()
    without_memory_for_groups_all_make_each_search()
    return "done"


@pytest.mark.few(1)
@pytest.mark.parametrize("n_ranks", [2, 3])
def test_what_one_group_finds_or_meets_holds_for_all(n_ranks):
    assert on_ranks(n_ranks, scenarios) == "done"


def a_fault_in_the_last_group():
    """Wait in the first group for what the second never says."""
    add_heuristics()
    solve(courier("waits", "fails"), comm=world())


def test_a_fault_in_one_group_ends_all_ranks():
    with pytest.raises(RuntimeError, match="a fault in one group"):
        on_ranks(2, a_fault_in_the_last_group)


class Faulty(HdaStar):
    """Meets a fault of the domain on the last rank, while the others search."""

    def go_on(self, task, run, comm, hold):
        """Raise on one rank alone."""
        if comm.rank == comm.size - 1:
            raise BadInputError("a fault on one rank")
        comm.barrier()


def a_fault_on_the_last_rank():
    """Try a heuristic on all ranks."""
    comm = carrier_of(world())
    ShortSearches(Faulty(when_full="stop"), None, Run(), comm, courier("blind")).go_on("blind", 0.0)
    assert comm.rank < comm.size - 1, "the heuristic was left out by this rank alone"


def test_what_one_rank_alone_meets_is_no_heuristic_to_leave_out():
    with pytest.raises(BadInputError, match="a fault on one rank"):
        on_ranks(2, a_fault_on_the_last_rank)


class Shared(HEURISTICS["blind"]):
    """h = 0 with a table that ranks share."""

    is_shared = True

    def __init__(self, domain, share):
        super().__init__(domain)
        self.held = share(lambda: (np.zeros(1000),))


def test_a_group_keeps_no_tables_that_it_has_given_up(monkeypatch):
    monkeypatch.setitem(HEURISTICS._entries, "shared", Shared)
    comm, domain = carrier_of(), courier("shared")
    whole = ShortSearches(HdaStar(when_full="stop"), None, Run(), comm, domain)
    group = Group(whole, carrier_of(), News(comm, [0]), range(1), 2**30)
    group.go_on("shared", 0.0)
    assert group.told().tables == ["shared"]

    group.memory_bytes = 1
    give_up(group.tried("shared"))
    group._give_up_some()
    assert group.told().tables == []
    group.memory_bytes = 2**30
    group.go_on("shared", 0.0)
    assert group.told().tables == ["shared"]
    group.leave_out(["shared"])
    assert group.told().tables == []


# --- what is dealt out ---


def dealt_out(n_sources):
    """Search on some ranks, deal the search out to all, and go on; return counts before and after, and the end."""
    comm, run, searcher, hold, before = carrier_of(world()), Run(), HdaStar(when_full="stop"), None, [0, 0, 0]
    part = comm.split(int(comm.rank >= n_sources))
    if comm.rank < n_sources:
        hold = Hold()
        outcome = searcher.go_on(
            task_of_ranks(part, run, courier(), "blind", None, part.size), Run(Limits(nodes=60)), part, hold
        )
        assert outcome.stop is Status.NODE_LIMIT
        loose = len(hold.unsent[1]) + sum(map(len, hold.late))
        before = [hold.rank.n_nodes, int(hold.rank.statistics[EXPANDED]), loose]
    task = task_of_ranks(comm, run, courier(), "blind", None, comm.size)
    dealt = deal_out(task, run, comm, range(n_sources), hold, lambda: searcher.rank_of(task, run, comm))
    assert {task.owner_of(state) for state in dealt.rank.stored_states()} <= {comm.rank}
    after = [dealt.rank.n_nodes, int(dealt.rank.statistics[EXPANDED])]
    totals = [[sum(column) for column in zip(*comm.exchange(one), strict=True)] for one in (before, after)]
    outcome = searcher.go_on(task, Run(), comm, dealt)
    return totals, outcome.incumbent, outcome.plan, sum(one.expanded for one in outcome.ranks)


def dealt_out_by_some():
    """Do so from one rank, and from two where there are more."""
    return [dealt_out(n) for n in range(1, min(3, world().Get_size()))]


@pytest.mark.few(1)
@pytest.mark.parametrize("n_ranks", [3, 2, 5])
def test_a_search_that_is_dealt_out_goes_on_on_all_ranks(n_ranks):
    alone = solve(courier(), "blind")
    for (before, after), cost, plan, expanded in on_ranks(n_ranks, dealt_out_by_some):
        assert before[0] <= after[0] <= before[0] + before[2]
        assert after[1] == before[1] >= 60
        assert (cost, courier().replay(plan)) == (18, 18)
        assert expanded < 1.5 * alone.expanded
