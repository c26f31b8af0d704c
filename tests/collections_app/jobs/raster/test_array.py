"""Rasters as arrays: operators, numpy's functions, reductions; and where the grid ends."""

import copy
import operator
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from collections_app.jobs.raster import Extent, GridMismatch, Raster

EXTENT = Extent(0, 0, 4, 3)
CELLS = np.arange(12.0).reshape(3, 4)
MASK = CELLS == 5
TIMES = np.array(["2026-01-01T00:00", "2026-01-02T12:00"], "datetime64[us]")


@pytest.fixture
def raster() -> Raster:
    return Raster(CELLS.copy(), EXTENT, crs="EPSG:4326", nodata=5)


@pytest.fixture
def series() -> Raster:
    return Raster(np.stack([CELLS, CELLS + 100]), EXTENT, crs="EPSG:4326", times=TIMES)


def test_cells_without_data_are_masked(raster: Raster) -> None:
    assert np.array_equal(np.ma.getmaskarray(raster), MASK)
    assert raster[1, 1] is np.ma.masked
    assert raster.filled()[1, 1] == 5


def test_nan_stands_for_no_data_too() -> None:
    one = Raster(np.array([[1, np.nan]]), (0, 0, 2, 1), nodata=float("nan"))
    assert one.mask.tolist() == [[False, True]]


@pytest.mark.parametrize(
    "operate",
    [
        operator.add,
        operator.sub,
        operator.mul,
        operator.truediv,
        operator.floordiv,
        operator.mod,
        operator.pow,
        operator.eq,
        operator.ne,
        operator.lt,
        operator.le,
        operator.gt,
        operator.ge,
    ],
)
@pytest.mark.parametrize("kind", ["number", "array", "raster"])
def test_operators_keep_the_grid_and_the_mask(
    raster: Raster, operate: Callable[..., Any], kind: str
) -> None:
    other = {"number": 2.0, "array": CELLS + 1, "raster": raster.like(CELLS + 1)}[kind]
    operand = CELLS + 1 if kind != "number" else 2.0
    for result, expected in (
        (operate(raster, other), operate(CELLS, operand)),
        (operate(other, raster + 1), operate(operand, CELLS + 1)),
    ):
        assert isinstance(result, Raster)
        assert (result.extent, result.crs, result.nodata) == (EXTENT, "EPSG:4326", 5)
        assert np.array_equal(np.ma.getmaskarray(result), MASK)
        assert np.allclose(result.compressed(), expected[~MASK])


def test_logic_keeps_the_grid(raster: Raster) -> None:
    both = (raster > 2) & (raster < 9) | ~(raster != 11)
    assert isinstance(both, Raster)
    assert both.compressed().sum() == 6


def test_functions_of_numpy_cell_by_cell_keep_the_grid(raster: Raster) -> None:
    for result in (
        np.sqrt(raster),
        np.maximum(raster, 3),
        np.add(CELLS, raster),
        abs(-raster),
        np.where(raster > 3, raster, 0),
        np.clip(raster, 1, 2),
        raster.clip(1, 2),
        raster.astype(np.int16),
        raster.round(),
        raster.copy(),
        *divmod(raster, 2),
    ):
        assert isinstance(result, Raster)
        assert result.extent == EXTENT
        assert np.array_equal(np.ma.getmaskarray(result), MASK)


def test_in_place_operators_change_the_cells(raster: Raster) -> None:
    same = raster
    same += 1
    np.multiply(same, 2, out=same)
    assert same is raster
    assert isinstance(raster, Raster)
    assert raster[0, 3] == 8
    assert np.array_equal(raster.mask, MASK)


def test_division_by_zero_is_masked_without_a_warning(raster: Raster) -> None:
    assert (raster / 0).mask.all()
    assert np.divide(raster, raster).mask.sum() == 2


def test_rasters_of_different_grids_are_not_combined(raster: Raster) -> None:
    moved = Raster(CELLS, (1, 0, 5, 3), crs="EPSG:4326")
    for combine in (
        lambda: raster + moved,
        lambda: raster == moved,
        lambda: np.add(raster, moved),
        lambda: np.where(raster > 1, moved, 0),
        lambda: operator.iadd(raster, moved),
        lambda: raster.masked_where(moved > 1),
    ):
        with pytest.raises(GridMismatch, match=r"4 x 3 cells in \(0, 0, 4, 3\)"):
            combine()


def test_rows_the_other_way_round_are_another_grid(raster: Raster) -> None:
    with pytest.raises(GridMismatch, match="from the south"):
        raster + raster[::-1]


@pytest.mark.parametrize(
    "make",
    [
        lambda one: one.T,
        lambda one: one.ravel(),
        lambda one: one.reshape(4, 3),
        lambda one: np.flip(one),
        lambda one: np.rot90(one),
        lambda one: np.sort(one),
        lambda one: np.cumsum(one),
        lambda one: one.mean(axis=0),
        lambda one: np.stack([one, one]),
        lambda one: one + np.zeros((2, 3, 4)),
        lambda one: one[:, :1] + np.zeros((3, 4)),
        lambda one: np.asarray(one),
        lambda one: np.ma.masked_where(one > 3, one),
    ],
)
def test_what_may_lie_elsewhere_is_a_plain_array(raster: Raster, make: Callable[..., Any]) -> None:
    assert not isinstance(make(raster), Raster)


def test_products_of_matrices_are_refused(raster: Raster) -> None:
    with pytest.raises(TypeError, match="matmul"):
        np.matmul(raster, raster.T)


def test_a_square_raster_turned_is_a_plain_array() -> None:
    square = Raster(CELLS[:3, :3], (0, 0, 3, 3))
    for result in (square.T, np.transpose(square), np.flipud(square)):
        assert not isinstance(result, Raster)


@pytest.mark.parametrize("name", ["min", "max", "sum", "mean", "std", "var", "median"])
def test_reductions_do_not_see_what_is_masked(raster: Raster, name: str) -> None:
    expected = getattr(np, name)(CELLS[~MASK])
    assert getattr(np, name)(raster) == pytest.approx(expected)
    assert getattr(np, f"nan{name}")(raster) == pytest.approx(expected)


def test_percentiles_do_not_see_what_is_masked(raster: Raster) -> None:
    assert np.percentile(raster, 50) == np.median(CELLS[~MASK])
    assert np.quantile(raster, [0, 1]).tolist() == [0, 11]


def test_reductions_over_time_leave_a_raster(series: Raster) -> None:
    for result in (
        series.mean(axis=0),
        series.mean(axis="time"),
        np.mean(series, axis=0),
        np.median(series, 0),
        np.nanmax(series, axis="time"),
    ):
        assert isinstance(result, Raster)
        assert (result.dims, result.extent, result.times) == (("y", "x"), EXTENT, None)
    assert np.array_equal(series.mean(axis=0), CELLS + 50)


def test_reductions_over_rows_or_columns_leave_none(series: Raster) -> None:
    over = series.max(axis=("y", "x"))
    assert not isinstance(over, Raster)
    assert over.tolist() == [11, 111]
    assert series.sum() == pytest.approx(CELLS.sum() * 2 + 1200)


def test_times_are_chosen_with_the_grids(series: Raster) -> None:
    assert series[1].dims == ("y", "x")
    assert series[-1:].times.tolist() == TIMES[1:].tolist()
    assert series[[1, 0]].times.tolist() == TIMES[::-1].tolist()
    assert series[np.array([False, True]), 1:].extent == Extent(0, 0, 4, 2)
    assert series.times is not None


def test_a_series_and_a_raster_are_combined(series: Raster, raster: Raster) -> None:
    total = raster + series
    assert isinstance(total, Raster)
    assert total.dims == ("time", "y", "x")
    assert total.mask.sum() == 2


def test_axes_may_be_in_any_order() -> None:
    columns_first = Raster(CELLS.T, EXTENT, 0, 1, y_increasing=True)
    assert (columns_first.x_dim, columns_first.y_dim) == (0, 1)
    assert columns_first[1:, 1:].extent == Extent(1, 1, 4, 3)
    upright = columns_first.north_up()
    assert upright.dims == ("y", "x")
    assert not upright.y_increasing
    assert np.array_equal(upright, CELLS[::-1])


def test_places_have_cells(raster: Raster) -> None:
    assert raster.index(0.5, 2.5) == (0, 0)
    assert raster.index(3.999, 0.001) == (2, 3)
    assert raster.index(4, 0) == (2, 3)
    assert raster.index(4.001, 1) is None
    assert raster[::-1].index(0.5, 2.5) == (2, 0)


def test_masks_are_added_on_the_same_grid(raster: Raster) -> None:
    masked = raster.masked_where(raster > 8)
    assert isinstance(masked, Raster)
    # What is masked in the condition is masked in the result.
    assert masked.mask.sum() == 4
    assert raster.mask.sum() == 1


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]
)
def test_copies_are_rasters_of_their_own(raster: Raster, copied: Callable[..., Any]) -> None:
    other = copied(raster)
    assert isinstance(other, Raster)
    assert (other.extent, other.crs, other.nodata) == (EXTENT, "EPSG:4326", 5)
    assert np.array_equal(other.mask, MASK)


def test_writing_through_a_copy_leaves_the_raster_alone(raster: Raster) -> None:
    other = raster.copy()
    other[0] = 99
    other[2, 2] = np.ma.masked
    assert raster[0, 0] == 0
    assert raster.mask.sum() == 1
    assert isinstance(other, Raster)


@pytest.mark.parametrize(
    ("array", "extent", "more", "message"),
    [
        (np.zeros(3), EXTENT, {}, "two axes"),
        (CELLS, (0, 0, 0, 3), {}, "no extent"),
        (CELLS, (0, 0, float("nan"), 3), {}, "no extent"),
        (np.zeros((0, 4)), EXTENT, {}, "one cell"),
        (CELLS, EXTENT, {"x_dim": 0, "y_dim": 0}, "the same axis"),
        (np.zeros((2, 3, 4)), EXTENT, {"times": TIMES[:1]}, "1 times do not fit"),
    ],
)
def test_what_is_no_raster_is_refused(array: Any, extent: Any, more: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Raster(array, extent, **more)
