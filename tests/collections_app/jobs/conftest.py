"""Processes for the tests of jobs, and the short ways to execute them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
from django.test import Client

from collections_app.jobs import processes
from collections_app.jobs.parameters import Number, StringParameter
from collections_app.jobs.parameters.base import Parameter
from collections_app.jobs.processes import Process, ProcessTask, as_process, process
from core_api.background.models import Job
from core_api.background.tasks import Run, TaskError
from tests.collections_app.jobs import running


class Sums(TypedDict):
    """Two outputs."""

    total: float
    parts: dict[str, Any]


@process("test-sum", keywords=["numbers"])
def total(a: float, b: Annotated[float, Number(minimum=0)] = 2.0) -> Sums:
    """Add two numbers.

    Says which ones, too.
    """
    return {"total": a + b, "parts": {"a": a, "b": b}}


@process("test-fail", title="Fails")
def fail(reason: str) -> None:
    raise TaskError(reason, type_="https://example.org/reason")


class FileParameter(Parameter):
    """A text file."""

    def value_schema(self) -> dict[str, Any]:
        return {"type": "string", "contentMediaType": "text/plain"}

    def dump_value(self, value: Path, run: Run | None) -> Any:
        assert run is not None
        return run.keep("text.txt", value, "text/plain")


class Saved(ProcessTask):
    """Keep a text as a file."""

    name = "test-file"
    inputs = (StringParameter("text"),)
    outputs = (FileParameter("file"),)

    def execute(self, text: str, run: Run) -> Path:
        file = run.folder / "text.txt"
        file.write_text(text)
        return file


@pytest.fixture(autouse=True)
def offered() -> Iterator[list[Process]]:
    """The processes are there during a test."""
    made = [processes.register(as_process(each)) for each in (total, fail, Saved)]
    yield made
    for each in made:
        processes.forget(each.id)


@pytest.fixture
def execute(client: Client, db: None) -> Callable[..., Any]:
    """execute(process_id, body, **client's arguments): a POST, as JSON."""

    def post(process_id: str, body: object = None, **more: Any) -> Any:
        url = f"/processes/{process_id}/execution{more.pop('query', '')}"
        arguments = {"content_type": "application/json"} | more
        return client.post(url, {} if body is None else body, **arguments)

    return post


@pytest.fixture
def finished(execute: Callable[..., Any], tmp_path: Path) -> Callable[..., Job]:
    """finished(process_id, body): a job that has been run."""

    def make(process_id: str, body: object = None) -> Job:
        response = execute(process_id, body)
        assert response.status_code == 201, response.content
        return running.run(Job.objects.get(pk=response.json()["jobID"]), tmp_path)

    return make


@pytest.fixture(autouse=True)
def data_folder(settings: Any, tmp_path: Path) -> Path:
    """Results lie in a folder of this test, and no worker is woken."""
    settings.COAPTURE_DATA = tmp_path / "data"
    return settings.COAPTURE_DATA
