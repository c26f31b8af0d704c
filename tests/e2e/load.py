"""Writers that post pictures without pause and remember which were acknowledged."""

import hashlib
import http.client
import itertools
import struct
import threading
import zlib
from typing import Protocol

from tests.e2e.coap import CoapClient
from tests.e2e.server import Server
from tests.pictures import png

COLLECTION = "/collections/images"
FIRST_TIMESTAMP = 2**30
PAUSE = 0.01


class Door(Protocol):
    """A way to post a picture; True when the server has acknowledged it."""

    def post(self, device: str, timestamp: int, picture: bytes) -> bool: ...

    def close(self) -> None: ...


class HttpDoor:
    """Posts on one connection, made anew when it breaks."""

    def __init__(self, server: Server) -> None:
        self._client = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=10)

    def post(self, device: str, timestamp: int, picture: bytes) -> bool:
        target = f"{COLLECTION}?deviceId={device}&timestamp={timestamp}"
        try:
            self._client.request("POST", target, picture, {"Content-Type": "image/png"})
            response = self._client.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            self._client.close()
            return False
        return response.status in (200, 201)

    def close(self) -> None:
        self._client.close()


class CoapDoor:
    """Posts one datagram a picture."""

    PNG = 23
    CREATED, CHANGED = 0x41, 0x44

    def __init__(self, server: Server) -> None:
        self._client = CoapClient("127.0.0.1", server.coap_port)

    def post(self, device: str, timestamp: int, picture: bytes) -> bool:
        query = [f"d={device}", f"t={timestamp}"]
        code = self._client.post(COLLECTION, query, self.PNG, picture)
        return code in (self.CREATED, self.CHANGED)

    def close(self) -> None:
        self._client.close()


class Writer:
    """One device: a thread that posts through one door until it is stopped.

    `acknowledged` has the SHA-256 of each acknowledged picture by its timestamp.
    """

    def __init__(self, device: str, door: Door) -> None:
        self.device = device
        self.acknowledged: dict[int, str] = {}
        self._door = door
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=device)
        self._thread.start()

    def _run(self) -> None:
        for timestamp in itertools.count(FIRST_TIMESTAMP):
            if self._stop.wait(PAUSE):
                break
            picture = _marked(f"{self.device} {timestamp}")
            if self._door.post(self.device, timestamp, picture):
                self.acknowledged[timestamp] = hashlib.sha256(picture).hexdigest()
        self._door.close()

    def stop(self) -> None:
        """Let the request under way end, then stop."""
        self._stop.set()
        self._thread.join()


def _marked(mark: str) -> bytes:
    """A PNG that nobody else posts: its comment (a tEXt chunk after the header) is the mark."""
    picture, chunk = png(size=(8, 8)), b"tEXtComment\0" + mark.encode()
    return b"".join(
        (
            picture[:33],
            struct.pack(">I", len(chunk) - 4),
            chunk,
            struct.pack(">I", zlib.crc32(chunk)),
            picture[33:],
        )
    )
