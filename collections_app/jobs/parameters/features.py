"""Features and collections of them: GeoJSON (RFC 7946) on the wire and in Python."""

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from collections_app.jobs.parameters import geojson
from collections_app.jobs.parameters.base import Parameter, ParameterError
from collections_app.jobs.parameters.limits import MAX_FEATURES
from core_api.background.tasks import Json, Run

_GEOMETRY: Mapping[str, Json] = {
    "type": ["object", "null"],
    "properties": {"type": {"type": "string"}},
    "required": ["type"],
}
_FEATURE: Mapping[str, Json] = {
    "type": "object",
    "properties": {
        "type": {"const": "Feature"},
        "geometry": _GEOMETRY,
        "properties": {"type": ["object", "null"]},
        "id": {"type": ["string", "number"]},
    },
    "required": ["type", "geometry", "properties"],
}


@dataclass(frozen=True)
class FeatureParameter(Parameter):
    """A GeoJSON Feature as a dict; Python may give anything that has `__geo_interface__`."""

    type: ClassVar[str] = "feature"

    def value_schema(self) -> dict[str, Json]:
        """The JSON Schema of a Feature."""
        return dict(_FEATURE)

    def check_value(self, value: Json) -> None:
        """Check the feature and its geometry."""
        geojson.check_feature(value)

    def dump_value(self, value: Any, run: Run | None) -> Json:
        """The Feature; a geometry becomes one without properties."""
        return super().dump_value(_feature(value), run)


@dataclass(frozen=True)
class FeatureCollectionParameter(Parameter):
    """A GeoJSON FeatureCollection as a dict; Python may give an iterable of features too."""

    type: ClassVar[str] = "feature_collection"

    _: KW_ONLY
    max_features: int = MAX_FEATURES

    def value_schema(self) -> dict[str, Json]:
        """The JSON Schema of a FeatureCollection."""
        features = {"type": "array", "items": dict(_FEATURE), "maxItems": self.max_features}
        return {
            "type": "object",
            "properties": {"type": {"const": "FeatureCollection"}, "features": features},
            "required": ["type", "features"],
        }

    def check_value(self, value: Json) -> None:
        """Check each feature and its geometry."""
        geojson.check_collection(value, self.max_features)

    def dump_value(self, value: Any, run: Run | None) -> Json:
        """The FeatureCollection."""
        plain = _geo(value)
        if not isinstance(plain, Mapping):
            if not isinstance(plain, Iterable):
                raise ParameterError("must be a GeoJSON FeatureCollection, or features")
            features = [_feature(one) for one in plain]
            plain = {"type": "FeatureCollection", "features": features}
        return super().dump_value(plain, run)


def _feature(value: Any) -> Any:
    plain = _geo(value)
    if isinstance(plain, dict) and plain.get("type") not in ("Feature", "FeatureCollection"):
        return {"type": "Feature", "geometry": plain, "properties": None}
    return plain


def _geo(value: Any) -> Any:
    """What an object says of itself in GeoJSON, tuples as lists."""
    return _lists(getattr(value, "__geo_interface__", value))


def _lists(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _lists(member) for key, member in value.items()}
    return [_lists(item) for item in value] if isinstance(value, list | tuple) else value
