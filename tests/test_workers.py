"""How workers share the tests."""

from types import SimpleNamespace

import pytest


def test_the_examples_of_a_page_are_run_by_one_worker(pytestconfig):
    if not pytestconfig.pluginmanager.hasplugin("xdist"):
        pytest.skip("pytest-xdist is switched off")
    config = SimpleNamespace(getvalue={"tx": ["2*popen"]}.get)
    page = [f"docs/one-report.md::line:{line},column:1" for line in (49, 50)]

    scheduler = pytestconfig.hook.pytest_xdist_make_scheduler(config=config, log=None)

    assert scheduler._split_scope(page[0]) == scheduler._split_scope(page[1])
