"""A data folder of its own for each test, the tasks of the tests, and a worker that they share."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings

from core_api.background import tasks
from core_api.background.runner import Runner
from tests.core_api.background import misbehaving
from tests.core_api.background.working import working


@pytest.fixture(autouse=True)
def _known_tasks() -> Iterator[None]:
    misbehaving.register()
    yield
    for task in misbehaving.TASKS:
        tasks.forget(task.name)


@pytest.fixture(autouse=True)
def _data(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> None:
    """Tests that share a worker share its data folder, too."""
    settings.COAPTURE_JOBS_POLL = 0.05
    if "runner" not in request.fixturenames:
        settings.COAPTURE_DATA = tmp_path / "data"


@pytest.fixture(scope="module")
def _shared_runner(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Runner, Path]]:
    data = tmp_path_factory.mktemp("jobs") / "data"
    with (
        # What is periodic would take children that tests count on.
        override_settings(
            COAPTURE_DATA=data, COAPTURE_JOBS_POLL=0.05, COAPTURE_JOBS_SCHEDULE=False
        ),
        django_db_blocker.unblock(),
        working() as runner,
    ):
        yield runner, data
    shutil.rmtree(data, ignore_errors=True)


@pytest.fixture
def runner(
    transactional_db: None, _shared_runner: tuple[Runner, Path], settings: Settings
) -> Runner:
    """A worker with two slots, which the tests of a file share."""
    runner, settings.COAPTURE_DATA = _shared_runner
    return runner
