"""`coapture compress`."""

import io

import pytest
from django.core.management import call_command

from collections_app.images.compression import waiting
from core_api.storage.models import Blob, Outcome
from tests.collections_app.images.compression.pictures import JPEG
from tests.collections_app.images.conftest import Post

pytestmark = pytest.mark.django_db


def compress(*options: str) -> dict[str, str]:
    out = io.StringIO()
    call_command("compress", *options, stdout=out)
    return dict(line.split(maxsplit=1) for line in out.getvalue().splitlines())


def test_status_changes_nothing(post: Post) -> None:
    post(JPEG)
    assert compress("--status") == {
        "received": f"{len(JPEG)} bytes",
        "stored": f"{len(JPEG)} bytes, 0.0 % saved",
        "waiting": "1",
        "encoded": "0",
        "kept": "0",
        "undecodable": "0",
        "failed": "0",
    }


def test_all_that_waits_is_compressed(post: Post) -> None:
    post(JPEG)
    said = compress()
    assert (said["waiting"], said["encoded"]) == ("0", "1")
    saved = 100 * (1 - Blob.objects.get().stored_size / len(JPEG))
    assert said["stored"].endswith(f", {saved:.1f} % saved")


def test_what_was_kept_is_tried_again_when_asked_for(post: Post) -> None:
    post(JPEG)
    Blob.objects.update(outcome=Outcome.FAILED)
    assert compress()["failed"] == "1"
    assert compress("--again")["encoded"] == "1"
    assert not waiting.is_any()


def test_an_empty_collection(db: None) -> None:
    assert compress()["stored"] == "0 bytes, 0.0 % saved"
