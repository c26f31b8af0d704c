"""Variants through both doors, with real programs."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from tests.e2e.programs import run
from tests.e2e.server import Server
from tests.pictures import jpeg, png

TIME = 1_795_248_000


def stored(server: Server, folder: Path, device: str, data: bytes, kind: str) -> str:
    file = folder / device
    file.write_bytes(data)
    url = f"{server.http}/collections/images?d={device}&t={TIME}"
    run("curl", "-sSf", "-H", f"Content-Type: {kind}", "--data-binary", f"@{file}", url)
    return f"/collections/images/{device}/latest"


def test_a_variant_is_the_same_through_both_doors(server: Server, tmp_path: Path) -> None:
    path = stored(server, tmp_path, "variant", jpeg(7, (160, 120)), "image/jpeg")
    for query in ("w=40&fmt=webp", "crop=0,0,80,120&rotate=90&fmt=png"):
        over_http = run("curl", "-sSf", f"{server.http}{path}?{query}")
        program = ("coap-client-notls", "-B", "20", "-o", "-")
        assert run(*program, f"{server.coap}{path}?{query}") == over_http
    assert Image.open(io.BytesIO(over_http)).size == (120, 80)


def test_a_storm_of_variants_leaves_room_for_uploads(server: Server, tmp_path: Path) -> None:
    large = io.BytesIO()
    Image.new("RGB", (4000, 3000), "teal").save(large, "PNG", compress_level=1)
    path = stored(server, tmp_path, "storm", large.getvalue(), "image/png")
    begun = threading.Barrier(25)

    def ask(number: int) -> bytes:
        begun.wait(30)
        url = f"{server.http}{path}?w={900 + number}&fmt=jpeg"
        return run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", url)

    with ThreadPoolExecutor(24) as threads:
        storm = [threads.submit(ask, number) for number in range(24)]
        begun.wait(30)
        for number in range(5):
            stored(server, tmp_path, f"calm-{number}", png(number), "image/png")
        answers = {each.result(60) for each in storm}
    assert answers <= {b"200", b"503"}
    assert b"200" in answers
