"""What every place of image bytes does alike, and what STORAGES["images"] makes of several."""

import os
import subprocess

import pytest
from django.core.exceptions import SuspiciousFileOperation
from pytest_django import Settings

from core_api.errors import ServiceUnavailable
from core_api.serving.processes import managing
from core_api.storage.places import image_storage, place_of
from tests.core_api.storage.blobs import digest
from tests.core_api.storage.conftest import Use

pytestmark = pytest.mark.django_db


def key_of(data: bytes, place: str = "") -> str:
    return image_storage().new_key(digest(data), "raw", place)


@pytest.mark.usefixtures("place")
class TestEveryPlace:
    def test_objects_are_written_read_listed_and_deleted(self) -> None:
        storage = image_storage()
        objects = {key_of(data): data for data in (b"", b"one", bytes(100_000))}
        storage.write(objects.items())
        keys = list(storage.keys())
        assert dict(zip(keys, storage.read_each(keys), strict=True)) == objects
        first, *others = objects
        storage.delete_all([first, *others[:1]])
        assert list(storage.keys()) == others[1:]

    def test_what_is_missing(self) -> None:
        storage, key = image_storage(), key_of(b"picture")
        assert not storage.exists(key)
        with pytest.raises(FileNotFoundError):
            storage.read(key)
        storage.delete(key)
        (outcome,) = storage.read_each([key])
        assert isinstance(outcome, FileNotFoundError)

    def test_many_at_once(self) -> None:
        storage = image_storage()
        objects = [(key_of(data), data) for data in (b"%d" % number for number in range(40))]
        assert storage.write_each(objects) == [None] * 40
        assert storage.read_each([key for key, _ in objects]) == [data for _, data in objects]
        storage.delete_all(key for key, _ in objects)
        assert list(storage.keys()) == []

    def test_the_place_answers(self) -> None:
        image_storage().check()

    def test_a_new_object_lies_in_the_place(self, place: str) -> None:
        assert place_of(key_of(b"picture")) == place


@pytest.mark.parametrize("place", ["files", "s3"])
@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/b.raw", "", "x\0", f"{'0' * 32}/{'0' * 64}.raw/../../x"]
)
def test_a_name_that_is_no_object_s_is_refused(
    use: Use, request: pytest.FixtureRequest, place: str, name: str
) -> None:
    use(place, request.getfixturevalue("moto") if place == "s3" else None)
    for work in (image_storage().read, image_storage().delete, image_storage().exists):
        with pytest.raises(SuspiciousFileOperation):
            work(f"{place}:{name}")


def test_objects_of_several_places_are_one_storage(use: Use) -> None:
    storage = use("database")
    objects = {key_of(b"one"): b"one", key_of(b"two", "files"): b"two"}
    storage.write(objects.items())
    assert storage.read_each(list(objects)) == [b"one", b"two"]
    assert set(storage.keys()) == set(objects)
    assert list(storage.at("files").keys()) == [list(objects)[1].removeprefix("files:")]
    storage.delete_all(objects)
    assert list(storage.keys()) == []


def test_a_place_that_is_not_configured_is_said_to_be(use: Use) -> None:
    storage = use("database")
    with pytest.raises(ServiceUnavailable, match="'s3' is not configured"):
        storage.read(key_of(b"picture", "s3"))


def test_it_is_configured_by_the_settings(settings: Settings) -> None:
    assert image_storage().place == "database"
    assert set(settings.IMAGE_PLACES) >= {"database", "files"}


def test_s3_without_a_bucket_is_refused_at_the_start() -> None:
    done = subprocess.run(
        managing("check"),
        env=os.environ | {"COAPTURE_STORAGE": "s3", "COAPTURE_S3_BUCKET": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip().endswith("needs the name of a COAPTURE_S3_BUCKET.")
