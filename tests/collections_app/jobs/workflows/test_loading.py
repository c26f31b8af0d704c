"""Workflows as processes."""

import json
from pathlib import Path
from typing import Any

import pytest

from collections_app.jobs import workflows
from collections_app.jobs.parameters.literals import IntParameter
from collections_app.jobs.processes import ProcessTask
from collections_app.jobs.workflows import WorkflowError, tasks
from tests.collections_app.jobs.workflows.conftest import Job, document, node


def write(folder: Path, value: Any, name: str = "flow file.json") -> Path:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def test_a_file_is_a_process(tmp_path: Path, job: Job) -> None:
    value = document(node("one", "sum", a="=x"), inputs=["x"], outputs={"out": ("one", "sum")})
    process = workflows.load(write(tmp_path, value))
    assert (process.id, process.title, process.description) == (
        "a-test",
        "A test",
        "Of workflows.",
    )
    assert [(each.name, each.type) for each in process.inputs] == [("x", "number")]
    assert [(each.name, each.type) for each in process.outputs] == [("out", "number")]
    assert process.call({"x": 5}) == {"out": 6}
    job.inputs = {"x": 7}
    assert process.run(job) == {"out": 8}
    assert job.states == {"one": "successful"}


def test_several_outputs_come_by_name(tmp_path: Path) -> None:
    one = node("one", "divide", numerator=7, denominator=2)
    value = document(one, outputs={"a": ("one", "result"), "b": ("one", "remainder")})
    assert workflows.load(write(tmp_path, value)).call({}) == {"a": 3, "b": 1}


def test_one_without_a_name_is_named_after_its_file(tmp_path: Path) -> None:
    value = document(node("one", "sum", a=1), outputs={"out": ("one", "sum")}) | {"meta": {}}
    process = workflows.load(write(tmp_path, value))
    assert (process.id, process.title) == ("flow-file", "flow file")


def test_a_workflow_is_a_task_of_another(tmp_path: Path, known_tasks: dict[str, Any]) -> None:
    inner = document(node("one", "sum", a="=x"), inputs=["x"], outputs={"out": ("one", "sum")})
    known_tasks["test:inner"] = tasks.NodeTask(workflows.load(write(tmp_path, inner)))
    outer = document(node("two", "inner", x=1), outputs={"out": ("two", "out")})
    assert workflows.load(write(tmp_path, outer)).call({}) == {"out": 2}


def test_a_class_is_found_by_the_name_that_ncdjango_has_for_it(tmp_path: Path) -> None:
    class Add(ProcessTask):
        name = "site:add"
        inputs = [IntParameter("int1"), IntParameter("int2")]
        outputs = [IntParameter("sum")]

        def execute(self, int1: int, int2: int) -> int:
            return int1 + int2

    one = {**node("one", "", int1=1, int2=2), "task": "site:add"}
    value = document(one, outputs={"total": ("one", "sum")})
    assert workflows.load(write(tmp_path, value)).call({}) == {"total": 3}


def test_text_that_is_no_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkflowError, match="This JSON cannot be read"):
        workflows.load(write(tmp_path, "{"))


def test_a_file_that_is_not_there_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        workflows.load(tmp_path / "missing.json")


def test_the_message_names_every_place(tmp_path: Path) -> None:
    value = document(node("one", "guess"), node("one", "guess"), outputs={"out": ("one",)})
    with pytest.raises(WorkflowError) as caught:
        workflows.load(write(tmp_path, value))
    assert str(caught.value) == (
        "The workflow is invalid: /nodes/1/id is there before: 'one'; "
        "/nodes/0/task names no task: there is no 'test:guess'; "
        "/nodes/1/task names no task: there is no 'test:guess'."
    )
