"""What is wrong with a workflow: everything at once, each with its place."""

from collections.abc import Sequence

from core_api.wire.problem import FieldError


class WorkflowError(ValueError):
    """A workflow that cannot be run.

    `errors` name each place as a JSON Pointer (RFC 6901) and what is wrong there.
    """

    def __init__(self, errors: Sequence[FieldError]) -> None:
        told = "; ".join(f"{error.pointer or '/'} {error.detail}" for error in errors)
        super().__init__(f"The workflow is invalid: {told}.")
        self.errors = tuple(errors)


class Findings:
    """A list of errors that grows while a workflow is looked at."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def add(self, pointer: str, detail: str) -> None:
        """Note what is wrong at `pointer`, such as "/nodes/0/task"."""
        self.errors.append(FieldError(pointer, detail))

    def raise_any(self) -> None:
        """Raise WorkflowError where there is any."""
        if self.errors:
            raise WorkflowError(self.errors)
