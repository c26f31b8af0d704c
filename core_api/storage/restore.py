"""From objects that are stored in less space back to the originals' format, behind a cache."""

from importlib import import_module
from typing import Protocol, cast

from core_api.storage.cache import Cache
from core_api.storage.models import Blob

RAW = "raw"
# Objects that are images of another type by themselves.
OBJECT_TYPES = {"jxl-jpeg": "image/jxl", "jxl-jpeg-visual": "image/jxl"}


class Codec(Protocol):
    """What the module that encodes and restores images offers."""

    def restore(self, encoding: str, data: bytes, media_type: str) -> bytes:
        """The image in its original format, from an object in this encoding."""

    def is_exact(self, encoding: str) -> bool:
        """Whether the restored bytes are the original ones, and not only the same pixels."""


_cache = Cache("restored")
_module = ""


def register(module: str) -> None:
    """Name the module that is the Codec; it is imported when the first object needs it."""
    global _module
    _module = module


def codec() -> Codec:
    """The codec; LookupError where none was registered."""
    if not _module:
        raise LookupError("There is no codec for encoded images.")
    return cast("Codec", import_module(_module))


def sandboxed(name: str) -> str:
    """A function of the codec as the sandbox calls it: "package.module:function"."""
    return f"{_module}:{name}"


def is_exact(encoding: str) -> bool:
    """Whether a blob in this encoding gives back the original bytes."""
    return encoding == RAW or codec().is_exact(encoding)


def cached(blob: Blob) -> bytes | None:
    """What `restored` gave for the blob lately, if it is still there."""
    return _cache.get(blob.key)


def restored(blob: Blob, data: bytes) -> bytes:
    """The image in its original format, from the encoded object of the blob; it is cached.

    It runs in this process: the object is one that we have encoded and verified ourselves.
    """
    original = codec().restore(blob.encoding, data, blob.media_type)
    _cache.put(blob.key, original)
    return original


def forget_cached() -> None:
    """Empty the cache's memory."""
    _cache.forget()
