"""Base64 text (RFC 4648), strictly: each value has one spelling in each alphabet."""

import binascii

import pybase64

from core_api.wire.errors import PayloadError

_URL_SAFE = b"-_"
# Below this many bytes pybase64 saves less than it costs to let go of the interpreter.
SMALL = 4096


def decode(text: str | bytes) -> bytes:
    """The bytes that the text stands for; PayloadError where it is not base64.

    The alphabet is the standard or the URL-safe one (RFC 4648 sections 4 and 5), never both at
    once. Padding is required, except that text which is URL-safe beyond doubt (it has a `-` or
    `_`) may leave it out altogether (section 3.2). Nothing else is tolerated: no white space, no
    bits set in the padding (section 3.5).
    """
    try:
        raw = text.encode("ascii") if isinstance(text, str) else text
        if b"-" in raw or b"_" in raw:
            return _decode_url_safe(raw)
        return _checked(_decoded(raw), raw, None)
    except ValueError:
        raise PayloadError("This is not base64.") from None


def _decoded(raw: bytes) -> bytes:
    if len(raw) >= SMALL:
        return pybase64.b64decode(raw, validate=True)
    data = binascii.a2b_base64(raw, strict_mode=True)
    if len(raw) != (len(data) + 2) // 3 * 4:
        raise ValueError("too much padding")
    return data


def _decode_url_safe(raw: bytes) -> bytes:
    if b"+" in raw or b"/" in raw:
        raise ValueError("two alphabets at once")
    if not raw.endswith(b"="):
        raw += b"=" * (-len(raw) % 4)
    return _checked(pybase64.b64decode(raw, altchars=_URL_SAFE, validate=True), raw, _URL_SAFE)


def _checked(data: bytes, raw: bytes, alphabet: bytes | None) -> bytes:
    """The data; ValueError when its last group has bits set that padding must leave 0."""
    tail = len(data) % 3
    if tail and pybase64.b64encode(data[-tail:], altchars=alphabet) != raw[-4:]:
        raise ValueError("padding bits are set")
    return data
