"""The processes that come with the server, made afresh for each test."""

import pytest

from collections_app.jobs.builtin import rasters
from collections_app.jobs.processes import Process
from collections_app.jobs.workflows import tasks


@pytest.fixture
def builtin(monkeypatch: pytest.MonkeyPatch) -> dict[str, Process]:
    """The processes by the names that workflows have for them; workflows find them."""
    made = rasters.make()
    known = {
        name: tasks.NodeTask(
            process,
            rasters.VARIABLES if any(one.name == "variables" for one in process.inputs) else "",
        )
        for name, process in made.items()
    }
    monkeypatch.setattr(tasks, "_tasks", known)
    return made
