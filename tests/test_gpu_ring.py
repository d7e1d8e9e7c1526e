"""The persistent kernel's ring under any schedule of warps: all work is done once, nobody waits for ever."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import uint32, uint64
from scheduled_warps import HangError, Run

from pdsearch.domains.tiles import Tiles
from pdsearch.gpu import persistent, ring, roots, steps
from pdsearch.gpu.schemes import Work
from pdsearch.gpu_model import Model, Root, model_of

GOAL = 7  # in the tree of numbers, where goals are wanted


def numbers(goal=0):
    """Return the tree of numbers: below w there are w // 3 and the rest of w - 1, so w nodes in all."""

    def child(first, second, low, move, row, entries):
        rest = uint64(first - uint64(1))
        third = uint64(rest // uint64(3))
        part = third if move == 0 else uint64(rest - third)
        return part > 0, uint64(part), second, uint32(0), uint32(0)

    return Model(
        "numbers", "none", lambda state: 0, lambda domain: Root(0, 0, 0), lambda compiler: compiler(child), 1, 2, 2,
        (goal, 0), 1, 60,
    )  # fmt: skip


def nodes(w, goal=0):
    """Return expanded nodes and goals below a number."""
    if w == goal:
        return 0, 1
    parts = [nodes(part, goal) for part in ((w - 1) // 3, w - 1 - (w - 1) // 3) if part]
    return 1 + sum(part[0] for part in parts), sum(part[1] for part in parts)


def work_of(groups):
    """Return roots of the tree of numbers, a list for each instance."""
    owner = np.repeat(np.arange(len(groups), dtype=np.int32), [len(group) for group in groups])
    words = np.zeros((len(owner), 2), np.uint64)
    words[:, 0] = [w for group in groups for w in group]
    n = len(owner)
    return Work(words, np.zeros(n, np.uint32), np.zeros(n, np.int64), np.arange(n) % 16, owner, 20)


GROUPS = st.lists(st.lists(st.integers(1, 40), min_size=1, max_size=4), min_size=1, max_size=3)


@pytest.fixture(autouse=True)
def looks_are_frequent(monkeypatch):
    monkeypatch.setattr(persistent, "LOOK", 4)
    monkeypatch.setattr(persistent, "LOOK_OFTEN", 2)
    monkeypatch.setattr(persistent, "WORTH", 1)


@given(groups=GROUPS, n_warps=st.integers(1, 5), seed=st.integers(0, 2**32), slice_=st.sampled_from([3, 10, 10**6]))
@settings(max_examples=60, deadline=None)
def test_all_work_is_done_once_with_pauses_at_any_step(groups, n_warps, seed, slice_):
    run = Run(numbers(), work_of(groups), n_warps, seed, slice_)

    assert run.expanded == [sum(group) for group in groups]
    assert run.generated == [sum(group) - len(group) for group in groups]
    assert run.control[ring.PENDING] == run.control[ring.ERROR] == 0
    assert run.loads.sum() == sum(run.expanded)


@given(groups=GROUPS, seed=st.integers(0, 2**32), slice_=st.sampled_from([3, 10**6]), first=st.integers(0, 1))
@settings(max_examples=40, deadline=None)
def test_goals_are_counted_once_and_in_first_mode_stop_their_instance_alone(groups, seed, slice_, first):
    run = Run(numbers(GOAL), work_of(groups), 3, seed, slice_, first)

    expected = [[sum(column) for column in zip(*(nodes(w, GOAL) for w in group), strict=True)] for group in groups]
    for found, (expanded, goals) in zip(zip(run.expanded, run.goals, strict=True), expected, strict=True):
        assert found == (expanded, goals) or (first and 0 < found[1] <= goals and found[0] <= expanded)
    assert run.control[ring.PENDING] == 0


def test_given_work_reaches_warps_that_had_none():
    run = Run(numbers(), work_of([[900]]), 6, seed=3)

    assert run.expanded == [900]
    assert min(run.loads) > 0
    assert max(run.loads) < 3 * sum(run.loads) / 6


def test_a_paused_search_goes_on_in_the_next_launch():
    run = Run(numbers(), work_of([[300], [200]]), 3, seed=1, steps_a_launch=8)

    assert run.expanded == [300, 200]
    assert run.launches > 10


@pytest.mark.wide
@pytest.mark.parametrize("length", [2, 8])
@pytest.mark.parametrize("step", [None, steps.one_by_one], ids=["masked", "one by one"])
@pytest.mark.parametrize("slice_", [16, 10**6])
def test_boards_are_counted_alike_by_both_steps_with_the_automaton_and_without(length, step, slice_):
    puzzle = Tiles.parse("4 7 0 3 8 2 5 1 9 10 6 11 12 13 14 15")
    model = model_of(puzzle, None, length)
    start = roots.start(model.root(puzzle), (20 - model.h(puzzle.initial)) // 2)
    whole, cut = roots.cut(model, start, 10**6), roots.cut(model, start, 4)
    last, n = cut.levels[-1], len(cut.levels[-1])
    work = Work(last.words, last.low, last.slack, np.arange(n), np.zeros(n, np.int32), 20)
    options = {} if step is None else {"step": Late(step, model)}

    run = Run(model, work, 3, length, slice_, **options)

    found = (cut.generated + run.generated[0], cut.expanded + run.expanded[0], cut.goals + run.goals[0])
    assert found == (whole.generated, whole.expanded, whole.goals)
    if length == 2:
        assert found == (1600, 761, 2)


class Late:
    """A step that is built when the kernel first calls it, for the GPU in use by then."""

    def __init__(self, build, model):
        self.build, self.model, self.step = build, model, None

    def __call__(self, *arguments):
        self.step = self.step or self.build(self.model)
        return self.step(*arguments)


def test_without_fences_others_read_packets_that_are_not_written():
    def broken(seed):
        try:
            run = Run(numbers(), work_of([[60], [50]]), 4, seed, fences=False, patience=2000)
        except (HangError, IndexError, OverflowError):
            return True
        return run.expanded != [60, 50] or run.control[ring.ERROR] != 0

    assert any(broken(seed) for seed in range(30))


def never(*arguments):
    """Stand for a device function that does nothing."""


@pytest.mark.parametrize(("name", "code", "slots"), [("publish", ring.NO_PACKET, 0), ("finish", ring.NO_PACKET, 0)])
def test_a_word_that_never_comes_ends_in_an_error(name, code, slots):
    def fault():
        setattr(ring, name, never)

    run = Run(numbers(), work_of([[60], [50]]), 3, seed=5, patience=300, fault=fault)

    assert run.control[ring.ERROR] == code
    assert run.control[ring.PAUSE] == 1


def test_a_slot_that_is_never_read_ends_in_an_error():
    def fault():
        ring.release = never

    run = Run(numbers(), work_of([[400]]), 4, seed=5, patience=300, fault=fault)

    assert run.control[ring.ERROR] == ring.NO_SLOT
