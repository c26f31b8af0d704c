"""core_api/storage/services.py over the database storage."""

import datetime as dt
import hashlib
import uuid

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from collections_app.images.models import Image
from core_api.storage import services
from core_api.storage.models import Blob, DoomedObject, StoredObject

pytestmark = pytest.mark.django_db


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def keep(*contents: bytes) -> list[Blob]:
    services.keep((services.draft(digest(data), len(data)), data) for data in contents)
    return [Blob.objects.get(sha256=digest(data)) for data in contents]


def use(blob: Blob) -> Image:
    moment = timezone.now()
    return Image.objects.create(
        device_id="a", timestamp=moment, stored=moment, blob=blob, width=1, height=1
    )


def test_keep_and_read() -> None:
    (blob,) = keep(b"picture")
    assert services.read(blob) == b"picture"
    assert (blob.size, blob.encoding) == (7, "raw")
    assert blob.key.endswith(f"/{digest(b'picture')}.raw")
    assert uuid.UUID(blob.key.partition("/")[0]).version == 7


def test_keeping_again_writes_nothing() -> None:
    (first,) = keep(b"picture")
    again, _ = keep(b"picture", b"other")
    assert again.key == first.key
    assert StoredObject.objects.count() == Blob.objects.count() == 2


def test_forget_spares_what_is_in_use() -> None:
    used, unused = keep(b"used", b"unused")
    use(used)
    services.forget([used.pk, unused.pk])
    assert list(Blob.objects.all()) == [used]
    assert [doomed.key for doomed in DoomedObject.objects.all()] == [unused.key]


def test_sweep_waits_for_the_grace_time() -> None:
    (blob,) = keep(b"picture")
    services.forget([blob.pk])
    assert services.sweep() == 0
    assert StoredObject.objects.count() == 1
    DoomedObject.objects.update(due=timezone.now() - dt.timedelta(seconds=1))
    assert services.sweep() == 1
    assert (StoredObject.objects.count(), DoomedObject.objects.count()) == (0, 0)


def test_sweep_spares_an_object_that_a_blob_has() -> None:
    (blob,) = keep(b"picture")
    DoomedObject.objects.create(key=blob.key, due=timezone.now())
    assert services.sweep() == 0
    assert services.read(blob) == b"picture"
    assert DoomedObject.objects.count() == 0


def test_kept_again_after_forgetting() -> None:
    (first,) = keep(b"picture")
    services.forget([first.pk])
    (second,) = keep(b"picture")
    DoomedObject.objects.update(due=timezone.now())
    services.sweep()
    assert first.key != second.key
    assert services.read(second) == b"picture"


def test_it_is_a_django_storage() -> None:
    storage = services.image_storage()
    name = storage.save("x/1.raw", ContentFile(b"picture"))
    assert (name, storage.exists(name), storage.size(name)) == ("x/1.raw", True, 7)
    with storage.open(name) as file:
        assert file.read() == b"picture"
    storage.delete(name)
    assert not storage.exists(name)
    with pytest.raises(FileNotFoundError):
        storage.open(name)


def test_another_storage_is_refused(settings: object) -> None:
    settings.STORAGES = settings.STORAGES | {
        "images": {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    }
    with pytest.raises(TypeError, match="DatabaseStorage"):
        services.image_storage()
