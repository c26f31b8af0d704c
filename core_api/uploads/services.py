"""What is done with unfinished uploads, whichever door they come through."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from core_api.errors import InsufficientStorage, NotFound, ServiceUnavailable
from core_api.uploads import identity
from core_api.uploads.files import Busy, UploadFile
from core_api.uploads.head import Head
from core_api.uploads.spool import Full, Kind, Quota, Spool

RETRY_AFTER = 30
# Seconds to wait for another request that works with the same upload.
PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class State:
    """How far an upload is: bytes that have arrived, and when it ends if nothing more comes.

    `length` is that of the whole, where it was announced.
    """

    id: str
    kind: Kind
    head: Head
    received: int
    expires: dt.datetime
    length: int | None

    @property
    def next(self) -> int:
        """The number of the block that is to follow."""
        return self.received // (16 << min(self.head.exponent, 6))


def folder() -> Path:
    """Where the files lie."""
    return Path(settings.COAPTURE_DATA) / "spool"


def quota() -> Quota:
    """What the settings allow."""
    return Quota(
        files=settings.COAPTURE_UPLOAD_FILES,
        size=settings.COAPTURE_UPLOAD_DISK,
        resumable_expiry=settings.COAPTURE_UPLOAD_EXPIRY,
        bound_expiry=settings.COAPTURE_COAP_UPLOAD_EXPIRY,
    )


def spool() -> Spool:
    """The folder that the settings name."""
    return _spool(folder(), quota())


def sweep() -> None:
    """Delete the uploads that have expired."""
    spool().sweep()


def unfinished(after: str = "", device_id: str | None = None) -> Iterator[State]:
    """The uploads whose names come after the one given, of a device or of all, by name."""
    for upload_id, kind in spool().names(after):
        try:
            found = state(upload_id, kind)
        except NotFound:
            continue
        if device_id in (None, found.head.device_id):
            yield found


def state(upload_id: str, kind: Kind | None = None) -> State:
    """How far an upload is; NotFound where there is none."""
    with opened(upload_id, kind, look=True) as file:
        return state_of(file)


def state_of(file: UploadFile) -> State:
    """How far an upload is."""
    expires = dt.datetime.fromtimestamp(int(spool().expires(file)), dt.UTC)
    kind = Kind(file.path.suffix[1:])
    return State(file.id, kind, file.head, file.size, expires, file.announced)


def opened(upload_id: str, kind: Kind | None = None, *, look: bool = False) -> UploadFile:
    """An upload, locked until it is closed; without the lock for who only wants to `look`.

    NotFound where there is none, ServiceUnavailable where another does not let go of it.
    """
    wait = None if look else PATIENCE
    try:
        for one in Kind if kind is None else (kind,):
            file = spool().open(upload_id, one, wait)
            if file is not None:
                return file
    except Busy:
        raise ServiceUnavailable("Another request works with this upload.") from None
    raise NotFound("There is no such unfinished upload.")


def begin(head: Head) -> UploadFile:
    """A new upload without a byte, locked; ServiceUnavailable where there is no room for it."""
    try:
        return spool().create(identity.new_id(), Kind.RESUMABLE, head, b"")
    except Full:
        raise ServiceUnavailable(_FULL, RETRY_AFTER) from None
    except OSError:
        raise InsufficientStorage(_NO_DISK, RETRY_AFTER) from None


def append(file: UploadFile, data: bytes) -> None:
    """Put bytes at the end; ServiceUnavailable where there is no room for them."""
    try:
        spool().write(file, file.size, data)
    except Full:
        raise ServiceUnavailable(_FULL, RETRY_AFTER) from None
    except OSError:
        raise InsufficientStorage(_NO_DISK, RETRY_AFTER) from None


def remove(upload_id: str) -> None:
    """Delete an upload; NotFound where there is none."""
    with opened(upload_id) as file:
        file.remove()


def is_own(found: State, token: str, sha256: str) -> bool:
    """Whether who shows this may change the upload.

    The token is what its creation gave out; the digest is the image's, where it was announced. An
    upload that is bound to an endpoint is changed by no one else.
    """
    if found.kind is Kind.BOUND:
        return False
    by_token = identity.shows(token, identity.token_of(found.id))
    return by_token or identity.shows(sha256.lower(), found.head.sha256)


_FULL = "There are too many unfinished uploads."
_NO_DISK = "The server's disk is full."


@lru_cache(maxsize=4)
def _spool(folder: Path, quota: Quota) -> Spool:
    return Spool(folder, quota)
