"""The frame buffer is not copied, as the plain client shows that runs in this process."""

import runpy
import tracemalloc

from tests.e2e.server import Server
from tests.examples.clients import EXAMPLES
from tests.pictures import jpeg


def test_the_plain_client_never_holds_the_picture_twice(server: Server) -> None:
    camera_class = runpy.run_path(str(EXAMPLES / "python-plain/coap_camera.py"))["Camera"]
    frame = jpeg(size=(320, 240))
    assert len(frame) > 50_000
    camera = camera_class("127.0.0.1", server.coap_port)
    tracemalloc.start()
    try:
        assert camera.send("memory", frame) == "2.01"
        assert camera.send("memory", frame, 2**30, cbor=True) == "2.01"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        camera.socket.close()
    assert peak < len(frame) / 2
