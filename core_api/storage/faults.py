"""What is wrong with an object: it is held against the digests and sizes in its blob's row."""

import hashlib

from core_api import sandbox
from core_api.errors import ApiError
from core_api.storage import restore
from core_api.storage.models import Blob
from core_api.storage.objects import fetch

# Of the processor for a restoration: these, and so many for each MiB of the object.
SECONDS = 10.0
SECONDS_PER_MIB = 10.0
UNREADABLE = (ApiError, OSError)
UNRESTORABLE = (sandbox.Crashed, ValueError)
WRONG_SIZE = "its row says another size"


def fault_of(blob: Blob) -> str | None:
    """What is wrong with the blob's object; None where it gives back what it should."""
    try:
        data = fetch(blob)
    except FileNotFoundError:
        return "its object is missing" if Blob.objects.filter(pk=blob.pk).exists() else None
    except UNREADABLE as error:
        return f"its object cannot be read: {error}"
    if digest(data) != (blob.stored_sha256 or blob.sha256):
        return "its object has changed"
    return _fault_in(blob, data)


def _fault_in(blob: Blob, data: bytes) -> str | None:
    try:
        original = restored(blob.encoding, data, blob.media_type)
    except UNRESTORABLE as error:
        return f"its object cannot be restored: {error}"
    sizes = {"stored_size": len(data)}
    if restore.is_exact(blob.encoding):
        if digest(original) != blob.sha256:
            return "its object is restored to other bytes than the original ones"
        sizes["size"] = len(original)
    return None if all(getattr(blob, name) == size for name, size in sizes.items()) else WRONG_SIZE


def restored(encoding: str, data: bytes, media_type: str) -> bytes:
    """The original format, by a child process: what may have changed is a stranger's.

    Raises one of UNRESTORABLE.
    """
    if encoding == restore.RAW:
        return data
    seconds = SECONDS + SECONDS_PER_MIB * len(data) / 2**20
    function = restore.sandboxed("restore")
    original: bytes = sandbox.call(function, encoding, data, media_type, cpu_seconds=seconds)
    return original


def digest(data: bytes) -> str:
    """The SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()
