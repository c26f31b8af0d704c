"""Where an image is found, and what file name it gets."""

import hashlib
import re
from urllib.parse import quote

from collections_app.images.models import Image
from core_api.wire.media import extension
from core_api.wire.times import to_rfc3339, to_stamp

COLLECTION = "/collections/images"
# RFC 3986 pchar, so that a path reads the same in Location, in Uri-Path and in the change feed.
_PCHAR = "!$&'()*+,;=:@"
# Together with a stamp below the 255 bytes that file systems take for a name.
_MAX_FOLDER = 160
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


def file_name(image: Image, media_type: str = "") -> str:
    """A name for the downloaded file, such as `cam-7_20261121T080000Z.jpg`.

    Its extension is that of `media_type` where this is an image's, else of the image as received.
    """
    device = _UNSAFE.sub("_", image.device_id).strip("._") or "image"
    shown = media_type if media_type.startswith("image/") else image.media_type
    return f"{device}_{to_stamp(image.timestamp)}.{extension(shown)}"


def archive_name(image: Image) -> str:
    """The image's name in an archive, without extension, such as `cam-7/20261121T080000Z`.

    Two parts of plain ASCII that are safe to unpack anywhere: what else is in the device's name is
    percent-encoded, and a long one ends in its digest.
    """
    folder = quote(image.device_id, safe="")
    if folder[0] in ".-~":
        folder = f"%{ord(folder[0]):02X}{folder[1:]}"
    if folder.endswith("."):
        folder = f"{folder[:-1]}%2E"
    if len(folder) > _MAX_FOLDER:
        digest = hashlib.sha256(image.device_id.encode()).hexdigest()[:16]
        folder = f"{folder[: _MAX_FOLDER - 17]}~{digest}"
    return f"{folder}/{to_stamp(image.timestamp)}"
