"""The checker that authors of domains use finds nothing wrong with the library's own."""

import pytest
from examples import HEAVY, LARGE, SMALL, make, params

from pdsearch.checking import findings
from pdsearch.domains import DOMAINS


@pytest.mark.few(1)
@pytest.mark.parametrize(("name", "text", "options"), params(SMALL))
def test_nothing_is_wrong_on_the_states_of_small_instances(name, text, options):
    assert list(findings(make(name, text, options))) == []


@pytest.mark.wide
@pytest.mark.parametrize(("name", "text", "options"), params({k: v[:1] for k, v in LARGE.items()}))
def test_nothing_is_wrong_along_walks_of_large_ones(name, text, options):
    assert list(findings(make(name, text, options), most=50)) == []


def test_every_domain_is_looked_at():
    compiled = {name for name in DOMAINS if not DOMAINS[name].is_plain}

    assert compiled <= {name for table in (SMALL, LARGE) for name, found in table.items() if found}
    assert HEAVY
