"""The processes of examples/process, registered as the how-to says."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from collections_app.jobs import processes, registration
from core_api.background.tasks import TaskError
from tests.shared import ROOT


@pytest.fixture(autouse=True)
def registered(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A site that has them."""
    monkeypatch.syspath_prepend(str(ROOT / "examples/process"))
    settings.COAPTURE_REGISTERED_JOBS = ["site_jobs"]
    registration.load()
    assert registration.faults() == ()
    yield
    settings.COAPTURE_REGISTERED_JOBS = []
    registration.load()


def called(process_id: str, **values: Any) -> dict[str, Any]:
    process = processes.find(process_id)
    assert process is not None
    return process.call(values)


def test_degree_days() -> None:
    outputs = called("degree-days", lowest=[8.0, 11.0], highest=[16.0, 21.0])
    assert outputs == {"total": 8.0, "days": [2.0, 6.0]}


def test_what_clients_are_told() -> None:
    with pytest.raises(TaskError, match="as many lowest temperatures"):
        called("degree-days", lowest=[8.0], highest=[])


def test_smooth() -> None:
    assert called("smooth", values=[1, 2, 6, 1]) == {"smoothed": [1.0, 1.5, 3.0, 3.0]}


def test_clients_find_them() -> None:
    smooth = Client().get("/processes/smooth").json()
    assert (smooth["title"], smooth["inputs"]["window"]["schema"]["default"]) == (
        "The running mean of a series",
        3,
    )
