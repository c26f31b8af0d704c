"""GET of images whose bytes were encoded: validators, ranges, types."""

import pytest
from django.test import Client
from pytest_django import Settings

from collections_app.images.compression import services
from core_api.storage.models import Blob
from core_api.storage.places import image_storage
from tests.collections_app.images.compression.pictures import JPEG, pixels, slope
from tests.collections_app.images.conftest import URL, Post

pytestmark = pytest.mark.django_db
PATH = f"{URL}/cam-7/20261121T080000Z"


@pytest.fixture(autouse=True)
def _data(settings: Settings, tmp_path: object) -> None:
    settings.COAPTURE_DATA = tmp_path


@pytest.fixture
def png(post: Post, client: Client) -> str:
    """A PNG that comes back as other bytes; its ETag as it was received."""
    post(slope())
    etag = client.get(PATH)["ETag"]
    services.compress()
    # What zlib makes of the same samples may be the same bytes: this one is said not to be.
    Blob.objects.update(encoding=Blob.objects.get().encoding.removesuffix("-exact"))
    return etag


class TestExactBytes:
    def test_the_validators_stay(self, post: Post, client: Client) -> None:
        post(JPEG)
        before = client.get(PATH)
        services.compress()
        after = client.get(PATH)
        for name in ("ETag", "Last-Modified", "Content-Type", "Content-Length"):
            assert after[name] == before[name]
        assert client.get(PATH, headers={"If-None-Match": before["ETag"]}).status_code == 304

    def test_a_download_that_began_before_goes_on(self, post: Post, client: Client) -> None:
        post(JPEG)
        first = client.get(PATH, headers={"Range": "bytes=0-99"})
        services.compress()
        headers = {"Range": "bytes=100-", "If-Range": first["ETag"]}
        rest = client.get(PATH, headers=headers)
        assert rest.status_code == 206
        assert first.content + rest.content == JPEG
        headers["If-Range"] = first["Last-Modified"]
        assert client.get(PATH, headers=headers).content == JPEG[100:]

    def test_put_with_the_former_tag_is_allowed(self, post: Post, client: Client) -> None:
        post(JPEG)
        etag = client.get(PATH)["ETag"]
        services.compress()
        response = client.put(PATH, JPEG, content_type="image/jpeg", headers={"If-Match": etag})
        assert (response.status_code, response["ETag"]) == (200, etag)


class TestOtherBytes:
    def test_they_have_a_tag_of_their_own(self, png: str, client: Client) -> None:
        response = client.get(PATH)
        assert response["ETag"] != png
        assert response["ETag"] == client.get(PATH)["ETag"]
        assert client.get(PATH, headers={"If-None-Match": png}).status_code == 200
        unchanged = client.get(PATH, headers={"If-None-Match": response["ETag"]})
        assert (unchanged.status_code, unchanged.content) == (304, b"")

    def test_a_download_that_began_before_begins_again(self, png: str, client: Client) -> None:
        whole = client.get(PATH)
        for validator in (png, whole["Last-Modified"]):
            headers = {"Range": "bytes=100-", "If-Range": validator}
            response = client.get(PATH, headers=headers)
            assert (response.status_code, response.content) == (200, whole.content)

    def test_one_that_begins_now_goes_on(self, png: str, client: Client) -> None:
        whole = client.get(PATH)
        headers = {"Range": "bytes=100-", "If-Range": whole["ETag"]}
        response = client.get(PATH, headers=headers)
        assert (response.status_code, response.content) == (206, whole.content[100:])

    def test_put_knows_both_tags(self, png: str, client: Client) -> None:
        for etag in (png, client.get(PATH)["ETag"]):
            headers = {"If-Match": etag}
            response = client.put(PATH, slope(), content_type="image/png", headers=headers)
            assert response.status_code == 200
            # What comes back is not what was sent.
            assert "ETag" not in response

    def test_octets_are_the_same_bytes_under_another_tag(self, png: str, client: Client) -> None:
        octets = client.get(PATH, headers={"Accept": "application/octet-stream"})
        assert octets.content == client.get(PATH).content
        assert octets["ETag"] != client.get(PATH)["ETag"]


class TestTheObjectItself:
    def test_it_goes_out_to_whom_reads_it_and_not_the_original(
        self, post: Post, client: Client
    ) -> None:
        post(JPEG)
        services.compress()
        response = client.get(PATH, headers={"Accept": "image/jxl"})
        assert response["Content-Type"] == "image/jxl"
        assert response.content == image_storage().read(Blob.objects.get().key)
        assert response["Content-Disposition"].endswith('.jxl"')
        assert response["ETag"] != client.get(PATH)["ETag"]

    def test_the_original_is_preferred(self, post: Post, client: Client) -> None:
        post(JPEG)
        services.compress()
        response = client.get(PATH, headers={"Accept": "image/jxl, image/*;q=0.1"})
        assert (response["Content-Type"], response.content) == ("image/jpeg", JPEG)


class TestTheCache:
    def test_a_restored_image_is_not_restored_again(
        self, png: str, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = client.get(PATH).content
        monkeypatch.setattr("core_api.storage.services.fetch", None)
        assert client.get(PATH).content == first
        assert pixels(first) == pixels(slope())

    def test_it_is_on_the_disk_for_other_processes(
        self, png: str, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from core_api.storage import restore

        first = client.get(PATH).content
        restore.forget_cached()
        monkeypatch.setattr("core_api.storage.services.fetch", None)
        assert client.get(PATH).content == first

    def test_nobody_restores_for_whom_has_it(
        self, png: str, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        etag = client.get(PATH)["ETag"]
        monkeypatch.setattr("core_api.storage.services.read", None)
        assert client.get(PATH, headers={"If-None-Match": etag}).status_code == 304
