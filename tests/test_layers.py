"""Memory that is full is no end where paths are many: searches by layers find what exhaustion finds."""

import errno
import json
import tempfile
from pathlib import Path

import examples
import graphs
import naive
import numpy as np
import pytest
import sas_tasks
import schedules
from searches import astar

from pdsearch import Status, solve
from pdsearch.domains.planning.task import Planning
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import TimeLimitError
from pdsearch.limits import Limits
from pdsearch.search.best_first import archive, continuation, dealt, groups, shares
from pdsearch.search.best_first.arrays import MemoryLimitError
from pdsearch.search.best_first.dealing import shares_of
from pdsearch.search.best_first.layered import Layered
from pdsearch.search.best_first.local_search import LocalSearch, states_of
from pdsearch.search.best_first.simulation import Schedule, simulate
from pdsearch.search.run import Run
from pdsearch.search.setup import make_task

COSTS = {"unit": 1, "small": 9, "large": 2**28}
LIMITS = Limits(time_s=600)  # not reached


@pytest.fixture
def tight(monkeypatch):
    """Let the memory of A* be full at so many nodes, and that of searches by layers; return what happened."""
    expand = LocalSearch.expand
    seen = dict.fromkeys(("cut", "forgot", "gave up", "shares"), 0)
    close = dealt.Dealt.close

    def closed(rank):
        seen["shares"] += rank.least_f >= rank.incumbent  # it came to its end
        close(rank)

    monkeypatch.setattr(dealt.Dealt, "close", closed)
    monkeypatch.setattr(continuation, "_by_words", lambda task: False)
    monkeypatch.setattr(groups, "_MOST_SHARES", 4)

    def limit(n_nodes, below):
        def limited(rank, budget, *rest, **options):
            if not isinstance(rank, Layered):
                if rank.n_nodes >= n_nodes and int(rank.statistics[0]):
                    seen["cut"] += 1
                    raise MemoryLimitError
            elif rank.n_nodes >= below:
                before = rank.n_nodes
                try:
                    rank._forget()
                    seen["forgot"] += 1
                    assert rank.n_nodes < before
                except MemoryLimitError:
                    seen["gave up"] += 1
                    raise
            return expand(rank, min(budget, 4), *rest, **options)

        monkeypatch.setattr(LocalSearch, "expand", limited)
        return seen

    return limit


def check(result, task):
    expected = naive.astar(task.domain)
    assert result.status is (Status.UNSOLVABLE if expected is None else Status.SOLVED), result.summary()
    assert result.cost == expected
    if expected is not None:
        assert result.lower_bound == expected


@pytest.mark.few(1)
@pytest.mark.parametrize(("costs", "wide"), [("unit", False), ("small", False), ("small", True), ("large", True)])
def test_any_costs_none_too_and_heuristics_that_are_not_consistent(costs, wide, tight):
    for seed in range(20):
        task = graphs.random_problem(seed, COSTS[costs], wide=wide, least_cost=seed % 2)
        for cut, below in ((2, 1000), (5, 3), (9, 4)):
            seen = tight(cut, below)
            check(astar(task, LIMITS, batch=2), task)
    assert seen["cut"]
    assert costs != "unit" or seen["forgot"] + seen["gave up"]


@pytest.mark.parametrize("heuristic", ["blind", "hmax"])
def test_planning_tasks_with_operators_that_cost_nothing(heuristic, tight):
    for seed in range(8):
        task = make_task(sas_tasks.planning(seed, max_cost=2, least_cost=0), heuristic)
        for cut, below in ((2, 1000), (4, 4), (20, 6)):
            seen = tight(cut, below)
            check(astar(task, LIMITS, batch=2), task)
    assert seen["cut"] or heuristic == "hmax"  # which nearly solves them


@pytest.mark.wide
@pytest.mark.parametrize("n_ranks", [1, 3])
def test_plans_through_states_that_stand_for_others_are_real(n_ranks, tight):
    domain = Planning(sas_tasks.balls(4), "balls", pruning="symmetry")
    for cut, below in ((2, 1000), (5, 1000), (9, 6), (15, 5)):
        seen = tight(cut, below)
        task = make_task(domain, "blind", "zobrist", n_ranks)
        result, _ = simulate(task, Schedule.random(cut), Run(LIMITS), max_turns=10**6, when_full="continue")
        assert (result.status, result.cost) == (Status.SOLVED, 11)
    assert seen["cut"]


@pytest.mark.wide
@pytest.mark.parametrize("cut", [2, 50])
@pytest.mark.parametrize("below", [60, 10**6])
def test_small_instances_of_every_domain(cut, below, tight):
    for name, first in {"grid": 1, "planning": 1, "pancake": 1, "tiles": 0}.items():
        for text, options in examples.SMALL[name][first : first + 2]:
            task = make_task(examples.make(name, text, options), "hmax" if name == "planning" else None)
            truth = astar(task)
            seen = tight(cut, below)
            result = astar(task, LIMITS, batch=2)

            assert (result.status, result.cost) == (truth.status, truth.cost), (name, text)
    assert seen["cut"]


@pytest.mark.few(1)
@pytest.mark.parametrize("n_ranks", [1, 2, 3, 5])
def test_simulated_ranks_find_the_optimum_under_every_schedule(n_ranks, tight):
    for seed in range(10):
        task = graphs.random_problem(seed, 9, n_ranks=n_ranks, wide=bool(seed % 2), least_cost=seed % 3 and 1)
        tight(2 + seed % 7, (4, 8, 1000)[seed % 3])
        check(simulate(task, Schedule.random(seed), Run(LIMITS), max_turns=10**6, when_full="continue")[0], task)
        instance = schedules.short(["3x3 14", "3x3 18"][seed % 2], "manhattan", seed % 5)
        task = make_task(instance.puzzle, "manhattan", ["zobrist", "abstract-zobrist"][seed % 2], n_ranks, seed=seed)
        seen = tight(2 + seed % 40, max(5, 30 // n_ranks))
        result, _ = simulate(task, Schedule.random(seed), Run(LIMITS), max_turns=10**6, when_full="continue")
        assert (result.cost, result.lower_bound) == (instance.cost, instance.cost)
    assert seen["cut"]
    assert seen["forgot"] + seen["gave up"]


@pytest.mark.parametrize("n_ranks", [2, 3])
def test_simulated_ranks_with_shares_find_the_optimum_under_every_schedule(n_ranks, tight, monkeypatch):
    begin = groups.Groups.__init__

    def begin_in_shares(self, fronts, crew, run, *rest):
        run.shares = 4
        begin(self, fronts, crew, run, *rest)

    monkeypatch.setattr(groups.Groups, "__init__", begin_in_shares)
    for seed in range(20):
        seen = tight(2 + seed % 7, (3, 8, 1000)[seed % 3])
        task = graphs.random_problem(seed, (1, 9)[seed % 2], n_ranks=n_ranks, wide=bool(seed % 3), least_cost=seed % 2)
        check(simulate(task, Schedule.random(seed), Run(LIMITS), max_turns=10**6, when_full="continue")[0], task)
    assert seen["shares"]


@pytest.mark.parametrize("writes", [True, False])
def test_the_plan_is_read_back_or_searched_for_again_from_the_node_below_which_the_goal_was(writes, tight, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    if not writes:
        monkeypatch.setattr(tempfile, "mkstemp", full)
    tight(6, 10**6)
    result = solve(Tiles([8, 6, 7, 2, 5, 4, 3, 0, 1], goal="blank-last"), "linear-conflict", batch=2)

    assert (result.status, result.cost, len(result.plan)) == (Status.SOLVED, 31, 31)
    assert ("plan" in result.phases) == (not writes)
    assert any("by layers below the open nodes" in note for note in result.notes)


def test_what_is_known_is_kept_when_no_time_is_left_to_compile_what_follows(tight, monkeypatch):
    def late(task):
        raise TimeLimitError("the time limit ended compiling; give more time")

    tight(500, 10**6)
    task = make_task(Tiles([8, 6, 7, 2, 5, 4, 3, 0, 1], goal="blank-last"), "linear-conflict")
    monkeypatch.setattr(continuation, "compile_layers", late)
    result = astar(task, LIMITS, batch=2)

    assert (result.status, result.cost) == (Status.TIME_LIMIT, None)
    assert task.heuristic.value(task.domain.initial) < result.lower_bound <= 31
    assert result.expanded > 0


@pytest.mark.parametrize("n_ranks", [1, 2])
def test_shares_that_take_turns_in_memory_find_the_optimum_and_leave_no_files(n_ranks, tight, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    close, n_checked = dealt.Dealt.close, 0

    def checked(rank):
        nonlocal n_checked
        assert all(one.file_bytes for one in rank.shares)
        for i, one in enumerate(rank.shares):
            if not one.is_here:
                rank._make_room()
                one.bring_back()
            waiting = one._waiting
            roots = [
                tuple(state)
                for state in states_of(
                    waiting.records(0, len(waiting.g)).reshape(-1, one.task.record_words), 1
                ).tolist()
            ]
            own = np.array([[*state] for state in set(one.stored_states()) - set(roots)], np.uint64).reshape(-1, 1)
            assert (shares_of(own.view(np.uint32).reshape(-1), 2, 1, len(rank.shares)) == i).all()
            n_checked += len(own)
        close(rank)

    monkeypatch.setattr(dealt.Dealt, "close", checked)
    instance = schedules.short("3x3 14", "manhattan", 1)
    for cut in (5, 50):
        seen = tight(cut, 1500 // n_ranks)
        task = make_task(instance.puzzle, "blind", "zobrist" if n_ranks > 1 else None, n_ranks)
        result, _ = simulate(task, Schedule.random(cut), Run(LIMITS), max_turns=10**6, when_full="continue")
        assert result.cost == instance.cost
    assert n_checked
    assert seen["shares"]
    assert not list(tmp_path.iterdir())


def test_a_state_has_one_share_and_shares_are_even():
    states = np.arange(2 * 3000, dtype=np.uint64).reshape(-1, 2)
    records = np.hstack([states.view(np.uint32), np.zeros((3000, 3), np.uint32)])
    for n in (1, 4, 64):
        found = shares_of(records.reshape(-1), 7, 2, n)
        assert (found == [_share_of(state, n) for state in states.tolist()]).all()
        assert (np.bincount(found, minlength=n) * n).min() > 1500


def _share_of(state, n):
    """Return the share of a state by integers that have no end."""
    key = 0
    for word in state:
        key = ((key ^ key >> 29) * 0xD1342543DE82EF95 + word) % 2**64
    return ((key ^ key >> 32) * 0x94D049BB133111EB % 2**64 >> 32) * n >> 32


def test_where_no_files_can_be_written_groups_are_split(tight, monkeypatch):
    tight(50, 2500)

    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shares.tempfile, "TemporaryFile", full)
    instance = schedules.short("3x3 14", "manhattan", 1)
    result = astar(make_task(instance.puzzle, "blind"), LIMITS, batch=2)

    assert (result.status, result.cost) == (Status.SOLVED, instance.cost)
    assert any("had to be split" in note for note in result.notes)


@pytest.mark.parametrize("when", [1, 30])
def test_a_disk_that_becomes_full_while_records_are_written_is_no_end(when, tight, monkeypatch):
    write, calls = archive.Writer.write, 0

    def full(self, data):
        nonlocal calls
        calls += 1
        if calls >= when:
            raise OSError(28, "No space left on device")
        write(self, data)

    monkeypatch.setattr(archive, "_ROOM", 16)
    monkeypatch.setattr(archive.Writer, "write", full)
    tight(50, 10**6)
    instance = schedules.short("3x3 14", "manhattan", 1)
    for n_ranks in (1, 3):
        calls = 0
        task = make_task(instance.puzzle, "blind", "zobrist" if n_ranks > 1 else None, n_ranks, seed=1)
        result, _ = simulate(task, Schedule.random(1), Run(LIMITS), max_turns=10**6, when_full="continue")

        assert (result.status, result.cost) == (Status.SOLVED, instance.cost)
        assert calls >= when


def test_before_numbers_of_records_become_too_large_the_search_goes_on_without_files(tight, monkeypatch):
    monkeypatch.setattr(archive, "_ROOM", 64)
    monkeypatch.setattr(archive, "_MOST_NUMBERS", 500)
    tight(50, 10**6)
    flush, refused = archive.Archive.flush, []

    def noted(self):
        try:
            flush(self)
        except OSError as error:
            refused.append(error.errno)
            raise
        assert int(self.written.counts[1]) + 64 < 500

    monkeypatch.setattr(archive.Archive, "flush", noted)
    instance = schedules.short("3x3 14", "manhattan", 1)
    result = astar(make_task(instance.puzzle, "blind"), LIMITS, batch=2)

    assert (result.status, result.cost) == (Status.SOLVED, instance.cost)
    assert set(refused) == {errno.EFBIG}
    assert "plan" in result.phases


def test_what_an_archive_takes_is_little_beside_the_memory():
    for memory in (2**20, 2**24, 2**34):
        for n_words in (1, 4):
            one = archive.Archive(n_words, 0, memory)
            assert one.room >= 2**12
            assert one.nbytes <= memory // 5
            one.close()


def test_mail_for_which_there_is_no_memory_stays_in_its_file(tight, monkeypatch):
    monkeypatch.setattr(shares, "_READ", 4)
    take, ends = shares.Share.take_mail, []

    def refused(share):
        end, absorb = share._mail.tell(), share.absorb
        if end > 2 * 4 * 4 * share.task.record_words and len(ends) < 3:
            ends.append(end)
            pieces = iter(range(2))

            def full(records):
                if next(pieces):
                    raise MemoryLimitError
                absorb(records)

            share.absorb = full
            with pytest.raises(MemoryLimitError):
                take(share)
            del share.absorb
            assert len(share.under_way().arrays["mail"]) == end
        take(share)
        assert not share._mail.tell()

    monkeypatch.setattr(shares.Share, "take_mail", refused)
    instance = schedules.short("3x3 14", "manhattan", 1)
    tight(5, 1500)
    result = astar(make_task(instance.puzzle, "blind"), LIMITS, batch=2)

    assert (result.status, result.cost) == (Status.SOLVED, instance.cost)
    assert ends


@pytest.mark.parametrize("memory", [2**20, 2**21])
def test_memory_in_bytes_is_kept_to(memory, monkeypatch):
    monkeypatch.setattr(continuation, "_by_words", lambda task: False)
    result = solve(Tiles.korf(79), limits=Limits(memory_bytes=memory))

    assert (result.status, result.cost) == (Status.SOLVED, 42)
    assert result.peak_memory_bytes <= memory
    assert any("by layers below the open nodes" in note for note in result.notes)


def test_limits_hold_and_progress_goes_on(monkeypatch):
    monkeypatch.setattr(continuation, "_by_words", lambda task: False)
    seen = []
    by_time = solve(Tiles.korf(88), limits=Limits(time_s=1, memory_bytes=2**21), on_progress=seen.append)
    by_nodes = solve(Tiles.korf(88), limits=Limits(nodes=400_000, memory_bytes=2**21))

    assert (by_time.status, by_nodes.status) == (Status.TIME_LIMIT, Status.NODE_LIMIT)
    assert all(43 <= one.lower_bound <= 65 for one in (by_time, by_nodes))
    assert [one.least_f for one in seen] == sorted(one.least_f for one in seen)
    assert [one.expanded for one in seen] == sorted(one.expanded for one in seen)


@pytest.mark.heavy
@pytest.mark.mpi
def test_real_ranks_search_on_together(mpirun, tmp_path):
    page = (Path(__file__).parents[1] / "docs" / "extending.md").read_text()
    (tmp_path / "hanoi.py").write_text(page[page.index("# hanoi.py") :].split("```")[0])
    plugin = ("--plugin", str(tmp_path / "hanoi.py"), "hanoi4", "8")
    run = mpirun(2, "solve", *plugin, "--memory", "1200K", "--json", "-", timeout=200)

    result = json.loads(run.stdout.splitlines()[-1])
    assert (result["status"], result["cost"]) == ("solved", 33)
    assert any("by layers below the open nodes" in note for note in result["notes"])
