"""The requests of the bench, complete and ready to send, in the files that http_load reads."""

import base64
import json
import struct
from collections.abc import Iterable
from pathlib import Path

from bench.images import MARK

DEVICE = "bench-1"
TARGET = "/collections/images"
_MARK_AT = 6
_MARKED_TIME = f"2026-11-21T08:00:00.{MARK.decode()}Z"


def write(path: Path, requests: Iterable[bytes]) -> Path:
    """Write the file: each request behind its length (32 bits, the machine's order)."""
    with path.open("wb") as file:
        for request in requests:
            file.write(struct.pack("=I", len(request)) + request)
    return path


def post_json(image: bytes) -> bytes:
    """The published form; its time is numbered when it is sent, so is an image with a mark."""
    data = base64.b64encode(image)
    if image[_MARK_AT : _MARK_AT + len(MARK)] == MARK:
        at = _MARK_AT * 4 // 3
        data = data[:at] + MARK + data[at + len(MARK) :]
    text = {"deviceId": DEVICE, "timestamp": _MARKED_TIME, "imageData": data.decode()}
    return _post(TARGET, "application/json", json.dumps(text).encode())


def post_raw(image: bytes, media_type: str) -> bytes:
    """The image itself, its device and time in the query."""
    return _post(f"{TARGET}?d={DEVICE}-raw&t={_MARKED_TIME}", media_type, image)


def get(number: int) -> bytes:
    """The image that was posted as JSON under this number."""
    time = _MARKED_TIME.replace(MARK.decode(), f"{number:06}")
    return _head("GET", f"{TARGET}?deviceId={DEVICE}&timestamp={time}") + b"\r\n"


def _post(target: str, media_type: str, body: bytes) -> bytes:
    head = _head("POST", target)
    return b"%sContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (
        head,
        media_type.encode(),
        len(body),
        body,
    )


def _head(method: str, target: str) -> bytes:
    return f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n".encode()
