"""/uploads over HTTP (draft-ietf-httpbis-resumable-upload)."""

import hashlib
import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import cbor2
import pytest
from django.test import Client, override_settings

from core_api.uploads import services
from core_api.uploads.head import Head, Target
from core_api.uploads.spool import Kind
from tests.core_api.uploads.spools import NOW
from tests.pictures import png

PICTURE = png()
DIGEST = hashlib.sha256(PICTURE).hexdigest()
QUERY = "deviceId=cam-7&timestamp=2026-11-21T08:00:00Z"
HALF = len(PICTURE) // 2
PARTIAL = "application/partial-upload"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """The data folder's spool."""
    with override_settings(COAPTURE_DATA=tmp_path):
        yield tmp_path / "spool"


def create(client: Client, data: bytes = PICTURE[:HALF], query: str = QUERY, **headers: str) -> Any:
    """Begin an upload."""
    fields = {"Upload-Complete": "?0", **headers}
    url = f"/collections/images?{query}"
    return client.post(url, data, content_type="image/png", headers=fields)


def append(
    client: Client, where: str, offset: int, data: bytes, complete: str = "?0", **headers: str
) -> Any:
    """Send a part."""
    fields = {"Upload-Offset": str(offset), "Upload-Complete": complete, **headers}
    # The test client gives an empty body no type unless it is told twice.
    return client.patch(where, data, PARTIAL, headers=fields, CONTENT_TYPE=PARTIAL)


def test_an_upload_in_parts(client: Client, folder: Path) -> None:
    begun = create(client, PICTURE[:10])
    where = begun["Location"]
    assert (begun.status_code, begun["Upload-Complete"], begun["Upload-Offset"]) == (
        201,
        "?0",
        "10",
    )
    limit, _, age = begun["Upload-Limit"].partition(", max-age=")
    assert (limit, int(age)) == ("max-size=33554432", pytest.approx(86_400, abs=2))
    added = append(client, where, 10, PICTURE[10:HALF])
    assert (added.status_code, added["Upload-Offset"]) == (204, str(HALF))
    asked = client.head(where)
    assert (asked["Upload-Offset"], asked["Upload-Complete"]) == (str(HALF), "?0")
    assert asked["Cache-Control"] == "no-store"
    whole = append(client, where, HALF, PICTURE[HALF:], "?1")
    assert (whole.status_code, whole["Upload-Complete"]) == (201, "?1")
    assert whole["Location"] == "/collections/images/cam-7/20261121T080000Z"
    assert client.get(whole["Location"]).content == PICTURE
    assert list(folder.iterdir()) == []
    assert client.head(where).status_code == 404


def test_the_last_part_may_be_empty(client: Client) -> None:
    where = create(client, PICTURE)["Location"]
    assert append(client, where, len(PICTURE), b"", "?1").status_code == 201


def test_an_image_that_is_put_in_parts(client: Client) -> None:
    url = "/collections/images/cam-7/20261121T080000Z"
    begun = client.put(
        url, PICTURE[:HALF], content_type="image/png", headers={"Upload-Complete": "?0"}
    )
    assert append(client, begun["Location"], HALF, PICTURE[HALF:], "?1").status_code == 201
    assert client.get(url).content == PICTURE


def test_the_first_conditions_hold_in_the_end(client: Client) -> None:
    url = "/collections/images/cam-7/20261121T080000Z"
    fields = {"Upload-Complete": "?0", "If-None-Match": "*"}
    begun = client.put(url, PICTURE, content_type="image/png", headers=fields)
    assert client.put(url, png(1), content_type="image/png").status_code == 201
    answer = append(client, begun["Location"], len(PICTURE), b"", "?1")
    assert (answer.status_code, answer["Upload-Complete"]) == (412, "?1")
    assert client.get(url).content == png(1)


def test_a_whole_body_needs_no_upload(client: Client, folder: Path) -> None:
    whole = create(client, PICTURE, **{"Upload-Complete": "?1"})
    assert (whole.status_code, whole["Upload-Complete"]) == (201, "?1")
    assert not folder.exists()


def test_limits_are_told_before(client: Client) -> None:
    assert "max-size=33554432" in client.options("/collections/images")["Upload-Limit"]


def test_another_offset(client: Client) -> None:
    where = create(client)["Location"]
    answer = append(client, where, HALF + 1, PICTURE[HALF:])
    assert (answer.status_code, answer["Upload-Offset"]) == (409, str(HALF))
    assert answer["Upload-Complete"] == "?0"
    problem = answer.json()
    assert problem["type"].endswith("#mismatching-upload-offset")
    assert (problem["expected-offset"], problem["provided-offset"]) == (HALF, HALF + 1)


class Breaking(BytesIO):
    """A body whose client goes away after what there is."""

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if not data:
            raise OSError("gone")
        return data


@pytest.mark.parametrize("body", [BytesIO, Breaking])
def test_a_body_that_breaks_off_counts_so_far(client: Client, body: type[BytesIO]) -> None:
    where = create(client)["Location"]
    environ = {
        "wsgi.input": body(PICTURE[HALF : HALF + 100]),
        "CONTENT_LENGTH": str(len(PICTURE) - HALF),
    }
    headers = {"Upload-Offset": str(HALF), "Upload-Complete": "?1"}
    answer = client.patch(where, b"x", PARTIAL, headers=headers, **environ)
    assert answer.status_code == 400
    assert client.head(where)["Upload-Offset"] == str(HALF + 100)
    assert append(client, where, HALF + 100, PICTURE[HALF + 100 :], "?1").status_code == 201


def test_a_creation_that_breaks_off_is_found_in_the_list(client: Client) -> None:
    environ = {"wsgi.input": Breaking(PICTURE[:HALF]), "CONTENT_LENGTH": str(len(PICTURE))}
    url = f"/collections/images?{QUERY}&sha256={DIGEST}"
    headers = {"Upload-Complete": "?0"}
    broken = client.post(url, b"x", "image/png", headers=headers, **environ)
    assert broken.status_code == 400
    (found,) = client.get("/uploads?deviceId=cam-7").json()
    assert found["received"] == HALF
    where = f"/uploads/{found['id']}?sha256={DIGEST}"
    assert append(client, where, HALF, PICTURE[HALF:], "?1").status_code == 201


def test_what_the_whole_turns_out_to_be_is_told_and_gone(client: Client, folder: Path) -> None:
    where = create(client, b"no picture")["Location"]
    answer = append(client, where, 10, b" at all", "?1")
    assert (answer.status_code, answer["Upload-Complete"]) == (422, "?1")
    assert list(folder.iterdir()) == []


def test_the_digest_in_the_query_is_checked_in_the_end(client: Client) -> None:
    where = create(client, query=f"{QUERY}&sha256={'0' * 64}")["Location"]
    answer = append(client, where, HALF, PICTURE[HALF:], "?1")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/sha256")


def test_a_failure_of_ours_can_be_repeated(client: Client, monkeypatch: Any) -> None:
    where = create(client, PICTURE)["Location"]
    with monkeypatch.context() as patched:
        patched.setattr("core_api.ingest.GroupCommit.submit", _busy)
        assert append(client, where, len(PICTURE), b"", "?1").status_code == 503
    assert append(client, where, len(PICTURE), b"", "?1").status_code == 201


def _busy(*_: object) -> None:
    raise services.ServiceUnavailable("Busy.")


def test_lengths_that_contradict_each_other(client: Client) -> None:
    length = {"Upload-Length": str(len(PICTURE))}
    where = create(client, **length)["Location"]
    assert client.head(where)["Upload-Length"] == str(len(PICTURE))
    for data, complete, more in (
        (PICTURE[HALF:], "?0", {"Upload-Length": "5"}),
        (PICTURE[HALF:-1], "?1", {}),
        (PICTURE[HALF:] + b"x", "?0", {}),
    ):
        answer = append(client, where, HALF, data, complete, **more)
        assert answer.status_code == 400
        assert answer.json()["type"].endswith("#inconsistent-upload-length")
    assert append(client, where, HALF, PICTURE[HALF:], "?1", **length).status_code == 201


def test_too_large(client: Client, folder: Path) -> None:
    with override_settings(COAPTURE_MAX_BODY=HALF):
        where = create(client)["Location"]
        assert append(client, where, HALF, b"x").status_code == 413
        assert append(client, where, HALF, b"", **{"Upload-Length": "99999"}).status_code == 413
        assert create(client, PICTURE).status_code == 413
        assert create(client, **{"Upload-Length": str(HALF + 1)}).status_code == 413
        assert create(client, **{"Upload-Length": str(HALF - 1)}).status_code == 400
    assert len(list(folder.iterdir())) == 1


def test_no_room(client: Client) -> None:
    with override_settings(COAPTURE_UPLOAD_FILES=2):
        assert create(client).status_code == 201
        refused = create(client)
    assert (refused.status_code, refused["Retry-After"]) == (503, "30")


@pytest.mark.parametrize(
    ("headers", "content_type", "status"),
    [
        ({"Upload-Complete": "?0"}, PARTIAL, 400),
        ({"Upload-Complete": "?0", "Upload-Offset": "-1"}, PARTIAL, 400),
        ({"Upload-Offset": "0"}, PARTIAL, 400),
        ({"Upload-Offset": "0", "Upload-Complete": "1"}, PARTIAL, 400),
        ({"Upload-Offset": "0", "Upload-Complete": "?0"}, "image/png", 415),
    ],
)
def test_a_part_that_says_too_little(
    client: Client, headers: dict[str, str], content_type: str, status: int
) -> None:
    where = create(client, b"")["Location"]
    answer = client.patch(where, b"x", content_type=content_type, headers=headers)
    assert answer.status_code == status
    assert client.head(where)["Upload-Offset"] == "0"


def test_an_upload_is_given_up(client: Client, folder: Path) -> None:
    where = create(client)["Location"]
    assert client.delete(where).status_code == 204
    assert list(folder.iterdir()) == []
    assert append(client, where, HALF, PICTURE[HALF:]).status_code == 404


@pytest.mark.parametrize(
    "shown", ["", f"?sha256={DIGEST}", f"?token={'0' * 32}", "?token=", "?sha256="]
)
def test_who_sees_an_id_can_change_nothing(client: Client, shown: str) -> None:
    where = create(client)["Location"]
    upload_id = client.get("/uploads").json()[0]["id"]
    assert append(client, f"/uploads/{upload_id}{shown}", HALF, b"x").status_code == 403
    assert client.delete(f"/uploads/{upload_id}{shown}").status_code == 403
    assert append(client, where, HALF, PICTURE[HALF:], "?1").status_code == 201


def test_who_has_the_image_can_go_on(client: Client) -> None:
    upload_id = create(client, query=f"{QUERY}&sha256={DIGEST}").json()["id"]
    where = f"/uploads/{upload_id}?sha256={DIGEST.upper()}"
    assert append(client, where, HALF, PICTURE[HALF:], "?1").status_code == 201


def test_what_is_bound_to_an_endpoint_is_shown_alone(client: Client) -> None:
    head = Head(Target("POST", "/collections/images", f"{QUERY}&sha256={DIGEST}"), NOW)
    services.spool().create("a" * 32, Kind.BOUND, head, PICTURE[:HALF]).close()
    where = f"/uploads/{'a' * 32}?sha256={DIGEST}"
    assert client.get(where).json()["received"] == HALF
    assert append(client, where, HALF, PICTURE[HALF:], "?1").status_code == 403


def test_what_coap_began_goes_on_over_http(client: Client) -> None:
    query = f"d=cam-7&t=0&sha256={DIGEST}"
    head = Head(Target("POST", "/collections/images", query, {"CONTENT_TYPE": "image/png"}), NOW)
    services.spool().create("a" * 32, Kind.RESUMABLE, head, PICTURE[:HALF]).close()
    where = f"/uploads/{'a' * 32}?sha256={DIGEST}"
    stored = append(client, where, HALF, PICTURE[HALF:], "?1")
    assert (stored.status_code, stored.json()["timestamp"]) == (201, "2026-11-21T08:00:00Z")


def test_the_list(client: Client) -> None:
    ids = {
        device: [create(client, query=f"d={device}&t=0").json()["id"] for _ in range(number)]
        for device, number in (("cam-7", 3), ("cam-8", 1))
    }
    found = client.get("/uploads?deviceId=cam-7").json()
    assert [one["id"] for one in found] == sorted(ids["cam-7"])
    assert found[0].keys() == {"id", "deviceId", "received", "next", "expires"}
    assert (found[0]["received"], found[0]["next"]) == (HALF, HALF // 1024)
    page = client.get("/uploads?limit=3&deviceId=cam-7")
    assert not page.has_header("Link")
    page = client.get("/uploads?limit=2")
    rest = client.get(page["Link"].partition(">")[0][1:])
    seen = [one["id"] for one in page.json() + rest.json()]
    assert seen == sorted(ids["cam-7"] + ids["cam-8"])
    packed = client.get("/uploads?deviceId=cam-8", headers={"Accept": "application/cbor"})
    assert [one["id"] for one in cbor2.loads(packed.content)] == ids["cam-8"]
    etag = page["ETag"]
    again = client.get("/uploads?limit=2", headers={"If-None-Match": etag})
    assert again.status_code == 304


def test_what_is_worked_with_can_be_looked_at(client: Client) -> None:
    begun = create(client)
    with services.opened(begun.json()["id"]):
        assert client.get("/uploads").json() == [begun.json()]
        assert client.head(begun["Location"])["Upload-Offset"] == str(HALF)


def test_what_is_worked_with_cannot_be_changed(client: Client, monkeypatch: Any) -> None:
    begun = create(client)
    with services.opened(begun.json()["id"]), monkeypatch.context() as patched:
        patched.setattr("core_api.uploads.services.PATIENCE", 0.0)
        assert append(client, begun["Location"], HALF, b"x").status_code == 503


def test_an_empty_list(client: Client) -> None:
    assert client.get("/uploads").json() == []


@pytest.mark.parametrize("query", ["limit=0", "after=x", "device=a"])
def test_a_wrong_query(client: Client, query: str) -> None:
    assert client.get(f"/uploads?{query}").status_code == 400


@pytest.mark.parametrize("name", ["x", "..", "a" * 32, "A" * 32, "%00", "a" * 31 + "%0A"])
def test_there_is_none(client: Client, name: str) -> None:
    assert client.get(f"/uploads/{name}").status_code == 404
    assert append(client, f"/uploads/{name}", 0, b"x").status_code == 404


def test_one_that_has_expired_is_not_there(client: Client, folder: Path) -> None:
    where = create(client)["Location"]
    os.utime(next(folder.iterdir()), (0, 0))
    assert client.head(where).status_code == 404
    assert client.get("/uploads").json() == []


def test_the_worker_sweeps(client: Client, folder: Path) -> None:
    create(client)
    os.utime(next(folder.iterdir()), (0, 0))
    services.sweep()
    assert list(folder.iterdir()) == []


def test_it_is_discoverable(client: Client) -> None:
    found = client.get("/.well-known/core?rt=uploads").content.decode()
    assert found.startswith('</uploads>;rt="uploads"')
