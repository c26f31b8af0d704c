"""What the errors of wire/ say."""

import pytest

from core_api.wire.errors import FieldErrors, PayloadError, WireError, field_error, pointer_to
from core_api.wire.problem import FieldError


def test_error_without_field() -> None:
    error = WireError("The body is odd.")
    assert (str(error), error.pointer, error.errors) == ("The body is odd.", "", ())


def test_error_of_a_field() -> None:
    assert PayloadError("x", "/a").errors == (FieldError("/a", "x"),)


def test_field_error() -> None:
    error = field_error("/deviceId", "is required")
    assert (error.detail, error.pointer) == ("deviceId is required.", "/deviceId")


def test_field_errors() -> None:
    errors = (FieldError("/a", "is required"), FieldError("/b", "must be text"))
    both = FieldErrors(errors)
    assert (both.detail, both.pointer) == ("a is required; b must be text.", "/a")
    assert both.errors == errors


@pytest.mark.parametrize(
    ("keys", "pointer"),
    [((), ""), (("a",), "/a"), (("meta", "a/b", 0), "/meta/a~1b/0"), (("~1",), "/~01")],
)
def test_pointer(keys: tuple[str | int, ...], pointer: str) -> None:
    assert pointer_to(*keys) == pointer
