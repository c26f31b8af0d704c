"""`sha256=` in the query: whatever the form of the body, the image must be that one."""

import base64
import hashlib
from typing import Any

import pytest
from django.test import Client

from tests.collections_app.images.conftest import URL
from tests.pictures import png

PICTURE = png()
DIGEST = hashlib.sha256(PICTURE).hexdigest()
PLACE = f"{URL}/cam-7/20261121T080000Z"
QUERY = "deviceId=cam-7&timestamp=2026-11-21T08:00:00Z"


def as_json(client: Client, digest: str) -> Any:
    body = {
        "deviceId": "cam-7",
        "timestamp": "2026-11-21T08:00:00Z",
        "imageData": base64.b64encode(PICTURE).decode(),
    }
    return client.post(f"{URL}?sha256={digest}", body, content_type="application/json")


def raw(client: Client, digest: str) -> Any:
    return client.post(f"{URL}?{QUERY}&sha256={digest}", PICTURE, content_type="image/png")


def put(client: Client, digest: str) -> Any:
    return client.put(f"{PLACE}?sha256={digest}", PICTURE, content_type="image/png")


@pytest.mark.django_db
@pytest.mark.parametrize("send", [as_json, raw, put])
def test_a_digest_in_the_query(client: Client, send: Any) -> None:
    refused = send(client, "0" * 64)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/sha256")
    assert send(client, DIGEST.upper()).status_code == 201
