"""Running workflows: order, parallel nodes, errors, cancellation, states, memory."""

import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collections_app.jobs.parameters import NdArrayParameter
from collections_app.jobs.parameters.containers import AnyParameter
from collections_app.jobs.parameters.literals import DateTimeParameter
from collections_app.jobs.processes import Process
from collections_app.jobs.workflows import running, tasks
from collections_app.jobs.workflows.checking import check
from collections_app.jobs.workflows.reading import read
from core_api.background.tasks import Cancelled, TaskError
from tests.collections_app.jobs.workflows.conftest import Job, document, node

SECONDS = 10


def run(value: dict[str, Any], job: Job | None = None, **inputs: Any) -> dict[str, Any]:
    return running.run(check(read(value)), inputs, job)


@pytest.fixture
def add_task(known_tasks: dict[str, Any]) -> Callable[..., None]:
    """Makes a function a task with these inputs, all of the type any, and the output "out"."""

    def add(name: str, function: Callable[..., Any], *inputs: str, run_argument: str = "") -> None:
        known_tasks[f"test:{name}"] = tasks.NodeTask(
            Process(
                name,
                name,
                function,
                inputs=tuple(AnyParameter(each, required=False) for each in inputs),
                outputs=(AnyParameter("out"),),
                run_argument=run_argument,
            )
        )

    return add


def test_nodes_get_inputs_literals_and_results() -> None:
    value = document(
        node("total", "sum", a=("third", "result"), b=("third", "remainder")),
        node("third", "divide", numerator=("more", "sum"), denominator=3),
        node("more", "sum", a="=x"),
        inputs=["x"],
        outputs={"total": ("total", "sum"), "remainder": ("third", "remainder")},
    )
    assert run(value, x=10) == {"total": 5, "remainder": 2}


def test_an_input_that_is_not_given_leaves_the_task_its_default() -> None:
    optional = {"name": "y", "type": "number", "args": {"required": False}}
    value = document(
        node("one", "sum", a="=x", b="=y"), inputs=["x", optional], outputs={"out": ("one", "sum")}
    )
    assert run(value, x=10) == {"out": 11}
    assert run(value, x=10, y=5) == {"out": 15}


@pytest.mark.parametrize("cells", [[[1.0, 2.0]], np.array([[1.0, 2.0]])])
def test_an_input_of_any_type_becomes_what_its_node_takes(
    cells: Any, known_tasks: dict[str, Any]
) -> None:
    known_tasks["test:double"] = tasks.NodeTask(
        Process(
            "double",
            "Double",
            lambda cells, times: (cells * 2, times.hour),
            inputs=(NdArrayParameter("cells"), DateTimeParameter("times")),
            outputs=(AnyParameter("out"),),
        )
    )
    inputs = [{"name": name, "type": "any"} for name in ("x", "t")]
    value = document(
        node("one", "double", cells="=x", times="=t"),
        inputs=inputs,
        outputs={"out": ("one", "out")},
    )
    doubled, hour = run(value, x=cells, t="2026-11-21T12:00:00Z")["out"]
    assert (doubled.tolist(), hour) == ([[2.0, 4.0]], 12)
    with pytest.raises(TaskError, match="'one' failed: must be a list"):
        run(value, x={"a": 1}, t="2026-11-21T12:00:00Z")


def test_variables_are_gathered() -> None:
    value = document(
        node("one", "scale", value=2, by=3, plus="=x"), inputs=["x"], outputs={"o": ("one",)}
    )
    assert run(value, x=1) == {"o": 7}


def test_a_task_that_changes_its_input_changes_no_other_job(
    add_task: Callable[..., None],
) -> None:
    add_task("pop", lambda items: items.pop(), "items")
    plan = check(read(document(node("one", "pop", items=[1, 2]), outputs={"out": ("one",)})))
    assert [running.run(plan, {}) for _ in range(2)] == [{"out": 2}, {"out": 2}]


def test_independent_nodes_run_at_once(add_task: Callable[..., None]) -> None:
    both = threading.Barrier(2)
    add_task("meet", lambda: both.wait(SECONDS))
    value = document(
        node("one", "meet"), node("two", "meet"), outputs={"a": ("one",), "b": ("two",)}
    )
    assert sorted(run(value).values()) == [0, 1]


def test_a_node_that_no_output_needs_is_skipped(job: Job, add_task: Callable[..., None]) -> None:
    add_task("fail", lambda: 1 / 0)
    value = document(node("one", "sum", a=1), node("two", "fail"), outputs={"out": ("one", "sum")})
    assert run(value, job) == {"out": 2}
    assert job.states == {"one": "successful", "two": "skipped"}


def test_states_and_progress_are_told(job: Job) -> None:
    value = document(
        node("one", "sum", a=1),
        node("two", "sum", a=("one", "sum")),
        outputs={"out": ("two", "sum")},
    )
    run(value, job)
    assert [
        (percent, [str(state) for state in details["nodes"].values()])
        for percent, _, details in job.told
    ] == [
        (0, ["accepted", "accepted"]),
        (0, ["running", "accepted"]),
        (50, ["successful", "accepted"]),
        (50, ["successful", "running"]),
        (100, ["successful", "successful"]),
    ]


def test_the_progress_of_a_node_counts_for_its_share(
    job: Job, add_task: Callable[..., None]
) -> None:
    add_task("slow", lambda task_run: task_run.progress(50, "half"), run_argument="task_run")
    value = document(
        node("one", "slow"), node("two", "sum", a=1), outputs={"a": ("one",), "b": ("two",)}
    )
    run(value, job)
    assert any(message == "one: half" and percent in (25, 75) for percent, message, _ in job.told)


def test_files_of_nodes_do_not_meet(job: Job, add_task: Callable[..., None]) -> None:
    def keep(task_run: Any) -> Mapping[str, Any]:
        file = task_run.folder / "out.txt"
        assert not file.exists()
        file.write_text("x")
        return dict(task_run.keep("out.txt", file, "text/plain"))

    add_task("keep", keep, run_argument="task_run")
    value = document(
        node("a/b", "keep"), node("two", "keep"), outputs={"a": ("a/b",), "b": ("two",)}
    )
    links = run(value, job)
    assert sorted(job.kept) == ["node0-out.txt", "node1-out.txt"]
    assert links["a"] != links["b"]


class TestErrors:
    def test_an_error_names_its_node_and_skips_what_has_not_begun(
        self, job: Job, add_task: Callable[..., None]
    ) -> None:
        def fail() -> None:
            raise TaskError("There is no water.", type_="urn:water")

        add_task("fail", fail)
        value = document(
            node("one", "fail"),
            node("two", "sum", a=("one", "out")),
            outputs={"out": ("two", "sum")},
        )
        with pytest.raises(
            TaskError, match=r"The node 'one' failed: There is no water\."
        ) as caught:
            run(value, job)
        assert caught.value.type == "urn:water"
        assert job.states == {"one": "failed", "two": "skipped"}

    def test_other_errors_keep_their_class(self, add_task: Callable[..., None]) -> None:
        def fail() -> None:
            raise ConnectionError("lost")

        add_task("fail", fail)
        with pytest.raises(ConnectionError, match="lost") as caught:
            run(document(node("one", "fail"), outputs={"out": ("one",)}))
        assert caught.value.__notes__ == ["in the node 'one' of the workflow"]

    def test_the_first_error_stops_the_others(
        self, job: Job, add_task: Callable[..., None]
    ) -> None:
        begun, stopped = threading.Event(), threading.Event()

        def fail() -> None:
            assert begun.wait(SECONDS)
            raise TaskError("No.")

        def work(task_run: Any) -> None:
            begun.set()
            while not task_run.cancelled:
                threading.Event().wait(0.01)
            stopped.set()
            task_run.check()

        add_task("fail", fail)
        add_task("work", work, run_argument="task_run")
        value = document(
            node("one", "work"), node("two", "fail"), outputs={"a": ("one",), "b": ("two",)}
        )
        with pytest.raises(TaskError, match="The node 'two'"):
            run(value, job)
        assert stopped.is_set()
        assert job.states == {"one": "skipped", "two": "failed"}

    def test_a_literal_that_cannot_be_loaded_names_its_node(
        self, known_tasks: dict[str, Any]
    ) -> None:
        class Stubborn(AnyParameter):
            def parse(self, value: Any, run: Any = None) -> Any:
                from collections_app.jobs.parameters.base import ParameterError

                raise ParameterError("leads nowhere")

        known_tasks["test:load"] = tasks.NodeTask(
            Process("load", "", len, inputs=(Stubborn("path"),), outputs=(AnyParameter("out"),))
        )
        with pytest.raises(TaskError, match="The node 'one' failed: leads nowhere"):
            run(document(node("one", "load", path="x"), outputs={"out": ("one",)}))


class TestCancellation:
    def test_no_node_begins_after_it(self, job: Job, add_task: Callable[..., None]) -> None:
        add_task("dismiss", job.dismissed.set)
        value = document(
            node("one", "dismiss"),
            node("two", "sum", a=("one", "out")),
            outputs={"out": ("two", "sum")},
        )
        with pytest.raises(Cancelled):
            run(value, job)
        assert job.states["two"] == "skipped"

    def test_a_running_node_hears_of_it(self, job: Job, add_task: Callable[..., None]) -> None:
        def work(task_run: Any) -> None:
            job.dismissed.set()
            task_run.check()

        add_task("work", work, run_argument="task_run")
        with pytest.raises(Cancelled):
            run(document(node("one", "work"), outputs={"out": ("one",)}), job)
        assert job.states == {"one": "skipped"}


class TestMemory:
    def test_results_are_let_go_of_when_no_node_needs_them(
        self, add_task: Callable[..., None]
    ) -> None:
        class Large:
            pass

        alive: list[weakref.ref[Large]] = []
        counts: list[int] = []

        def make(before: object = None) -> Large:
            counts.append(sum(reference() is not None for reference in alive))
            large = Large()
            alive.append(weakref.ref(large))
            return large

        add_task("make", make, "before")
        chain = [
            node(str(number), "make", **({"before": (str(number - 1),)} if number else {}))
            for number in range(6)
        ]
        run(document(*chain, outputs={"out": ("5",)}))
        assert counts == [0, 1, 1, 1, 1, 1]

    def test_a_generator_that_two_nodes_need_is_read_once(
        self, add_task: Callable[..., None]
    ) -> None:
        add_task("make", lambda: (number for number in range(3)))
        add_task("total", sum_of, "items")
        value = document(
            node("make", "make"),
            node("one", "total", items=("make",)),
            node("two", "total", items=("make",)),
            outputs={"a": ("one",), "b": ("two",)},
        )
        assert run(value) == {"a": 3, "b": 3}


def sum_of(items: Any) -> int:
    return sum(items)


@st.composite
def graphs(draw: st.DrawFn) -> list[list[int]]:
    """For each node, those of the nodes before it that it needs."""
    size = draw(st.integers(1, 12))
    return [
        draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True)) if number else []
        for number in range(size)
    ]


@settings(deadline=None)
@given(graphs(), st.randoms(use_true_random=False))
def test_every_node_runs_once_after_those_that_it_needs(
    needs: list[list[int]], chance: Any
) -> None:
    ran: list[str] = []

    def visit(name: str, variables: Mapping[str, str]) -> str:
        assert set(variables.values()) <= set(ran)
        ran.append(name)
        return name

    inputs = (AnyParameter("name"), AnyParameter("variables", default={}))
    process = Process("visit", "", visit, inputs=inputs, outputs=(AnyParameter("out"),))
    nodes = [
        node(str(number), "visit", name=str(number), **{f"n{each}": (str(each),) for each in given})
        for number, given in enumerate(needs)
    ]
    chance.shuffle(nodes)
    outputs = {each["id"]: (each["id"], "out") for each in nodes}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(tasks._tasks, "test:visit", tasks.NodeTask(process, "variables"))
        assert run(document(*nodes, outputs=outputs)) == {each: each for each in outputs}
    assert sorted(ran) == sorted(outputs)
