"""The errors of OGC API - Processes, each with its type (OGC 18-062r2, tables of exceptions)."""

from dataclasses import replace
from typing import ClassVar

from core_api.errors import NotFound
from core_api.wire.problem import Problem

EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"


class _TypedNotFound(NotFound):
    """404 with a type that programs know."""

    type: ClassVar[str]

    @property
    def problem(self) -> Problem:
        """The problem details, with the type."""
        return replace(super().problem, type=f"{EXCEPTIONS}/{self.type}")


class NoSuchProcess(_TypedNotFound):
    """There is no process of this id."""

    type = "no-such-process"

    def __init__(self, process_id: str) -> None:
        super().__init__(f"There is no process {process_id!r}.")


class NoSuchJob(_TypedNotFound):
    """There is no job of this id, or none any more."""

    type = "no-such-job"

    def __init__(self) -> None:
        super().__init__("There is no such job.")


class ResultNotReady(_TypedNotFound):
    """The job has not ended yet."""

    type = "result-not-ready"

    def __init__(self, retry_after: int) -> None:
        super().__init__("The job has not ended yet.", headers={"Retry-After": str(retry_after)})
