"""Rasters and data sets: every wire form, and what is wrong with one."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import xarray
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from collections_app.jobs.parameters import (
    DatasetParameter,
    ParameterError,
    RasterParameter,
    forget_scheme,
    register_scheme,
)
from collections_app.jobs.raster import Extent, Raster, geotiff, netcdf
from tests.collections_app.jobs.parameters.refusing import is_valid, refused
from tests.collections_app.jobs.parameters.running import JOB, FakeRun

MAP = RasterParameter("map")
DATA = DatasetParameter("data")
INLINE = {"array": [[1, None], [3, -1]], "extent": [0, 0, 4, 2], "crs": "EPSG:4326", "nodata": -1}
TIMES = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]


def raster() -> Raster:
    return Raster(np.arange(6, dtype="i2").reshape(2, 3), (0, 0, 3, 2), crs="EPSG:4326", nodata=4)


def series() -> Raster:
    return Raster(np.arange(12.0).reshape(2, 2, 3), (0, 0, 3, 2), times=[t[:-1] for t in TIMES])


def test_an_array_with_its_extent_is_a_raster() -> None:
    assert is_valid(MAP, INLINE)
    parsed = MAP.parse(INLINE)
    assert isinstance(parsed, Raster)
    assert parsed.extent == Extent(0, 0, 4, 2)
    assert parsed.mask.tolist() == [[False, True], [False, True]]
    assert (parsed.crs, parsed.nodata, parsed.times) == ("EPSG:4326", -1, None)


@pytest.mark.parametrize(
    "name",
    [
        "OGC:CRS84",
        "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        "http://www.opengis.net/def/crs/EPSG/0/4326",
        "urn:ogc:def:crs:EPSG::4326",
    ],
)
def test_systems_have_several_names(name: str) -> None:
    assert MAP.parse(INLINE | {"crs": name}).crs == "EPSG:4326"


def test_times_and_bands_come_before_the_rows() -> None:
    grids = INLINE | {"array": [INLINE["array"]] * 2}
    assert MAP.parse(grids).dims == ("band", "y", "x")
    timed = MAP.parse(grids | {"times": TIMES})
    assert timed.dims == ("time", "y", "x")
    assert MAP.dump(timed)["times"] == TIMES


@settings(deadline=None, max_examples=50)
@given(
    arrays.arrays(
        st.sampled_from(["i8", "f8"]),
        arrays.array_shapes(min_dims=2, max_dims=3, max_side=4),
        elements={"allow_nan": False, "allow_infinity": False},
    ),
    st.booleans(),
    st.data(),
)
def test_rasters_come_back_from_their_inline_form(
    cells: np.ndarray, y_increasing: bool, data: Any
) -> None:
    mask = data.draw(arrays.arrays(bool, cells.shape))
    masked = np.ma.MaskedArray(cells, mask)
    one = Raster(masked, (-1.5, 2, 7, 9.25), y_increasing=y_increasing, crs="EPSG:3857")
    wire = MAP.dump(one)
    assert is_valid(MAP, wire)
    parsed = MAP.parse(wire)
    assert (parsed.extent, parsed.crs, parsed.dims) == (one.extent, one.crs, one.dims)
    upright = one.north_up()
    assert np.array_equal(np.ma.getmaskarray(parsed), np.ma.getmaskarray(upright))
    assert np.array_equal(parsed.compressed(), upright.compressed())


def test_a_job_keeps_a_raster_as_a_cog(run: FakeRun) -> None:
    wire = MAP.dump(raster(), run)
    assert wire == {
        "href": f"{JOB}/results/map.tif",
        "type": "image/tiff; application=geotiff",
    }
    assert is_valid(MAP, wire)
    with rasterio.open(run.kept["map.tif"][0]) as dataset:
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert (dataset.nodata, dataset.dtypes, dataset.crs) == (4, ("int16",), "EPSG:4326")
    parsed = MAP.parse(wire, run)
    assert np.array_equal(parsed.filled(), raster().filled())
    assert parsed.extent == raster().extent


def test_a_job_keeps_a_raster_with_times_as_netcdf(run: FakeRun) -> None:
    wire = MAP.dump(series(), run)
    assert wire == {"href": f"{JOB}/results/map.nc", "type": "application/netcdf"}
    parsed = MAP.parse(wire, run)
    assert parsed.times.tolist() == series().times.tolist()
    assert np.array_equal(parsed, series())


@pytest.mark.parametrize("file_format", [geotiff, netcdf])
def test_files_may_come_in_base64(file_format: Any, tmp_path: Path) -> None:
    file_format.write(raster(), tmp_path / "file")
    text = base64.b64encode((tmp_path / "file").read_bytes()).decode()
    types = {geotiff: "image/tiff; application=geotiff", netcdf: "application/x-netcdf"}
    qualified = {"value": text, "encoding": "base64", "mediaType": types[file_format]}
    for wire in (text, qualified):
        assert is_valid(MAP, wire)
        assert np.array_equal(MAP.parse(wire).filled(), raster().filled())


def test_a_variable_is_chosen_in_a_netcdf_file(run: FakeRun) -> None:
    both = netcdf.to_dataset(raster(), "a")
    both["b"] = netcdf.to_dataset(raster() + 10, "b")["b"]
    link = DATA.dump(both, run)
    assert RasterParameter("map", variable="b").parse(link, run)[0, 0] == 10
    with pytest.raises(ParameterError, match=r"/href must have one variable .* 2 \(a, b\)"):
        MAP.parse(link, run)
    with pytest.raises(ParameterError, match="has no variable 'c'"):
        RasterParameter("map", variable="c").parse(link, run)


def test_references_are_resolved_by_their_scheme() -> None:
    known = {"fake://a": raster(), "fake://b": 5}
    register_scheme("fake", lambda reference, _: known[reference])
    try:
        assert is_valid(MAP, "fake://a")
        assert MAP.parse("fake://a").extent == raster().extent
        assert isinstance(DATA.parse("fake://a"), xarray.Dataset)
        MAP.check("fake://b")
        with pytest.raises(ParameterError, match="no raster"):
            MAP.parse("fake://b")
    finally:
        forget_scheme("fake")
    assert refused(MAP, "fake://a") == "has a scheme that is not known here (known are: none)"


def test_data_sets_come_back(run: FakeRun) -> None:
    dataset = xarray.Dataset(
        {"t": (("time", "s"), np.arange(4.0).reshape(2, 2))},
        {"time": np.array([t[:-1] for t in TIMES], "datetime64[ns]"), "s": ["a", "b"]},
    )
    wire = DATA.dump(dataset, run)
    assert wire == {"href": f"{JOB}/results/data.nc", "type": "application/netcdf"}
    assert is_valid(DATA, wire)
    xarray.testing.assert_equal(DATA.parse(wire, run), dataset)
    with pytest.raises(ParameterError, match="needs a job"):
        DATA.dump(dataset)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"extent": None}, "/extent must be [xmin, ymin, xmax, ymax]"),
        ({"extent": [0, 0, 0, 2]}, "/extent must have its minima before its maxima"),
        ({"extent": [0, 0, True, 2]}, "/extent must be [xmin, ymin, xmax, ymax]"),
        ({"array": [[1], 2]}, "/array/1 must be a list of 1 items, as the others are"),
        ({"array": [[1, "x"]]}, "/array/0/1 must be a finite number, true, false or null"),
        ({"array": [1]}, "/array must have rows and columns, and bands or times before them"),
        ({"array": [[]]}, "/array must have rows and columns, and bands or times before them"),
        ({"crs": "/etc/passwd"}, "/crs must be a code such as EPSG:4326"),
        ({"crs": "http://127.0.0.1/"}, "/crs must be a code such as EPSG:4326"),
        ({"crs": "+proj=longlat +nadgrids=/x"}, "/crs must be a code such as EPSG:4326"),
        ({"nodata": "x"}, "/nodata must be a finite number"),
        ({"yIncreasing": 1}, "/yIncreasing must be true or false"),
        ({"times": TIMES}, "/times must be a list with one time for each grid of the array"),
        ({"colour": 1}, "/colour is no member of a raster"),
    ],
)
def test_the_part_at_fault_is_named(change: Any, error: str) -> None:
    assert refused(MAP, INLINE | change) == error


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (5, "must be a link, a file in base64, a reference or an array"),
        ({}, "must be a link, a file in base64, a reference or an array"),
        ({"href": "/vsicurl/http://x"}, "/href must be a path such as /jobs/{id}/results/{name}"),
        ({"href": f"{JOB}/results/../x"}, "/href must be a path such as /jobs/{id}/results/{name}"),
        ({"value": "AAAA"}, "/value is no GeoTIFF or NetCDF file"),
        ("/vsimem/x", "is not base64 (RFC 4648)"),
        ("https://example.org/a.tif", "has a scheme that is not known here (known are: none)"),
    ],
)
def test_what_is_no_raster_is_refused(value: Any, error: str) -> None:
    assert refused(MAP, value) == error


def test_a_system_that_nobody_knows_is_refused_in_the_job() -> None:
    unknown = INLINE | {"crs": "EPSG:999999"}
    MAP.check(unknown)
    with pytest.raises(ParameterError, match="/crs is no reference system"):
        MAP.parse(unknown)


def test_what_python_gives_must_be_of_the_type(run: FakeRun) -> None:
    with pytest.raises(ParameterError, match="must be a Raster, not ndarray"):
        MAP.dump(np.ones((2, 2)), run)
    with pytest.raises(ParameterError, match=r"must be an xarray\.Dataset, not int"):
        DATA.dump(5, run)


def test_a_large_raster_needs_a_job() -> None:
    with pytest.raises(ParameterError, match="needs a job"):
        MAP.dump(Raster(np.zeros((200, 200)), (0, 0, 1, 1)))
