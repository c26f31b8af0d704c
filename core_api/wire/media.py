"""Media types, their CoAP content-formats (RFC 7252 section 12.3) and file name extensions."""

from collections.abc import Mapping

TEXT_PLAIN = "text/plain"
OCTET_STREAM = 42

_CONTENT_FORMATS: Mapping[str, int] = {
    "application/link-format": 40,
    "application/octet-stream": OCTET_STREAM,
    "application/json": 50,
    "application/merge-patch+json": 52,
    "application/cbor": 60,
    "application/cbor-seq": 63,
    "application/senml+json": 110,
    "application/senml+cbor": 112,
    "application/concise-problem-details+cbor": 257,
    "image/gif": 21,
    "image/jpeg": 22,
    "image/png": 23,
}
_MEDIA_TYPES: Mapping[int, str] = {
    0: "text/plain;charset=utf-8",
    **{number: name for name, number in _CONTENT_FORMATS.items()},
}
_TEXT_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii"})
_EXTENSIONS: Mapping[str, str] = {
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/jxl": "jxl",
    "image/png": "png",
    "image/tiff": "tiff",
    "image/webp": "webp",
}


def base_type(content_type: str) -> str:
    """The media type in lower case, without parameters: "Image/JPEG; q=1" is "image/jpeg"."""
    return content_type.partition(";")[0].strip().lower()


def content_format(media_type: str) -> int:
    """The CoAP content-format of a media type; 42 (octet-stream) where none is registered.

    Parameters are ignored, except that text in another charset than UTF-8 is not format 0.
    """
    name = base_type(media_type)
    if name == TEXT_PLAIN:
        return 0 if _charset(media_type) in _TEXT_CHARSETS else OCTET_STREAM
    return _CONTENT_FORMATS.get(name, OCTET_STREAM)


def media_type(content_format: int) -> str | None:
    """The media type of a CoAP content-format; None for one that is not used here."""
    return _MEDIA_TYPES.get(content_format)


def extension(media_type: str) -> str:
    """The file name extension of an image type, without the dot; "bin" for any other type."""
    return _EXTENSIONS.get(base_type(media_type), "bin")


def _charset(content_type: str) -> str:
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""
