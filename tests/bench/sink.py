"""A small HTTP server that keeps what it gets and answers what it is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Sink(ThreadingHTTPServer):
    """Listens on a free port of 127.0.0.1; `bodies` are the requests' bodies, in order."""

    daemon_threads = True

    def __init__(self, status: int, *, keep_alive: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = status
        self.keep_alive = keep_alive
        self.bodies: list[bytes] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Sink

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "4")
        if not self.server.keep_alive:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"done")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def sink(status: int = 201, *, keep_alive: bool = True) -> Iterator[Sink]:
    """A running server, until the block ends."""
    server = Sink(status, keep_alive=keep_alive)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
