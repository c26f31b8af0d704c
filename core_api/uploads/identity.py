"""What an upload is called, and what shows that it is one's own.

An id is no secret: lists show it. Whoever wants to change an upload shows the token that its
creation gave out, or the SHA-256 of the image, which only who has the image can know.
"""

import hashlib
import hmac
import secrets
from functools import lru_cache

from django.conf import settings

_BYTES = 16


def new_id() -> str:
    """A random name of 128 bits."""
    return secrets.token_hex(_BYTES)


def id_of(key: bytes) -> str:
    """The name of the upload that a key stands for; nobody else can work it out."""
    return _derived(b"upload id", key)


def token_of(upload_id: str) -> str:
    """What the creator of an upload is given to show."""
    return _derived(b"upload token", upload_id.encode())


def shows(given: str, expected: str) -> bool:
    """Whether what a client shows is what is expected, compared in constant time."""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def _derived(purpose: bytes, data: bytes) -> str:
    key = _key(settings.SECRET_KEY)
    return hashlib.blake2b(data, digest_size=_BYTES, key=key, person=purpose).hexdigest()


@lru_cache(maxsize=1)
def _key(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
