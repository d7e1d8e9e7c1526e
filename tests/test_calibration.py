"""A calibration is the median of several, shows how far they spread, and is refused where it cannot be true."""

import dataclasses

import pytest

from pdsearch.cli import calibrate as command
from pdsearch.errors import BadInputError
from pdsearch.search.best_first.robust import check_plausible, combined
from pdsearch.search.costs import TYPICAL, Costs


def test_one_bad_measurement_of_five_changes_nothing_and_is_marked():
    bad = dataclasses.replace(TYPICAL, latency=5.18e-3, turn=1.0, bandwidth=1e5)

    measured = combined([TYPICAL, bad, TYPICAL, TYPICAL, TYPICAL])

    assert measured.costs == TYPICAL
    assert measured.uncertain == ["turn", "latency", "bandwidth"]
    assert measured.spread["latency"] == (TYPICAL.latency, 5.18e-3)


def test_what_differs_by_less_than_the_clock_tells_is_not_marked():
    others = dataclasses.replace(TYPICAL, posted=0.0, kept=5e-8)

    assert combined([TYPICAL, others]).uncertain == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("latency", 5.18e-3), ("turn", 0.1), ("received", 0.01), ("message_sent", 0.02), ("bandwidth", 1e5)],
)
def test_a_value_of_a_busy_machine_is_refused_by_name(name, value):
    with pytest.raises(BadInputError, match=rf"^{name} .* no idle machine measures that, so nothing is kept"):
        check_plausible(dataclasses.replace(TYPICAL, **{name: value}))
    check_plausible(TYPICAL)


def test_the_table_shows_the_spread_and_marks_what_is_uncertain():
    measured = combined([TYPICAL, TYPICAL, dataclasses.replace(TYPICAL, latency=5.18e-3)])
    values = dataclasses.asdict(measured.costs) | {"c": measured.costs.c, "messages": "MPI"}
    values |= {"spread": measured.spread, "uncertain": measured.uncertain}
    values |= {"domain": "tiles", "instance": "korf:83", "heuristic": "manhattan"}

    lines = command._table(values, "costs.json").splitlines()

    assert "  latency                1.00 µs   (1.00 to 5180.00) ?" in lines
    assert any(line.startswith("? measurements differ") for line in lines)
    assert Costs.of(values, "kept") == TYPICAL  # what is kept can be read again
