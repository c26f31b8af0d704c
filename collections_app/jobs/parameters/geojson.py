"""GeoJSON (RFC 7946), checked: types, positions, rings, and how much of it there is."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from collections_app.jobs.parameters.base import ParameterError, inside
from collections_app.jobs.parameters.limits import MAX_FEATURES, MAX_POSITIONS
from core_api.background.tasks import Json

_MAX_NESTED = 8
_LIMITS = ((-180, 180), (-90, 90))


def check_feature(value: Json, budget: list[int] | None = None) -> None:
    """Check a Feature (RFC 7946 section 3.2); ParameterError.

    `budget` has the number of positions that are left for it, and is counted down.
    """
    feature = _object(value, "Feature")
    for member in ("geometry", "properties"):
        if member not in feature:
            raise ParameterError("is required, if only as null", f"/{member}")
    if not isinstance(feature["properties"], dict | None):
        raise ParameterError("must be an object or null", "/properties")
    identifier = feature.get("id", "")
    if isinstance(identifier, bool) or not isinstance(identifier, str | int | float):
        raise ParameterError("must be text or a number", "/id")
    if feature["geometry"] is not None:
        with inside("geometry"):
            _check_geometry(feature["geometry"], [MAX_POSITIONS] if budget is None else budget)


def check_collection(value: Json, max_features: int = MAX_FEATURES) -> None:
    """Check a FeatureCollection (RFC 7946 section 3.3); ParameterError."""
    features = _object(value, "FeatureCollection").get("features")
    with inside("features"):
        if not isinstance(features, list):
            raise ParameterError("must be a list")
        if len(features) > max_features:
            raise ParameterError(f"must have at most {max_features} features")
        budget = [MAX_POSITIONS]
        for index, feature in enumerate(features):
            with inside(index):
                check_feature(feature, budget)


def _object(value: Json, type_name: str) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise ParameterError(f"must be a GeoJSON {type_name}")
    if value.get("type") != type_name:
        raise ParameterError(f"must be {type_name}", "/type")
    return _checked_members(value)


def _checked_members(value: Mapping[str, Json]) -> Mapping[str, Json]:
    """What every GeoJSON object may have: no system of its own (section 4), a bbox (section 5)."""
    if value.get("crs") is not None:
        raise ParameterError("is not of RFC 7946: coordinates are WGS 84", "/crs")
    if "bbox" in value:
        box = value["bbox"]
        if not (isinstance(box, list) and len(box) in (4, 6) and all(map(_is_number, box))):
            raise ParameterError("must be four numbers, or six", "/bbox")
    return value


def _check_geometry(value: Json, budget: list[int], depth: int = 0) -> None:
    if not isinstance(value, dict):
        raise ParameterError("must be a GeoJSON geometry or null")
    _checked_members(value)
    type_name = value.get("type")
    if type_name == "GeometryCollection":
        _check_geometries(value.get("geometries"), budget, depth)
        return
    check = _GEOMETRIES.get(type_name) if isinstance(type_name, str) else None
    if check is None:
        known = ", ".join([*_GEOMETRIES, "GeometryCollection"])
        raise ParameterError(f"must be one of {known}", "/type")
    with inside("coordinates"):
        check(value.get("coordinates"), budget)


def _check_geometries(value: Json, budget: list[int], depth: int) -> None:
    with inside("geometries"):
        if not isinstance(value, list):
            raise ParameterError("must be a list")
        if depth >= _MAX_NESTED:
            raise ParameterError(f"must be nested at most {_MAX_NESTED} deep")
        for index, geometry in enumerate(value):
            with inside(index):
                _check_geometry(geometry, budget, depth + 1)


_Check = Callable[[Any, list[int]], None]


def _position(value: Json, budget: list[int]) -> None:
    """Longitude, latitude, and an altitude if there is one (section 3.1.1)."""
    budget[0] -= 1
    if budget[0] < 0:
        raise ParameterError(f"is beyond the {MAX_POSITIONS} positions that there may be")
    if not (isinstance(value, list) and len(value) in (2, 3) and all(map(_is_number, value))):
        raise ParameterError("must be [longitude, latitude], with an altitude or without")
    for number, (least, most) in zip(value, _LIMITS, strict=False):
        if not least <= number <= most:
            raise ParameterError("must lie within longitude -180..180 and latitude -90..90")


def _each(check: _Check, at_least: int = 0) -> _Check:
    def check_all(value: Json, budget: list[int]) -> None:
        if not isinstance(value, list):
            raise ParameterError("must be a list")
        if len(value) < at_least:
            raise ParameterError(f"must have at least {at_least} positions")
        for index, item in enumerate(value):
            with inside(index):
                check(item, budget)

    return check_all


_line = _each(_position, at_least=2)
_ring_positions = _each(_position, at_least=4)


def _ring(value: Json, budget: list[int]) -> None:
    """A closed line of four positions or more (section 3.1.6)."""
    _ring_positions(value, budget)
    if value[0] != value[-1]:
        raise ParameterError("must end where it begins")


_polygon = _each(_ring)
_GEOMETRIES: Mapping[str, _Check] = {
    "Point": _position,
    "MultiPoint": _each(_position),
    "LineString": _line,
    "MultiLineString": _each(_line),
    "Polygon": _polygon,
    "MultiPolygon": _each(_polygon),
}


def _is_number(value: Json) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)
