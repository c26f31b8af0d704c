"""Grid mappings of CF."""

from typing import Any

import pytest
from rasterio.crs import CRS

from collections_app.jobs.raster import gridmapping

GRS80 = {"semi_major_axis": 6378137.0, "inverse_flattening": 298.257222101}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (4326, {"grid_mapping_name": "latitude_longitude"}),
        (
            25833,
            GRS80
            | {
                "grid_mapping_name": "transverse_mercator",
                "latitude_of_projection_origin": 0.0,
                "longitude_of_central_meridian": 15.0,
                "scale_factor_at_central_meridian": 0.9996,
                "false_easting": 500000.0,
                "false_northing": 0.0,
            },
        ),
        (
            3035,
            GRS80
            | {
                "grid_mapping_name": "lambert_azimuthal_equal_area",
                "latitude_of_projection_origin": 52.0,
                "longitude_of_projection_origin": 10.0,
                "false_easting": 4321000.0,
                "false_northing": 3210000.0,
            },
        ),
        (
            2154,
            GRS80
            | {
                "grid_mapping_name": "lambert_conformal_conic",
                "latitude_of_projection_origin": 46.5,
                "longitude_of_central_meridian": 3.0,
                "standard_parallel": [49.0, 44.0],
                "false_easting": 700000.0,
                "false_northing": 6600000.0,
            },
        ),
        # Neither spherical Mercator nor feet have a name in CF.
        (3857, {}),
        (2263, {}),
    ],
)
def test_the_common_systems_have_the_attributes_of_cf(code: int, expected: dict[str, Any]) -> None:
    found = gridmapping.attributes(CRS.from_epsg(code))
    assert CRS.from_wkt(found.pop("crs_wkt")) == CRS.from_wkt(found.pop("spatial_ref"))
    assert found == expected


def test_a_system_comes_back_from_its_attributes() -> None:
    assert gridmapping.system(gridmapping.attributes(CRS.from_epsg(32633))) == "EPSG:32633"
    assert gridmapping.system({}) == ""
