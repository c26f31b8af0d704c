"""Every published vector, posted: hostile pictures, malformed bodies, naughty strings."""

import base64
import json
import tarfile
import time
from typing import Any

import pytest
from django.test import Client

from tests.collections_app.images.conftest import URL, Post
from tests.pictures import png
from tests.shared import shared_path, vectors

MOMENT = "2026-11-21T08:00:00Z"
SECONDS = 5


def post(client: Client, body: bytes, media_type: str, query: str = "") -> Any:
    return client.generic("POST", f"{URL}{query}", body, content_type=media_type)


def test_odd_and_hostile_pictures(client: Client, db: None) -> None:
    """All 1,482 files: none fails the server, none takes long, the good ones are known."""
    cases = {
        case["file"]: case
        for case in json.loads(shared_path("vectors/images.json").read_text())["cases"]
    }
    posted = 0
    with tarfile.open(shared_path("vectors/images.tar.gz")) as archive:
        for member in archive:
            case = cases.get(member.name)
            file = archive.extractfile(member)
            if case is None or file is None:
                continue
            started = time.monotonic()
            query = f"?d=vector&t={1_700_000_000 + posted}"
            response = post(client, file.read(), "application/octet-stream", query)
            posted += 1
            assert time.monotonic() - started < SECONDS, member.name
            assert response.status_code in (200, 201, 409, 422), member.name
            if case["expect"] == "accept":
                body = response.json()
                assert response.status_code in (200, 201), member.name
                assert (body["width"], body["height"]) == (case["width"], case["height"])
            if case["expect"] == "reject":
                assert response.status_code == 422, member.name
    assert posted == len(cases) == 1482


@pytest.mark.parametrize("case", vectors("cbor_malformed.json"))
def test_malformed_cbor(client: Client, db: None, case: Any) -> None:
    assert post(client, bytes.fromhex(case["hex"]), "application/cbor").status_code == 400


def test_json_bodies(client: Client, db: None) -> None:
    """None is an image: each is refused, in the one shape of a problem."""
    for case in json.loads(shared_path("vectors/json_parsing.json").read_text())["cases"]:
        if "base64" in case:
            body = base64.b64decode(case["base64"])
            response = post(client, body, "application/json")
            assert (response.status_code, response.json()["status"]) == (400, 400), case["name"]


@pytest.mark.parametrize("text", vectors("naughty_strings.json"))
def test_naughty_strings(client: Client, post: Post, text: str) -> None:
    """As a device and title: kept as they are, or refused; as query and path: never a 5xx."""
    response = post(png(), device=text, title=text)
    assert response.status_code in (201, 400)
    if response.status_code == 201:
        facts = client.get(response.json()["href"], headers={"Accept": "application/json"}).json()
        assert facts["deviceId"] == text
        assert facts.get("title", "") == text
        listed = client.get(URL, {"deviceId": text, "format": "link"})
        assert listed.status_code == 200
    for name in ("deviceId", "title", "timestamp", "near", "after", "limit", "format", "from"):
        query = {name: text} | ({} if name == "format" else {"format": "json"})
        assert client.get(URL, query).status_code in (200, 400, 406)
    assert client.get("/.well-known/core", {"rt": text}).status_code == 200
