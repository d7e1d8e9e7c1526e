"""A search that goes on from a checkpoint finds what it would have found, whoever wrote it and however it ended."""

import errno
import os
import shutil
from contextlib import suppress
from functools import cache
from types import SimpleNamespace

import pytest
import schedules
from sas_tasks import counters

from pdsearch import Status, solve
from pdsearch.comm.simulated import Network
from pdsearch.domains.planning.task import Planning
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.limits import Limits
from pdsearch.search.best_first.astar import AStar
from pdsearch.search.best_first.bae import Bae
from pdsearch.search.best_first.hdastar import HdaStar
from pdsearch.search.best_first.local_search import LocalSearch
from pdsearch.search.best_first.moving import Moving
from pdsearch.search.best_first.saving import Saving
from pdsearch.search.best_first.simulation import Schedule, Simulation, _traced, outcome_of_workers, take_turns
from pdsearch.search.best_first.trace import trace
from pdsearch.search.best_first.two_sided_task import TwoSidedTask, two_sided
from pdsearch.search.best_first.worker import PAUSE
from pdsearch.search.checkpoint import files
from pdsearch.search.checkpoint.checkpoints import Checkpoints
from pdsearch.search.checkpoint.epochs import Epoch, epochs, folder_of, numbers_in
from pdsearch.search.finish import finish
from pdsearch.search.run import Run
from pdsearch.search.setup import make_task

HARDEST = Tiles([8, 6, 7, 2, 5, 4, 3, 0, 1], goal="blank-last")  # 31 moves, as far as boards of the 8-puzzle are
MEMORY = 2**28


@cache
def linked():
    """Return a planning task whose nodes keep their parents: four counters up to 4, which 500 expansions find."""
    return Planning(counters(4, 6, 4), "counters")


@cache
def alone(name):
    """Return the result of a search without checkpoints."""
    return solve(*INSTANCES[name](), algorithm=ALGORITHM.get(name), limits=Limits(memory_bytes=MEMORY))


INSTANCES = {
    "tiles": lambda: (HARDEST, "manhattan"),
    "planning": lambda: (linked(), "blind"),
    "both ends": lambda: (HARDEST, "manhattan"),
}
ALGORITHM = {"both ends": "bae"}


# --- one rank ---


@pytest.mark.few(1)
@pytest.mark.parametrize("name", INSTANCES)
@pytest.mark.parametrize("cut", [1, 20, 300])
def test_a_search_in_pieces_is_the_search_as_a_whole(name, cut, tmp_path):
    instance, whole = INSTANCES[name](), alone(name)
    folder, pieces = tmp_path / "c", 0
    limit = cut
    options = {"algorithm": ALGORITHM.get(name), "checkpoint": folder}
    result = solve(*instance, limits=Limits(nodes=limit, memory_bytes=MEMORY), **options)
    while result.status is Status.NODE_LIMIT:
        pieces += 1
        assert result.expanded == limit
        assert result.lower_bound <= whole.cost
        limit = 3 * limit + 1
        result = solve(*instance, limits=Limits(nodes=limit, memory_bytes=MEMORY), resume=True, **options)

    assert pieces > 1
    assert (result.status, result.cost) == (Status.SOLVED, whole.cost)
    share = 0.08 if name in ALGORITHM else 0.02  # the sides take turns at batches, which limits cut short
    assert result.expanded_before_last_layer == pytest.approx(whole.expanded_before_last_layer, rel=share)
    assert result.ranks[0].stored == pytest.approx(whole.ranks[0].stored, rel=0.05)


def test_what_has_no_plan_is_proved_to_have_none_from_a_checkpoint(tmp_path):
    odd = Tiles([1, 0, 2, 3, 4, 5, 6, 8, 7])
    solve(odd, check_solvable=False, limits=Limits(nodes=5000), checkpoint=tmp_path)

    result = solve(odd, check_solvable=False, checkpoint=tmp_path, resume=True)

    assert (result.status, result.lower_bound) == (Status.UNSOLVABLE, None)
    assert result.expanded - result.reopened == 181440


def test_a_heap_goes_on_as_buckets_and_the_other_way_round(tmp_path):
    heap = AStar(open_list="heap")
    solve(HARDEST, limits=Limits(nodes=500), checkpoint=tmp_path)
    stopped = solve(HARDEST, algorithm=heap, limits=Limits(nodes=2000), checkpoint=tmp_path, resume=True)
    assert (stopped.status, stopped.expanded) == (Status.NODE_LIMIT, 2000)

    results = [solve(HARDEST, algorithm=kind, checkpoint=tmp_path, resume=True) for kind in ("astar", heap)]

    assert [result.cost for result in results] == [31, 31]


def test_two_epochs_are_kept_and_the_search_is_what_it_is_without(tmp_path):
    done, so_far = [], Limits(nodes=500)
    for _ in range(3):
        solve(HARDEST, limits=so_far, checkpoint=tmp_path, resume=bool(done))
        done.append(so_far)
        so_far = Limits(nodes=so_far.nodes + 500)
    assert numbers_in(tmp_path) == [3, 2]

    result = solve(HARDEST, checkpoint=tmp_path / "other", every=1e-9)

    assert (result.status, result.cost, result.expanded) == (Status.SOLVED, 31, alone("tiles").expanded)
    assert any(isinstance(one, Epoch) for one in epochs(tmp_path / "other"))


def test_memory_too_small_for_a_checkpoint_is_one_line_and_more_goes_on(tmp_path):
    instance, heuristic = linked(), "blind"
    solve(instance, heuristic, limits=Limits(nodes=100), checkpoint=tmp_path, when_full="stop")
    (epoch,) = epochs(tmp_path)
    moving = Moving(make_task(instance, heuristic), epoch)
    moving.find_owners()
    moving._counts = moving._counts * 10**6
    with pytest.raises(BadInputError, match=r"holds [\d,]*,000,000 nodes for rank 0, which do not fit its memory"):
        moving.load(LocalSearch(moving.task, 0, MEMORY))

    result = solve(instance, heuristic, checkpoint=tmp_path, resume=True)

    assert result.cost == alone("planning").cost


@pytest.mark.parametrize("limit", [900_000, 1_000_000, 1_100_000])
def test_what_filled_the_memory_fits_the_same_memory_again(limit, tmp_path):
    full = solve(Tiles.korf(79), memory=limit + 2**20, when_full="stop", checkpoint=tmp_path)
    assert full.status is Status.MEMORY_LIMIT

    again = solve(Tiles.korf(79), memory=limit + 2**20, when_full="stop", checkpoint=tmp_path, resume=True)
    assert again.status is Status.MEMORY_LIMIT
    assert full.expanded <= again.expanded < 1.3 * full.expanded

    result = solve(Tiles.korf(79), memory=limit + 2**20, checkpoint=tmp_path, resume=True)
    assert (result.status, result.cost) == (Status.SOLVED, 42)
    assert result.notes[0].startswith("memory was full")
    assert solve(Tiles.korf(79), checkpoint=tmp_path, resume=True).cost == 42


@pytest.mark.wide
def test_what_one_rank_froze_when_memory_was_full_fits_two_ranks_with_half_of_it_each(tmp_path):
    full = solve(Tiles.korf(45), limits=Limits(nodes=450_000, memory_bytes=12 << 20), checkpoint=tmp_path)
    assert full.status is Status.NODE_LIMIT
    assert full.notes[0].startswith("memory was full")

    result = solve(Tiles.korf(45), memory=6 << 20, checkpoint=tmp_path, resume=True, ranks=2)

    assert (result.status, result.cost) == (Status.SOLVED, 51)


# --- several ranks, simulated ---


def _checkpoints(folder, rank, n_ranks, number):
    one = Checkpoints(folder)
    one.rank, one.size, one._next = rank, n_ranks, number
    return one


def _ranks(name, n_ranks):
    instance = INSTANCES[name]()
    task = make_task(*instance, None, n_ranks, seed=1) if n_ranks > 1 else make_task(*instance)
    return two_sided(task, "bae") if name == "both ends" else task


class _PausingRun(Run):
    """A run whose rank 0 wants a checkpoint after some looks."""

    left = 0

    @property
    def wants_checkpoint(self):
        self.left -= 1
        return self.left == 0 and self.checkpoints.rank == 0


def start(task, schedule, load=None):
    """Return a simulation that begins, or goes on with what ``load`` fills its ranks with."""
    network = Network(task.n_ranks, schedule.seed, schedule.slowness)
    kind, workers = Bae() if isinstance(task, TwoSidedTask) else HdaStar(), []
    for number in range(task.n_ranks):
        rank = kind.rank_type(task, number, MEMORY, schedule.message, schedule.batch)
        counted = load(rank) if load else None
        worker = kind.worker_type(
            rank, network.communicator(number), _PausingRun(), schedule.budget, keeps=True, begins=not load
        )
        if counted:
            worker.sent, worker.received = counted["sent"], counted["received"]
        workers.append(worker)
    return Simulation(task, network, workers)


def run_until_paused(simulation, schedule, folder, number, after):
    """Run; return whether the search paused, its ranks written as an epoch."""
    for worker in simulation.workers:
        worker.run.checkpoints = _checkpoints(folder, worker.local.rank, simulation.task.n_ranks, number)
        worker.run.left = after
    take_turns(simulation, schedule, schedules.MAX_TURNS)
    if not simulation.workers[0].is_paused:
        return False
    ends = []
    for worker in simulation.workers:
        assert worker.is_paused
        saving = Saving(simulation.task, worker.run)
        unsent, kept = worker.unsent(), worker.kept
        counted = {"sent": worker.sent, "received": worker.received, "messages": worker.messages, "idle_s": 0.0}
        saving.save(worker.local, [unsent[1], *kept], counted)
        worker.kept = []
        ends.append((worker, unsent, kept))
    for worker, *_ in ends:
        worker.run.checkpoints.end(None)
    for worker, unsent, kept in ends:
        worker.go_on(*unsent, kept)
    return True


def cost_of(simulation):
    """Return the checked result of a simulation that has ended."""
    task = simulation.task
    traced = Bae().trace if isinstance(task, TwoSidedTask) else trace
    plan = _traced(task, simulation.workers, traced)
    return finish(task, Run(), outcome_of_workers(task, simulation.workers, plan=plan))


PAIRS = [("tiles", 3, 2), ("tiles", 3, 5), ("tiles", 3, 3), ("planning", 3, 2), ("planning", 1, 2), ("planning", 2, 1)]
PAIRS += [("both ends", *pair) for pair in [(3, 2), (2, 5), (3, 3), (1, 2), (2, 1)]]


@pytest.mark.few(2)
@pytest.mark.parametrize("seeds", [range(2), pytest.param(range(2, 30), marks=pytest.mark.heavy)])
@pytest.mark.parametrize(("name", "before", "now"), PAIRS)
def test_a_checkpoint_goes_on_on_any_number_of_ranks(name, before, now, seeds, tmp_path):
    cost = alone(name).cost
    for seed in seeds:
        schedule, folder = Schedule.random(seed), tmp_path / str(seed)
        first, task = start(_ranks(name, before), schedule), _ranks(name, now)
        n_epochs = 0
        while run_until_paused(first, schedule, folder, n_epochs + 1, after=3 + 5 * seed) and n_epochs < 3:
            n_epochs += 1
            (epoch,) = [one for one in epochs(folder) if one.number == n_epochs]
            moving = Moving(task, epoch)
            moving.find_owners()
            second = start(task, schedule, moving.load)
            stored = sorted(state for one in first.workers for state in one.local.stored_states())
            there = sorted(state for one in second.workers for state in one.local.stored_states())
            assert set(stored) <= set(there)
            assert len(set(there)) == len(there)
            take_turns(second, schedule, schedules.MAX_TURNS)
            result = cost_of(second)
            assert (result.status, result.cost) == (Status.SOLVED, cost)
        assert n_epochs > 0
        while not first.workers[0].agreement.over or first.workers[0].is_paused:
            run_until_paused(first, schedule, folder, n_epochs + 2, after=0)
        result = cost_of(first)
        assert (result.status, result.cost) == (Status.SOLVED, cost)


def test_ranks_pause_for_a_checkpoint_only_where_none_has_a_reason_to_stop():
    assert min(status.value for status in Status if status.value and status is not Status.WITHIN_BOUND) > PAUSE


# --- what happens to files ---


@pytest.fixture(scope="module")
def two_epochs(tmp_path_factory):
    """Return a folder with two complete epochs, of three ranks' files each, of 3000 expansions and more."""
    folder = tmp_path_factory.mktemp("epochs") / "c"
    schedule = Schedule(seed=1, message=20)
    simulation = start(_ranks("tiles", 3), schedule)
    for number in (1, 2):
        assert run_until_paused(simulation, schedule, folder, number, after=20)
    return folder


def damages():
    """Yield names and functions that damage the folder of an epoch."""
    for name in ("COMPLETE", "rank-0000.bin", "rank-0002.bin"):
        yield f"cut short {name}", lambda epoch, name=name: os.truncate(epoch / name, (epoch / name).stat().st_size - 7)
        yield f"emptied {name}", lambda epoch, name=name: os.truncate(epoch / name, 0)
        yield f"one byte of {name}", lambda epoch, name=name: _flip(epoch / name)
        yield f"lost {name}", lambda epoch, name=name: (epoch / name).unlink()
    yield "foreign", lambda epoch: shutil.copy(epoch / "rank-0000.bin", epoch / "rank-0001.bin")
    yield "older", lambda epoch: shutil.copy(epoch.with_name("epoch-000001") / "rank-0001.bin", epoch / "rank-0001.bin")


def _flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(("what", "damage"), list(damages()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_damaged_epoch_is_left_for_the_one_before(what, damage, two_epochs, tmp_path):
    folder = shutil.copytree(two_epochs, tmp_path / "c")
    damage(folder_of(folder, 2))

    result = solve(HARDEST, checkpoint=folder, resume=True)

    assert (result.status, result.cost) == (Status.SOLVED, 31)
    (note,) = result.notes
    assert note.startswith("epoch 2")
    assert note.endswith("going on from epoch 1")


def test_where_no_epoch_is_whole_one_line_says_what_is_wrong_with_each(two_epochs, tmp_path):
    folder = shutil.copytree(two_epochs, tmp_path / "c")
    _flip(folder_of(folder, 1) / "rank-0001.bin")
    (folder_of(folder, 2) / "COMPLETE").unlink()

    with pytest.raises(BadInputError) as caught:
        solve(HARDEST, checkpoint=folder, resume=True)

    assert "epoch 2 was not finished; epoch 1: rank-0001.bin is damaged" in str(caught.value)
    assert "\n" not in str(caught.value)


def _rewritten(folder, **changes):
    """Return a folder whose newest epoch says other things, with a right digest."""
    content = files.read_json(folder_of(folder, 2) / "COMPLETE")
    content["task"].update({key: value for key, value in changes.items() if key in content["task"]})
    content.update({key: value for key, value in changes.items() if key not in content["task"]})
    files.write_json(folder_of(folder, 2), "COMPLETE", content)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": 1}, "format 1"),
        ({"pdsearch": "0.0.1"}, "was written by pdsearch 0.0.1"),
        ({"kind": "IDA*"}, "is of IDA\\* and the search is best-first search"),
        ({"kind": "search from both ends"}, "is of search from both ends and the search is best-first search"),
        ({"instance": "something else"}, "which has changed"),
        ({"heuristic": "linear-conflict"}, "was written with heuristic linear-conflict and not manhattan"),
        ({"heuristic_tables": "x"}, "other tables of heuristic"),
    ],
)
def test_a_checkpoint_of_something_else_is_refused(changes, says, two_epochs, tmp_path):
    folder = shutil.copytree(two_epochs, tmp_path / "c")
    _rewritten(folder, **changes)

    with pytest.raises(BadInputError, match=says):
        solve(HARDEST, checkpoint=folder, resume=True)


def test_a_folder_is_never_written_over(two_epochs, tmp_path):
    folder = shutil.copytree(two_epochs, tmp_path / "c")
    before = sorted(path for path in folder.rglob("*"))

    with pytest.raises(BadInputError, match="holds a checkpoint already"):
        solve(HARDEST, checkpoint=folder)

    assert sorted(path for path in folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"algorithm": "plans"}, "'plans' writes no checkpoints"),
        ({"algorithm": "weighted"}, "'weighted' writes no checkpoints"),
        ({"resume": True}, "no complete checkpoint is in .*: none was written"),
        ({"every": 0.0}, "every 0.0 s makes no sense"),
    ],
)
def test_what_cannot_be_written_or_gone_on_from_is_refused_before_the_search(options, says, tmp_path):
    with pytest.raises(BadInputError, match=says):
        solve(HARDEST, checkpoint=tmp_path, **options)
    with pytest.raises(BadInputError, match="there is no folder"):
        solve(HARDEST, checkpoint=tmp_path / "missing", resume=True)
    with pytest.raises(BadInputError, match="give a folder in one that exists"):
        solve(HARDEST, checkpoint=tmp_path / "missing" / "too")


def test_owners_of_which_a_state_has_several_are_refused():
    run = Run(checkpoints=SimpleNamespace(epoch=None))

    with pytest.raises(BadInputError, match="'random' gives equal states different owners"):
        Saving(make_task(HARDEST, distribution="random", n_ranks=2), run)


# --- a kill, and a disk that is full, at any moment ---


class Killed(BaseException):
    """What a kill is to a process: nothing of it runs any more."""


def _count_calls(monkeypatch, act):
    """Let ``act`` be called before every call that changes the disk."""
    for module, name in [(os, "fsync"), (os, "replace"), (os, "rename"), (os, "unlink"), (os, "rmdir"), (os, "mkdir")]:
        before = getattr(module, name)

        def called(*args, before=before, **options):
            act()
            return before(*args, **options)

        monkeypatch.setattr(module, name, called)
    write = files._write

    def half(file, data):
        act()
        if len(data) > 1:
            file.write(data[: len(data) // 2])
            act()
            return len(data) // 2 + write(file, memoryview(data)[len(data) // 2 :])
        return write(file, data)

    monkeypatch.setattr(files, "_write", half)


def _saved(folder, nodes, resume=False):
    """Search up to so many expansions, with all that is written done in this thread."""
    return solve(HARDEST, limits=Limits(nodes=nodes), checkpoint=folder, resume=resume)


def test_a_kill_at_any_moment_of_writing_leaves_an_epoch_to_go_on_from(monkeypatch, tmp_path):
    first = tmp_path / "first"
    _saved(first, 500)
    _saved(first, 900, resume=True)
    calls, kill_at = 0, -1

    def act():
        nonlocal calls
        calls += 1
        if 0 <= kill_at < calls:
            raise Killed

    monkeypatch.setattr("threading.excepthook", lambda _: None)
    _count_calls(monkeypatch, act)
    folder = shutil.copytree(first, tmp_path / "counted")
    calls = 0
    _saved(folder, 1500, resume=True)
    most = calls
    assert most > 15
    seen = set()
    for moment in range(most):
        folder = tmp_path / f"killed-{moment}"
        kill_at = -1
        shutil.copytree(first, folder)
        calls, kill_at = 0, moment
        with suppress(Killed):
            _saved(folder, 1500, resume=True)
        kill_at = -1
        result = _saved(folder, 2**40, resume=True)
        assert (result.status, result.cost) == (Status.SOLVED, 31)
        seen.add(next(one for one in epochs(folder) if isinstance(one, Epoch)).number)
        shutil.rmtree(folder)
    assert seen == {2, 3}


def test_a_full_disk_is_one_line_and_the_search_goes_on(monkeypatch, tmp_path):
    _saved(tmp_path, 500)

    def full(file, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files, "_write", full)
    result = solve(HARDEST, checkpoint=tmp_path, resume=True, every=1e-9)

    assert (result.status, result.cost) == (Status.SOLVED, 31)
    assert (
        "epoch 2 of the checkpoint was not written: No space left on device; earlier ones are kept" in result.notes[0]
    )
    assert [one.number for one in epochs(tmp_path) if isinstance(one, Epoch)] == [1]
    assert not list(tmp_path.rglob("*.part"))
    stopped = _saved(tmp_path, 900, resume=True)
    assert (stopped.status, "was not written: No space left" in stopped.notes[-1]) == (Status.NODE_LIMIT, True)
    monkeypatch.undo()
    assert _saved(tmp_path, 2**40, resume=True).cost == 31
