"""A list as CSV (RFC 4180) and as JSON lines."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from collections_app.images.models import Image
from collections_app.images.representations import metadata
from core_api.wire import jsontext

COLUMNS = (
    *("id", "deviceId", "timestamp", "href", "mediaType", "width", "height", "size", "sha256"),
    *("title", "latitude", "longitude", "meta"),
)


def to_csv(images: Iterable[Image]) -> bytes:
    """The images as CSV in UTF-8 with a head; values are exact, `meta` is JSON."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(_row(image) for image in images)
    return text.getvalue().encode()


def to_lines(images: Iterable[Image]) -> bytes:
    """The images' metadata, one JSON object a line."""
    return b"".join(jsontext.encode(metadata(image)) + b"\n" for image in images)


def _row(image: Image) -> dict[str, Any]:
    row = metadata(image)
    row["latitude"], row["longitude"] = image.latitude, image.longitude
    row["meta"] = jsontext.encode(image.meta).decode() if image.meta else ""
    return row
