"""Requests by turns: what few threads compute is done sooner than what all compute at once."""

import io
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from core_api import turns

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# Bodies of at most so many bytes are read before the request asks for its turn.
SMALL = 256 * 1024


class InTurn:
    """A WSGI application that computes in its turn, and waits for bodies without one."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request."""
        environ["wsgi.input"] = _body(environ["wsgi.input"], environ.get("CONTENT_LENGTH", ""))
        with turns.taken():
            return self._application(environ, start_response)


def _body(stream: BinaryIO, length: str) -> Any:
    size = int(length) if length.isdecimal() and len(length) < 7 else SMALL + 1
    if size > SMALL:
        return _Large(stream)
    return io.BytesIO(stream.read(size) if size else b"")


class _Large:
    """A body that is read piece by piece, each without the turn."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        with turns.given_up():
            return self._stream.read(size)

    def readline(self, size: int = -1) -> bytes:
        with turns.given_up():
            return self._stream.readline(size)
