"""The processes of a site, and what `manage.py check` says of them."""

import json
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from collections_app.jobs import processes, registration
from collections_app.jobs.processes import ProcessTask, process
from tests.shared import ROOT

HERE = "tests.collections_app.jobs.test_registration"


class Doubled(ProcessTask):
    """Twice."""

    def execute(self, **inputs: Any) -> None:
        """Nothing."""


def halved(number: float) -> float:
    """Half of a number."""
    return number / 2


@process("its-own-name")
def tripled(number: float) -> float:
    return number * 3


@pytest.fixture(autouse=True)
def unloaded(settings: Any) -> Iterator[None]:
    """Afterwards the site has no processes."""
    yield
    settings.REGISTERED_JOBS = settings.NC_REGISTERED_JOBS = None
    settings.COAPTURE_REGISTERED_JOBS = []
    registration.load()


def load(settings: Any, **entries: Any) -> tuple[str, ...]:
    """What is wrong with these entries."""
    settings.REGISTERED_JOBS = entries
    registration.load()
    return registration.faults()


@pytest.mark.parametrize(
    "task", [f"{HERE}.Doubled", f"{HERE}.halved", f"{HERE}.tripled", Doubled, halved, tripled]
)
def test_a_task_may_be_a_class_a_function_or_a_process(settings: Any, task: object) -> None:
    assert load(settings, some_job={"type": "task", "task": task}) == ()
    found = processes.find("some_job")
    assert found is not None
    assert found.id == "some_job"


def test_the_publishing_keys_are_kept(settings: Any) -> None:
    def renderer(raster: Any) -> Any:
        return raster

    more = {"publish_raster_results": True, "results_renderer": renderer}
    assert load(settings, job={"type": "task", "task": halved, **more}) == ()
    kept = registration.find("job")
    assert kept is not None
    assert (kept.publish_raster_results, kept.results_renderer) == (True, renderer)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("x", "It must be a dictionary with a type."),
        ({}, "Its type must be task or workflow, not None."),
        ({"type": "script"}, "Its type must be task or workflow, not 'script'."),
        ({"type": "task"}, "It names no task."),
        ({"type": "task", "task": "x", "path": "y"}, "The key 'path' is not known."),
        ({"type": "task", "task": "no.such.Thing"}, "The task no.such.Thing cannot be imported:"),
        ({"type": "task", "task": f"{HERE}.Nothing"}, "cannot be imported:"),
        ({"type": "task", "task": f"{HERE}.HERE"}, "The task cannot be a process: It is neither"),
        ({"type": "task", "task": print}, "The task cannot be a process: It is neither"),
        ({"type": "workflow"}, "It names no path of a workflow."),
        ({"type": "workflow", "path": "/no/flow.json"}, "The workflow /no/flow.json cannot be"),
        (
            {"type": "task", "task": halved, "publish_raster_results": 1},
            "publish_raster_results must be True or False.",
        ),
        ({"type": "task", "task": halved, "results_renderer": "red"}, "results_renderer must be"),
    ],
)
def test_what_is_wrong_is_a_sentence_and_the_rest_is_served(
    settings: Any, entry: object, complaint: str
) -> None:
    (fault,) = load(settings, bad=entry, good={"type": "task", "task": halved})
    assert fault.startswith("REGISTERED_JOBS['bad']: ")
    assert complaint in fault
    assert fault.endswith(".")
    assert processes.find("good") is not None
    assert processes.find("bad") is None
    (error,) = [found for found in run_checks() if found.id == "collections_app.jobs.E001"]
    assert error.msg == fault


def test_a_name_that_is_none(settings: Any) -> None:
    (fault,) = load(settings, **{"a b": {"type": "task", "task": halved}})
    assert "'a b' cannot be the id of a process" in fault


def test_a_name_that_is_taken(settings: Any) -> None:
    (fault,) = load(settings, echo={"type": "task", "task": halved})
    assert "There are two tasks 'echo'." in fault


def test_the_former_name_of_the_setting(settings: Any) -> None:
    settings.NC_REGISTERED_JOBS = {"old": {"type": "task", "task": halved}}
    registration.load()
    assert processes.find("old") is not None


@pytest.mark.parametrize("name", registration.NAMES)
def test_a_module_of_the_site(settings: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    module = types.ModuleType("site_jobs")
    setattr(module, name, {"mine": {"type": "task", "task": halved}})
    monkeypatch.setitem(sys.modules, "site_jobs", module)
    settings.COAPTURE_REGISTERED_JOBS = ["site_jobs"]
    registration.load()
    assert processes.find("mine") is not None


@pytest.mark.parametrize(
    ("module", "complaint"),
    [
        ("no_such_module", "The module no_such_module cannot be imported: No module named"),
        ("tests.shared", "The module tests.shared has no REGISTERED_JOBS."),
    ],
)
def test_a_module_that_cannot_be_used(settings: Any, module: str, complaint: str) -> None:
    settings.COAPTURE_REGISTERED_JOBS = [module]
    registration.load()
    (fault,) = registration.faults()
    assert complaint in fault


def test_a_setting_that_is_no_dictionary(settings: Any) -> None:
    settings.REGISTERED_JOBS = ["x"]
    registration.load()
    assert registration.faults() == ("REGISTERED_JOBS: It must be a dictionary of jobs by name.",)


def test_a_workflow(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(WORKFLOW))
    assert load(settings, flow={"type": "workflow", "path": str(path)}) == ()
    flow = processes.find("flow")
    assert flow is not None
    assert flow.call({"text": "hello"}) == {"said": "hello"}


WORKFLOW = {
    "meta": {"name": "Say", "description": ""},
    "inputs": [{"name": "text", "type": "string"}],
    "workflow": [
        {"id": "echo", "task": "echo", "inputs": {"message": {"source": "input", "input": "text"}}}
    ],
    "outputs": [{"name": "said", "node": ["echo", "result"]}],
}


def test_check_fails_with_the_sentence() -> None:
    environment = {"COAPTURE_REGISTERED_JOBS": "no_such_module", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "The module no_such_module cannot be imported" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_module_that_ends_the_process_ends_nothing(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "leaving_site.py").write_text("raise SystemExit('I go.')\n")
    sys.path.insert(0, str(tmp_path))
    try:
        settings.COAPTURE_REGISTERED_JOBS = ["leaving_site"]
        (fault,) = load(settings)
    finally:
        sys.path.remove(str(tmp_path))
    assert fault.endswith("The module leaving_site cannot be imported: I go.")
