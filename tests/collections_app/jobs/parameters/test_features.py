"""GeoJSON: what RFC 7946 takes, and what it does not."""

from typing import Any

import pytest

from collections_app.jobs.parameters import (
    FeatureCollectionParameter,
    FeatureParameter,
    ParameterError,
)
from tests.collections_app.jobs.parameters.refusing import is_valid, refused

RING = [[0, 0], [1, 0], [1, 1], [0, 0]]
ONE = FeatureParameter("a")
MANY = FeatureCollectionParameter("a", max_features=2)


def feature(type_: str, coordinates: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": type_, "coordinates": coordinates},
        "properties": None,
    }


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


@pytest.mark.parametrize(
    ("type_", "coordinates"),
    [
        ("Point", [-180, 90]),
        ("Point", [1.5, 2.5, 8000]),
        ("MultiPoint", []),
        ("LineString", [[0, 0], [1, 1]]),
        ("MultiLineString", [[[0, 0], [1, 1]]]),
        ("Polygon", [RING]),
        ("Polygon", [RING, list(reversed(RING))]),
        ("MultiPolygon", [[RING], [RING]]),
    ],
)
def test_geometries_of_every_type_are_taken(type_: str, coordinates: Any) -> None:
    value = feature(type_, coordinates)
    assert ONE.parse(value) == value
    assert is_valid(ONE, value)
    assert MANY.parse(collection(value)) == collection(value)
    assert is_valid(MANY, collection(value))


def test_a_feature_may_have_no_geometry_and_any_properties() -> None:
    value = {"type": "Feature", "id": 7, "geometry": None, "properties": {"a": [1]}, "x": 1}
    assert ONE.parse(value) == value
    assert is_valid(ONE, value)


def test_geometries_lie_inside_each_other_within_bounds() -> None:
    geometry: dict[str, Any] = {"type": "Point", "coordinates": [0, 0]}
    for _ in range(8):
        geometry = {"type": "GeometryCollection", "geometries": [geometry]}
    value = {"type": "Feature", "properties": {}, "geometry": geometry}
    ONE.check(value)
    value["geometry"] = {"type": "GeometryCollection", "geometries": [geometry]}
    assert refused(ONE, value).endswith("must be nested at most 8 deep")


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (feature("Point", [0]), "/geometry/coordinates must be [longitude, latitude], with an"),
        (feature("Point", [0, 91]), "/geometry/coordinates must lie within"),
        (feature("Point", [5e5, 5e6]), "/geometry/coordinates must lie within"),
        (feature("Point", [0, float("nan")]), "/geometry/coordinates must be [longitude"),
        (feature("Point", [0, True]), "/geometry/coordinates must be [longitude"),
        (feature("LineString", [[0, 0]]), "/geometry/coordinates must have at least 2"),
        (feature("Polygon", [RING[:3]]), "/geometry/coordinates/0 must have at least 4"),
        (feature("Polygon", [[*RING[:3], [9, 9]]]), "/geometry/coordinates/0 must end where"),
        (feature("Polygon", [[[0, 0, 0], "x"]]), "/geometry/coordinates/0 must have at least"),
        (feature("Circle", [0, 0]), "/geometry/type must be one of Point"),
        ({"type": "Feature", "geometry": None}, "/properties is required"),
        ({"type": "Point", "coordinates": [0, 0]}, "/type must be Feature"),
        (feature("Point", [0, 0]) | {"crs": {"type": "name"}}, "/crs is not of RFC 7946"),
        (feature("Point", [0, 0]) | {"bbox": [1]}, "/bbox must be four numbers, or six"),
        (feature("Point", [0, 0]) | {"id": True}, "/id must be text or a number"),
        (feature("Point", [0, 0]) | {"properties": 1}, "/properties must be an object or null"),
        ([], "must be a GeoJSON Feature"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(value: Any, error: str) -> None:
    assert refused(ONE, value).startswith(error)
    if isinstance(value, dict) and value.get("type") == "Feature":
        assert refused(MANY, collection(value)).startswith(f"/features/0{error}")


def test_there_are_only_so_many_features() -> None:
    assert refused(MANY, collection(*[feature("Point", [0, 0])] * 3)) == (
        "/features must have at most 2 features"
    )
    assert not is_valid(MANY, collection(*[feature("Point", [0, 0])] * 3))


def test_there_are_only_so_many_positions_in_all() -> None:
    line = feature("MultiPoint", [[0, 0]] * 50_001)
    ONE.check(line)
    assert "beyond the 100000 positions" in refused(MANY, collection(line, line))


class Shape:
    __geo_interface__ = {"type": "Point", "coordinates": (1, 2)}


def test_objects_that_know_their_geometry_are_written() -> None:
    assert ONE.dump(Shape()) == feature("Point", [1, 2])
    assert MANY.dump([Shape(), feature("Point", [0, 0])]) == collection(
        feature("Point", [1, 2]), feature("Point", [0, 0])
    )
    with pytest.raises(ParameterError):
        MANY.dump(5)
