"""collections_app/images/retention: what goes, and what stays."""

import datetime as dt
import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from collections_app.images.models import Image
from collections_app.images.retention import services, tasks
from collections_app.images.retention.rules import Rules
from collections_app.images.retention.services import Gone
from core_api.background import periodic
from core_api.changes import Change
from core_api.storage.models import Blob, DoomedObject
from tests.collections_app.images.conftest import Post
from tests.pictures import png

pytestmark = pytest.mark.django_db
SIZE = len(png(1))


@pytest.fixture(autouse=True)
def stored(post: Post) -> None:
    """Of a five images, of b two; on the days 1 to 7."""
    for day, device in enumerate("aaaaabb", start=1):
        post(png(day), device=device, timestamp=f"2026-11-{day:02}T00:00:00Z")


def left() -> list[str]:
    images = Image.objects.order_by("timestamp")
    return [f"{image.device_id}{image.timestamp.day}" for image in images]


def age(days: float, *, of: str) -> None:
    long_ago = timezone.now() - dt.timedelta(days=days)
    Image.objects.filter(device_id=of).update(stored=long_ago)


def test_without_rules_everything_stays() -> None:
    assert services.enforce() == []
    assert len(left()) == 7


def test_the_newest_of_each_device_stay_by_count() -> None:
    assert services.enforce(Rules(count=2)) == [Gone("a", "count", 3, 3 * SIZE)]
    assert left() == ["a4", "a5", "b6", "b7"]


def test_by_bytes() -> None:
    assert services.enforce(Rules(bytes=2 * SIZE + 1)) == [Gone("a", "bytes", 3, 3 * SIZE)]
    assert left() == ["a4", "a5", "b6", "b7"]


def test_the_newest_image_stays_however_large_it_is() -> None:
    services.enforce(Rules(bytes=1))
    assert left() == ["a5", "b7"]


def test_by_age_since_an_image_was_stored() -> None:
    age(3, of="b")
    assert services.enforce(Rules(days=2)) == [Gone("b", "age", 2, 2 * SIZE)]
    assert left() == ["a1", "a2", "a3", "a4", "a5"]


def test_rules_together_count_each_image_once() -> None:
    age(3, of="a")
    rules = Rules(days=2, count=1)
    expected = [Gone("a", "age", 5, 5 * SIZE), Gone("b", "count", 1, SIZE)]
    assert services.preview(rules) == expected
    assert len(left()) == 7
    assert services.enforce(rules) == expected
    assert left() == ["b7"]


def test_more_than_one_transaction_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "BATCH", 2)
    assert services.enforce(Rules(count=1))[0] == Gone("a", "count", 4, 4 * SIZE)
    assert left() == ["a5", "b7"]


def test_the_objects_go_and_observers_hear_of_it() -> None:
    Change.objects.all().delete()
    services.enforce(Rules(count=1))
    assert Blob.objects.count() == 2
    assert DoomedObject.objects.count() == 5
    assert "/collections/images/a/20261101T000000Z" in set(
        Change.objects.values_list("path", flat=True)
    )


def test_a_blob_that_another_image_has_stays(post: Post) -> None:
    post(png(1), device="c", timestamp="2026-11-09T00:00:00Z")
    services.enforce(Rules(count=1))
    assert Blob.objects.count() == 3


def test_the_settings_say_what_the_worker_does(settings: Any) -> None:
    settings.COAPTURE_KEEP_COUNT = 1
    assert tasks.PERIODIC in list(periodic.scheduled())
    periodic._call(tasks.PERIODIC.function, None)  # type: ignore[arg-type]
    assert left() == ["a5", "b7"]


def command(*arguments: str) -> str:
    output = io.StringIO()
    call_command("retention", *arguments, stdout=output)
    return output.getvalue()


def test_the_command_says_what_would_go_and_removes_nothing() -> None:
    lines = command("--dry-run", "--count=1").splitlines()
    assert lines[0] == f"a  count  4 images  {4 * SIZE} bytes"
    assert lines[-1] == f"5 images, {5 * SIZE} bytes would be removed."
    assert len(left()) == 7


def test_the_command_removes() -> None:
    assert command("--count=1").endswith("removed.\n")
    assert left() == ["a5", "b7"]


def test_the_command_without_a_rule() -> None:
    assert "everything is kept" in command()
    assert len(left()) == 7


def test_a_limit_below_zero() -> None:
    with pytest.raises(CommandError):
        command("--count=-1")
