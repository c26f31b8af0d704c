"""Two servers store at one place at the same time, which SQLite's one writer does not allow."""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from collections_app.images import ingest, services
from collections_app.images.ingest import Draft, NewImage
from collections_app.images.models import Image
from tests.core_api.postgresql.waiting import await_waiting, held_open, in_thread
from tests.pictures import png

pytestmark = [pytest.mark.only_postgresql, pytest.mark.django_db(transaction=True)]

MOMENT = dt.datetime(2026, 11, 21, 8, tzinfo=dt.UTC)


def new(seed: int, seconds: float = 0, *, relative: bool = False) -> NewImage:
    moment = MOMENT + dt.timedelta(seconds=seconds)
    return NewImage("cam-7", moment, relative, png(seed), "image/png", 32, 24)


def write(image: NewImage) -> list[object]:
    with transaction.atomic():
        return ingest.write([Draft(image)])


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def test_the_second_put_to_an_empty_place_replaces_the_first(pool: ThreadPoolExecutor) -> None:
    with held_open(lambda: services.replace(new(1))):
        second = in_thread(pool, lambda: services.replace(new(2)))
        await_waiting()
    assert second.result(30).created is False
    assert Image.objects.get().blob.sha256 == new(2).sha256


def test_a_retry_under_another_relative_time_is_the_same_image(pool: ThreadPoolExecutor) -> None:
    with held_open(lambda: write(new(1, relative=True))):
        second = in_thread(pool, lambda: write(new(1, 5, relative=True)))
        await_waiting()
    (outcome,) = second.result(30)
    assert outcome.created is False
    assert Image.objects.count() == 1


def test_the_same_image_through_two_servers_is_stored_once(pool: ThreadPoolExecutor) -> None:
    with held_open(lambda: write(new(1))):
        second = in_thread(pool, lambda: ingest.store(new(1)))
        await_waiting()
    assert second.result(30).created is False
    assert Image.objects.count() == 1
