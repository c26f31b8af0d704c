"""PUT, PATCH and DELETE of one image, by path and by query."""

import cbor2
import pytest
from django.test import Client

from collections_app.images.models import Image
from core_api.changes import Change
from core_api.storage.models import Blob, DoomedObject, StoredObject
from tests.collections_app.images.conftest import URL, Post
from tests.pictures import jpeg, png

PATH = f"{URL}/cam-7/20261121T080000Z"
QUERY = f"{URL}?deviceId=cam-7&timestamp=2026-11-21T08:00:00Z"
both = pytest.mark.parametrize("url", [PATH, QUERY])


class TestPut:
    @both
    def test_new(self, client: Client, db: None, url: str) -> None:
        response = client.put(url, png(), content_type="image/png")
        assert (response.status_code, response["Location"]) == (201, PATH)
        assert client.get(PATH).content == png()

    @both
    def test_replace(self, client: Client, post: Post, url: str) -> None:
        first = post(png(), title="Gate").json()
        response = client.put(url, jpeg(), content_type="image/jpeg")
        assert response.status_code == 200
        body = response.json()
        assert (body["id"], body["title"], body["mediaType"]) == (first["id"], "Gate", "image/jpeg")
        assert client.get(PATH).content == jpeg()
        assert Blob.objects.count() == 1
        assert DoomedObject.objects.count() == 1, "the old object waits for its deletion"
        assert StoredObject.objects.count() == 2

    def test_the_same_bytes(self, client: Client, post: Post) -> None:
        post(png())
        assert client.put(PATH, png(), content_type="image/png").status_code == 200
        assert (Blob.objects.count(), DoomedObject.objects.count()) == (1, 0)

    def test_create_only(self, client: Client, post: Post) -> None:
        post(png())
        headers = {"If-None-Match": "*"}
        response = client.put(PATH, jpeg(), content_type="image/jpeg", headers=headers)
        assert response.status_code == 412
        assert client.get(PATH).content == png()

    def test_replace_only_what_was_seen(self, client: Client, post: Post) -> None:
        post(png())
        etag = client.get(PATH)["ETag"]
        for wanted, status in (('"other"', 412), (etag, 200), (etag, 412)):
            headers = {"If-Match": wanted}
            response = client.put(PATH, jpeg(), content_type="image/jpeg", headers=headers)
            assert response.status_code == status

    def test_if_match_where_nothing_is(self, client: Client, db: None) -> None:
        headers = {"If-Match": "*"}
        response = client.put(PATH, jpeg(), content_type="image/jpeg", headers=headers)
        assert (response.status_code, Image.objects.count()) == (412, 0)

    @pytest.mark.parametrize(
        ("body", "media_type", "status"),
        [(b"x", "image/png", 422), (png(), "text/plain", 415), (png()[:40], "image/png", 422)],
    )
    def test_refused(
        self, client: Client, post: Post, body: bytes, media_type: str, status: int
    ) -> None:
        post(png())
        assert client.put(PATH, body, content_type=media_type).status_code == status
        assert client.get(PATH).content == png()


class TestPatch:
    @both
    @pytest.mark.parametrize(
        "media_type", ["application/merge-patch+json", "application/json", "application/cbor"]
    )
    def test_describe(self, client: Client, post: Post, url: str, media_type: str) -> None:
        before = post(title="Gate", meta={"a": 1, "b": {"c": 2}}).json()
        edits = {"title": "Door", "location": [1, 2], "meta": {"a": None, "b": {"d": 3}}}
        body = cbor2.dumps(edits) if media_type.endswith("cbor") else edits
        response = client.patch(url, body, content_type=media_type)
        after = before | {"title": "Door", "location": [1, 2], "meta": {"b": {"c": 2, "d": 3}}}
        assert (response.status_code, response.json()) == (200, after)
        assert client.get(f"{PATH}?format=json").json() == after

    def test_null_removes(self, client: Client, post: Post) -> None:
        post(title="Gate", location=[1, 2], meta={"a": 1})
        edits = {"title": None, "location": None, "meta": None}
        body = client.patch(PATH, edits, content_type="application/json").json()
        assert not {"title", "location", "meta"} & set(body)

    @pytest.mark.parametrize(
        ("edits", "pointer"),
        [
            ({"title": 5}, "/title"),
            ({"location": [1]}, "/location"),
            ({"meta": 1}, "/meta"),
            ({"meta": {"x": "y" * 5000}}, "/meta"),
            ({"width": 5}, "/width"),
            ([], ""),
        ],
    )
    def test_refused(self, client: Client, post: Post, edits: object, pointer: str) -> None:
        before = post(title="Gate").json()
        response = client.patch(PATH, edits, content_type="application/json")
        assert response.status_code == 400
        pointers = [error["pointer"] for error in response.json().get("errors", [])]
        assert pointers == ([pointer] if pointer else [])
        assert client.get(f"{PATH}?format=json").json() == before

    def test_meta_grows_too_large_over_several(self, client: Client, post: Post) -> None:
        post(meta={"a": "x" * 3000})
        edits = {"meta": {"b": "y" * 3000}}
        response = client.patch(PATH, edits, content_type="application/json")
        assert response.status_code == 400

    def test_other_types(self, client: Client, post: Post) -> None:
        post()
        response = client.patch(PATH, b"x", content_type="text/plain")
        assert response.status_code == 415
        assert response["Accept-Patch"].startswith("application/merge-patch+json, ")

    def test_missing(self, client: Client, db: None) -> None:
        assert client.patch(PATH, {}, content_type="application/json").status_code == 404

    def test_if_match_takes_the_etag_of_the_metadata(self, client: Client, post: Post) -> None:
        post()
        headers = {"If-Match": client.get(f"{PATH}?format=json")["ETag"]}
        edits = {"title": "Gate"}
        first = client.patch(PATH, edits, content_type="application/json", headers=headers)
        again = client.patch(PATH, edits, content_type="application/json", headers=headers)
        assert (first.status_code, again.status_code) == (200, 412)


class TestDelete:
    @both
    def test_gone(self, client: Client, post: Post, url: str) -> None:
        post()
        answer = client.delete(url)
        assert (answer.status_code, answer.get("Content-Type")) == (204, None)
        assert client.get(PATH).status_code == client.delete(url).status_code == 404
        assert (Image.objects.count(), Blob.objects.count()) == (0, 0)
        assert DoomedObject.objects.count() == 1

    def test_shared_bytes_stay(self, client: Client, post: Post) -> None:
        post()
        other = post(device="other").json()["href"]
        client.delete(PATH)
        assert client.get(other).content == png()
        assert DoomedObject.objects.count() == 0

    def test_if_match(self, client: Client, post: Post) -> None:
        post()
        assert client.delete(PATH, headers={"If-Match": '"other"'}).status_code == 412
        assert client.delete(PATH, headers={"If-Match": "*"}).status_code == 204


def test_every_change_is_published_once(client: Client, post: Post) -> None:
    post()
    post()
    client.put(PATH, jpeg(), content_type="image/jpeg")
    client.patch(PATH, {"title": "x"}, content_type="application/json")
    client.delete(PATH)
    assert list(Change.objects.order_by("pk").values_list("path", flat=True)) == [PATH] * 4
