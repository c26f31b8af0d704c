"""Posting a picture, the short way."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.pictures import png

URL = "/collections/images"
Post = Callable[..., Any]


@pytest.fixture
def post(client: Client, db: None) -> Post:
    """post(data, device="cam-7", timestamp="2026-11-21T08:00:00Z", **fields): a JSON POST."""

    def post(
        data: bytes | None = None,
        device: object = "cam-7",
        timestamp: object = "2026-11-21T08:00:00Z",
        **fields: object,
    ) -> Any:
        body = {
            "deviceId": device,
            "timestamp": timestamp,
            "imageData": base64.b64encode(png() if data is None else data).decode(),
        } | fields
        return client.post(URL, body, content_type="application/json")

    return post
