"""What wire/ raises when bytes from a client cannot be understood.

WireError                what the client sent is wrong (400 / 4.00)
├── LinkFormatError      not RFC 6690 link-format
└── PayloadError         not JSON, CBOR, base64 or not the fields that were asked for
    └── FieldErrors      fields that are missing or ill-typed, all of them
"""

from collections.abc import Sequence

from core_api.wire.problem import FieldError


class WireError(ValueError):
    """The client sent something that cannot be understood.

    `detail` says what is wrong in one sentence; `pointer` is a JSON Pointer (RFC 6901) to the
    field at fault, such as "/deviceId", or "" where no field is.
    """

    def __init__(self, detail: str, pointer: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """The fields at fault, none where the fault is not a field's."""
        return (FieldError(self.pointer, self.detail),) if self.pointer else ()


class LinkFormatError(WireError):
    """Not RFC 6690 link-format."""


class PayloadError(WireError):
    """Not JSON, CBOR or base64, or not the fields that were asked for."""


class FieldErrors(PayloadError):
    """Fields that are missing or ill-typed: all of them, in the order in which they were read.

    Their details are what one says of a field, such as "is required"; there is at least one.
    """

    def __init__(self, errors: Sequence[FieldError]) -> None:
        named = "; ".join(f"{error.pointer[1:]} {error.detail}" for error in errors)
        super().__init__(f"{named}.", errors[0].pointer)
        self._errors = tuple(errors)

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """Every field at fault."""
        return self._errors


def field_error(pointer: str, detail: str) -> FieldErrors:
    """The error of one field: `field_error("/deviceId", "is required")`."""
    return FieldErrors([FieldError(pointer, detail)])


def pointer_to(*keys: str | int) -> str:
    """The JSON Pointer (RFC 6901 section 3) to a member: ("meta", "a/b") is "/meta/a~1b"."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)
