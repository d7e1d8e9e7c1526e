"""A search that goes on below open nodes, killed at any of its checkpoints, goes on from there and repeats nothing."""

import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from functools import cache

import jobs
import numpy as np
import pytest
from examples import others_wide
from sas_tasks import counters

from pdsearch import Status, solve
from pdsearch.comm.termination import Round
from pdsearch.domains.planning.task import Planning
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.kernels.layout import g_and_origin, g_of, parent_of
from pdsearch.limits import Limits
from pdsearch.search.best_first import astar, below, continuation, deepening, groups, pace
from pdsearch.search.best_first.archive import Archive
from pdsearch.search.best_first.begun import UNDER_WAY, begun_from
from pdsearch.search.best_first.kept_continuation import Keeping
from pdsearch.search.best_first.local_search import LocalSearch, states_of
from pdsearch.search.best_first.moving import Moving
from pdsearch.search.best_first.open_nodes import given_up
from pdsearch.search.best_first.saving import NOTHING, Saving
from pdsearch.search.checkpoint.checkpoints import Checkpoints
from pdsearch.search.checkpoint.epochs import epochs, folder_of
from pdsearch.search.run import Run
from pdsearch.search.setup import make_task

MEMORY = 2**20
BOARD = Tiles.korf(79)  # 42 moves
KINDS = ["words", "layers", "shares"]


class Killed(BaseException):
    """What a kill is to a process: nothing of it runs any more."""


def search_as(kind, monkeypatch):
    """Let tiles be searched on by that kind."""
    monkeypatch.setattr(continuation, "_by_words", lambda task: kind == "words")
    monkeypatch.setattr(below, "_LEAST_SLICE", 2**11)
    if kind != "words":  # pauses by counts, not by the clock
        monkeypatch.setattr(pace, "_AIM_S", 1e9)
        monkeypatch.setattr(astar, "_MOST", 8000)
    if kind == "shares":
        begin = groups.Groups.__init__

        def begin_in_shares(self, fronts, crew, run, *rest):
            run.shares = 4
            begin(self, fronts, crew, run, *rest)

        monkeypatch.setattr(groups.Groups, "__init__", begin_in_shares)
    for name in ("LEAST_PORTION_S", "MOST_PORTION_S"):
        monkeypatch.setattr(deepening, name, 0.0)


@cache
def whole(kind):
    """Return the result of a search that is not interrupted."""
    with pytest.MonkeyPatch.context() as patch:
        search_as(kind, patch)
        return solve(BOARD, memory=MEMORY)


@pytest.fixture
def killed_at(monkeypatch):
    """Let a checkpoint be due at any time, and end the process after so many below open nodes; return how many."""
    monkeypatch.setattr(Checkpoints, "is_due", property(lambda _: state["below"]))
    save, seen, state = Keeping.save, [], {"at": 0, "below": False}
    search_on = continuation.search_on

    def enter(*args):
        state["below"] = True
        return search_on(*args)

    def counted(keeping, *rest):
        save(keeping, *rest)
        seen.append(keeping)
        if len(seen) == state["at"]:
            keeping._saving.run.checkpoints.end(None)
            raise Killed

    monkeypatch.setattr("pdsearch.search.best_first.astar.search_on", enter)
    monkeypatch.setattr(Keeping, "save", counted)

    def begin(number):
        seen.clear()
        state.update(at=number, below=False)
        return seen

    return begin


def _words_of(notes):
    """Return notes without their numbers."""
    return [re.sub(r"\d[\d,]*", "N", note) for note in notes]


@pytest.mark.wide
@pytest.mark.parametrize("kind", others_wide(KINDS))
def test_from_every_checkpoint_the_rest_is_done_and_nothing_of_what_was_before(kind, killed_at, monkeypatch, tmp_path):
    search_as(kind, monkeypatch)
    seen = killed_at(0)
    assert solve(BOARD, memory=MEMORY, checkpoint=tmp_path / "all").expanded == whole(kind).expanded
    n_saved = len(seen)
    assert n_saved >= 3
    for number in {1, n_saved // 2, n_saved}:
        folder = tmp_path / str(number)
        killed_at(number)
        with pytest.raises(Killed):
            solve(BOARD, memory=MEMORY, checkpoint=folder)
        killed_at(0)

        result = solve(BOARD, memory=MEMORY, checkpoint=folder, resume=True)

        assert (result.status, result.cost) == (Status.SOLVED, 42)
        assert result.lower_bound == 42
        # what was expanded before the checkpoint is counted by it, so that a repeated part would be counted twice
        if kind == "layers":  # what is forgotten when memory is full depends on the arrays, which are made anew
            assert abs(result.expanded / whole(kind).expanded - 1) < 0.05
        else:
            assert (result.expanded, result.generated) == (whole(kind).expanded, whole(kind).generated)
            assert result.notes == whole(kind).notes
        assert _words_of(result.notes) == _words_of(whole(kind).notes)


@pytest.mark.few(1)
@pytest.mark.parametrize("kind", KINDS)
def test_a_limit_writes_a_checkpoint_and_the_table_once(kind, monkeypatch, tmp_path):
    search_as(kind, monkeypatch)
    limit = whole(kind).expanded * 3 // 4
    first = solve(BOARD, limits=Limits(nodes=limit, memory_bytes=MEMORY), checkpoint=tmp_path)
    again = solve(BOARD, limits=Limits(nodes=limit + 1, memory_bytes=MEMORY), checkpoint=tmp_path, resume=True)

    assert (first.status, again.status) == (Status.NODE_LIMIT, Status.NODE_LIMIT)
    assert first.notes[-1].startswith("a checkpoint was written")
    assert limit <= first.expanded
    assert first.lower_bound <= again.lower_bound <= 42
    newest = folder_of(tmp_path, max(one.number for one in epochs(tmp_path)))
    assert (newest / "rank-0000.kept.bin").stat().st_nlink > 1
    with pytest.raises(BadInputError, match="went on when memory was full; leave out when_full 'stop'"):
        solve(BOARD, memory=MEMORY, when_full="stop", checkpoint=tmp_path, resume=True)
    assert solve(BOARD, checkpoint=tmp_path, resume=True).cost == 42  # with all memory


@pytest.mark.few(1)
@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("when", ["copied", "early"])
def test_where_files_of_a_search_under_way_fail_a_checkpoint_leaves_it_out(when, kind, monkeypatch, tmp_path):
    search_as(kind, monkeypatch)
    limit = whole(kind).expanded * 3 // 4

    def full(_):
        raise OSError(28, "No space left on device")

    def late(self, search, _):
        return self._before + self._expanded + int(search.statistics[0]) < limit

    with monkeypatch.context() as patch:
        patch.setattr(*((Archive, "kept", full) if when == "copied" else (groups.Groups, "_is_written", late)))
        first = solve(BOARD, limits=Limits(nodes=limit, memory_bytes=MEMORY), checkpoint=tmp_path)

    assert first.status is Status.NODE_LIMIT
    newest = max(epochs(tmp_path), key=lambda one: one.number)
    assert newest.task["continuation"]["parts"]
    assert UNDER_WAY not in newest.parts[0].facts
    assert solve(BOARD, memory=MEMORY, checkpoint=tmp_path, resume=True).cost == 42


@pytest.mark.parametrize("kind", KINDS[1:])
def test_where_no_files_can_be_made_any_more_a_group_under_way_begins_again(kind, monkeypatch, tmp_path):
    search_as(kind, monkeypatch)
    limit = whole(kind).expanded * 3 // 4
    solve(BOARD, limits=Limits(nodes=limit, memory_bytes=MEMORY), checkpoint=tmp_path)
    assert UNDER_WAY in max(epochs(tmp_path), key=lambda one: one.number).parts[0].facts

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkstemp", full)
    result = solve(BOARD, memory=MEMORY, checkpoint=tmp_path, resume=True)

    assert (result.status, result.cost, result.lower_bound) == (Status.SOLVED, 42, 42)


def test_where_no_file_can_have_two_names_the_table_is_copied_and_a_damaged_one_refused(monkeypatch, tmp_path):
    def no_links(*_):
        raise OSError("this file system has no links")

    monkeypatch.setattr(os, "link", no_links)
    limit = whole("words").expanded // 2
    solve(BOARD, limits=Limits(nodes=limit, memory_bytes=MEMORY), checkpoint=tmp_path / "c")
    first, second = (folder_of(tmp_path / "c", number) for number in (1, 2))
    assert (second / "rank-0000.kept.bin").read_bytes() == (first / "rank-0000.bin").read_bytes()
    for number, (name, end) in enumerate([("rank-0000.kept.bin", b"\1"), ("rank-0000.bin", b"")]):
        folder = shutil.copytree(tmp_path / "c", tmp_path / str(number))
        content = (folder_of(folder, 2) / name).read_bytes()
        (folder_of(folder, 2) / name).write_bytes(content[:-1] + end)

        result = solve(BOARD, memory=MEMORY, checkpoint=folder, resume=True)

        assert result.cost == 42
        assert result.notes[-1].startswith(f"epoch 2: {name} ")
        assert result.notes[-1].endswith("going on from epoch 1")


# --- on other ranks ---


def linked():
    """Return a planning task whose nodes keep their parents."""
    return Planning(counters(4, 6, 4), "counters")


INSTANCES = {"tiles": (BOARD, "manhattan"), "planning": (linked(), "blind")}


def _opened_ranks(instance, n_ranks):
    """Return ranks that were cut, and their open nodes, some with an f that rose and some in no table."""
    task = make_task(*instance, None, n_ranks, seed=1) if n_ranks > 1 else make_task(*instance)
    ranks = [LocalSearch(task, number, 2**26, batch=2) for number in range(n_ranks)]
    for state, record in ranks[0].roots():
        ranks[task.owner_of(state)].absorb(record)
    for turn in range(8):
        for rank in ranks:
            rank.expand(20)
            for to in rank.addressees() if turn < 7 else []:
                ranks[to].absorb(rank.take([to])[0].copy())
    arrived = [[] for _ in ranks]  # what has an owner and no table yet, some of it still where it was made
    for rank in ranks:
        for to in rank.addressees():
            arrived[(to + rank.rank) % n_ranks].append(rank.take([to])[0].copy())
    opened = [given_up(rank, records) for rank, records in zip(ranks, arrived, strict=True)]
    draw = np.random.default_rng(n_ranks)
    for one in opened:
        one.f[draw.random(len(one.f)) < 0.5] += 2
    return ranks, [one._replace(g=one.f - one.h) for one in opened]


def _known(ranks, opened):
    """Return what is known of all open nodes, with their states and the states of their parents."""
    found = []
    for rank, one in zip(ranks, opened, strict=True):
        n, words = len(one.records), rank.task.n_words
        states = [*states_of(one.records, words).tolist(), *rank.states_at(one.numbers).tolist()]
        layout, rows = rank.task.layout, rank._rows[one.numbers]
        own_g = [*g_of(layout, one.records), *g_of(layout, rows)]
        for i, (state, f, h, g) in enumerate(zip(states, one.f, one.h, own_g, strict=True)):
            parent = rank.task.domain.is_linked and _parent(ranks, one.records[i] if i < n else rows[i - n], layout)
            found.append((state, int(f), int(h), int(g), i < n, parent))
    return sorted(found, key=str)


def _parent(ranks, row, layout):
    place = parent_of(g_and_origin(layout, row)[1])
    return None if place is None else ranks[place[0]].state_of(place[1])


@pytest.mark.parametrize("name", INSTANCES)
@pytest.mark.parametrize(("before", "now"), [(2, 2), (2, 3), (3, 2), (1, 3), (3, 1)])
def test_open_nodes_and_what_is_proved_of_them_go_where_their_owners_are(name, before, now, tmp_path):
    ranks, opened = _opened_ranks(INSTANCES[name], before)
    assert before == 1 or any(len(one.records) for one in opened)
    runs = []
    for rank, one in zip(ranks, opened, strict=True):
        checkpoints = Checkpoints(tmp_path)
        checkpoints.rank, checkpoints.size = rank.rank, before
        runs.append(Run(checkpoints=checkpoints))
        keeping = Keeping(Saving(rank.task, runs[-1]), rank, None, Round(), None, lambda: NOTHING, shares=False)
        keeping.save(one, (10, 3), 99, None, {"iterations": []})
    for run in runs:
        run.checkpoints.end(None)
    (epoch,) = epochs(tmp_path)

    instance = INSTANCES[name]
    task = make_task(*instance, None, now, seed=1) if now > 1 else make_task(*instance)
    moving = Moving(task, epoch)
    moving.find_owners()
    moved = [LocalSearch(task, number, 2**26, batch=2) for number in range(now)]
    for rank in moved:
        moving.load(rank, opens=False)
    begun = [begun_from(moving, number) for number in range(now)]

    assert _known(moved, [one.opened for one in begun]) == _known(ranks, opened)
    assert np.sum([one.counts for one in begun], axis=0).tolist() == [10 * before, 3 * before]
    for one in begun:
        assert (np.diff(one.opened.h[len(one.opened.records) :]) >= 0).all()


def _wait_for_continuation(folder, job):
    """Wait until a checkpoint below open nodes is complete."""
    end = time.monotonic() + 120
    while not any('"continuation"' in path.read_text() for path in folder.glob("epoch-*/COMPLETE")):
        assert job.poll() is None, job.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.wide
def test_ranks_that_are_told_to_stop_below_open_nodes_go_on_as_three(tmp_path):
    folder, result_file = tmp_path / "c", tmp_path / "result.json"
    words = ["solve", "tiles", "korf:88", "--memory", "3M", "-n", "2", "--checkpoint", str(folder), "--every", "0.1"]
    job = jobs.start([sys.executable, "-m", "pdsearch", *words, "--json", str(result_file)])
    _wait_for_continuation(folder, job)

    os.kill(job.pid, signal.SIGTERM)
    done = jobs.finish(job, timeout=60)

    assert done.returncode == 75, done.stderr
    first = json.loads(result_file.read_text())
    words = ["resume", str(folder), "-n", "3", "--node-limit", str(first["expanded"] + 2_000_000)]
    done = jobs.run([sys.executable, "-m", "pdsearch", *words, "--json", str(result_file)], timeout=300)
    assert done.returncode == 12, done.stderr
    second = json.loads(result_file.read_text())
    assert (first["status"], second["status"], second["n_ranks"]) == ("checkpointed", "node limit", 3)
    assert first["notes"][-1] == f"a checkpoint was written; go on with: pdsearch resume {folder}"
    assert second["expanded"] >= first["expanded"] + 2_000_000
    assert first["lower_bound"] <= second["lower_bound"] <= 65
