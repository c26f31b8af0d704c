"""core_api/metrics.py and /metrics."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client

from collections_app.images.compression import services
from core_api import metrics
from core_api.background import services as jobs
from tests.collections_app.images.compression.pictures import JPEG
from tests.collections_app.images.conftest import post
from tests.pictures import png

__all__ = ["post"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    metrics.forget()
    yield
    metrics.forget()


def values(client: Client) -> dict[str, str]:
    lines = client.get("/metrics").content.decode().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


def test_images_and_their_bytes(client: Client, post) -> None:
    post(JPEG)
    post(JPEG, device="cam-8")
    services.compress()
    post(png(), device="cam-9")
    found = values(client)
    assert found["coapture_images"] == "3"
    labels = '{encoding="jxl-jpeg",outcome="encoded"}'
    assert found[f"coapture_blobs{labels}"] == "1"
    assert found[f"coapture_received_bytes{labels}"] == str(len(JPEG))
    assert 0 < int(found[f"coapture_stored_bytes{labels}"]) < len(JPEG)
    assert found['coapture_blobs{encoding="raw",outcome="waiting"}'] == "1"
    assert found["coapture_doomed_objects"] == "1"


def test_jobs(client: Client) -> None:
    jobs.enqueue("core_api.changes.prune")
    assert values(client)['coapture_jobs{status="accepted"}'] == "1"


def test_the_format_is_prometheus(client: Client, post) -> None:
    post(png())
    response = client.get("/metrics")
    assert response["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    sample = re.compile(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? \d+')
    for line in response.content.decode().splitlines():
        assert line.startswith(("# HELP ", "# TYPE ")) or sample.fullmatch(line)


def test_many_readers_cost_one_look(client: Client, django_assert_num_queries) -> None:
    values(client)
    with django_assert_num_queries(0):
        values(client)


def test_labels_are_escaped() -> None:
    gauge = metrics.Gauge("x", "An x.", [({"a": 'say "no"\\\n'}, 1)])
    assert metrics._lines(gauge).endswith(b'x{a="say \\"no\\"\\\\\\n"} 1\n')
