"""The table and the figure of layers: numbers of each layer over its steps, and nothing added up that is not alike."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pdsearch.balance.layers import by_layer, layer_balance, layer_table
from pdsearch.balance.metrics import balancedness
from pdsearch.cli import main
from pdsearch.errors import BadInputError

loads = hnp.arrays(
    np.int64, st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 4)), elements=st.integers(0, 99)
)


@given(array=loads)
def test_each_layer_has_the_numbers_of_its_steps(array):
    rows = layer_balance(array)

    assert [row.layer for row in rows] == [*range(array.shape[1]), "all"]
    for layer, row in enumerate(rows[:-1]):
        steps = [balancedness(step) for step in array[:, layer].tolist() if sum(step)]
        if steps:
            expected = (min(steps), np.quantile(steps, 0.1), np.median(steps), np.mean(steps))
            assert (row.least, row.p10, row.median, row.mean) == pytest.approx(expected)
            assert row.pooled == pytest.approx(balancedness(array[:, layer].sum(axis=0)))
        else:
            assert np.isnan([row.least, row.p10, row.median, row.mean, row.pooled]).all()
        assert row.load == pytest.approx(array[:, layer].sum() / len(array))
        assert row.fullest == array[:, layer].sum(axis=0).argmax()


@given(array=loads)
def test_the_last_row_is_of_all_layers_and_steps(array):
    row = layer_balance(array)[-1]

    steps = [balancedness(step) for step in array.reshape(-1, array.shape[-1]).tolist() if sum(step)]
    if steps:
        assert (row.least, row.median, row.mean) == pytest.approx((min(steps), np.median(steps), np.mean(steps)))
    assert row.load == pytest.approx(array.sum() / len(array))


def test_the_bins_may_be_on_any_axis_and_a_vector_is_one_layer():
    array = np.arange(24).reshape(2, 3, 4)

    assert (by_layer(np.moveaxis(array, 2, 0), axis=0) == array).all()
    assert by_layer([1, 2, 3]).shape == (1, 1, 3)
    with pytest.raises(BadInputError, match="a load is -1"):
        layer_balance([[1, -1]])


def test_the_table_has_a_line_a_layer():
    lines = layer_table(layer_balance([[3, 1], [0, 0]])).splitlines()

    assert lines[0].split() == ["layer", "load", "min", "p10", "median", "mean", "pooled", "fullest"]
    assert lines[1].split() == ["0", "4", "0.6667", "0.6667", "0.6667", "0.6667", "0.6667", "0"]
    assert lines[2].split() == ["1", "0", "nan", "nan", "nan", "nan", "nan", "0"]
    assert lines[3].split()[0] == "all"


def test_the_command_prints_the_table_and_writes_it(tmp_path, capsys):
    np.save(tmp_path / "loads.npy", [[[3, 1], [0, 0]], [[1, 1], [0, 2]]])
    words = ["balance", str(tmp_path / "loads.npy")]

    assert main([*words, "--layers"]) == 0
    table = capsys.readouterr().out
    assert main([*words, "--layers", "--json", "-"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert main([*words, "--json", "-"]) == 0
    plain = json.loads(capsys.readouterr().out)

    rows = layer_balance([[[3, 1], [0, 0]], [[1, 1], [0, 2]]])
    assert table.endswith(f"\n\n{layer_table(rows)}\n")
    assert result.pop("layers") == [row.to_dict() for row in rows]
    assert result == plain


@pytest.mark.few(2)
@pytest.mark.parametrize(
    "array",
    [
        np.arange(1, 9),
        np.arange(24).reshape(3, 8),
        np.arange(96).reshape(4, 3, 8),
        np.zeros((2, 3, 4)),
        np.zeros(4),
        np.eye(3)[:, None, :],
        np.ones((300, 1, 1)),
    ],
    ids=lambda array: "x".join(map(str, array.shape)),
)
def test_a_figure_is_drawn_of_loads_of_any_shape(array, tmp_path):
    pytest.importorskip("matplotlib")
    from pdsearch.cli._load_figure import plot_loads

    plot_loads(array, -1, str(tmp_path / "loads.png"))

    assert (tmp_path / "loads.png").read_bytes().startswith(b"\x89PNG")


def test_layers_with_opposite_loads_do_not_look_even():
    pytest.importorskip("matplotlib")
    from pdsearch.cli import _load_figure

    figure = _load_figure.new_figure(4, 4)
    axes = figure.subplots(1, 2)
    opposite = np.array([[[8.0, 0.0], [0.0, 8.0]]])
    _load_figure._heat(figure, axes[0], opposite)
    _load_figure._lorenz(axes[1], opposite.sum(axis=0))

    assert axes[0].images[0].get_array().tolist() == [[2, 0], [0, 2]]
    assert axes[1].get_title() == "mean Gini = 0.5"


def test_no_legend_covers_data():
    pytest.importorskip("matplotlib")
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from pdsearch.cli import _load_figure

    figure = _load_figure.new_figure(11, 7)
    layers, steps = figure.subplots(1, 2)
    array = np.random.default_rng(0).random((50, 8, 16))
    _load_figure._layers(layers, array)
    _load_figure._steps(steps, array)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)

    for axes in (layers, steps):
        assert axes.get_legend().get_window_extent(renderer).y0 >= axes.get_window_extent(renderer).y1 - 1
