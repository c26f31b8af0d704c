"""What clients see of images."""

from typing import Any

from collections_app.images.models import Image
from collections_app.images.paths import href
from collections_app.images.queries import Cursor
from core_api.storage.models import Outcome
from core_api.wire import media
from core_api.wire.errors import field_error
from core_api.wire.linkformat import Link
from core_api.wire.times import parse_stamp, to_rfc3339, to_stamp


def metadata(image: Image) -> dict[str, Any]:
    """The image's metadata as JSON and CBOR carry it: times in RFC 3339, the digest in hex."""
    facts: dict[str, Any] = {
        "id": image.pk,
        "href": href(image),
        "deviceId": image.device_id,
        "timestamp": to_rfc3339(image.timestamp),
        "mediaType": image.media_type,
        "width": image.width,
        "height": image.height,
        "size": image.blob.size,
        "sha256": image.blob.sha256,
    }
    if image.title:
        facts["title"] = image.title
    if image.latitude is not None and image.longitude is not None:
        facts["location"] = [image.latitude, image.longitude]
    if image.meta:
        facts["meta"] = image.meta
    if image.blob.outcome == Outcome.UNDECODABLE:
        facts["decodable"] = False
    return facts


def link(image: Image) -> Link:
    """The image as a CoRE link (RFC 6690)."""
    attributes: list[tuple[str, str | None]] = [
        ("rt", "image"),
        ("ct", str(media.content_format(image.media_type))),
        ("sz", str(image.blob.size)),
    ]
    if image.title:
        attributes.append(("title", image.title))
    return Link(href(image), tuple(attributes))


def record(image: Image) -> dict[str, Any]:
    """The image as a SenML record (RFC 8428), its name below the collection's URI."""
    return {
        "n": f"{image.device_id}/{to_stamp(image.timestamp)}",
        "t": image.timestamp.timestamp(),
        "vs": href(image),
        "ct": image.media_type,
    }


def cursor(image: Image) -> str:
    """The image's place in a list, for `after=`."""
    return f"{to_stamp(image.timestamp)},{image.pk}"


def parse_cursor(text: str) -> Cursor:
    """The place that `after` names; FieldErrors where it is none."""
    stamp, _, number = text.partition(",")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise field_error("/after", "is not a place in this list")
    return Cursor(parse_stamp(stamp, "/after"), int(number))
