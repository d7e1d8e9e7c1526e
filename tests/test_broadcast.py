"""What a rank has learnt reaches ranks that do not share its tables, and raises h there by the same tables."""

import re
from pathlib import Path

import jobs
import naive
import numpy as np
import pytest
import sas_tasks
from sas_tasks import KINDS
from schedules import run

from pdsearch.comm.simulated import Network
from pdsearch.domains.planning import scp, sys_scp
from pdsearch.heuristics import make_heuristic
from pdsearch.kernels.protocol import INFINITY
from pdsearch.search.best_first import broadcast, lessons
from pdsearch.search.best_first.broadcast import OtherMachines
from pdsearch.search.best_first.simulation import Schedule
from pdsearch.search.setup import make_task

PROGRAM = str(Path(__file__).with_name("broadcast_program.py"))


@pytest.fixture
def eager(monkeypatch):
    """Let ranks learn all the time, of abstractions that leave much to learn."""
    monkeypatch.setattr(scp, "_EVERY", 1)
    monkeypatch.setattr(scp, "_MOVES_PER_EVALUATION", 10**6)
    monkeypatch.setattr(lessons, "_LOOKS", 2)
    monkeypatch.setattr(sys_scp, "_MOST_VARIABLES", 2)


@pytest.fixture
def heard(monkeypatch):
    """Return the states that ranks have heard of, as they do."""
    states, told = [], OtherMachines.told

    def noted(self):
        state = told(self)
        if state is not None:
            states.append(state)
        return state

    monkeypatch.setattr(OtherMachines, "told", noted)
    return states


def task_of(seed, **options):
    """Return a task with a few hundred states, of which some gain by orders of their own."""
    return sas_tasks.many_goals(seed, n_variables=6, n_operators=40, **options)


def scp_of(domain, **options):
    return make_heuristic(domain, "scp:orders-1", **options)


def apart(domain, n):
    """Return the heuristic as each of ``n`` machines has it before the search, built once."""
    built = []

    def share(build):
        built.append(build() if not built else tuple(array.copy() for array in built[0]))
        return built[-1]

    return [scp_of(domain, share=share) for _ in range(n)]


def n_filled(heuristic):
    """Return how many places of the lines are filled."""
    return int((heuristic._rows[heuristic._alive] > 0).any(axis=0).sum())


@pytest.mark.few(1)
@pytest.mark.parametrize("kind", ["costs", "everything"])
def test_the_same_cost_whatever_is_heard_when_and_h_stays_a_lower_bound(kind, eager, heard):
    for seed in range(24):
        domain = task_of(seed, **KINDS[kind])
        n_ranks = 1 + seed % 5
        machines = apart(domain, min(n_ranks, 2 + seed % 2))
        task = make_task(domain, machines[0], "zobrist", n_ranks, seed=seed)

        result, _ = run(task, Schedule.random(seed), machines=machines)

        assert result.cost == naive.astar(domain)
        exact, states = naive.distances_to_goal(domain), [*naive.reachable(domain)]
        for heuristic in machines:
            assert all(heuristic.value(state) <= exact.get(state, INFINITY) for state in states[seed % 9 :: 9])
    assert len(heard) > 5


def test_who_hears_of_an_order_has_the_table_of_who_found_it(eager):
    network, n_learnt = Network(2, slowness=0, n_machines=2), 0
    for seed in range(12):
        domain = task_of(seed, **KINDS["costs"])
        here, there = scp_of(domain), scp_of(domain)
        first, second = (
            OtherMachines(network.communicator(rank), network.machines, len(domain.initial)) for rank in range(2)
        )
        exact, states = naive.distances_to_goal(domain), [*naive.reachable(domain)]
        for state in states[::20]:
            if here.learn(state):
                n_learnt += 1
                before = there.value(state)
                first.tell(state)

                assert there.learn(second.told())

                assert there.value(state) == here.value(state) > before
                assert np.array_equal(here._rows, there._rows)
                assert all(there.value(one) <= exact.get(one, INFINITY) for one in states[::10])
        assert first.told() is second.told() is None
    assert n_learnt > 10


def test_a_machine_that_learns_nothing_itself_has_the_orders_of_another(eager, heard, monkeypatch):
    learn, n_raised = scp.Scp.learn, 0
    monkeypatch.setattr(
        scp.Scp, "learn", lambda self, state: (self is machines[0] or state in heard) and learn(self, state)
    )
    for seed in range(12):
        domain = task_of(seed, **KINDS["costs"])
        machines = apart(domain, 2)
        task = make_task(domain, machines[0], "zobrist", 4, seed=seed)
        before = n_filled(machines[1])
        heard.clear()

        run(task, Schedule(seed=seed, budget=5), machines=machines)

        n_raised += n_filled(machines[1]) - before
        orders, others = ({tuple(column) for column in one._rows.T.tolist()} for one in machines)
        assert others <= orders
    assert n_raised > 2


def test_what_is_no_state_is_not_heard():
    network = Network(2, slowness=0, n_machines=2)
    others = OtherMachines(network.communicator(1), network.machines, 2)
    for n_words in (0, 3, 5, 8):
        network.communicator(0).tell([1], np.zeros(n_words, np.uint32))
        assert others.told() is None


def test_ranks_of_one_machine_tell_each_other_nothing(eager, monkeypatch):
    made = []
    monkeypatch.setattr(broadcast, "OtherMachines", lambda *given: made.append(given))

    run(make_task(task_of(3), "scp:orders-1", "zobrist", 3), Schedule())

    assert made == []


def test_ranks_that_share_lines_never_fill_the_same_place(eager, monkeypatch):
    domain, built = task_of(3, **KINDS["costs"]), []

    def share(build):
        built.append(build() if not built else built[0])
        return built[0]

    first, second = scp_of(domain, share=share), scp_of(domain, share=share)
    states, exact = [*naive.reachable(domain)], naive.distances_to_goal(domain)
    bounded, together = scp.Scp._bounded, []

    def meanwhile(self, table):
        if self is first:
            together.append(second.learn(state))
        return bounded(self, table)

    monkeypatch.setattr(scp.Scp, "_bounded", meanwhile)
    n_before, n_kept = n_filled(first), 0
    for state in states[::10]:
        n_kept += first.learn(state)
        assert n_filled(first) == n_before + n_kept + sum(together)
    assert any(together)
    assert all(first.value(state) <= exact.get(state, INFINITY) for state in states)

    monkeypatch.setattr(scp.Scp, "_bounded", bounded)
    first._numbers[scp.N_ORDERS] = first._rows.shape[1]
    before = first._rows.copy()
    assert not any(second.learn(state) for state in states[::10])  # there is no place left
    assert np.array_equal(first._rows, before)


@pytest.mark.mpi
def test_ranks_of_several_machines_hear_of_orders_and_end(python_on):
    job = jobs.run(python_on(4, "-m", "mpi4py", PROGRAM, "2", *"393979"), timeout=120)

    assert job.returncode == 0, job.stderr
    assert int(re.fullmatch(r"(\d+) heard\n", job.stdout)[1]) > 0
