"""What goes wrong with an upload that is resumed, as draft-ietf-httpbis-resumable-upload has it."""

from core_api.errors import BadRequest, Conflict
from core_api.uploads.fields import COMPLETE, NO, OFFSET
from core_api.wire.problem import Problem, problem

_TYPES = "https://iana.org/assignments/http-problem-types#"


class OffsetMismatch(Conflict):
    """The body does not begin where the upload ends."""

    def __init__(self, expected: int, provided: int) -> None:
        detail = f"The upload has {expected} bytes; go on from there."
        super().__init__(detail, headers={COMPLETE: NO, OFFSET: str(expected)})
        self._members = (("expected-offset", expected), ("provided-offset", provided))

    @property
    def problem(self) -> Problem:
        """The problem, with both offsets."""
        kind = f"{_TYPES}mismatching-upload-offset"
        return problem(self.status, self.detail, type=kind, members=self._members)


class EndedEarly(BadRequest):
    """The body broke off; what came of it is kept."""


class LengthMismatch(BadRequest):
    """The body would make the upload longer or shorter than was announced."""

    def __init__(self) -> None:
        super().__init__("The upload was announced with another length.", headers={COMPLETE: NO})

    @property
    def problem(self) -> Problem:
        """The problem, by its type."""
        return problem(self.status, self.detail, type=f"{_TYPES}inconsistent-upload-length")
