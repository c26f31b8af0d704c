"""The two POST bodies of the published image API, sent as its authors' curl lines send them."""

import base64
import hashlib
import json
from pathlib import Path

import pytest

from tests.e2e.programs import run
from tests.e2e.server import Server
from tests.shared import shared_path

JSON_BODY = "published/core_image_post.json"
CBOR_BODY = "published/core_image_post.cbor.hex"


@pytest.mark.parametrize(
    ("body", "media_type"), [(JSON_BODY, "application/json"), (CBOR_BODY, "application/cbor")]
)
def test_posted_and_fetched(server: Server, tmp_path: Path, body: str, media_type: str) -> None:
    url = f"{server.http}/collections/images"
    post = ["-sS", "-w", "%{http_code}", "-o", tmp_path / "answer", "-X", "POST", url]
    sent = run("curl", "-d", f"@{shared_path(body)}", "-H", f"Content-Type: {media_type}", *post)
    image = base64.b64decode(json.loads(shared_path(JSON_BODY).read_bytes())["imageData"])
    href = "/collections/images/12345/20240818T020407Z"
    answer = json.loads((tmp_path / "answer").read_bytes())
    answer.pop("id")
    assert (sent, answer) == (
        b"201",
        {
            "href": href,
            "deviceId": "12345",
            "timestamp": "2024-08-18T02:04:07Z",
            "mediaType": "image/png",
            "width": 20,
            "height": 20,
            "size": len(image),
            "sha256": hashlib.sha256(image).hexdigest(),
        },
    )
    query = "deviceId=12345&timestamp=2024-08-18T02%3A04%3A07Z"
    assert run("curl", "-sS", f"{url}?{query}") == image
    deleted = run("curl", "-sS", "-w", "%{http_code}", "-X", "DELETE", f"{server.http}{href}")
    assert deleted == b"204"


def test_the_published_first_link(server: Server) -> None:
    published = b'</collections/images>;rt="simple.act";if="core.b"'
    for path in ("/.well-known/core", "/collections"):
        assert run("curl", "-sS", f"{server.http}{path}").startswith(published)
