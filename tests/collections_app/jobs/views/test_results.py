"""/jobs/{id}/results and each result by its name."""

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import cbor2
import pytest
from django.test import Client

from collections_app.jobs.errors import EXCEPTIONS
from collections_app.jobs.views import results as views
from core_api.background.models import Job, Status
from tests.collections_app.jobs import running

Execute = Callable[..., Any]
Finished = Callable[..., Job]
SENT = {"inputs": {"a": 1}}
PARTS = {"a": 1.0, "b": 2.0}
BINARY = "application/octet-stream"
TEXT = {"inputs": {"text": "hello world"}}


def body_of(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_a_document(client: Client, finished: Finished) -> None:
    url = f"{finished('test-sum', SENT).path}/results"
    response = client.get(url)
    assert response.json() == {"total": 3.0, "parts": {"value": PARTS}}
    assert client.get(url, headers={"If-None-Match": response["ETag"]}).status_code == 304
    cbor = client.get(url, headers={"Accept": "application/cbor"})
    assert cbor2.loads(cbor.content) == response.json()


def test_no_outputs(client: Client, finished: Finished) -> None:
    job = finished("test-fail", {"inputs": {"reason": "x"}})
    running.end(job, Status.SUCCESSFUL, outputs={}, error=None)
    assert client.get(f"{job.path}/results").json() == {}


def test_only_what_was_asked_for(client: Client, finished: Finished) -> None:
    outputs = {"parts": {"transmissionMode": "reference"}}
    job = finished("test-sum", SENT | {"outputs": outputs})
    href = f"{job.path}/results/parts"
    assert client.get(f"{job.path}/results").json() == {
        "parts": {"href": href, "type": "application/json"}
    }
    assert client.get(href).json() == PARTS
    assert client.get(f"{job.path}/results/total").json() == 3.0


def test_one_raw_value(client: Client, finished: Finished) -> None:
    job = finished("test-sum", SENT | {"outputs": {"total": {}}, "response": "raw"})
    response = client.get(f"{job.path}/results")
    assert (response["Content-Type"], response.content) == ("application/json", b"3.0")


def test_raw_references(client: Client, finished: Finished) -> None:
    outputs = {name: {"transmissionMode": "reference"} for name in ("total", "parts")}
    job = finished("test-sum", SENT | {"outputs": outputs, "response": "raw"})
    response = client.get(f"{job.path}/results")
    assert (response.status_code, response.content) == (204, b"")
    url = f"{job.path}/results"
    assert response["Link"] == f'<{url}/total>; rel="total", <{url}/parts>; rel="parts"'


def test_several_raw_values(client: Client, finished: Finished) -> None:
    job = finished("test-sum", SENT | {"response": "raw"})
    response = client.get(f"{job.path}/results")
    assert response["Content-Type"] == (
        'multipart/related; type="application/json"; boundary=result'
    )
    assert response.content == (
        b"--result\r\nContent-ID: <total>\r\nContent-Type: application/json\r\n\r\n3.0\r\n"
        b"--result\r\nContent-ID: <parts>\r\nContent-Type: application/json\r\n\r\n"
        b'{"value":{"a":1.0,"b":2.0}}\r\n--result--\r\n'
    )


def test_a_file_is_a_link(client: Client, finished: Finished) -> None:
    job = finished("test-file", TEXT)
    href = f"{job.path}/results/text.txt"
    document = client.get(f"{job.path}/results").json()
    assert document == {"file": {"href": href, "type": "text/plain"}}
    response = client.get(href)
    assert (response.status_code, response["Content-Type"]) == (200, "text/plain")
    assert response["Content-Disposition"] == 'attachment; filename="text.txt"'
    assert (response["Content-Length"], body_of(response)) == ("11", b"hello world")


def test_a_file_has_ranges_and_an_etag(client: Client, finished: Finished) -> None:
    href = f"{finished('test-file', TEXT).path}/results/text.txt"
    part = client.get(href, headers={"Range": "bytes=6-"})
    assert (part.status_code, part["Content-Range"]) == (206, "bytes 6-10/11")
    assert (part["Content-Length"], body_of(part)) == ("5", b"world")
    again = {"If-None-Match": part["ETag"]}
    assert client.get(href, headers=again).status_code == 304
    assert client.get(href, headers={"Range": "bytes=11-"}).status_code == 416
    assert client.get(href, headers={"If-Match": '"0123456789abcdef"'}).status_code == 412
    head = client.head(href)
    assert (head.status_code, head["Content-Length"], head.content) == (200, "11", b"")


def test_a_file_by_value(
    client: Client, finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = {"file": {"transmissionMode": "value"}}
    job = finished("test-file", TEXT | {"outputs": outputs})
    assert client.get(f"{job.path}/results").json()["file"] == {
        "value": base64.b64encode(b"hello world").decode(),
        "encoding": "base64",
        "mediaType": "text/plain",
    }
    monkeypatch.setattr(views, "INLINE", 10)
    assert "href" in client.get(f"{job.path}/results").json()["file"]


def test_a_raw_file(client: Client, finished: Finished) -> None:
    job = finished("test-file", TEXT | {"response": "raw"})
    response = client.get(f"{job.path}/results")
    assert (response["Content-Type"], body_of(response)) == ("text/plain", b"hello world")


@pytest.mark.parametrize("name", ["none", "text.tx", "..", "%2E%2E"])
def test_no_such_result(client: Client, finished: Finished, name: str) -> None:
    assert client.get(f"{finished('test-file', TEXT).path}/results/{name}").status_code == 404


def test_a_file_that_is_gone(client: Client, finished: Finished, data_folder: Any) -> None:
    job = finished("test-file", TEXT)
    (file,) = (data_folder / "results").rglob("text.txt")
    file.unlink()
    assert client.get(f"{job.path}/results/text.txt").status_code == 404


@pytest.mark.parametrize("name", ["", "/total"])
def test_not_ready(client: Client, execute: Execute, name: str) -> None:
    location = execute("test-sum", SENT)["Location"]
    response = client.get(f"{location}/results{name}")
    assert (response.status_code, response["Retry-After"]) == (404, "1")
    assert response.json()["type"] == f"{EXCEPTIONS}/result-not-ready"


def test_the_problem_takes_the_place_of_results(client: Client, finished: Finished) -> None:
    job = finished("test-fail", {"inputs": {"reason": "No."}})
    response = client.get(f"{job.path}/results")
    assert response.status_code == 500
    assert response.json() == {
        "type": "https://example.org/reason",
        "title": "The job failed.",
        "status": 500,
        "detail": "No.",
    }


def test_a_dismissed_job_has_none(client: Client, execute: Execute) -> None:
    location = execute("test-sum", SENT)["Location"]
    client.delete(location)
    response = client.get(f"{location}/results")
    assert (response.status_code, response.json()["type"]) == (404, "about:blank")


@pytest.mark.parametrize("media_type", ["text/html\r\nX-A: b", "text", 5, None, "a/b\u20ac"])
def test_a_file_of_no_media_type_is_bytes(
    client: Client, finished: Finished, media_type: object
) -> None:
    job = finished("test-file", TEXT)
    assert job.outputs is not None
    job.outputs["file"]["type"] = media_type
    job.save()
    response = client.get(job.outputs["file"]["href"])
    assert (response["Content-Type"], body_of(response)) == (BINARY, b"hello world")


@pytest.mark.parametrize("name", ["total", "gr\u00f6\u00dfe \u5e74", 'a"\r\nX-A: b'])
def test_headers_hold_any_name_and_any_target(
    client: Client, finished: Finished, name: str
) -> None:
    job = finished("test-sum", SENT | {"response": "raw"})
    job.outputs = {name: {"href": "x>\r\nX-A: b\u5e74?a=%20"}}
    job.options |= {"outputs": {name: "reference"}}
    job.save()
    response = client.get(f"{job.path}/results")
    target = "x%3E%0D%0AX-A:%20b%E5%B9%B4?a=%20"
    assert response["Link"] == f'<{target}>; rel="{quote(name, safe="")}"'
    job.options |= {"outputs": {name: None, "b": None}}
    job.outputs |= {"b": 1}
    job.save()
    content = client.get(f"{job.path}/results").content
    assert f"--result\r\nContent-ID: <{quote(name, safe='')}>\r\n".encode() in content
