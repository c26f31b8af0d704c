"""Keeping, reading and forgetting blobs, in every place."""

import uuid

import pytest
from django.core.files.base import ContentFile
from pytest_django import Settings

from core_api.storage import services
from core_api.storage.models import Blob, DoomedObject
from core_api.storage.places import split
from tests.core_api.storage.blobs import digest, keep, use

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("place")]


def test_keep_and_read() -> None:
    (blob,) = keep(b"picture")
    assert services.read(blob) == b"picture"
    assert (blob.size, blob.encoding) == (7, "raw")
    assert blob.key.endswith(f"/{digest(b'picture')}.raw")
    assert uuid.UUID(split(blob.key)[1].partition("/")[0]).version == 7


def test_keeping_again_writes_nothing() -> None:
    (first,) = keep(b"picture")
    again, _ = keep(b"picture", b"other")
    assert again.key == first.key
    assert len(list(services.image_storage().keys())) == Blob.objects.count() == 2


def test_forget_spares_what_is_in_use() -> None:
    used, unused = keep(b"used", b"unused")
    use(used)
    services.forget([used.pk, unused.pk])
    assert list(Blob.objects.all()) == [used]
    assert [doomed.key for doomed in DoomedObject.objects.all()] == [unused.key]


def test_it_is_a_django_storage() -> None:
    storage = services.image_storage()
    key = storage.new_key(digest(b"picture"), "raw")
    name = storage.save(key, ContentFile(b"picture"))
    assert (name, storage.exists(name), storage.size(name)) == (key, True, 7)
    with storage.open(name) as file:
        assert file.read() == b"picture"
    storage.delete(name)
    assert not storage.exists(name)
    with pytest.raises(FileNotFoundError):
        storage.open(name)


def test_another_storage_is_refused(settings: Settings) -> None:
    settings.STORAGES = settings.STORAGES | {
        "images": {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    }
    with pytest.raises(TypeError, match="ImageStorage"):
        services.image_storage()
