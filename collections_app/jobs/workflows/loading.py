"""Workflows as processes: from files, from JSON text, from JSON values."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from collections_app.jobs.parameters.containers import replace_name
from collections_app.jobs.process import VERSION, Process
from collections_app.jobs.workflows import checking, reading, tasks
from collections_app.jobs.workflows.errors import WorkflowError
from collections_app.jobs.workflows.plan import Link, Plan
from core_api.background.tasks import Run
from core_api.wire import jsontext
from core_api.wire.errors import PayloadError
from core_api.wire.problem import FieldError

# No argument of a workflow can have this name, for inputs are named in files by people.
_RUN = " run"


def load(path: str | Path) -> Process:
    """The process that the workflow in a file is, named by its meta or by the file.

    OSError where the file cannot be read, WorkflowError where it is no workflow or an invalid one.
    """
    file = Path(path)
    return process(plan(file.read_bytes()), file.stem)


def plan(text: str | bytes) -> Plan:
    """The workflow in a JSON text, checked; WorkflowError names every place that is wrong."""
    try:
        document = jsontext.decode(text.encode() if isinstance(text, str) else text)
    except PayloadError as error:
        raise WorkflowError([FieldError("", error.detail.rstrip("."))]) from error
    return checking.check(reading.read(document))


def process(plan: Plan, name: str = "workflow") -> Process:
    """The process that runs a workflow, described by its meta; `name` is for one without a name."""
    meta = plan.workflow.meta
    name = _text(meta.get("name")) or name
    keywords = meta.get("keywords")
    return Process(
        id=tasks.identifier(name),
        title=_text(meta.get("title")) or name,
        description=_text(meta.get("description")),
        version=_text(meta.get("version")) or VERSION,
        keywords=tuple(map(str, keywords)) if isinstance(keywords, list) else (),
        inputs=plan.inputs,
        outputs=tuple(
            replace_name(_output(plan, link), output) for output, link in plan.outputs.items()
        ),
        function=_function(plan),
        run_argument=_RUN,
    )


def _function(plan: Plan) -> Callable[..., Any]:
    def execute(**values: Any) -> Any:
        # Threads and numpy are for those who run a workflow.
        from collections_app.jobs.workflows import running

        job: Run | None = values.pop(_RUN, None)
        found = running.run(plan, values, job)
        return found if len(found) > 1 else next(iter(found.values()))

    return execute


def _output(plan: Plan, link: Link) -> Any:
    outputs = plan.steps[link.node].task.process.outputs
    return next(parameter for parameter in outputs if parameter.name == link.output)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
