"""Reference systems as CF has them: the attributes of a grid mapping (CF 1.8, section 5.6)."""

import re
from collections.abc import Mapping
from typing import Any

from collections_app.jobs.raster.geotiff import UnreadableRaster

_WKT = re.compile(r"(?:GEOG|PROJ|GEOD|COMP|BOUND|GEOC)[A-Z_]*\[")
_MAX_WKT = 65536
_FALSE_ORIGIN = {
    8821: "latitude_of_projection_origin",
    8822: "longitude_of_central_meridian",
    8826: "false_easting",
    8827: "false_northing",
}
_NATURAL_ORIGIN = {
    8801: "latitude_of_projection_origin",
    8806: "false_easting",
    8807: "false_northing",
}
# CF's names of EPSG's methods and of their parameters (CF 1.8, appendix F): those that most
# products are in. Of the others the WKT tells alone.
_METHODS: Mapping[int, tuple[str, Mapping[int, str]]] = {
    9807: (
        "transverse_mercator",
        _NATURAL_ORIGIN
        | {8802: "longitude_of_central_meridian", 8805: "scale_factor_at_central_meridian"},
    ),
    9820: (
        "lambert_azimuthal_equal_area",
        _NATURAL_ORIGIN | {8802: "longitude_of_projection_origin"},
    ),
    9802: ("lambert_conformal_conic", _FALSE_ORIGIN),
    9822: ("albers_conical_equal_area", _FALSE_ORIGIN),
}
_PARALLELS = (8823, 8824)
_UNITS = ("degree", "metre", "unity")
_AXES = ("semi_major_axis", "semi_minor_axis", "inverse_flattening")


def attributes(crs: Any) -> dict[str, Any]:
    """The attributes of the grid mapping of a system (rasterio.crs.CRS): its WKT, and CF's own."""
    wkt = crs.to_wkt()
    found: dict[str, Any] = {"crs_wkt": wkt, "spatial_ref": wkt}
    if crs.is_geographic:
        return found | {"grid_mapping_name": "latitude_longitude"}
    described = crs.to_dict(projjson=True)
    own = _projection(described.get("conversion", {}))
    return found | own | _ellipsoid(described) if own else found


def system(attributes: Mapping[str, Any]) -> str:
    """The reference system that a grid mapping names by its WKT, "" where it names none.

    UnreadableRaster for what is no WKT: GDAL takes that for a file or an address, and opens it.
    """
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    text = str(attributes.get("crs_wkt") or attributes.get("spatial_ref") or "")
    if not text:
        return ""
    if not _WKT.match(text) or len(text) > _MAX_WKT:
        raise UnreadableRaster("has a reference system that is no WKT")
    try:
        return str(CRS.from_wkt(text).to_string())
    except CRSError as error:
        raise UnreadableRaster("has a reference system that cannot be read") from error


def _projection(conversion: Mapping[str, Any]) -> dict[str, Any]:
    """The name and the parameters of a conversion (PROJJSON); nothing where CF cannot say it."""
    name, names = _METHODS.get(_code(conversion.get("method", {})), ("", {}))
    found: dict[str, Any] = {"grid_mapping_name": name}
    parallels = []
    for parameter in conversion.get("parameters", ()):
        code = _code(parameter)
        if parameter.get("unit") not in _UNITS or code not in {*names, *_PARALLELS}:
            return {}
        if code in _PARALLELS:
            parallels.append(float(parameter["value"]))
        else:
            found[names[code]] = float(parameter["value"])
    return found | ({"standard_parallel": parallels} if parallels else {}) if name else {}


def _ellipsoid(described: Mapping[str, Any]) -> dict[str, float]:
    base = described.get("base_crs", {})
    datum = base.get("datum") or base.get("datum_ensemble") or {}
    values = datum.get("ellipsoid", {})
    return {
        name: float(values[name]) for name in _AXES if isinstance(values.get(name), int | float)
    }


def _code(identified: Mapping[str, Any]) -> int:
    """EPSG's number of a method or a parameter, 0 where it has none."""
    found = identified.get("id", {})
    return int(found.get("code", 0)) if found.get("authority") == "EPSG" else 0
