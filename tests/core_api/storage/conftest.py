"""The places of image bytes, each in turn."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from core_api.storage.places import ImageStorage, image_storage
from tests.services.s3 import Moto, Rclone

Use = Callable[..., ImageStorage]


@pytest.fixture
def use(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Use]:
    """Lets new images go to a place; that of an S3 server, where one is given, is a new bucket."""
    settings.COAPTURE_DATA = tmp_path
    used: list[ImageStorage] = []

    def choose(place: str, server: Rclone | Moto | None = None) -> ImageStorage:
        places = {
            "database": {"BACKEND": "core_api.storage.database.DatabaseStorage"},
            "files": {"BACKEND": "core_api.storage.files.FileStorage"},
        }
        if server is not None:
            for variable, value in server.credentials.items():
                monkeypatch.setenv(variable, value)
            options = {"bucket": server.create(), "endpoint": server.url, "prefix": "images/"}
            places["s3"] = {"BACKEND": "core_api.storage.s3.S3Storage", "OPTIONS": options}
        settings.COAPTURE_STORAGE = place
        settings.STORAGES = settings.STORAGES | {
            "images": {
                "BACKEND": "core_api.storage.places.ImageStorage",
                "OPTIONS": {"place": place, "places": places},
            }
        }
        used.append(image_storage())
        return used[-1]

    yield choose
    for storage in used:
        if "s3" in storage.places:
            storage.at("s3").client.close()


@pytest.fixture(params=("database", "files", "rclone", "moto"))
def place(request: pytest.FixtureRequest, use: Use) -> str:
    """Where new images go in this test: each place in turn, S3 on both servers."""
    if request.param in ("database", "files"):
        use(request.param)
        return str(request.param)
    use("s3", request.getfixturevalue(request.param))
    return "s3"


@pytest.fixture(params=("files", "rclone"))
def outside(request: pytest.FixtureRequest, use: Use) -> ImageStorage:
    """The storage, where new images go to a place outside of the database."""
    if request.param == "files":
        return use("files")
    return use("s3", request.getfixturevalue("rclone"))
