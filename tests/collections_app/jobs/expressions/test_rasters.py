"""Expressions over rasters: they keep their extents, and what is masked stays masked."""

from typing import Any

import numpy as np
import pytest

from collections_app.jobs.expressions import ExpressionError, parse
from collections_app.jobs.raster import Raster

EXTENT = (0.0, 0.0, 4.0, 3.0)
CELLS = np.arange(12, dtype=np.uint8).reshape(3, 4)
RASTER = Raster(CELLS, EXTENT, nodata=11, crs="EPSG:4326")
TIMES = np.array(["2026-01-01", "2026-02-01"], "datetime64[us]")
SERIES = Raster(np.stack([CELLS, CELLS + 2.0]), EXTENT, times=TIMES)
CONTEXT = {"r": RASTER, "s": SERIES, "other": Raster(CELLS, (1.0, 0.0, 5.0, 3.0))}


def value(text: str) -> Any:
    return parse(text).evaluate(CONTEXT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 * r - r", CELLS),
        ("-r // 2 ** 1", -CELLS.astype(int) // 2),
        ("0 < r < 5", (CELLS > 0) & (CELLS < 5)),
        ("r == 3 or r != 4 and r", (CELLS == 3) | (CELLS != 4) & (CELLS > 0)),
        ("not r", CELLS == 0),
        ("where(r > 5, r, 0)", np.where(CELLS > 5, CELLS, 0)),
        ("int8(r / 2)", CELLS // 2),
        ("float(r)", CELLS),
        ("bool(r)", CELLS > 0),
        ("clip(r, 2, 5)", CELLS.clip(2, 5)),
        ("round(abs(r) / 3, 1)", np.round(CELLS / 3, 1)),
        ("sqrt(r)", np.sqrt(CELLS.astype(float))),
        ("r * s[0]", CELLS * CELLS.astype(int)),
        ("r + max(r)", CELLS + 10),
    ],
)
def test_results_keep_extent_and_mask(text: str, expected: Any) -> None:
    found = value(text)
    assert isinstance(found, Raster)
    assert (found.extent, found.crs) == (EXTENT, "EPSG:4326")
    np.testing.assert_array_equal(np.ma.getmaskarray(found), RASTER.mask)
    np.testing.assert_allclose(found.compressed(), np.asarray(expected)[~RASTER.mask])


def test_masking_by_a_condition() -> None:
    found = value("mask(r, r > 5)")
    assert isinstance(found, Raster)
    assert found.dtype == np.uint8
    assert found.compressed().tolist() == [0, 1, 2, 3, 4, 5]


def test_the_mask_itself_lies_on_the_grid() -> None:
    found = value("get_mask(r)")
    assert found.extent == EXTENT
    np.testing.assert_array_equal(found, RASTER.mask)


@pytest.mark.parametrize("axis", ["'time'", "0", "-3"])
def test_over_times_a_raster_is_left(axis: str) -> None:
    found = value(f"mean(s, axis={axis})")
    assert (found.dims, found.extent) == (("y", "x"), EXTENT)
    np.testing.assert_array_equal(found, CELLS + 1.0)


def test_over_places_an_array_is_left() -> None:
    found = value("max(s, 'x')")
    assert not isinstance(found, Raster)
    assert found.tolist() == [[3, 7, 11], [5, 9, 13]]


def test_statistics_leave_out_what_is_masked() -> None:
    assert value("max(r)") == 10
    assert value("mean(r)") == 5


def test_rasters_of_different_places_are_not_combined() -> None:
    with pytest.raises(ExpressionError, match=r"same grid.*\(column 3\)"):
        value("r + other")


def test_an_axis_that_the_raster_has_not() -> None:
    with pytest.raises(ExpressionError, match=r"no axis 'time' \(named axes: y, x\)"):
        value("mean(r, 'time')")
