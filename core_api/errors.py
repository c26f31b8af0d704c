"""What a client can be told, and the one table from an exception to a status.

ApiError                     a problem (RFC 9457) with its status
├── BadRequest               400
│   └── WireApiError         what wire/ could not understand, with every field at fault
├── Forbidden                403
├── NotFound                 404
├── MethodNotAllowed         405, carries the methods that are allowed
├── NotAcceptable            406
├── Conflict                 409
├── PreconditionFailed       412
├── PayloadTooLarge          413, carries the limit in bytes
├── UnsupportedMediaType     415, carries the types that are accepted
├── RangeNotSatisfiable      416, carries the size in bytes
├── Unprocessable            422
├── ServiceUnavailable       503, carries the seconds to wait
└── InsufficientStorage      507, carries the seconds to wait
"""

import logging
from collections.abc import Sequence
from typing import ClassVar

from django.core.exceptions import (
    BadRequest as DjangoBadRequest,
)
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404

from core_api.wire.errors import WireError
from core_api.wire.problem import FieldError, Problem, problem

RETRY_AFTER = 1
# In the words of SQLite, of our lock and of PostgreSQL.
_BUSY = ("busy", "locked", "lock timeout", "deadlock")
log = logging.getLogger("coapture")


class ApiError(Exception):
    """A request that is answered with a problem; `headers` go with the answer."""

    status: ClassVar[int] = 500
    headers: dict[str, str]

    def __init__(
        self, detail: str = "", *, pointer: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer
        self.headers = headers or {}

    @property
    def problem(self) -> Problem:
        """The problem details of this error."""
        errors = (FieldError(self.pointer, self.detail),) if self.pointer else ()
        return problem(self.status, self.detail, errors=errors)


class BadRequest(ApiError):
    """The request cannot be understood."""

    status = 400


class NotFound(ApiError):
    """There is nothing at this path."""

    status = 404


class MethodNotAllowed(ApiError):
    """The resource has no such method."""

    status = 405

    def __init__(self, allowed: Sequence[str]) -> None:
        methods = ", ".join(allowed)
        super().__init__(f"This resource knows {methods}.", headers={"Allow": methods})


class NotAcceptable(ApiError):
    """No representation is of a media type that the client accepts."""

    status = 406

    def __init__(self, offers: Sequence[str]) -> None:
        super().__init__(f"This resource comes as {', '.join(offers)}.")


class Conflict(ApiError):
    """Something else is stored there."""

    status = 409


class PreconditionFailed(ApiError):
    """If-Match or If-None-Match does not hold (RFC 9110 section 13)."""

    status = 412


class PayloadTooLarge(ApiError):
    """The body is larger than this server takes."""

    status = 413

    def __init__(self, limit: int) -> None:
        super().__init__(f"A body may have at most {limit} bytes.")
        self.limit = limit


class UnsupportedMediaType(ApiError):
    """The body is of a media type that this resource does not take.

    `header` names the method's own field for the types that are: Accept-Post, Accept-Patch
    (RFC 5789 section 3.1) or Accept-Query (RFC 10008 section 3).
    """

    status = 415

    def __init__(self, detail: str, accepted: Sequence[str], header: str = "Accept-Post") -> None:
        super().__init__(detail, headers={header: ", ".join(accepted)})


class RangeNotSatisfiable(ApiError):
    """The range lies outside the representation."""

    status = 416

    def __init__(self, size: int) -> None:
        super().__init__(
            f"The representation has {size} bytes.", headers={"Content-Range": f"bytes */{size}"}
        )


class Unprocessable(ApiError):
    """The body is well formed, and not what this resource keeps."""

    status = 422


class ServiceUnavailable(ApiError):
    """The server cannot do this now; the client may try again in `retry_after` seconds."""

    status = 503

    def __init__(self, detail: str, retry_after: int = RETRY_AFTER) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class InsufficientStorage(ServiceUnavailable):
    """The disk is full; nothing was stored."""

    status = 507


class Forbidden(ApiError):
    """The client may not do this."""

    status = 403


class WireApiError(BadRequest):
    """Bytes that wire/ could not understand, with every field that is at fault."""

    def __init__(self, error: WireError) -> None:
        super().__init__(error.detail, pointer=error.pointer)
        self.errors = error.errors

    @property
    def problem(self) -> Problem:
        """The problem details, one entry for each field at fault."""
        return problem(self.status, self.detail, errors=self.errors)


def api_error(error: Exception) -> ApiError | None:
    """The error as clients see it; None where the server itself is at fault (500)."""
    match error:
        case ApiError():
            return error
        case WireError():
            return WireApiError(error)
        case Http404():
            return NotFound("There is nothing at this path.")
        case RequestDataTooBig():
            return BadRequest("The form's fields are too large.")
        case PermissionDenied():
            return Forbidden(str(error))
        case SuspiciousOperation() | DjangoBadRequest():
            return BadRequest("The request is malformed.")
        case OperationalError() | InterfaceError():
            return _database_error(error)
    return None


def _database_error(error: OperationalError | InterfaceError) -> ApiError:
    """What a database that cannot do its work now means for the client; the log says more."""
    reason = str(error)
    log.warning("database: %s", reason)
    if "full" in reason or "No space left" in reason:
        return InsufficientStorage("The server's disk is full.", retry_after=60)
    if any(word in reason for word in _BUSY):
        return ServiceUnavailable("The database is busy; try again.")
    return ServiceUnavailable("The database does not answer; try again.", retry_after=5)
