"""GET of variants, through the views."""

import hashlib
import io
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from PIL import Image as Picture

from collections_app.images.models import Image
from collections_app.images.variants import services
from collections_app.images.variants.renders import Renders
from core_api import sandbox
from tests.collections_app.images.conftest import URL, Post
from tests.collections_app.imaging.operations.drawing import (
    BLUE,
    RED,
    opened,
    quarters,
    saved,
    show,
)
from tests.pictures import jpeg

MOMENT = "2026-11-21T08:00:00Z"
PATH = f"{URL}/cam-7/20261121T080000Z"
JPEG = saved(quarters((320, 240)), "JPEG", quality=90)
BROWSER = "image/avif,image/webp,image/apng,image/*,*/*;q=0.8"


@pytest.fixture(autouse=True)
def stored(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_renders", Renders())
    post(JPEG)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What was called in the sandbox."""
    made: list[tuple[Any, ...]] = []
    call = sandbox.call

    def counted(*arguments: Any, **limits: Any) -> Any:
        made.append(arguments)
        return call(*arguments, **limits)

    monkeypatch.setattr(services.sandbox, "call", counted)
    return made


@pytest.mark.parametrize(
    "url",
    [
        f"{PATH}?",
        f"{URL}/cam-7/latest?",
        f"{URL}?deviceId=cam-7&timestamp={MOMENT}&",
        f"{URL}?d=cam-7&t={MOMENT}&",
    ],
)
def test_on_any_path_of_an_image(client: Client, url: str) -> None:
    response = client.get(f"{url}w=80&rotate=90")
    image = opened(response.content)
    assert (response["Content-Type"], image.format, image.size) == ("image/jpeg", "JPEG", (80, 107))
    assert show(image, BLUE, RED, *[(230, 220, 30), (30, 200, 40)])
    assert response["Content-Disposition"] == 'inline; filename="cam-7_20261121T080000Z.jpg"'
    assert response["Vary"] == "Accept"


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("w=80", (80, 60)),
        ("h=80", (107, 80)),
        ("w=80&h=80", (80, 60)),
        ("w=80&h=80&fit=cover", (80, 80)),
        ("w=80&h=80&fit=fill", (80, 80)),
        ("crop=160,0,160,240", (160, 240)),
        ("crop=160,0,160,240&rotate=90&w=60", (60, 40)),
        ("blur=9", (320, 240)),
        ("q=5", (320, 240)),
    ],
)
def test_sizes(client: Client, query: str, size: tuple[int, int]) -> None:
    assert opened(client.get(f"{PATH}?{query}").content).size == size


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "avif", "gif", "tiff"])
def test_formats(client: Client, name: str) -> None:
    response = client.get(f"{PATH}?fmt={name}&w=40")
    assert response["Content-Type"] == f"image/{name}"
    assert opened(response.content).format == name.upper()


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "image/jpeg"),
        ("*/*", "image/jpeg"),
        ("image/*", "image/jpeg"),
        ("image/webp,*/*", "image/webp"),
        (BROWSER, "image/avif"),
        (f"image/jxl,{BROWSER}", "image/jxl"),
        ("image/webp;q=0.1,*/*", "image/jpeg"),
        ("image/png", "image/png"),
        ("image/png,image/jpeg;q=0.5", "image/png"),
        ("application/octet-stream", "application/octet-stream"),
    ],
)
def test_the_format_is_what_the_client_says(client: Client, accept: str, media_type: str) -> None:
    response = client.get(f"{PATH}?w=40", headers={"Accept": accept} if accept else {})
    assert (response.status_code, response["Content-Type"]) == (200, media_type)


@pytest.mark.parametrize(
    ("query", "accept"), [("fmt=png", "image/jpeg"), ("w=40", "text/html"), ("w=5&format=json", "")]
)
def test_not_acceptable(client: Client, query: str, accept: str) -> None:
    headers = {"Accept": accept} if accept else {}
    assert client.get(f"{PATH}?{query}", headers=headers).status_code == 406


@pytest.mark.parametrize(
    ("format", "media_type"),
    [("PNG", "image/png"), ("WEBP", "image/webp"), ("GIF", "image/png"), ("BMP", "image/png")],
)
def test_where_the_client_accepts_anything(
    client: Client, post: Post, format: str, media_type: str
) -> None:
    href = post(saved(quarters(), format), device="other").json()["href"]
    assert client.get(f"{href}?w=8")["Content-Type"] == media_type


class TestOriginals:
    """Without a variant's parameters."""

    @pytest.mark.parametrize("accept", ["*/*", BROWSER, "image/webp,image/jpeg;q=0.1"])
    def test_are_served_as_they_are_where_they_are_acceptable(
        self, client: Client, accept: str
    ) -> None:
        assert client.get(PATH, headers={"Accept": accept}).content == JPEG

    @pytest.mark.parametrize("name", ["webp", "png", "avif"])
    def test_are_transcoded_only_where_they_are_not(self, client: Client, name: str) -> None:
        response = client.get(PATH, headers={"Accept": f"image/{name}"})
        assert (response.status_code, response["Content-Type"]) == (200, f"image/{name}")
        assert opened(response.content).size == (320, 240)
        assert response["ETag"] != client.get(PATH)["ETag"]


class TestEntityTags:
    def test_each_variant_has_its_own(self, client: Client) -> None:
        queries = ["w=80", "w=81", "h=60", "w=80&q=5", "w=80&fmt=webp", "blur=3", "crop=0,0,9,9"]
        tags = {client.get(f"{PATH}?{query}")["ETag"] for query in queries}
        tags.add(client.get(f"{PATH}?w=80", headers={"Accept": "application/octet-stream"})["ETag"])
        tags.add(client.get(PATH)["ETag"])
        assert len(tags) == len(queries) + 2

    def test_another_spelling_is_the_same_variant(
        self, client: Client, calls: list[tuple[Any, ...]]
    ) -> None:
        queries = ["w=80&h=60&fmt=jpeg", "fmt=jpeg&h=0060&w=80&fit=contain&blur=1&q=82"]
        assert len({client.get(f"{PATH}?{query}")["ETag"] for query in queries}) == 1
        assert len(calls) == 1

    def test_304_without_drawing(
        self, client: Client, calls: list[tuple[Any, ...]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        etag = client.get(f"{PATH}?w=80")["ETag"]
        monkeypatch.setattr(services, "drawn", None)
        response = client.get(f"{PATH}?w=80", headers={"If-None-Match": etag})
        assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)
        assert len(calls) == 1

    def test_ranges(self, client: Client) -> None:
        whole = client.get(f"{PATH}?w=80").content
        response = client.get(f"{PATH}?w=80", headers={"Range": "bytes=2-5"})
        assert (response.status_code, response.content) == (206, whole[2:6])

    def test_head(self, client: Client) -> None:
        response = client.head(f"{PATH}?w=80")
        assert (response.status_code, response.content) == (200, b"")
        assert response["Content-Length"] == str(len(client.get(f"{PATH}?w=80").content))


class TestKept:
    def test_a_variant_is_drawn_once(self, client: Client, calls: list[tuple[Any, ...]]) -> None:
        first, second = (client.get(f"{PATH}?w=80").content for _ in range(2))
        assert first == second
        assert len(calls) == 1

    def test_one_whose_file_is_damaged_is_drawn_again(
        self, client: Client, calls: list[tuple[Any, ...]], data_folder: Path
    ) -> None:
        first = client.get(f"{PATH}?w=80").content
        (file,) = (path for path in (data_folder / "cache/variants").rglob("*") if path.is_file())
        file.write_bytes(file.read_bytes()[:-1] + b"?")
        assert client.get(f"{PATH}?w=80").content == first
        assert len(calls) == 2

    def test_files_are_bounded(self, client: Client, settings: Any, data_folder: Path) -> None:
        settings.COAPTURE_CACHE_DISK = 40_000
        for width in range(60, 90):
            client.get(f"{PATH}?w={width}")
        files = [path for path in (data_folder / "cache/variants").rglob("*") if path.is_file()]
        assert len(files) > 2
        assert sum(path.stat().st_size for path in files) <= 45_000

    def test_a_replaced_image_has_new_variants(self, client: Client) -> None:
        before = client.get(f"{PATH}?w=8")
        client.put(PATH, jpeg(5), content_type="image/jpeg")
        after = client.get(f"{PATH}?w=8")
        assert before["ETag"] != after["ETag"]
        assert before.content != after.content

    def test_a_deleted_image_has_none(self, client: Client) -> None:
        client.get(f"{PATH}?w=8")
        client.delete(PATH)
        assert client.get(f"{PATH}?w=8").status_code == 404


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("w=0", "/w"),
        ("w=x", "/w"),
        ("fit=cover", "/fit"),
        ("w=5&fit=squeeze", "/fit"),
        ("rotate=45", "/rotate"),
        ("blur=4", "/blur"),
        ("fmt=bmp", "/fmt"),
        ("q=0", "/q"),
        ("w=5&w=6", "/w"),
        ("width=5", "/width"),
        ("w=5&sharpen=1", "/sharpen"),
    ],
)
def test_unknown_or_out_of_range(client: Client, query: str, pointer: str) -> None:
    response = client.get(f"{PATH}?{query}")
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("query", ["crop=300,0,21,240", "w=16383&h=16383&fit=fill"])
def test_what_this_picture_does_not_allow(client: Client, query: str) -> None:
    assert client.get(f"{PATH}?{query}").status_code == 400


def test_a_list_has_no_variants(client: Client) -> None:
    assert client.get(f"{URL}/cam-7?w=5").status_code == 400


def test_no_such_image(client: Client) -> None:
    assert client.get(f"{URL}/cam-8/latest?w=5").status_code == 404


class TestCannotBeDrawn:
    def test_bytes_that_are_no_picture_inside(self, client: Client, post: Post) -> None:
        data = bytearray(jpeg(3))
        start = data.index(b"\xff\xc4") + 4
        data[start : start + 17] = b"\xff" * 17
        response = post(bytes(data), device="odd")
        if response.status_code == 422:
            pytest.skip("the structure tells it already")
        assert client.get(f"{response.json()['href']}?w=5").status_code == 422

    @pytest.mark.parametrize(
        "error", [sandbox.Crashed("it ended"), sandbox.Exhausted("it took too long")]
    )
    def test_a_crash(
        self, client: Client, error: Exception, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def crash(*_: Any, **__: Any) -> None:
            raise error

        monkeypatch.setattr(services.sandbox, "call", crash)
        response = client.get(f"{PATH}?w=5")
        assert response.status_code == 422
        assert str(error) in response.json()["detail"]

    def test_too_little_memory(self, client: Client, post: Post, settings: Any) -> None:
        settings.COAPTURE_VARIANT_MEMORY = 96 * 2**20
        large = saved(Picture.new("RGB", (6000, 4000)), compress_level=1)
        href = post(large, device="large").json()["href"]
        response = client.get(f"{href}?w=50")
        assert (response.status_code, "memory" in response.json()["detail"]) == (422, True)

    def test_too_many_at_once(self, client: Client, settings: Any) -> None:
        settings.COAPTURE_VARIANT_WAITING = 0
        response = client.get(f"{PATH}?w=5")
        assert (response.status_code, response["Retry-After"]) == (503, "1")
        assert client.get(PATH).content == JPEG


class TestSigned:
    @pytest.fixture(autouse=True)
    def keys(self, settings: Any) -> None:
        settings.COAPTURE_VARIANT_KEYS = {"b": "b" * 16, "a": "a" * 16}
        settings.COAPTURE_VARIANT_SIGNED = True

    def sign(self, url: str, seconds: int = 60) -> str:
        out = io.StringIO()
        call_command("sign", url, seconds=seconds, stdout=out)
        return out.getvalue().strip()

    def test_a_signed_variant_is_drawn(self, client: Client) -> None:
        for url in (f"{PATH}?w=8", f"{URL}/cam-7/latest?fmt=webp&q=5"):
            assert client.get(self.sign(url)).status_code == 200

    def test_an_unsigned_one_is_not(self, client: Client) -> None:
        assert client.get(f"{PATH}?w=8").status_code == 403
        assert client.get(PATH, headers={"Accept": "image/webp"}).status_code == 406
        assert client.get(PATH).content == JPEG

    def test_nothing_of_the_url_can_be_changed(self, client: Client, post: Post) -> None:
        post(JPEG, device="cam-8")
        url = self.sign(f"{PATH}?w=8&h=9")
        assert client.get(url.replace("cam-7", "cam-8")).status_code == 403
        assert client.get(url.replace("w=8", "w=9")).status_code == 403
        assert client.get(f"{url}&q=5").status_code == 403
        assert client.get(url.replace("&h=9", "")).status_code == 403
        later = int(time.time()) + 9999
        assert client.get(url.replace("expires=", f"expires={later}&x=")).status_code == 400
        for bad in ("", "b", "b.", "c.x", "b.ü"):
            assert client.get(f"{url.partition('sig=')[0]}sig={quote(bad)}").status_code == 403

    def test_the_order_of_the_parameters_may_be(self, client: Client) -> None:
        path, _, query = self.sign(f"{PATH}?w=8&h=9").partition("?")
        assert client.get(f"{path}?{'&'.join(reversed(query.split('&')))}").status_code == 200

    def test_it_expires(self, client: Client) -> None:
        response = client.get(self.sign(f"{PATH}?w=8", seconds=0))
        assert (response.status_code, "expired" in response.json()["detail"]) == (403, True)

    def test_keys_rotate(self, client: Client, settings: Any) -> None:
        url = self.sign(f"{PATH}?w=8")
        settings.COAPTURE_VARIANT_KEYS = {"c": "c" * 16, "b": "b" * 16}
        assert client.get(url).status_code == 200
        assert "sig=c." in self.sign(url)
        settings.COAPTURE_VARIANT_KEYS = {"c": "c" * 16}
        assert client.get(url).status_code == 403

    def test_a_bad_signature_is_refused_where_none_is_needed(
        self, client: Client, settings: Any
    ) -> None:
        settings.COAPTURE_VARIANT_SIGNED = False
        assert client.get(f"{PATH}?w=8").status_code == 200
        assert client.get(f"{PATH}?w=8&sig=b.x").status_code == 403
        assert client.get(f"{PATH}?w=8&expires=1").status_code == 403

    def test_signing_needs_a_key(self, settings: Any) -> None:
        settings.COAPTURE_VARIANT_KEYS = {}
        with pytest.raises(CommandError, match="no key"):
            self.sign(f"{PATH}?w=8")


def test_the_digest_decides_and_not_the_path(
    client: Client, post: Post, calls: list[tuple[Any, ...]]
) -> None:
    post(JPEG, device="cam-9")
    assert Image.objects.count() == 2
    tags = {client.get(f"{URL}/{device}/latest?w=7")["ETag"] for device in ("cam-7", "cam-9")}
    assert (len(tags), len(calls)) == (1, 1)
    assert hashlib.sha256(calls[0][1]).digest() == hashlib.sha256(JPEG).digest()
    assert Picture.open(io.BytesIO(JPEG)).size == (320, 240)
