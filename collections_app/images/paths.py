"""Where an image is found, and what file name it gets."""

import re
from urllib.parse import quote

from collections_app.images.models import Image
from core_api.wire.media import extension
from core_api.wire.times import to_rfc3339, to_stamp

COLLECTION = "/collections/images"
# RFC 3986 pchar, so that a path reads the same in Location, in Uri-Path and in the change feed.
_PCHAR = "!$&'()*+,;=:@"
_UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)


def segment(device_id: str) -> str:
    """The device as one path segment, percent-encoded."""
    return quote(device_id, safe=_PCHAR)


def href(image: Image) -> str:
    """The image's path; the query form for a device that no path segment can carry."""
    device = image.device_id
    if "/" in device or device in (".", ".."):
        timestamp = quote(to_rfc3339(image.timestamp), safe=":")
        return f"{COLLECTION}?deviceId={quote(device, safe='')}&timestamp={timestamp}"
    return f"{COLLECTION}/{segment(device)}/{to_stamp(image.timestamp)}"


def change_path(image: Image) -> str:
    """The image's name in the change feed: always a path, a slash in the device encoded."""
    return f"{COLLECTION}/{segment(image.device_id)}/{to_stamp(image.timestamp)}"


def file_name(image: Image) -> str:
    """A name for the downloaded file, such as `cam-7_20261121T080000Z.jpg`."""
    device = _UNSAFE.sub("_", image.device_id).strip("._") or "image"
    return f"{device}_{to_stamp(image.timestamp)}.{extension(image.media_type)}"
