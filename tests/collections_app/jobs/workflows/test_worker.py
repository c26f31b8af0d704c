"""A workflow as a job: what clients see of its nodes when a worker has run it."""

from collections.abc import Iterator
from typing import Any

import pytest

from collections_app.jobs import registration
from collections_app.jobs.workflows import tasks
from core_api.background import services
from core_api.background.models import Status
from tests.core_api.background.working import finished, working

MODULE = "tests.collections_app.jobs.workflows.site"
GRID = {"extent": [0, 0, 2, 2], "crs": "EPSG:32632"}
RED = {"array": [[20, 30], [40, 50]], **GRID}


@pytest.fixture
def known_tasks() -> None:
    """Those of the server, as its worker's children have them."""
    assert tasks.find("raster:apply_expression")


@pytest.fixture
def site(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The workflow is registered here and in the worker's children."""
    monkeypatch.setenv("COAPTURE_REGISTERED_JOBS", MODULE)
    settings.COAPTURE_REGISTERED_JOBS = [MODULE]
    registration.load()
    yield
    settings.COAPTURE_REGISTERED_JOBS = []
    registration.load()


@pytest.mark.django_db(transaction=True)
def test_the_states_of_its_nodes_are_those_of_its_end(site: None) -> None:
    wrong = {"array": [[60]], "extent": [0, 0, 1, 1]}
    with working(settings_module="core_api.settings", slots=1):
        infrared = {"array": [[60, 30], [40, 90]], **GRID}
        good = services.enqueue("vegetation", {"red": RED, "infrared": infrared})
        bad = services.enqueue("vegetation", {"red": RED, "infrared": wrong})
        done, failed = finished(good.pk), finished(bad.pk)
    assert done.status == Status.SUCCESSFUL, done.error
    assert done.outputs["share"] == 0.25
    assert done.details == {
        "nodes": {"index": "successful", "green": "successful", "share": "successful"}
    }
    assert failed.status == Status.FAILED
    assert failed.error["detail"].startswith("The node 'index' failed: The expression has no value")
    assert failed.details == {"nodes": {"index": "failed", "green": "skipped", "share": "skipped"}}
