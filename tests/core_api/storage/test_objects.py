"""Objects are written before their rows, and found while others take their places."""

from unittest import mock

import pytest
from django.db import OperationalError, transaction

from core_api.errors import Conflict, InsufficientStorage
from core_api.storage import objects, services
from core_api.storage.files import FileStorage
from core_api.storage.models import Blob
from core_api.storage.objects import fetch, placed
from core_api.storage.places import image_storage
from core_api.storage.s3 import S3Storage
from tests.core_api.storage.blobs import digest, draft, keep
from tests.core_api.storage.conftest import Use

pytestmark = pytest.mark.django_db


def keys() -> list[str]:
    return list(image_storage().keys())


@pytest.mark.usefixtures("outside")
class TestPlacing:
    def test_the_object_is_there_before_its_row(self) -> None:
        blob = draft(b"picture")
        with placed([(blob, b"picture")]) as errors:
            assert errors == [None]
            assert image_storage().read(blob.key) == b"picture"
            assert not Blob.objects.exists()
            assert services.keep([(blob, b"picture")]) == {blob.sha256: blob}
        assert keys() == [blob.key]

    def test_a_content_that_is_known_is_not_written(self) -> None:
        (blob,) = keep(b"picture")
        again = draft(b"picture")
        with placed([(again, b"picture")]):
            assert keys() == [blob.key]
            assert services.keep([(again, b"picture")])[blob.sha256].key == blob.key

    def test_one_that_was_forgotten_meanwhile_is_written_with_the_row(self) -> None:
        (former,) = keep(b"picture")
        again = draft(b"picture")
        with placed([(again, b"picture")]):
            services.forget([former.pk])
            services.keep([(again, b"picture")])
        assert services.read(Blob.objects.get()) == b"picture"
        assert Blob.objects.get().key == again.key

    def test_one_that_somebody_else_stored_meanwhile_is_withdrawn(self) -> None:
        mine = draft(b"picture")
        with placed([(mine, b"picture")]):
            (theirs,) = keep(b"picture")
            services.keep([(mine, b"picture")])
        assert keys() == [theirs.key]

    def test_one_that_is_refused_is_withdrawn(self) -> None:
        with pytest.raises(Conflict), placed([(draft(b"picture"), b"picture")]):
            raise Conflict
        assert keys() == []

    def test_where_nobody_knows_what_the_database_did_it_stays(self) -> None:
        blob = draft(b"picture")
        with pytest.raises(OperationalError), placed([(blob, b"picture")]):
            raise OperationalError("the connection was lost")
        assert keys() == [blob.key]

    def test_one_whose_number_is_not_known_is_not_taken_for_unused(self) -> None:
        keep(b"known")
        blob = draft(b"new")
        with placed([(blob, b"new")]):
            # With one that is known in the batch, the new one is read back as another instance.
            services.keep([(blob, b"new"), (draft(b"known"), b"known")])
        assert services.read(Blob.objects.get(sha256=digest(b"new"))) == b"new"

    def test_a_failure_is_that_object_s_alone(self) -> None:
        bad, good = draft(b"bad"), draft(b"good")
        backend = FileStorage if image_storage().place == "files" else S3Storage
        put = backend.put

        def fail(self: FileStorage | S3Storage, name: str, data: bytes) -> None:
            if data == b"bad":
                raise InsufficientStorage("full")
            put(self, name, data)

        with (
            mock.patch.object(backend, "put", fail),
            placed([(bad, b"bad"), (good, b"good")]) as errors,
        ):
            assert [type(error) for error in errors] == [InsufficientStorage, type(None)]
            services.keep([(good, b"good")])
        assert keys() == [good.key]


def test_in_the_database_the_transaction_covers_both(use: Use) -> None:
    use("database")
    blob = draft(b"picture")
    with placed([(blob, b"picture")]) as errors:
        assert (errors, keys()) == ([None], [])
        with transaction.atomic():
            services.keep([(blob, b"picture")])
            transaction.set_rollback(True)
    assert keys() == []


@pytest.mark.usefixtures("place")
class TestFetching:
    def test_an_object_that_was_just_replaced_is_read_anew(self) -> None:
        (blob,) = keep(b"picture")
        stale = Blob.objects.get()
        key = image_storage().new_key(blob.sha256, "raw")
        image_storage().write([(key, b"picture")])
        Blob.objects.update(key=key)
        image_storage().delete(blob.key)
        assert fetch(stale) == b"picture"
        assert stale.key == key

    def test_one_that_is_missing_stays_so(self) -> None:
        (blob,) = keep(b"picture")
        image_storage().delete(blob.key)
        with pytest.raises(FileNotFoundError):
            fetch(blob)
        Blob.objects.all().delete()
        with pytest.raises(FileNotFoundError):
            fetch(blob)

    def test_one_that_is_replaced_all_the_time_is_given_up(self) -> None:
        (blob,) = keep(b"picture")

        def missing(key: str) -> bytes:
            Blob.objects.update(key=image_storage().new_key(blob.sha256, "raw"))
            raise FileNotFoundError(key)

        with (
            mock.patch.object(image_storage(), "read", side_effect=missing) as read,
            pytest.raises(FileNotFoundError),
        ):
            fetch(blob)
        assert read.call_count == objects.SWAPS + 1
