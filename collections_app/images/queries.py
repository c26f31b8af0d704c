"""Reading the image collection."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import F, FloatField, Q, QuerySet, Value
from django.db.models.functions import ASin, Cos, Least, Radians, Sin, Sqrt

from collections_app.images.models import Image
from core_api.rows import loaded
from core_api.storage.models import BLOB_COLUMNS, Blob

_FIELDS = Image._meta.local_concrete_fields
_IMAGE_COLUMNS = ", ".join(f"image.{field.column}" for field in _FIELDS)
_IMAGE_WITH_BLOB = (
    f"SELECT {_IMAGE_COLUMNS}, {', '.join(f'blob.{name}' for name in BLOB_COLUMNS)}"  # noqa: S608
    f" FROM {Image._meta.db_table} AS image"
    f" JOIN {Blob._meta.db_table} AS blob ON blob.id = image.blob_id"
)
_FIELD_NAMES = tuple(field.attname for field in _FIELDS)
EARTH_RADIUS_KM = 6371.0088
KM_PER_DEGREE = 111.195


@dataclass(frozen=True, slots=True)
class Near:
    """A circle on the Earth: degrees (WGS 84) and kilometres."""

    latitude: float
    longitude: float
    km: float


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of an image in a list, newest first."""

    timestamp: dt.datetime
    id: int


@dataclass(frozen=True, slots=True)
class Filters:
    """Which images a list shows; both ends of the time are included."""

    device_id: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    title: str | None = None
    near: Near | None = None


def find(device_id: str, timestamp: dt.datetime) -> Image | None:
    """The image of a device at a moment."""
    moment = connection.ops.adapt_datetimefield_value(timestamp)
    return _one("WHERE image.device_id = %s AND image.timestamp = %s", device_id, moment)


def latest(device_id: str) -> Image | None:
    """The newest image of a device, by timestamp."""
    return _one("WHERE image.device_id = %s ORDER BY image.timestamp DESC LIMIT 1", device_id)


def stored_last() -> Image | None:
    """The image whose bytes were stored last, of any device."""
    return _one("ORDER BY image.stored DESC, image.id DESC LIMIT 1")


def at(places: Sequence[tuple[object, ...]]) -> list[Image]:
    """The images that stand at any of these places: device and moment, as the database takes it."""
    either = " OR ".join(["(image.device_id = %s AND image.timestamp = %s)"] * len(places))
    return _images(f"WHERE {either}", [value for place in places for value in place])


def _one(condition: str, *values: object) -> Image | None:
    images = _images(condition, values)
    return images[0] if images else None


def _images(condition: str, values: Sequence[Any]) -> list[Image]:
    """Images with their blobs, for the paths of every upload and download.

    It takes a tenth of the time of the same by a QuerySet.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"{_IMAGE_WITH_BLOB} {condition}", values)
        return [_image(row) for row in cursor.fetchall()]


def _image(row: Sequence[Any]) -> Image:
    values = list(row[: len(_FIELDS)])
    for index, (functions, expression) in _converters(connection.vendor).items():
        for function in functions:
            values[index] = function(values[index], expression, connection)
    image = loaded(Image, _FIELD_NAMES, values)
    image._state.fields_cache["blob"] = loaded(Blob, BLOB_COLUMNS, row[len(_FIELDS) :])
    return image


@cache
def _converters(vendor: str) -> dict[int, Any]:  # noqa: ARG001
    """What Django makes of the columns that a database does not give as Python has them."""
    compiler = Image.objects.all().query.get_compiler(connection=connection)
    table = Image._meta.db_table
    converters: dict[int, Any] = compiler.get_converters(
        [field.get_col(table) for field in _FIELDS]
    )
    return converters


def page(filters: Filters, limit: int, after: Cursor | None = None) -> list[Image]:
    """At most `limit` images, newest first, beginning after the cursor."""
    images = _filtered(filters)
    if after is not None:
        images = images.filter(
            Q(timestamp__lt=after.timestamp) | Q(timestamp=after.timestamp, id__lt=after.id)
        )
    return list(images.order_by("-timestamp", "-id").select_related("blob")[:limit])


def count(filters: Filters) -> int:
    """How many images there are."""
    return _filtered(filters).count()


def _filtered(filters: Filters) -> QuerySet[Image]:
    images = Image.objects.all()
    if filters.device_id is not None:
        images = images.filter(device_id=filters.device_id)
    if filters.since is not None:
        images = images.filter(timestamp__gte=filters.since)
    if filters.until is not None:
        images = images.filter(timestamp__lte=filters.until)
    if filters.title is not None:
        images = images.filter(title__icontains=filters.title)
    if filters.near is not None:
        images = _within(images, filters.near)
    return images


def _within(images: QuerySet[Image], near: Near) -> QuerySet[Image]:
    """Great-circle distance by the haversine formula, behind a band of latitudes."""
    band = near.km / KM_PER_DEGREE
    images = images.filter(latitude__range=(near.latitude - band, near.latitude + band))
    latitude = Radians(Value(near.latitude, FloatField()))
    half_lat = (Radians(F("latitude")) - latitude) / Value(2.0)
    half_lon = (Radians(F("longitude")) - Radians(Value(near.longitude, FloatField()))) / Value(2.0)
    haversine = Sin(half_lat) * Sin(half_lat) + Cos(latitude) * Cos(Radians(F("latitude"))) * Sin(
        half_lon
    ) * Sin(half_lon)
    # Rounding may go beyond 1, of which PostgreSQL refuses the arcsine.
    distance = Value(2 * EARTH_RADIUS_KM) * ASin(Least(Value(1.0), Sqrt(haversine)))
    return images.annotate(distance=distance).filter(distance__lte=near.km)
