"""IDA* in pieces counts what IDA* counts that was never stopped, on any number of threads and ranks."""

from functools import partial

import pytest

from pdsearch import Status, solve
from pdsearch.domains.tiles import Tiles
from pdsearch.errors import BadInputError
from pdsearch.limits import Limits
from pdsearch.search.checkpoint import checkpoints
from pdsearch.search.checkpoint.epochs import Epoch, epochs
from pdsearch.search.depth_first import team

KORF_79 = Tiles.korf(79)


def counts(result):
    """Return what must not depend on how often a search was stopped."""
    bounds = [(one.bound, one.generated, one.expanded, one.roots) for one in result.iterations]
    return result.status, result.cost, result.generated, result.expanded, result.solutions, bounds


@pytest.fixture
def looks_often(monkeypatch):
    """Look at limits after some thousand nodes, and not some millions."""
    monkeypatch.setattr(team, "SLICE", 1 << 12)
    monkeypatch.setattr(team, "_LOOK_S", 5e-4)


search = partial(solve, KORF_79, algorithm="idastar", prune="none")
harder = partial(solve, Tiles.korf(45), algorithm="idastar", general=True)


@pytest.mark.parametrize("mode", ["first", "all"])
def test_counts_are_those_of_a_search_that_was_never_stopped(mode, looks_often, tmp_path):
    whole, pieces, limit = harder(mode=mode), 0, 1
    result = harder(mode=mode, threads=2, limits=Limits(nodes=limit), checkpoint=tmp_path)
    while result.status is not Status.SOLVED:
        pieces += 1
        assert result.status is Status.NODE_LIMIT
        assert result.lower_bound <= whole.cost
        limit = result.expanded + whole.expanded // 6
        more = {"threads": 1 + pieces % 2, "limits": Limits(nodes=limit)}
        result = harder(mode=mode, checkpoint=tmp_path, resume=True, **more)

    assert pieces > 3
    assert counts(result) == counts(whole)
    assert counts(harder(mode=mode, checkpoint=tmp_path, resume=True)) == counts(whole)


def test_checkpoints_on_the_way_change_nothing_and_hold_what_was_done(looks_often, monkeypatch, tmp_path):
    monkeypatch.setattr(checkpoints, "_SHARE", 0)
    result = harder(threads=2, checkpoint=tmp_path, every=0.02)

    assert counts(result) == counts(harder())
    newest = next(one for one in epochs(tmp_path) if isinstance(one, Epoch))
    assert newest.parts[0].facts["bound"] > result.iterations[0].bound
    assert newest.number > 1
    assert counts(harder(checkpoint=tmp_path, resume=True)) == counts(result)


@pytest.mark.wide
def test_ranks_go_on_where_threads_stopped_and_the_other_way_round(tmp_path):
    whole = harder()
    first = harder(ranks=2, limits=Limits(nodes=whole.expanded // 8), checkpoint=tmp_path)
    more = Limits(nodes=whole.expanded // 4)
    second = harder(limits=more, checkpoint=tmp_path, resume=True)

    last = harder(ranks=2, checkpoint=tmp_path, resume=True, every=0.02)

    assert first.expanded <= second.expanded <= whole.expanded  # the limits may be seen late
    assert counts(last) == counts(whole)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"mode": "first"}, "is of IDA\\*, mode all, prune none and the search is IDA\\*, mode first"),
        ({"mode": "all", "prune": "fsm:6"}, "prune none and the search is IDA\\*, mode all, prune fsm:6"),
    ],
)
def test_a_checkpoint_of_another_search_is_refused(options, says, tmp_path):
    search(mode="all", limits=Limits(nodes=1), checkpoint=tmp_path)

    with pytest.raises(BadInputError, match=says):
        solve(KORF_79, **{"algorithm": "idastar", "prune": "none", **options}, checkpoint=tmp_path, resume=True)


def test_the_search_on_a_gpu_writes_none(tmp_path):
    with pytest.raises(BadInputError, match="'idastar-gpu' writes no checkpoints; leave them out, or use one of"):
        solve(KORF_79, algorithm="idastar-gpu", checkpoint=tmp_path)
