"""Rasters in files: what is written is what is read, and what strangers' files must not do."""

import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import rasterio
import xarray
from affine import Affine

from collections_app.jobs.raster import Extent, Raster, geotiff, netcdf
from collections_app.jobs.raster.geotiff import UnreadableRaster
from collections_app.jobs.raster.warp import resampled

EXTENT = Extent(500_000, 5_000_000, 500_040, 5_000_030)
MANY = 10**7
DTYPES = ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"]
FORMATS = [geotiff, netcdf]


def raster(dtype: str = "i2", **more: Any) -> Raster:
    cells = np.arange(12).reshape(3, 4).astype(dtype)
    return Raster(cells, EXTENT, crs="EPSG:32633", nodata=5, **more)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("file_format", FORMATS)
def test_a_raster_comes_back_as_it_was(file_format: Any, dtype: str, tmp_path: Path) -> None:
    written, path = raster(dtype), tmp_path / "file"
    file_format.write(written, path)
    for file in (path, path.read_bytes()):
        read = file_format.read(file, max_bytes=MANY)
        assert read.dtype == written.dtype
        assert (read.extent, read.crs) == (EXTENT, "EPSG:32633")
        assert np.array_equal(np.ma.getmaskarray(read), written.mask)
        assert np.array_equal(read.compressed(), written.compressed())


@pytest.mark.parametrize("file_format", FORMATS)
def test_rows_from_the_south_are_written_from_the_north(file_format: Any, tmp_path: Path) -> None:
    file_format.write(raster()[::-1, ::-1], tmp_path / "file")
    read = file_format.read(tmp_path / "file", max_bytes=MANY)
    assert not read.y_increasing
    assert np.array_equal(read.filled(), raster().filled())


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_value_that_cells_have_never_stands_for_no_data(file_format: Any, tmp_path: Path) -> None:
    doubled = raster("u1") * 0 + np.arange(12, dtype="u1").reshape(3, 4)
    doubled[0, 0] = 5
    file_format.write(doubled, tmp_path / "file")
    read = file_format.read(tmp_path / "file", max_bytes=MANY)
    assert read[0, 0] == 5
    assert read.mask.sum() == 1


def test_a_large_geotiff_is_a_cog_with_overviews(tmp_path: Path) -> None:
    cells = np.zeros((700, 600), np.uint8)
    geotiff.write(Raster(cells, (0, 0, 600, 700), crs="EPSG:3857"), tmp_path / "a.tif")
    with rasterio.open(tmp_path / "a.tif") as dataset:
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert dataset.overviews(1) == [2]
        assert dataset.nodata is None


def test_bands_are_read_and_written(tmp_path: Path) -> None:
    bands = Raster(np.arange(24, dtype="u2").reshape(2, 3, 4), EXTENT, crs="EPSG:32633")
    geotiff.write(bands, tmp_path / "a.tif")
    read = geotiff.read(tmp_path / "a.tif", max_bytes=MANY)
    assert read.dims == ("band", "y", "x")
    assert np.array_equal(read, bands)


def test_booleans_become_bytes(tmp_path: Path) -> None:
    for file_format in FORMATS:
        file_format.write(raster() > 6, tmp_path / "file")
        read = file_format.read(tmp_path / "file", max_bytes=MANY)
        assert read.dtype == np.uint8
        assert read.sum() == 5


def series(crs: str = "EPSG:4326") -> Raster:
    times = ["2026-01-01T00:00:00", "2026-06-01T12:30:00.5"]
    cells = np.arange(24, dtype="f4").reshape(2, 3, 4)
    return Raster(cells, (10, 50, 14, 53), crs=crs, times=times)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32633", ""])
def test_times_come_back_from_netcdf(crs: str, tmp_path: Path) -> None:
    netcdf.write(series(crs), tmp_path / "a.nc")
    read = netcdf.read(tmp_path / "a.nc", max_bytes=MANY)
    assert read.dims == ("time", "y", "x")
    assert read.times.tolist() == series().times.tolist()
    assert (read.extent, read.crs) == (Extent(10, 50, 14, 53), crs)
    assert np.array_equal(read, series())


def test_netcdf_follows_the_cf_conventions(tmp_path: Path) -> None:
    netcdf.write(series(), tmp_path / "a.nc")
    with xarray.open_dataset(tmp_path / "a.nc", engine="h5netcdf") as dataset:
        assert dataset.attrs["Conventions"] == "CF-1.8"
        assert dataset.lat.attrs["standard_name"] == "latitude"
        assert dataset.lon.attrs["units"] == "degrees_east"
        assert dataset.crs.attrs["grid_mapping_name"] == "latitude_longitude"
        assert dataset.time.dtype.kind == "M"


def test_a_geotiff_has_no_times(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="times"):
        geotiff.write(series(), tmp_path / "a.tif")


def test_scaled_values_are_read_as_what_they_mean(tmp_path: Path) -> None:
    attributes = {"scale_factor": 0.5, "add_offset": 10.0, "_FillValue": np.int16(-1)}
    cells = np.array([[2, 4], [-1, 6]], np.int16)
    dataset = xarray.Dataset(
        {"t": (("lat", "lon"), cells, attributes)}, {"lat": [1.5, 0.5], "lon": [0.5, 1.5]}
    )
    netcdf.write_dataset(dataset, tmp_path / "a.nc")
    read = netcdf.read(tmp_path / "a.nc", max_bytes=MANY)
    assert read.compressed().tolist() == [11, 12, 13]
    assert read.extent == Extent(0, 0, 2, 2)


def test_decoded_values_are_not_decoded_twice(tmp_path: Path) -> None:
    attributes = {"scale_factor": 0.5, "add_offset": 10.0, "_FillValue": np.int16(-1)}
    cells = np.array([[2, 4], [-1, 6]], np.int16)
    netcdf.write_dataset(
        xarray.Dataset(
            {"t": (("lat", "lon"), cells, attributes)}, {"lat": [1.5, 0.5], "lon": [0.5, 1.5]}
        ),
        tmp_path / "a.nc",
    )
    decoded = netcdf.from_dataset(netcdf.read_dataset(tmp_path / "a.nc", max_bytes=MANY))
    assert decoded.filled(99).tolist() == [[11, 12], [99, 13]]
    netcdf.write(decoded, tmp_path / "b.nc")
    assert netcdf.read(tmp_path / "b.nc", max_bytes=MANY).compressed().tolist() == [11, 12, 13]


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 1)])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32633"])
def test_a_grid_of_one_row_or_column_keeps_its_size(
    shape: tuple[int, int], crs: str, tmp_path: Path
) -> None:
    cells = np.arange(2.0 * shape[0] * shape[1]).reshape(2, *shape)
    written = Raster(cells, (10, 50, 14, 53), crs=crs, times=series().times)
    netcdf.write(written, tmp_path / "a.nc")
    for decoded in (True, False):
        dataset = netcdf.read_dataset(tmp_path / "a.nc", max_bytes=MANY, decoded=decoded)
        read = netcdf.from_dataset(dataset)
        assert (read.shape, read.extent) == ((2, *shape), Extent(10, 50, 14, 53))


def test_one_cell_whose_size_is_not_told_is_refused() -> None:
    dataset = netcdf.to_dataset(raster()[:1])
    dataset["y_bnds"] = dataset["y_bnds"] * np.nan
    for told in (dataset, dataset.drop_vars("y_bnds")):
        with pytest.raises(UnreadableRaster, match="one cell"):
            netcdf.from_dataset(told, "data")


@pytest.mark.parametrize("data", [b"", b"II*\0" + bytes(60), b"\x89HDF\r\n\x1a\n" + bytes(60)])
@pytest.mark.parametrize("file_format", FORMATS)
def test_what_is_no_file_of_the_format_is_refused(file_format: Any, data: bytes) -> None:
    with pytest.raises(UnreadableRaster):
        file_format.read(data, max_bytes=MANY)


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_file_that_is_cut_off_is_refused(file_format: Any, tmp_path: Path) -> None:
    file_format.write(raster("f8"), tmp_path / "file")
    data = (tmp_path / "file").read_bytes()
    with pytest.raises(UnreadableRaster):
        file_format.read(data[: len(data) // 2], max_bytes=MANY)


@pytest.mark.parametrize("file_format", FORMATS)
def test_what_is_too_large_is_refused_before_it_is_read(file_format: Any, tmp_path: Path) -> None:
    empty = Raster(np.zeros((1000, 1000), "u1"), (0, 0, 1, 1), crs="EPSG:4326")
    file_format.write(empty, tmp_path / "file")
    assert (tmp_path / "file").stat().st_size < 50_000
    with pytest.raises(UnreadableRaster, match="more than 999999 bytes"):
        file_format.read(tmp_path / "file", max_bytes=999_999)


def test_the_size_of_what_is_scaled_is_that_of_doubles(tmp_path: Path) -> None:
    cells = np.zeros((100, 100), "u1")
    geotiff.write(Raster(cells, (0, 0, 1, 1), crs="EPSG:4326"), tmp_path / "a.tif")
    with rasterio.open(tmp_path / "a.tif", "r+", IGNORE_COG_LAYOUT_BREAK="YES") as dataset:
        dataset.scales = (0.5,)
    attributes = {"add_offset": 10.0}
    packed = xarray.Dataset({"t": (("lat", "lon"), cells, attributes)})
    netcdf.write_dataset(packed, tmp_path / "a.nc")
    for file_format, name in ((geotiff, "a.tif"), (netcdf, "a.nc")):
        with pytest.raises(UnreadableRaster, match="more than 79999 bytes"):
            file_format.read(tmp_path / name, max_bytes=79_999)


def test_blocks_that_are_larger_than_the_raster_count(tmp_path: Path) -> None:
    place = {"transform": Affine(1, 0, 10, 0, -1, 10), "crs": "EPSG:4326"}
    block = {"tiled": True, "blockxsize": 2048, "blockysize": 2048, "sparse_ok": True}
    profile = {"driver": "GTiff", "width": 2, "height": 2, "count": 1, "dtype": "uint8"}
    with rasterio.open(tmp_path / "a.tif", "w", **profile, **place, **block):
        """Nothing is written."""
    with pytest.raises(UnreadableRaster, match="more than 1000000 bytes"):
        geotiff.read(tmp_path / "a.tif", max_bytes=10**6)


def test_a_turned_geotiff_is_refused(tmp_path: Path) -> None:
    profile = {"driver": "GTiff", "width": 2, "height": 2, "count": 1, "dtype": "uint8"}
    transform = Affine(1, 0.5, 0, 0.5, -1, 0)
    with rasterio.open(tmp_path / "a.tif", "w", transform=transform, **profile) as dataset:
        dataset.write(np.zeros((1, 2, 2), np.uint8))
    with pytest.raises(UnreadableRaster, match="turned"):
        geotiff.read(tmp_path / "a.tif", max_bytes=MANY)


def test_only_geotiff_is_opened_by_gdal(tmp_path: Path) -> None:
    geotiff.write(raster(), tmp_path / "a.tif")
    pointing = f"""<VRTDataset rasterXSize="4" rasterYSize="3"><VRTRasterBand dataType="Int16"
        band="1"><SimpleSource><SourceFilename>{tmp_path / "a.tif"}</SourceFilename><SourceBand>1
        </SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"""
    (tmp_path / "a.vrt").write_text(pointing)
    for file in (tmp_path / "a.vrt", pointing.encode()):
        with pytest.raises(UnreadableRaster):
            geotiff.read(file, max_bytes=MANY)


def secret(folder: Path) -> Path:
    path = folder / "secret"
    path.write_bytes(os.urandom(64))
    return path


def netcdf_like(path: Path) -> h5py.File:
    file = h5py.File(path, "w")
    file["crs"] = np.int32(0)
    return file


def test_data_of_other_files_are_never_read(tmp_path: Path) -> None:
    with netcdf_like(tmp_path / "a.nc") as file:
        outside = [(str(secret(tmp_path)), 0, 64)]
        file.create_dataset("data", (8, 8), "u1", external=outside)
    with pytest.raises(UnreadableRaster, match="other files"):
        netcdf.read(tmp_path / "a.nc", max_bytes=MANY)


def test_links_to_other_files_are_never_followed(tmp_path: Path) -> None:
    netcdf.write(raster(), tmp_path / "other.nc")
    for link in (h5py.ExternalLink(str(tmp_path / "other.nc"), "/data"), h5py.SoftLink("/crs")):
        with netcdf_like(tmp_path / "a.nc") as file:
            file.create_group("deep")["data"] = link
        with pytest.raises(UnreadableRaster, match="links"):
            netcdf.read(tmp_path / "a.nc", max_bytes=MANY)


def test_virtual_data_are_never_read(tmp_path: Path) -> None:
    netcdf.write(raster(), tmp_path / "other.nc")
    with netcdf_like(tmp_path / "a.nc") as file:
        layout = h5py.VirtualLayout((3, 4), "i2")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.nc"), "data", (3, 4))
        file.create_virtual_dataset("data", layout)
    with pytest.raises(UnreadableRaster, match="other files"):
        netcdf.read(tmp_path / "a.nc", max_bytes=MANY)


def test_a_system_is_never_looked_for_in_files(tmp_path: Path) -> None:
    from rasterio.crs import CRS

    wkt = tmp_path / "wkt"
    wkt.write_text(CRS.from_epsg(32633).to_wkt())
    dataset = netcdf.to_dataset(raster())
    dataset["crs"].attrs = {"crs_wkt": str(wkt)}
    netcdf.write_dataset(dataset, tmp_path / "a.nc")
    with pytest.raises(UnreadableRaster, match="no WKT"):
        netcdf.read(tmp_path / "a.nc", max_bytes=MANY)


def test_a_raster_is_put_on_another_grid() -> None:
    fine = Raster(np.arange(16, dtype="u1").reshape(4, 4), (0, 0, 4, 4), crs="EPSG:3857")
    coarse = Raster(np.zeros((2, 3)), (0, 0, 6, 4), crs="EPSG:3857")
    moved = resampled(fine, coarse.grid, "average")
    assert moved.filled(99).tolist() == [[3, 5, 99], [11, 13, 99]]
    assert (moved + coarse).extent == coarse.extent


def test_a_raster_is_put_into_another_system() -> None:
    there = Raster(np.ones((40, 40)), (499_000, 4_999_000, 501_000, 5_001_000), crs="EPSG:32633")
    here = Raster(np.zeros((10, 10)), (14.99, 45.14, 15.01, 45.16), crs="EPSG:4326")
    moved = resampled(there, here.grid)
    assert moved.crs == "EPSG:4326"
    assert moved[5, 5] == 1


def test_resampling_says_what_it_lacks() -> None:
    with pytest.raises(ValueError, match="no resampling"):
        resampled(raster(), raster().grid, "magic")
    with pytest.raises(ValueError, match="systems"):
        resampled(Raster(np.ones((1, 1)), (0, 0, 1, 1)), raster().grid)
