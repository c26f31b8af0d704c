"""Lists as SenML, CSV, JSON lines, tar and a page of HTML."""

import base64
import csv
import io
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import cbor2
import pytest
from django.test import Client

from collections_app.images.forms import pack
from core_api.rest.doors import Door
from tests.collections_app.images.conftest import URL, Post
from tests.pictures import jpeg, png

pytestmark = pytest.mark.django_db
BASE = f"http://testserver{URL}/"
TIME = 1_795_248_000


@pytest.fixture
def client() -> Client:
    return Client(headers={"Host": "testserver"})


def following(response: Any) -> str | None:
    found = re.fullmatch('<(.*)>; rel="next"', response.get("Link", ""))
    return found and found[1]


def records(client: Client, query: str = "") -> list[dict[str, Any]]:
    response = client.get(f"{URL}?format=senml{query}")
    assert response["Content-Type"] == "application/senml+json"
    return response.json()


def test_senml_links(client: Client, post: Post) -> None:
    post(device="a")
    post(jpeg(), device="b", timestamp="2026-11-21T08:00:01.5Z")
    assert records(client) == [
        {
            "bn": BASE,
            "n": "b/20261121T080001.500000Z",
            "t": TIME + 1.5,
            "vs": f"{URL}/b/20261121T080001.500000Z",
            "ct": "image/jpeg",
        },
        {
            "n": "a/20261121T080000Z",
            "t": TIME,
            "vs": f"{URL}/a/20261121T080000Z",
            "ct": "image/png",
        },
    ]


def test_senml_cbor_with_data(client: Client, post: Post) -> None:
    post()
    response = client.get(f"{URL}?data=1", headers={"Accept": "application/senml+cbor"})
    assert response["Content-Type"] == "application/senml+cbor"
    (record,) = cbor2.loads(response.content)
    assert (record[-2], record[0], record[8]) == (BASE, "cam-7/20261121T080000Z", png())
    assert 3 not in record


def test_senml_json_with_data(client: Client, post: Post) -> None:
    post()
    (record,) = records(client, "&data=1")
    assert record["vd"] == base64.urlsafe_b64encode(png()).decode().rstrip("=")
    assert "vs" not in record


def test_senml_leaves_out_what_no_name_can_carry(client: Client, post: Post) -> None:
    for device in ("good", "Tür 1", "a b"):
        post(device=device)
    response = client.get(f"{URL}?format=senml")
    assert [record["n"] for record in response.json()] == ["good/20261121T080000Z"]
    assert (response.json()[0]["bn"], response["Left-Out"]) == (BASE, "2")
    assert "Left-Out" not in client.get(f"{URL}/good?format=senml")


def test_pages_of_senml_with_data_are_bounded(
    client: Client, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack, "MAX_BYTES", 8000)
    for number in range(5):
        post(png(number), device=f"a{number}")
    post(png(9, size=(100, 100)), device="large")
    seen, url = [], f"{URL}?format=senml&data=1"
    while url:
        response = client.get(url)
        assert len(response.content) <= 8000
        seen += response.json()
        url = following(response)
    assert [record["n"].partition("/")[0] for record in seen] == [
        "large",
        *("a4", "a3", "a2", "a1", "a0"),
    ]
    assert ["vd" in record for record in seen] == [False, True, True, True, True, True]


@pytest.mark.parametrize("query", ["format=json&data=1", "format=senml&data=yes"])
def test_data_is_of_senml(client: Client, query: str) -> None:
    response = client.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/data"


def test_csv(client: Client, post: Post) -> None:
    post(title='A "gate", open', location=[48.5, 11.25], meta={"a": [1]})
    post(device="b", timestamp=TIME - 1)
    response = client.get(f"{URL}?format=csv")
    assert response["Content-Type"] == "text/csv;charset=utf-8"
    first, second = csv.DictReader(io.StringIO(response.content.decode(), newline=""))
    assert (first["deviceId"], first["title"]) == ("cam-7", 'A "gate", open')
    assert (first["latitude"], first["longitude"], first["meta"]) == ("48.5", "11.25", '{"a":[1]}')
    assert (second["deviceId"], second["latitude"], second["meta"]) == ("b", "", "")
    assert response.content.count(b"\r\n") == 3


@pytest.mark.parametrize("media_type", ["application/jsonl", "application/x-ndjson"])
def test_json_lines(client: Client, post: Post, media_type: str) -> None:
    post(device="a")
    post(device="b")
    response = client.get(URL, headers={"Accept": media_type})
    assert response["Content-Type"] == media_type
    lines = [json.loads(line) for line in response.content.splitlines()]
    assert lines == client.get(f"{URL}?format=json").json()


def archive(response: Any) -> dict[str, bytes]:
    body = b"".join(response.streaming_content)
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        assert len(body) % 512 == 0
        return {info.name: tar.extractfile(info).read() for info in tar}


def test_tar(client: Client, post: Post) -> None:
    about = [post(device="a", title="Gate").json(), post(jpeg(), device="b").json()]
    response = client.get(f"{URL}?format=tar")
    assert response["Content-Type"] == "application/x-tar"
    assert "images.tar" in response["Content-Disposition"]
    files = archive(response)
    assert list(files) == [
        f"{stem}.{suffix}"
        for stem, kind in (("b/20261121T080000Z", "jpg"), ("a/20261121T080000Z", "png"))
        for suffix in (kind, "json")
    ]
    assert files["a/20261121T080000Z.png"] == png()
    assert files["b/20261121T080000Z.jpg"] == jpeg()
    assert [json.loads(files[f"{name}/20261121T080000Z.json"]) for name in "ab"] == about


HOSTILE = [
    "..",
    ".",
    "../../etc/x",
    "/abs",
    "a/b",
    "-rf",
    "~root",
    "c:\\x",
    ".hidden",
    "x.",
    "é" * 90,
]


def test_names_in_a_tar_unpack_safely(client: Client, post: Post, tmp_path: Path) -> None:
    for device in HOSTILE:
        assert post(device=device).status_code == 201
    files = archive(client.get(f"{URL}?format=tar"))
    assert len(files) == 2 * len(HOSTILE)
    for name in files:
        assert re.fullmatch(r"[A-Za-z0-9%][A-Za-z0-9%._~-]{0,159}/[0-9TZ]{16}\.(png|json)", name)
        assert not name.split("/")[0].endswith(".")
    body = b"".join(client.get(f"{URL}?format=tar").streaming_content)
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        tar.extractall(tmp_path, filter="data")
    assert len(list(tmp_path.rglob("*.png"))) == len(HOSTILE)


def test_the_entity_tag_of_a_tar_tells_its_contents(client: Client, post: Post) -> None:
    post()
    url = f"{URL}?format=tar"
    etag = client.head(url)["ETag"]
    assert client.head(url).content == b""
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304
    client.patch(f"{URL}/cam-7/20261121T080000Z", {"title": "x"}, content_type="application/json")
    assert client.get(url)["ETag"] != etag


def test_an_empty_tar(client: Client) -> None:
    assert archive(client.get(f"{URL}?format=tar")) == {}


def test_a_tar_over_coap_is_bounded(rf: Any, post: Post, settings: Any) -> None:
    from django.utils import timezone

    from collections_app.images.views import collection
    from core_api.errors import BadRequest

    post()
    settings.COAPTURE_MAX_BODY = 100
    request = rf.get(f"{URL}?format=tar")
    request.door = Door("coap", "::1", timezone.now(), "coap://[::1]")
    with pytest.raises(BadRequest, match="ask for fewer"):
        collection.collection(request)


def test_a_page_of_html(client: Client, post: Post) -> None:
    post(title="<script>alert(1)</script>", device='"><b>')
    response = client.get(URL, headers={"Accept": "text/html,*/*;q=0.8"})
    assert response["Content-Type"] == "text/html;charset=utf-8"
    assert "default-src 'none'" in response["Content-Security-Policy"]
    page = response.content.decode()
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<b>" not in page
    path = re.findall(r'<td><a href="([^"]+)">', page)[0]
    assert client.get(path).content == png()


@pytest.mark.parametrize("form", ["senml", "csv", "jsonl", "tar", "html"])
def test_each_form_has_pages(client: Client, post: Post, form: str) -> None:
    for device in "abc":
        post(device=device)
    first = client.get(f"{URL}?format={form}&limit=2")
    second = client.get(following(first))
    assert (second.status_code, following(second)) == (200, None)
    assert second["ETag"] != first["ETag"]
    assert second["Content-Type"] == first["Content-Type"]


@pytest.mark.parametrize("accept", ["application/senml+cbor", "text/csv", "application/x-tar"])
def test_each_form_answers_a_query(client: Client, post: Post, accept: str) -> None:
    post()
    post(device="b")
    response = client.generic(
        "QUERY", URL, b'{"limit": 1}', content_type="application/json", headers={"Accept": accept}
    )
    assert response["Content-Type"].startswith(accept)
    again = client.get(following(response), headers={"Accept": accept})
    assert again["Content-Type"].startswith(accept)
