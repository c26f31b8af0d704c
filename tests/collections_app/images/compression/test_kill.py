"""kill -9 while images are compressed: each is there as it was, and no object is lost count of."""

import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from collections_app.images.compression import services, waiting
from collections_app.images.models import Image
from core_api.background.pool import environment
from core_api.storage import services as storage
from core_api.storage.models import Blob, DoomedObject
from core_api.storage.places import image_storage
from tests.collections_app.images.compression.pictures import pixels, slope
from tests.collections_app.images.conftest import Post
from tests.core_api.background.working import until
from tests.pictures import jpeg
from tests.shared import ROOT

PICTURES = 20
ROUNDS = 3
# Each commit is one more moment to be killed at.
COMPRESS = """
import django
django.setup()
from collections_app.images.compression import services
services.WRITTEN = 2
services.compress()
"""


def is_as_it_was(image: Image) -> bool:
    data = storage.read(image.blob)
    number = int(image.device_id)
    if image.media_type == "image/jpeg":
        return data == jpeg(number)
    return pixels(data) == pixels(slope(number))


def check() -> None:
    images = list(Image.objects.select_related("blob"))
    assert len(images) == PICTURES
    assert all(is_as_it_was(image) for image in images)
    doomed = set(DoomedObject.objects.values_list("key", flat=True))
    used = set(Blob.objects.values_list("key", flat=True))
    assert doomed.isdisjoint(used)
    assert set(image_storage().keys()) == doomed | used


@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_or_altered(post: Post, settings: Settings, tmp_path: Path) -> None:
    settings.COAPTURE_DATA = tmp_path / "data"
    for number in range(PICTURES):
        data = jpeg(number) if number % 2 else slope(number)
        assert post(data, device=str(number)).status_code == 201
    for _ in range(ROUNDS):
        left = waiting.count()
        with subprocess.Popen((sys.executable, "-c", COMPRESS), cwd=ROOT, env=environment()) as one:
            until(lambda left=left: waiting.count() < left)
            one.kill()
        assert waiting.is_any()
        check()
    services.compress()
    assert not waiting.is_any()
    check()
