"""Grids: extents that follow slices, and what may be combined."""

from typing import Any

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.windows import Window, bounds

from collections_app.jobs.raster import Axis, Extent, Grid, GridMismatch, Raster

ROWS, COLUMNS = 7, 9
EXTENT = (500_000.0, 5_000_000.0, 500_180.0, 5_000_070.0)
indices = st.none() | st.integers(-12, 12)
steps = st.none() | st.sampled_from([1, 2, 3, -1, -2, 5])


def raster(**more: Any) -> Raster:
    cells = np.arange(ROWS * COLUMNS, dtype=np.int32).reshape(ROWS, COLUMNS)
    return Raster(cells, EXTENT, crs="EPSG:32633", **more)


def centres(one: Raster) -> dict[int, tuple[float, float]]:
    """Where each value lies: the values of `raster()` are all different."""
    xs, ys = np.meshgrid(one.grid.x.centres, one.grid.y.centres)
    values = one.filled().ravel().tolist()
    return dict(zip(values, zip(xs.ravel(), ys.ravel(), strict=True), strict=True))


@pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")
@settings(deadline=None, max_examples=50)
@given(st.slices(ROWS), st.slices(COLUMNS))
def test_slices_of_neighbours_have_the_extent_that_windows_say(rows: slice, columns: slice) -> None:
    rows, columns = slice(rows.start, rows.stop), slice(columns.start, columns.stop)
    part = raster()[rows, columns]
    top, bottom, _ = rows.indices(ROWS)
    left, right, _ = columns.indices(COLUMNS)
    if top >= bottom or left >= right:
        assert not isinstance(part, Raster)
        return
    window = Window(left, top, right - left, bottom - top)
    transform = Affine(20, 0, EXTENT[0], 0, -10, EXTENT[3])
    assert part.extent == pytest.approx(Extent(*bounds(window, transform)))


@settings(deadline=None, max_examples=50)
@given(
    st.builds(slice, indices, indices, steps),
    st.builds(slice, indices, indices, steps),
    st.booleans(),
)
def test_cells_stay_where_they_are_whatever_the_slices(
    rows: slice, columns: slice, y_increasing: bool
) -> None:
    whole = raster(y_increasing=y_increasing)
    part = whole[rows, columns]
    if not part.size:
        assert not isinstance(part, Raster)
        return
    known = centres(whole)
    for value, place in centres(part).items():
        assert place == pytest.approx(known[value])


@settings(deadline=None, max_examples=50)
@given(st.builds(slice, indices, indices, steps), st.builds(slice, indices, indices, steps))
def test_slices_of_slices_stay_in_place(first: slice, second: slice) -> None:
    part = raster()[first]
    if part.size and (again := part[second]).size:
        known = centres(raster())
        assert all(place == pytest.approx(known[value]) for value, place in centres(again).items())


def test_an_extent_that_is_not_sliced_is_kept_to_the_last_bit() -> None:
    extent = (0.1, 0.2, 0.7, 0.9)
    part = Raster(np.zeros((7, 3)), extent)
    assert tuple(part.extent) == extent
    assert tuple(part[::-1, ::-1].extent) == extent
    assert part[2:].extent.ymin == 0.2


@pytest.mark.parametrize(
    "key",
    [0, (0, 1), (slice(None), 0), ([0, 1],), ([0, 1], [1, 2]), None, (None, 1)],
    ids=str,
)
def test_what_is_no_slice_of_rows_and_columns_is_a_plain_array(key: Any) -> None:
    part = raster()[key]
    assert not isinstance(part, Raster)
    assert np.array_equal(part, raster().filled()[key])


def test_a_mask_gives_a_plain_array() -> None:
    whole = raster()
    assert type(whole[whole > 3]) is np.ma.MaskedArray
    assert type(whole[np.ones((ROWS, COLUMNS), bool)]) is np.ma.MaskedArray


def test_an_ellipsis_stands_for_the_axes_that_are_not_named() -> None:
    assert raster()[..., 1:].extent == Extent(500_020, 5_000_000, 500_180, 5_000_070)


def test_grids_whose_edges_differ_by_rounding_match() -> None:
    axis, other = Axis(0.0, 0.3, 3), Axis(0.0, 0.1 + 0.2, 3)
    assert axis.matches(other)
    assert not axis.matches(Axis(0.0, 0.3001, 3))
    assert not axis.matches(Axis(0.0, 0.3, 4))


def grid(dims: tuple[str, ...] = ("y", "x"), crs: str = "", times: Any = None) -> Grid:
    return Grid(dims, Axis(0, 3, 3), Axis(2, 0, 2), crs, times)


def test_a_system_that_only_one_knows_is_that_of_both() -> None:
    assert grid().common(grid(crs="EPSG:4326")).crs == "EPSG:4326"


def test_systems_are_compared_by_what_they_are() -> None:
    from rasterio.crs import CRS

    wkt = CRS.from_epsg(32633).to_wkt()
    assert grid(crs=wkt).common(grid(crs="EPSG:32633")).crs == wkt
    with pytest.raises(GridMismatch, match="EPSG:32633 and EPSG:32634"):
        grid(crs="EPSG:32633").common(grid(crs="EPSG:32634"))


def test_other_times_do_not_match() -> None:
    one, other = np.array(["2026-01-01"], "datetime64[us]"), np.array(["2026-01-02"], "M8[us]")
    dims = ("time", "y", "x")
    assert grid(dims, times=one).common(grid()).times is one
    with pytest.raises(GridMismatch, match="times"):
        grid(dims, times=one).common(grid(dims, times=other))


def test_axes_in_another_order_do_not_match() -> None:
    with pytest.raises(GridMismatch, match="Axes"):
        grid().common(grid(("x", "y")))
