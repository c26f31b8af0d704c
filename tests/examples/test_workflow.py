"""The worked example of a workflow, as its guide shows it."""

import json
from pathlib import Path

import numpy as np
import pytest

from collections_app.jobs import workflows
from collections_app.jobs.processes import Process
from collections_app.jobs.workflows import loading
from collections_app.jobs.workflows.writing import write
from tests.collections_app.jobs.builtin.conftest import builtin  # noqa: F401
from tests.collections_app.jobs.workflows.conftest import Job
from tests.shared import ROOT

EXAMPLE = ROOT / "examples/workflow/vegetation.json"
GUIDE = (ROOT / "docs/how-to/write-a-workflow.md").read_text(encoding="utf-8")
INPUTS = json.loads(GUIDE.split("-d '", 1)[1].split("'\n", 1)[0])["inputs"]

pytestmark = pytest.mark.usefixtures("builtin")


@pytest.fixture
def vegetation() -> Process:
    return workflows.load(EXAMPLE)


def test_the_guide_shows_the_file() -> None:
    assert GUIDE.split("```json\n", 1)[1].split("```\n", 1)[0] == EXAMPLE.read_text("utf-8")


def test_it_runs_with_the_inputs_of_the_guide(vegetation: Process, tmp_path: Path) -> None:
    job = Job(tmp_path)
    rasters = {each.name: each for each in vegetation.inputs}
    values = {name: rasters[name].parse(value) for name, value in INPUTS.items()}
    outputs = vegetation.call(values, job)
    np.testing.assert_allclose(outputs["index"], [[0.5, 0], [0, 40 / 140]])
    assert outputs["green"].tolist() == [[0.5, None], [None, None]]
    assert outputs["green"].extent == (0, 0, 2, 2)
    assert outputs["share"] == 0.25
    assert job.states == dict.fromkeys(["index", "green", "share"], "successful")


def test_it_is_written_as_it_was_read() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert write(loading.plan(text).workflow) == json.loads(text)


def test_every_task_of_the_guide_is_there(request: pytest.FixtureRequest) -> None:
    made: dict[str, Process] = request.getfixturevalue("builtin")
    for name, process in made.items():
        row = next(line for line in GUIDE.splitlines() if line.startswith(f"| `{name}`"))
        assert f"`{process.id}`" in row
        for parameter in (*process.inputs, *process.outputs):
            assert f"`{parameter.name}`" in row or parameter.name == "variables"
