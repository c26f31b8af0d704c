"""collections_app/images/compression: what becomes of images, and what clients then get."""

import hashlib
from unittest import mock

import pytest
from django.test import Client
from pytest_django import Settings

from collections_app.images.compression import attempts, services, waiting
from collections_app.images.models import Image
from core_api import sandbox
from core_api.storage import restore
from core_api.storage.models import Blob, DoomedObject, Outcome
from core_api.storage.places import image_storage
from tests.collections_app.images.compression.pictures import JPEG, pixels, slope, undecodable
from tests.collections_app.images.conftest import URL, Post

pytestmark = pytest.mark.django_db
PATH = f"{URL}/cam-7/20261121T080000Z"


@pytest.fixture(autouse=True)
def _data(settings: Settings, tmp_path: object) -> None:
    settings.COAPTURE_DATA = tmp_path


def stored(post: Post, data: bytes) -> Blob:
    """The blob of an image that was posted and compressed."""
    assert post(data).status_code == 201
    services.compress()
    return Blob.objects.get()


class TestWhatIsStored:
    def test_a_jpeg_comes_back_byte_for_byte(self, post: Post, client: Client) -> None:
        blob = stored(post, JPEG)
        assert (blob.encoding, blob.outcome) == ("jxl-jpeg", Outcome.ENCODED)
        assert blob.stored_size == image_storage().size(blob.key) < blob.size == len(JPEG)
        assert client.get(PATH).content == JPEG

    def test_a_png_comes_back_with_the_same_pixels(self, post: Post, client: Client) -> None:
        blob = stored(post, slope())
        assert blob.stored_size < blob.size == len(slope())
        response = client.get(PATH)
        assert response["Content-Type"] == "image/png"
        assert pixels(response.content) == pixels(slope())

    def test_bytes_come_back_where_the_settings_say_so(
        self, post: Post, client: Client, settings: Settings
    ) -> None:
        settings.COAPTURE_FIDELITY = "bytes"
        blob = stored(post, slope())
        assert restore.is_exact(blob.encoding)
        assert client.get(PATH).content == slope()

    def test_metadata_are_those_of_what_was_received(self, post: Post, client: Client) -> None:
        before = post(slope()).json()
        services.compress()
        facts = client.get(PATH, headers={"Accept": "application/json"}).json()
        assert facts == before
        assert (facts["size"], facts["sha256"]) == (
            len(slope()),
            hashlib.sha256(slope()).hexdigest(),
        )

    def test_the_former_object_is_doomed_and_the_new_one_is_not(self, post: Post) -> None:
        post(JPEG)
        former = Blob.objects.get().key
        services.compress()
        assert [doomed.key for doomed in DoomedObject.objects.all()] == [former]
        assert image_storage().read(former) == JPEG

    def test_a_retry_is_known_and_stores_nothing(self, post: Post) -> None:
        blob = stored(post, JPEG)
        assert post(JPEG).status_code == 200
        assert Blob.objects.get() == blob
        assert Blob.objects.get().key == blob.key
        assert waiting.count() == 0

    def test_what_no_decoder_reads_stays_and_says_so(self, post: Post, client: Client) -> None:
        data = undecodable()
        blob = stored(post, data)
        assert (blob.encoding, blob.outcome) == ("raw", Outcome.UNDECODABLE)
        assert client.get(PATH).content == data
        assert client.get(f"{PATH}?format=json").json()["decodable"] is False


class TestWhatGoesWrong:
    def test_an_encoder_that_falls_leaves_the_image_as_it_is(
        self, post: Post, client: Client
    ) -> None:
        with mock.patch.object(sandbox, "call", side_effect=sandbox.Crashed("it fell")):
            blob = stored(post, JPEG)
        assert (blob.encoding, blob.outcome) == ("raw", Outcome.FAILED)
        assert client.get(PATH).content == JPEG
        assert not waiting.is_any()

    def test_what_would_grow_is_kept(self, post: Post) -> None:
        larger = attempts.Encoded("jxl-jpeg", bytes(len(JPEG)))
        with mock.patch.object(sandbox, "call", return_value=larger):
            blob = stored(post, JPEG)
        assert (blob.encoding, blob.outcome) == ("raw", Outcome.KEPT)

    def test_bytes_that_have_rotted_are_not_encoded(self, post: Post) -> None:
        post(JPEG)
        with (
            mock.patch("core_api.storage.places.ImageStorage.read", return_value=slope()),
            mock.patch.object(sandbox, "call") as call,
        ):
            tally = services.compress()
        assert tally == {Outcome.FAILED: 1}
        call.assert_not_called()

    def test_another_process_that_was_faster_wins(self, post: Post, client: Client) -> None:
        post(JPEG)
        (late,) = waiting.read([Blob.objects.get().pk])
        data = attempts.original(late)
        services.compress()
        winner = Blob.objects.get()
        services.swap([attempts.encode(late, data)])
        assert Blob.objects.get().key == winner.key
        assert DoomedObject.objects.filter(pk=winner.key).count() == 0
        assert DoomedObject.objects.count() == 2
        assert client.get(PATH).content == JPEG

    def test_an_image_that_is_deleted_meanwhile_leaves_nothing(
        self, post: Post, client: Client
    ) -> None:
        post(JPEG)
        (one,) = waiting.read([Blob.objects.get().pk])
        data = attempts.original(one)
        assert client.delete(PATH).status_code == 204
        assert services.swap([attempts.encode(one, data)]) == 0
        keys = set(image_storage().keys())
        assert keys == set(DoomedObject.objects.values_list("key", flat=True))
        assert not Blob.objects.exists()

    def test_a_blob_that_no_image_has_is_passed_over(self, post: Post) -> None:
        stored(post, JPEG)
        Blob.objects.update(outcome=None, encoding="raw")
        Image.objects.all().delete()
        services.compress()
        assert Blob.objects.get().outcome == Outcome.KEPT

    def test_it_ends_when_it_is_told(self, post: Post) -> None:
        post(JPEG)
        assert services.compress(goes_on=lambda: False) == {}
        assert waiting.is_any()


class TestSpans:
    def test_batches_begin_behind_those_that_are_taken(self, post: Post) -> None:
        for number in range(5):
            post(slope(number), timestamp=f"2026-11-21T08:00:0{number}Z")
        ids = list(Blob.objects.order_by("pk").values_list("pk", flat=True))
        assert waiting.spans(2, 2, after=0) == [(ids[0], ids[1]), (ids[2], ids[3])]
        assert waiting.spans(2, 2, after=ids[3]) == [(ids[4], ids[4])]

    @pytest.mark.only_sqlite("EXPLAIN QUERY PLAN")
    def test_the_waiting_are_found_by_their_index(self, post: Post) -> None:
        plan = waiting._blobs().order_by("pk").values_list("pk")[:1].explain()
        assert "blobs_waiting" in plan
