"""Tell what image some bytes are, by their structure alone."""

from collections.abc import Collection

from collections_app.imaging.structure.errors import NotAnImage
from collections_app.imaging.structure.facts import ImageFacts
from collections_app.imaging.structure.formats import FORMATS, SIGNATURE_BYTES, Format
from collections_app.imaging.structure.source import Source

ALL_FORMATS = tuple(one.name for one in FORMATS)


def inspect(
    data: bytes | memoryview,
    *,
    formats: Collection[str] = ALL_FORMATS,
    max_pixels: int = 25_000_000,
) -> ImageFacts:
    """The format and size of an image whose structure is whole; no pixel is decoded.

    `formats` are the accepted names of ALL_FORMATS, `max_pixels` is the limit for each picture,
    frame or page. Takes time linear in the size of `data`, and copies none of it.
    Raises NotAnImage, BrokenImage, TruncatedImage or TooManyPixels, all of them ImageError.
    """
    view = memoryview(data).cast("B")
    found = _recognise(bytes(view[:SIGNATURE_BYTES]), formats)
    width, height = found.walk(Source(found.label, view, max_pixels))
    return ImageFacts(found.name, found.media_type, width, height)


def _recognise(head: bytes, formats: Collection[str]) -> Format:
    """The format that `head` begins like; NotAnImage where it is unknown or not accepted."""
    found = next((one for one in FORMATS if head and one.begins(head)), None)
    if found is not None and found.name in formats:
        return found
    accepted = ", ".join(one.label for one in FORMATS if one.name in formats)
    if not head:
        raise NotAnImage(f"The image is empty; accepted formats are {accepted}.")
    if found is None:
        raise NotAnImage(f"These bytes are no image of an accepted format ({accepted}).")
    raise NotAnImage(f"{found.label} is not accepted here; accepted formats are {accepted}.")
