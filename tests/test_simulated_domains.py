"""Every distribution on every domain it fits, under adversarial schedules: HDA* finds what the plainest A* finds."""

import naive
import pytest
from examples import SMALL, make, params
from schedules import run

from pdsearch import Status
from pdsearch.distribution import DISTRIBUTIONS
from pdsearch.errors import BadInputError
from pdsearch.heuristics import make_heuristic
from pdsearch.search.best_first.simulation import Schedule
from pdsearch.search.setup import make_task

N_RANKS = [2, 3, 5]


@pytest.mark.few(2)
@pytest.mark.parametrize(("domain_name", "text", "options"), params({name: SMALL[name][:1] for name in SMALL}))
def test_every_distribution_that_fits_is_optimal_under_any_schedule(domain_name, text, options):
    check_all(domain_name, text, options)


@pytest.mark.heavy
@pytest.mark.parametrize(("domain_name", "text", "options"), params({name: SMALL[name][1:] for name in SMALL}))
def test_so_it_is_on_the_other_instances(domain_name, text, options):
    check_all(domain_name, text, options)


def check_all(domain_name, text, options):
    domain = make(domain_name, text, options)
    fitting = [name for name in DISTRIBUTIONS if DISTRIBUTIONS[name].fits(domain)]
    cost = naive.astar(domain, make_heuristic(domain, None).value)
    implements, refused = {}, []

    for seed, name in enumerate(fitting):
        n_ranks = N_RANKS[seed % len(N_RANKS)]
        try:
            task = make_task(domain, None, name, n_ranks, seed=seed)
        except BadInputError:
            refused.append(name)
            continue
        result, _ = run(task, Schedule.random(seed))
        implements[name] = (result.status, result.cost, result.lower_bound)

    assert implements == dict.fromkeys(implements, (Status.SOLVED, cost, cost))
    assert "zobrist" in implements
    assert len(refused) < len(fitting) / 2
