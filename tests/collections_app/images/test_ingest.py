"""collections_app/images/ingest.py: batches, and many writers at once."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from collections_app.images import ingest
from collections_app.images.ingest import Draft, NewImage, Stored
from collections_app.images.models import Image
from core_api.changes import Change
from core_api.errors import Conflict
from core_api.storage.models import Blob, StoredObject
from tests.pictures import png

MOMENT = dt.datetime(2026, 11, 21, 8, tzinfo=dt.UTC)


def new(seed: int = 0, device: str = "a", seconds: float = 0, relative: bool = False) -> NewImage:
    moment = MOMENT + dt.timedelta(seconds=seconds)
    return NewImage(device, moment, relative, png(seed), "image/png", 32, 24)


def write(*batch: NewImage) -> list[object]:
    """The outcomes in short: created, known or conflict."""
    with transaction.atomic():
        outcomes = ingest.write([Draft(item) for item in batch])
    return [
        ("created" if outcome.created else "known")
        if isinstance(outcome, Stored)
        else type(outcome).__name__
        for outcome in outcomes
    ]


@pytest.mark.django_db
class TestBatch:
    def test_each_has_its_own_outcome(self) -> None:
        write(new(1))
        assert write(new(1), new(2), new(2, seconds=1), new(3, "b"), new(3, "c")) == [
            *("known", "Conflict", "created", "created", "created"),
        ]
        assert Image.objects.count() == 4
        assert Blob.objects.count() == StoredObject.objects.count() == 3
        assert Change.objects.count() == 4

    def test_a_batch_meets_itself(self) -> None:
        outcomes = write(new(1), new(1), new(2), new(1, relative=True, seconds=5))
        assert outcomes == ["created", "known", "Conflict", "known"]
        assert Image.objects.count() == 1

    def test_known_in_the_same_batch_has_its_id(self) -> None:
        with transaction.atomic():
            first, again = ingest.write([Draft(new(1)), Draft(new(1))])
        assert again.image.pk == first.image.pk is not None

    def test_relative_times(self) -> None:
        write(new(1))
        assert write(
            new(1, seconds=600, relative=True),
            new(1, seconds=601, relative=True),
            new(1, seconds=-30, relative=False),
            new(1, "b", relative=True),
        ) == ["known", "created", "created", "created"]

    def test_statements_do_not_grow_with_the_batch(self) -> None:
        counts = []
        for start, size in ((0, 2), (10, 20)):
            with CaptureQueriesContext(connection) as captured:
                write(*(new(start + n, seconds=start + n) for n in range(size)))
            counts.append(len(captured))
        assert counts[0] == counts[1]


def test_the_insert_has_every_column() -> None:
    fields = Image._meta.local_concrete_fields
    assert set(ingest.COLUMNS) == {field.column for field in fields if not field.primary_key}


@pytest.mark.django_db
def test_inserted_rows_are_what_was_given() -> None:
    given = NewImage(
        *("a", MOMENT, False, png(), "image/png", 32, 24, "Gate", (1.5, -2.5), {"b": [1, "ü"]})
    )
    with transaction.atomic():
        (outcome,) = ingest.write([Draft(given)])
    read = Image.objects.select_related("blob").get(pk=outcome.image.pk)
    for field in Image._meta.concrete_fields:
        assert getattr(read, field.attname) == getattr(outcome.image, field.attname), field.name
    assert read.blob.size == outcome.image.blob.size


@pytest.mark.django_db(transaction=True)
def test_many_threads() -> None:
    news = [new((n % 55 + n // 110) % 7, f"cam-{n % 5}", seconds=n % 11) for n in range(200)]

    def attempt(item: NewImage) -> str:
        try:
            return "created" if ingest.store(item).created else "known"
        except Conflict:
            return "conflict"
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(attempt, news))
    places = {(item.device_id, item.timestamp) for item in news}
    assert outcomes.count("created") == Image.objects.count() == len(places) == 55
    assert set(outcomes) == {"created", "known", "conflict"}
    assert Blob.objects.count() == StoredObject.objects.count() <= 7
