"""Declaring processes, and what their jobs do."""

from pathlib import Path
from typing import Any

import pytest

from collections_app.jobs import processes
from collections_app.jobs.parameters import NumberParameter, StringParameter
from collections_app.jobs.parameters.base import Parameter, ParameterError
from collections_app.jobs.processes import Process, ProcessTask, as_process, process
from core_api.background import tasks
from core_api.background.tasks import Run, TaskError
from tests.collections_app.jobs.conftest import Saved, fail, total
from tests.collections_app.jobs.running import FakeRun


class In(ProcessTask):
    """Twice the number."""

    name = "twice"
    inputs = (NumberParameter("in"),)
    outputs = (NumberParameter("out"),)

    def execute(self, **inputs: Any) -> float:
        return 2 * inputs["in"]


def names(parameters: tuple[Parameter, ...]) -> list[str]:
    return [parameter.name for parameter in parameters]


def test_a_function_says_what_it_takes_and_gives() -> None:
    assert (total.id, total.title, total.description) == (
        "test-sum",
        "Add two numbers",
        "Says which ones, too.",
    )
    assert (names(total.inputs), names(total.outputs)) == (["a", "b"], ["total", "parts"])
    assert [parameter.required for parameter in total.inputs] == [True, False]
    assert total.inputs[1].schema()["minimum"] == 0
    assert (fail.title, fail.outputs) == ("Fails", ())


def test_it_can_still_be_called_as_a_function() -> None:
    assert total(1.0)["total"] == 3.0
    assert total.call({"a": 1.0, "b": 5.0})["total"] == 6.0


def test_a_function_with_one_output_names_it_result() -> None:
    @process()
    def shout(text: str, run: Run | None = None) -> str:
        return f"{text.upper()}{'!' if run else ''}"

    assert (shout.id, shout.title, names(shout.inputs)) == ("shout", "shout", ["text"])
    assert shout.call({"text": "hey"}) == {"result": "HEY"}
    assert shout.call({"text": "hey"}, FakeRun(Path())) == {"result": "HEY!"}


def test_a_class_may_have_names_that_python_has_itself() -> None:
    twice = as_process(In)
    assert (twice.id, twice.title) == ("twice", "Twice the number")
    assert twice.call({"in": 4}) == {"out": 8}
    assert as_process(In, "other").id == "other"


def test_each_call_has_an_instance_of_its_own() -> None:
    class Remembering(ProcessTask):
        outputs = (NumberParameter("n"),)

        def execute(self, **_: Any) -> int:
            self.calls = getattr(self, "calls", 0) + 1
            return self.calls

    counting = as_process(Remembering)
    assert [counting.call({}), counting.call({})] == [{"n": 1}, {"n": 1}]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [({}, "needs the input 'a'"), ({"a": 1, "c": 1}, "has no input 'c'")],
)
def test_wrong_arguments(values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(TypeError, match=complaint):
        total.call(values)


def test_several_outputs_are_a_mapping() -> None:
    @process(outputs=(StringParameter("x"), StringParameter("y")))
    def two(a: str):
        return a

    with pytest.raises(TypeError, match="must give a mapping of its outputs x, y"):
        two.call({"a": "a"})


@pytest.mark.parametrize("thing", [5, "text", int, FakeRun])
def test_what_is_no_process(thing: object) -> None:
    with pytest.raises(TypeError):
        as_process(thing)


def test_arguments_that_have_no_name() -> None:
    with pytest.raises(ValueError, match="'numbers' cannot be given by name"):

        @process()
        def add(*numbers: float) -> float:
            return sum(numbers)


@pytest.mark.parametrize("id", ["a b", "ü", "-x", "x/y", "x" * 101])
def test_an_id_is_a_path_segment(id: str) -> None:
    with pytest.raises(ValueError, match="cannot be the id"):
        Process(id, "T", lambda: None)


def test_a_name_that_is_there_twice() -> None:
    with pytest.raises(ValueError, match="has the input 'a' twice"):
        Process("x", "T", print, inputs=(StringParameter("a"), StringParameter("a")))


def test_the_engine_has_a_task_of_its_name() -> None:
    task = tasks.find("test-sum")
    assert task is not None
    assert (task.is_process, task.resource) == (True, "cpu")
    processes.forget("test-sum")
    assert (processes.find("test-sum"), tasks.find("test-sum")) == (None, None)


def test_two_processes_of_one_name() -> None:
    with pytest.raises(ValueError, match="two tasks 'test-sum'"):
        processes.register(total)


def test_a_job_reads_its_inputs_and_writes_its_outputs(tmp_path: Path) -> None:
    assert total.run(FakeRun(tmp_path, a=1)) == {"total": 3.0, "parts": {"a": 1.0, "b": 2.0}}


def test_a_job_keeps_files(tmp_path: Path) -> None:
    run = FakeRun(tmp_path, text="hello")
    link = as_process(Saved).run(run)["file"]
    assert link == {"href": f"/jobs/{run.job_id}/results/text.txt", "type": "text/plain"}


def test_what_is_wrong_with_an_input_is_for_the_client_to_know(tmp_path: Path) -> None:
    with pytest.raises(TaskError) as caught:
        total.run(FakeRun(tmp_path, a="one"))
    assert caught.value.detail.startswith("The input a must be")


def test_what_is_wrong_with_an_output_too(tmp_path: Path) -> None:
    class Odd(Parameter):
        def dump_value(self, value: Any, run: Run | None) -> Any:
            raise ParameterError("is odd", "/0")

    odd = Process("odd", "Odd", lambda: [1], outputs=(Odd("list"),))
    with pytest.raises(TaskError) as caught:
        odd.run(FakeRun(tmp_path))
    assert caught.value.detail == "The output list/0 is odd."


def test_a_default_that_a_job_changes_is_new_for_the_next() -> None:
    def gather(items: list[int] = []) -> list[int]:  # noqa: B006
        items.append(1)
        return items

    gathering = as_process(gather)
    assert [gathering.call({})["result"] for _ in range(2)] == [[1], [1]]


def test_a_default_that_clients_cannot_be_told_is_refused() -> None:
    def count(number: int = "one") -> int:  # type: ignore[assignment]
        return number

    with pytest.raises(ValueError, match="The default of 'number' must be a number"):
        as_process(count)


def test_a_function_that_only_promises_is_refused() -> None:
    async def later(number: int) -> int:
        return number

    with pytest.raises(ValueError, match="later is asynchronous"):
        as_process(later)


@pytest.mark.parametrize("inputs", [["b"], ["a", "b"], []])
def test_a_class_whose_execute_takes_other_inputs_is_refused(inputs: list[str]) -> None:
    class Other(ProcessTask):
        def execute(self, a: float, run: Run) -> float:
            return a

    Other.inputs = [NumberParameter(name) for name in inputs]
    with pytest.raises(TypeError, match="does not fit its inputs"):
        as_process(Other)
    Other.inputs = [NumberParameter("a")]
    assert as_process(Other).run_argument == "run"
    Other.inputs = [NumberParameter("a", required=False)]
    with pytest.raises(TypeError, match="does not fit its inputs"):
        as_process(Other)
