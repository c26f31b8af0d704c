"""What a client asks for when it executes a process (OGC 18-062r2, execute.yaml), checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from collections_app.jobs.parameters.base import Parameter, ParameterError
from collections_app.jobs.processes import Process
from core_api.wire.errors import FieldErrors, PayloadError, pointer_to
from core_api.wire.problem import FieldError

DOCUMENT, RAW = "document", "raw"
VALUE, REFERENCE = "value", "reference"
_QUALIFIERS = frozenset({"value", "mediaType", "schema", "encoding"})
_MAX_NAMED = 20


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution: inputs in their wire form, outputs by name with their transmission mode.

    `outputs` is None where all are wanted; a mode is None where the client leaves it to us. `more`
    is what a dialect keeps with the job.
    """

    inputs: Mapping[str, Any]
    outputs: Mapping[str, str | None] | None = None
    response: str = DOCUMENT
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, Any]:
        """What of it the job keeps beside the inputs; nothing where it is the usual."""
        options = dict(self.more)
        if self.outputs is not None:
            options["outputs"] = dict(self.outputs)
        if self.response != DOCUMENT:
            options["response"] = self.response
        return options


def parse(process: Process, value: object) -> Execution:
    """The execution that a decoded body describes; None stands for an empty one.

    FieldErrors with everything that is wrong, at `/inputs/...`, `/outputs/...`, `/response` and
    `/subscriber`. Members that OGC does not know are ignored.
    """
    body = {} if value is None else value
    if not isinstance(body, dict):
        raise PayloadError("This must be a map with inputs.")
    errors: list[FieldError] = []
    inputs = _inputs(process, _section(body, "inputs", errors), errors)
    outputs = _outputs(process, _section(body, "outputs", errors), errors)
    response = body.get("response") or DOCUMENT
    if response not in (DOCUMENT, RAW):
        errors.append(FieldError("/response", f"must be {DOCUMENT} or {RAW}"))
    if body.get("subscriber") is not None:
        errors.append(FieldError("/subscriber", "is not known here: observe the job, or poll it"))
    if errors:
        raise FieldErrors(errors)
    return Execution(inputs, outputs or None, response)


def input_errors(
    process: Process, inputs: Mapping[str, Any], below: Mapping[str, str] | None = None
) -> list[FieldError]:
    """Everything that is wrong with inputs in their wire form.

    `below` has the pointers from the inputs to what is given here, where that is only a part.
    """
    below = below or {}
    known = {parameter.name: parameter for parameter in process.inputs}
    errors = [
        FieldError(_at("inputs", name), "is no input of this process")
        for name in list(inputs.keys() - known.keys())[:_MAX_NAMED]
    ]
    for name, parameter in known.items():
        if name in inputs:
            errors += _input_errors(parameter, inputs[name], below.get(name, ""))
        elif parameter.required:
            errors.append(FieldError(_at("inputs", name), "is required"))
    return errors


def _section(body: Mapping[str, Any], name: str, errors: list[FieldError]) -> dict[str, Any]:
    section = body.get(name)
    if section is None:
        return {}
    if isinstance(section, dict):
        return section
    errors.append(FieldError(f"/{name}", "must be an object"))
    return {}


def _inputs(
    process: Process, section: Mapping[str, Any], errors: list[FieldError]
) -> dict[str, Any]:
    """The inputs in their wire form: what is qualified is unwrapped, unless it is a file.

    OGC qualifies every object: {"value": {...}}.
    """
    files = {parameter.name for parameter in process.inputs if parameter.takes_files}
    inputs = dict(section)
    below = {}
    for name, member in section.items():
        if not _is_qualified(member) or (name in files and isinstance(member["value"], str)):
            continue
        inputs[name], below[name] = member["value"], "/value"
        if member.get("encoding") is not None:
            errors.append(FieldError(f"{_at('inputs', name)}/encoding", "is for files"))
    errors += input_errors(process, inputs, below)
    return inputs


def _is_qualified(value: Any) -> bool:
    return isinstance(value, dict) and "value" in value and value.keys() <= _QUALIFIERS


def _input_errors(parameter: Parameter, value: Any, below: str) -> list[FieldError]:
    try:
        parameter.check(value)
    except ParameterError as error:
        where = pointer_to("inputs", parameter.name) + below + error.pointer
        return [FieldError(where, error.detail)]
    return []


def _outputs(
    process: Process, section: Mapping[str, Any], errors: list[FieldError]
) -> dict[str, str | None]:
    """The transmission mode of each output that is wanted."""
    known = {parameter.name for parameter in process.outputs}
    outputs: dict[str, str | None] = {}
    for name, member in section.items():
        where = _at("outputs", name)
        if name not in known:
            errors.append(FieldError(where, "is no output of this process"))
            continue
        wanted = {} if member is None else member
        mode = wanted.get("transmissionMode") if isinstance(wanted, dict) else ""
        if mode not in (None, VALUE, REFERENCE):
            detail = f"must have the transmissionMode {VALUE} or {REFERENCE}"
            errors.append(FieldError(where, detail))
            continue
        outputs[name] = mode
    return outputs


def _at(section: str, name: str) -> str:
    """The pointer to a name of the client's, which may be of any length."""
    return pointer_to(section, name[:100])
