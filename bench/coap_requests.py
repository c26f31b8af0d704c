"""The CoAP requests of the bench in the form that coap_pipeline reads: code, options, payload."""

from aiocoap import Message
from aiocoap.numbers import ContentFormat, codes

from bench.images import MARK

COLLECTIONS = ("collections",)
IMAGES = ("collections", "images")
DEVICE = "bench-1"
_TIME = "2026-11-21T08:00:00"
_STAMP = "20261121T080000"
_PAYLOAD_MARKER = b"\xff"


def get_collections() -> bytes:
    """The discovery document."""
    return _request(Message(code=codes.GET, uri_path=COLLECTIONS))


def get_metadata(number: int) -> bytes:
    """The metadata, as CBOR, of the image that was posted under this number."""
    # A whole second has no fraction.
    fraction = f".{number:06}" if number else ""
    path = (*IMAGES, DEVICE, f"{_STAMP}{fraction}Z")
    return _request(Message(code=codes.GET, uri_path=path, accept=ContentFormat.CBOR))


def post_image(jpeg: bytes) -> bytes:
    """The image itself, its device and time in the query; the time is numbered when it is sent."""
    query = (f"d={DEVICE}", f"t={_TIME}.{MARK.decode()}Z")
    message = Message(code=codes.POST, uri_path=IMAGES, uri_query=query, payload=jpeg)
    message.opt.content_format = ContentFormat(22)
    return _request(message)


def put(name: str, body: bytes) -> bytes:
    """A document in link-format, for a server that keeps what it is given."""
    message = Message(code=codes.PUT, uri_path=(name,), payload=body)
    message.opt.content_format = ContentFormat.LINKFORMAT
    return _request(message)


def _request(message: Message) -> bytes:
    payload = _PAYLOAD_MARKER + message.payload if message.payload else b""
    return bytes((message.code,)) + message.opt.encode() + payload
