"""Base64 (RFC 4648), strictly: one alphabet, nothing foreign, no data behind the padding."""

import pybase64

from core_api.wire.errors import PayloadError

_URL_SAFE = b"-_"


def decode(text: str | bytes) -> bytes:
    """The bytes behind base64 in the standard alphabet or the URL-safe one (sections 4 and 5).

    The URL-safe form may go without padding (section 3.2). PayloadError for anything else,
    white space included.
    """
    try:
        raw = text.encode("ascii") if isinstance(text, str) else text
        if b"-" in raw or b"_" in raw:
            padded = raw + b"=" * (-len(raw) % 4)
            return pybase64.b64decode(padded, altchars=_URL_SAFE, validate=True)
        return pybase64.b64decode(raw, validate=True)
    except ValueError:
        raise PayloadError("This is not base64 (RFC 4648).") from None
