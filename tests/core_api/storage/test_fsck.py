"""core_api/storage/fsck.py and `coapture fsck`: what is found, and what is put right."""

import datetime as dt
import io
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from collections_app.images.models import Image
from core_api.storage import fsck, restore, services
from core_api.storage.fsck import Fault
from core_api.storage.models import Blob, DoomedObject, StoredObject
from core_api.storage.swapping import Swap, swap
from tests.core_api.storage.blobs import digest, keep, use

pytestmark = pytest.mark.django_db
DATA = b"picture" * 100


@pytest.fixture
def blob() -> Blob:
    (blob,) = keep(DATA)
    use(blob)
    return blob


@pytest.fixture
def encoded(blob: Blob) -> Blob:
    """The same, by an encoding that is exact."""
    import zstandard

    swap([Swap(blob, "zstd", "image/bmp", zstandard.ZstdCompressor().compress(DATA))])
    return Blob.objects.get()


def check(*, repair: bool = False) -> list[Fault]:
    return list(fsck.check(repair=repair))


def change(blob: Blob, data: bytes) -> None:
    StoredObject.objects.filter(pk=blob.key).update(data=data)


def test_what_is_well_is_well(encoded: Blob) -> None:
    raw, _ = keep(b"other", b"another")
    Image.objects.update(blob=encoded)
    use(raw)
    use(Blob.objects.get(sha256=digest(b"another")))
    assert check() == []


def test_a_raw_object_that_has_changed(blob: Blob) -> None:
    change(blob, b"rotten")
    assert check() == [Fault(blob.sha256, "its object has changed")]
    assert check(repair=True) == [Fault(blob.sha256, "its object has changed")]


def test_an_encoded_object_that_has_changed_gives_way_to_the_former_one(encoded: Blob) -> None:
    change(encoded, b"rotten")
    assert check() == [Fault(encoded.sha256, "its object has changed")]
    assert check(repair=True) == [Fault(encoded.sha256, "its object has changed", repaired=True)]
    blob = Blob.objects.get()
    assert (blob.encoding, blob.outcome, blob.stored_sha256) == ("raw", None, "")
    assert services.read(blob) == DATA
    # The former object is not doomed any more, the bad one is.
    assert [doomed.key for doomed in DoomedObject.objects.all()] == [encoded.key]
    assert check() == []


def test_an_object_that_is_missing(encoded: Blob) -> None:
    StoredObject.objects.filter(pk=encoded.key).delete()
    assert check() == [Fault(encoded.sha256, "its object is missing")]
    assert check(repair=True)[0].repaired
    assert services.read(Blob.objects.get()) == DATA


def test_an_object_that_was_badly_written_from_the_start(encoded: Blob) -> None:
    """Its own digest is right, but it does not give the original."""
    Blob.objects.update(stored_sha256=digest(b"no frame"))
    change(encoded, b"no frame")
    (fault,) = check()
    assert fault.what.startswith("its object cannot be restored: ")
    assert check(repair=True)[0].repaired


def test_other_bytes_than_the_original_ones(encoded: Blob) -> None:
    with mock.patch("core_api.sandbox.call", return_value=b"others"):
        (fault,) = check()
    assert fault.what == "its object is restored to other bytes than the original ones"


def test_a_copy_that_is_no_better_is_not_taken(encoded: Blob) -> None:
    StoredObject.objects.update(data=b"rotten")
    assert check(repair=True) == [Fault(encoded.sha256, "its object has changed")]
    assert Blob.objects.get() == encoded


def test_sizes(encoded: Blob) -> None:
    Blob.objects.update(size=1, stored_size=2)
    assert check() == [Fault(encoded.sha256, "its row says another size")]
    assert check(repair=True)[0].repaired
    blob = Blob.objects.get()
    assert (blob.size, blob.stored_size) == (len(DATA), encoded.stored_size)


def test_a_blob_that_no_image_has(blob: Blob) -> None:
    Image.objects.all().delete()
    assert check() == [Fault(blob.sha256, "no image has it")]
    assert check(repair=True)[0].repaired
    assert not Blob.objects.exists()
    assert DoomedObject.objects.get().key == blob.key


def test_an_object_that_no_blob_has(blob: Blob, settings: Settings) -> None:
    orphan = services.draft(digest(b"x"), 1).key
    services.image_storage().write([(orphan, b"x")])
    # It may be about to get its row.
    assert check(repair=True) == []
    settings.COAPTURE_ORPHAN_AGE = 0
    with mock.patch.object(timezone, "now", return_value=timezone.now() + dt.timedelta(minutes=1)):
        assert check() == [Fault(orphan, "no blob has this object")]
        assert check(repair=True)[0].repaired
        assert check() == []
    assert DoomedObject.objects.get().key == orphan


def test_an_inexact_encoding_is_restored_too(blob: Blob) -> None:
    assert not restore.is_exact("webp")
    swap([Swap(blob, "webp", "image/png", b"no picture")])
    (fault,) = check()
    assert fault.what.startswith("its object cannot be restored: ")


class TestCommand:
    def test_it_says_that_all_is_well(self, blob: Blob) -> None:
        out = io.StringIO()
        call_command("fsck", stdout=out)
        assert out.getvalue() == "Everything is as it was.\n"

    def test_a_fault_is_named_and_the_command_fails(self, blob: Blob) -> None:
        change(blob, b"rotten")
        out = io.StringIO()
        with pytest.raises(CommandError, match="1 of 1 faults remain"):
            call_command("fsck", "--repair", stdout=out)
        assert out.getvalue() == f"{blob.sha256}: its object has changed\n"

    def test_what_is_repaired_is_no_failure(self, encoded: Blob) -> None:
        change(encoded, b"rotten")
        out = io.StringIO()
        call_command("fsck", "--repair", stdout=out)
        assert out.getvalue().splitlines() == [
            f"{encoded.sha256}: its object has changed (repaired)",
            "1 faults, all repaired.",
        ]
