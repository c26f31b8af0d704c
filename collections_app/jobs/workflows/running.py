"""Running a workflow: every node as soon as what it needs is there, several at once."""

import copy
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from django.db import connections

from collections_app.jobs.parameters.base import ParameterError
from collections_app.jobs.workflows.model import FromInput, Literal
from collections_app.jobs.workflows.nodes import NodeRun
from collections_app.jobs.workflows.plan import Argument, Link, Plan, Step
from collections_app.jobs.workflows.states import State, States
from core_api.background.tasks import Cancelled, Run, TaskError

MAX_THREADS = max(2, min(8, os.cpu_count() or 1))
_LOOK_SECONDS = 0.2


def run(plan: Plan, values: Mapping[str, Any], job: Run | None = None) -> dict[str, Any]:
    """The outputs of the workflow by name, for its inputs by name: Python values, both.

    The first error of a node ends the workflow: nodes that have not begun are skipped, those that
    run are told to stop and waited for. TaskError names the node; Cancelled when the job was
    dismissed; other errors pass with the node in a note.
    """
    return _Execution(plan, values, job).run()


class _Execution:
    """One run; everything but `_work` happens in the thread that called."""

    def __init__(self, plan: Plan, values: Mapping[str, Any], job: Run | None) -> None:
        self._plan = plan
        self._values = values
        self._job = job
        self._stop = threading.Event()
        self._states = States(plan, job)
        self._results: dict[Link, Any] = {}
        self._uses = _uses(plan)
        self._waiting = {id_: set(plan.steps[id_].needs) for id_ in plan.needed()}
        self._running: dict[Future[dict[str, Any]], Step] = {}

    def run(self) -> dict[str, Any]:
        with ThreadPoolExecutor(min(MAX_THREADS, len(self._waiting) or 1)) as pool:
            try:
                self._start_ready(pool)
                while self._running:
                    self._check()
                    for future in wait(self._running, _LOOK_SECONDS, FIRST_COMPLETED).done:
                        self._finish(self._running.pop(future), future)
                    self._start_ready(pool)
            except BaseException:
                self._stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                self._states.end()
                raise
        return {name: self._results.get(link) for name, link in self._plan.outputs.items()}

    def _check(self) -> None:
        if self._job is not None:
            self._job.check()

    def _start_ready(self, pool: ThreadPoolExecutor) -> None:
        for id_ in [id_ for id_, needs in self._waiting.items() if not needs]:
            del self._waiting[id_]
            step = self._plan.steps[id_]
            # The values are taken here, so that a result is let go of when its last user has it.
            arguments = dict(self._take(step))
            self._running[pool.submit(self._work, step, arguments)] = step

    def _take(self, step: Step) -> Iterator[tuple[str, tuple[Argument, Any]]]:
        for name, argument in step.arguments.items():
            source = argument.source
            if isinstance(source, Literal):
                # A task may change what it is given; the next job gets what is written.
                yield name, (argument, copy.deepcopy(source.value))
            elif isinstance(source, FromInput):
                if source.name in self._values:
                    yield name, (argument, self._values[source.name])
            elif source in self._results:
                yield name, (argument, self._use(source))

    def _use(self, link: Link) -> Any:
        self._uses[link] -= 1
        return self._results[link] if self._uses[link] else self._results.pop(link)

    def _work(self, step: Step, arguments: dict[str, tuple[Argument, Any]]) -> dict[str, Any]:
        """Run a node, in a thread of the pool."""
        node_run = self._node_run(step)
        if node_run is not None:
            node_run.check()
        elif self._stop.is_set():
            raise Cancelled
        self._states.set(step.id, State.RUNNING)
        try:
            values = {name: _parsed(*arguments.pop(name), node_run) for name in list(arguments)}
            return step.task.call(values, node_run)
        finally:
            connections.close_all()

    def _node_run(self, step: Step) -> NodeRun | None:
        if self._job is None:
            return None
        label = f"node{list(self._plan.steps).index(step.id)}"
        return NodeRun(self._job, label, self._stop, self._states.reporter(step.id))

    def _finish(self, step: Step, future: Future[dict[str, Any]]) -> None:
        error = future.exception()
        if error is not None:
            if isinstance(error, Cancelled):
                raise error
            self._states.set(step.id, State.FAILED)
            raise _named(error, step.id)
        for name, value in future.result().items():
            link = Link(step.id, name)
            if uses := self._uses[link]:
                # A generator can be read once.
                self._results[link] = list(value) if uses > 1 and _is_iterator(value) else value
        for needs in self._waiting.values():
            needs.discard(step.id)
        self._states.set(step.id, State.SUCCESSFUL)


def _uses(plan: Plan) -> Counter[Link]:
    """How often each result is needed: once for each input and each output of the workflow."""
    needed = plan.needed()
    uses = Counter(plan.outputs.values())
    for id_ in needed:
        sources = (argument.source for argument in plan.steps[id_].arguments.values())
        uses.update(source for source in sources if isinstance(source, Link))
    return uses


def _parsed(argument: Argument, value: Any, run: NodeRun | None) -> Any:
    """A literal is in wire form, and so is JSON that came untyped; all else was parsed before."""
    is_wire = isinstance(argument.source, Literal) or (argument.is_untyped and _is_json(value))
    if is_wire and argument.parameter is not None:
        return argument.parameter.parse(value, run)
    return value


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_json, value.values()))
    if isinstance(value, list):
        return all(map(_is_json, value))
    return value is None or isinstance(value, str | int | float | bool)


def _is_iterator(value: Any) -> bool:
    return isinstance(value, Iterator)


def _named(error: BaseException, node: str) -> BaseException:
    """The error of a node, such that it says which node's it is."""
    if isinstance(error, TaskError | ParameterError):
        told = TaskError(f"The node {node!r} failed: {error.detail}", type_=_type_of(error))
        told.__cause__ = error
        return told
    error.add_note(f"in the node {node!r} of the workflow")
    return error


def _type_of(error: BaseException) -> str:
    return getattr(error, "type", "about:blank")
