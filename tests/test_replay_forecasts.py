"""Forecasts are what their formulas say, each good where it should be; synthetic traces are what they promise."""

import numpy as np
import pytest

from pdsearch.balance.replay.forecasts import FORECASTS, forecast_of
from pdsearch.balance.replay.forecasts.closed_form import cell
from pdsearch.balance.replay.traces import TRACES, trace_of
from pdsearch.errors import BadInputError


def fed(text, loads, interval=20):
    """Return a forecast that has seen all loads."""
    forecast = forecast_of(text)
    forecast.begin(loads, interval)
    for step in loads:
        forecast.observe(step)
    return forecast


def error(text, loads, interval=20, after=100):
    """Return the relative error of a forecast of the mean of the next interval, averaged."""
    forecast = forecast_of(text)
    forecast.begin(loads, interval)
    errors = []
    for step in range(len(loads) - interval + 1):
        if step >= after and step % interval == 0:
            came = loads[step : step + interval].mean(axis=0)
            errors.append(np.abs(forecast.expect(interval) - came).sum() / came.sum())
        forecast.observe(loads[step])
    return np.mean(errors)


@pytest.fixture(scope="module")
def random_loads():
    return np.random.default_rng(0).random((30, 2, 5))


def test_last_mean_and_ewma_are_their_formulas(random_loads):
    weights = 0.3 * 0.7 ** np.arange(30)[::-1]

    assert fed("last", random_loads).expect(9) == pytest.approx(random_loads[-1])
    assert fed("mean:window=7", random_loads).expect(9) == pytest.approx(random_loads[-7:].mean(axis=0))
    assert fed("mean:window=99", random_loads).expect(9) == pytest.approx(random_loads.mean(axis=0))
    expected = np.tensordot(weights / weights.sum(), random_loads, axes=1)
    assert fed("ewma:weight=0.3", random_loads).expect(9) == pytest.approx(expected)


def test_oracle_knows_what_comes(random_loads):
    forecast = forecast_of("oracle")
    forecast.begin(random_loads, 4)
    for step in random_loads[:10]:
        forecast.observe(step)

    assert forecast.expect(4) == pytest.approx(random_loads[10:14].mean(axis=0))


def test_change_keeps_everything_while_nothing_changes():
    loads = trace_of("steady:steps=200:layers=3:experts=32").loads.astype(float)

    assert fed("change", loads).expect(1) == pytest.approx(loads.mean(axis=0))


def test_change_forgets_the_layer_that_changed_and_only_that():
    loads = trace_of("steady:steps=200:layers=2:experts=32").loads.astype(float)
    loads[120:, 1] = loads[120:, 1, ::-1]

    expected = fed("change", loads).expect(1)

    assert expected[0] == pytest.approx(loads[:, 0].mean(axis=0))
    off = np.abs(expected[1] - loads[120:, 1].mean(axis=0)).sum() / loads[120:, 1].mean(axis=0).sum()
    assert off < 0.05  # at most a few steps from before are left in it
    old = np.abs(loads[:, 1].mean(axis=0) - loads[120:, 1].mean(axis=0)).sum() / loads[120:, 1].mean(axis=0).sum()
    assert old > 0.3


def test_the_cell_is_its_equation():
    rng = np.random.default_rng(0)
    weights, inputs = rng.normal(size=(3, 4)), rng.normal(size=(6, 4))
    f, g, h = weights @ inputs.T
    gate = 1 / (1 + np.exp(f * 0.7))

    assert cell(weights, inputs, 0.7).value == pytest.approx(gate * g + (1 - gate) * h)


def test_the_gradient_of_the_cell_is_that_of_finite_differences():
    rng = np.random.default_rng(1)
    weights, inputs, target = rng.normal(size=(3, 4)), rng.random((2, 5, 4)), rng.normal(size=(2, 5))

    def loss(changed):
        return np.mean((cell(changed, inputs, 1.3).value - target) ** 2 / (inputs[..., 3] + 0.1))

    numeric = np.zeros((3, 4))
    for place in np.ndindex(3, 4):
        nudge = np.zeros((3, 4))
        nudge[place] = 1e-6
        numeric[place] = (loss(weights + nudge) - loss(weights - nudge)) / 2e-6

    assert cell(weights, inputs, 1.3, target).gradient == pytest.approx(numeric, abs=1e-7)


def test_the_cell_learns_on_the_trace():
    loads = trace_of("drift:steps=400").loads.astype(float)
    still = forecast_of("closed-form:rate=1e-9")
    still.begin(loads, 20)
    begun = still.weights.copy()

    assert error("closed-form", loads) < error("closed-form:rate=1e-9", loads)
    assert not np.allclose(fed("closed-form", loads).weights, begun, atol=0.02)


def test_each_forecast_is_good_where_it_should_be():
    steady, drift, phases = (
        trace_of(f"{kind}:steps=400:layers=2").loads.astype(float) for kind in ("steady", "drift", "phases")
    )

    assert error("change", steady) < error("ewma:weight=0.5", steady) < error("last", steady)
    assert error("ewma:weight=0.5", drift) < error("mean", drift)
    assert error("closed-form", drift) < error("mean", drift)
    assert error("change", phases) < error("mean", phases)
    assert all(error("oracle", loads) < 1e-12 for loads in (steady, drift, phases))


@pytest.mark.parametrize("name", FORECASTS)
def test_forecasts_are_loads_of_the_right_shape_from_the_first_step_on(name):
    loads = np.random.default_rng(0).integers(0, 3, (40, 2, 5)).astype(float)
    loads[:, 1] = 0  # a layer without load
    forecast = forecast_of(name)
    for _ in range(2):  # begin forgets
        forecast.begin(loads, 3)
        results = []
        for step in loads:
            forecast.observe(step)
            results.append(forecast.expect(3))
            assert results[-1].shape == (2, 5)
            assert (results[-1] >= 0).all()
            assert np.isfinite(results[-1]).all()
    assert not results[-1][1].any()
    forecast.begin(loads, 3)
    forecast.observe(loads[0])
    assert (forecast.expect(3) == results[0]).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mean:window=0", "the window is 0 steps"),
        ("last:window=3", "give OPTION=VALUE with one of none"),
        ("ewma:weight=0", "the weight is 0.0"),
        ("change:window=1", "need 2 steps or more"),
        ("change:limit=1", "a limit above 1"),
        ("closed-form:rate=2", "the rate is 2.0"),
    ],
)
def test_forecasts_that_make_no_sense_are_refused(text, message):
    with pytest.raises(BadInputError, match=message):
        forecast_of(text)


@pytest.mark.parametrize("name", TRACES)
def test_traces_have_the_shape_the_load_and_the_seed_they_are_asked_for(name):
    text = f"{name}:steps=60:layers=2:experts=16:tokens=5000"
    trace, again, other = trace_of(text), trace_of(text), trace_of(f"{text}:seed=1")

    assert trace.loads.shape == (60, 2, 16)
    assert trace.loads.dtype == np.uint32
    assert trace.loads.sum(axis=2).mean() == pytest.approx(5000, rel=0.01)
    assert (trace.loads == again.loads).all()
    assert (trace.loads != other.loads).any()


def test_phases_take_turns():
    loads = trace_of("phases:steps=90:length=30:kinds=2:layers=1").loads[:, 0].astype(float)
    first, second, third = (loads[start : start + 30].mean(axis=0) for start in (0, 30, 60))

    assert np.corrcoef(first, third)[0, 1] > 0.99
    assert np.corrcoef(first, second)[0, 1] < 0.5


def test_drift_forgets_in_the_time_it_is_given():
    loads = trace_of("drift:steps=3000:zipf=0:memory=20:layers=4:tokens=1000000").loads
    logs = np.log(loads.reshape(3000, -1) + 1.0)
    logs -= logs.mean(axis=0)
    kept = (logs[20:] * logs[:-20]).mean() / (logs**2).mean()

    assert kept == pytest.approx(np.exp(-1), abs=0.06)


def test_bursts_are_as_many_and_as_long_as_they_should_be():
    loads = trace_of("bursts:steps=4000:zipf=0:share=0.1:length=20:height=50:layers=1").loads[:, 0]
    is_up = loads > 10 * np.median(loads, axis=1, keepdims=True)
    begins = (is_up[1:] & ~is_up[:-1]).sum()

    assert is_up.mean() == pytest.approx(0.1, abs=0.02)
    assert is_up.sum() / begins == pytest.approx(20, rel=0.2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("drift:steps=0", "steps, layers, experts and tokens are at least 1"),
        ("drift:spread=-1", "spread -1.0"),
        ("bursts:share=1", "share 1.0"),
        ("phases:kinds=0", "kinds 0"),
        ("steady:width=3", "give OPTION=VALUE with one of steps, layers"),
    ],
)
def test_traces_that_make_no_sense_are_refused(text, message):
    with pytest.raises(BadInputError, match=message):
        trace_of(text)
