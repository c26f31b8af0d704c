"""Objects go when nobody needs them any more, not before, and whoever dies in between."""

import datetime as dt
import time
from unittest import mock

import pytest
from django.utils import timezone
from pytest_django import Settings

from core_api.errors import ServiceUnavailable
from core_api.storage import deletion, services
from core_api.storage.deletion import sweep, sweep_orphans
from core_api.storage.files import FileStorage
from core_api.storage.models import Blob, DoomedObject
from core_api.storage.places import image_storage
from tests.core_api.storage.blobs import digest, keep, use
from tests.core_api.storage.conftest import Use

pytestmark = pytest.mark.django_db
every_place = pytest.mark.usefixtures("place")


def keys() -> list[str]:
    return list(image_storage().keys())


def make_due() -> None:
    DoomedObject.objects.update(due=timezone.now() - dt.timedelta(seconds=1))


def key_made(ago: float, data: bytes = b"orphan") -> str:
    """A key that was made so many seconds ago."""
    with mock.patch("core_api.uuids.time.time_ns", return_value=time.time_ns() - int(ago * 1e9)):
        return image_storage().new_key(digest(data), "raw")


@every_place
def test_the_sweep_waits_for_the_grace_time() -> None:
    (blob,) = keep(b"picture")
    services.forget([blob.pk])
    assert (sweep(), keys()) == (0, [blob.key])
    make_due()
    assert (sweep(), keys()) == (1, [])
    assert (sweep(), DoomedObject.objects.count()) == (0, 0)


@every_place
def test_what_is_used_by_another_image_stays() -> None:
    (blob,) = keep(b"picture")
    first, second = use(blob), use(blob)
    first.delete()
    services.forget([blob.pk])
    make_due()
    assert (sweep(), services.read(blob)) == (0, b"picture")
    second.delete()
    services.forget([blob.pk])
    make_due()
    assert (sweep(), keys()) == (1, [])


@every_place
def test_the_sweep_spares_an_object_that_a_blob_has() -> None:
    (blob,) = keep(b"picture")
    DoomedObject.objects.create(key=blob.key, due=timezone.now())
    assert (sweep(), services.read(blob)) == (0, b"picture")
    assert DoomedObject.objects.count() == 0


@every_place
def test_kept_again_after_forgetting() -> None:
    (first,) = keep(b"picture")
    services.forget([first.pk])
    (second,) = keep(b"picture")
    make_due()
    sweep()
    assert first.key != second.key
    assert services.read(second) == b"picture"


@every_place
def test_an_object_that_is_gone_already_is_no_error() -> None:
    (blob,) = keep(b"picture")
    services.forget([blob.pk])
    # As whoever was killed between the deletion of the object and that of its row leaves it.
    image_storage().delete(blob.key)
    make_due()
    assert (sweep(), DoomedObject.objects.count()) == (1, 0)


@every_place
def test_many_are_deleted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "BATCH", 2)
    blobs = keep(*(b"%d" % number for number in range(5)))
    services.forget([blob.pk for blob in blobs])
    make_due()
    assert (sweep(), keys()) == (5, [])


@pytest.mark.usefixtures("outside")
def test_orphans_are_found_by_their_age(settings: Settings) -> None:
    settings.COAPTURE_ORPHAN_AGE = 60.0
    (kept,) = keep(b"picture")
    old_key, new_key = key_made(61, b"picture"), key_made(50)
    doomed = key_made(61, b"doomed")
    Blob.objects.update(key=key_made(61, b"picture"))
    image_storage().delete(kept.key)
    kept.refresh_from_db()
    DoomedObject.objects.create(key=doomed, due=timezone.now() + dt.timedelta(hours=1))
    image_storage().write([(key, b"picture") for key in (old_key, new_key, doomed, kept.key)])
    assert sweep_orphans() == 1
    assert set(keys()) == {kept.key, new_key, doomed}
    assert sweep_orphans() == 0


def test_a_place_that_does_not_answer_holds_no_other_up(use: Use) -> None:
    storage = use("files")
    blobs = keep(b"in a file")
    storage.place = "database"
    blobs += keep(b"in the database")
    services.forget([blob.pk for blob in blobs])
    make_due()
    with (
        mock.patch.object(FileStorage, "delete", side_effect=ServiceUnavailable("gone")),
        pytest.raises(ServiceUnavailable, match="gone"),
    ):
        sweep()
    assert [doomed.key for doomed in DoomedObject.objects.all()] == [blobs[0].key]
    assert (sweep(), keys()) == (1, [])
