"""The rules of each field of an image."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core_api.wire import fields
from core_api.wire.errors import FieldErrors
from tests.shared import vectors

DIGEST = bytes(range(32))


def refused(check: Callable[[object], object], value: object) -> str:
    """The detail of the one error that the check gives, under the pointer."""
    with pytest.raises(FieldErrors) as raised:
        check(value)
    (error,) = raised.value.errors
    return f"{error.pointer} {error.detail}"


def is_clean(text: str) -> bool:
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in text)


class TestDeviceId:
    @pytest.mark.parametrize(
        ("value", "device"),
        [
            ("cam-7", "cam-7"),
            (" cam ", " cam "),
            ("latest", "latest"),
            ("a/b", "a/b"),
            ("..", ".."),
            ("x" * 100, "x" * 100),
            ("\u00e9" * 100, "\u00e9" * 100),
            ("\u20ac" * 80, "\u20ac" * 80),
            ("e\u0301", "e\u0301"),
            ("\u2028", "\u2028"),
            ("0012", "0012"),
            (12345, "12345"),
            (0, "0"),
            (-5, "-5"),
            (10**100 - 1, "9" * 100),
        ],
    )
    def test_kept_as_it_is(self, value: object, device: str) -> None:
        assert fields.device_id(value) == device

    @pytest.mark.parametrize(
        ("value", "detail"),
        [
            (None, "is required"),
            (True, "must be text or an integer"),
            (1.0, "must be text or an integer"),
            (b"cam", "must be text or an integer"),
            (["cam"], "must be text or an integer"),
            ("", "must not be empty"),
            ("x" * 101, "must have at most 100 characters"),
            (10**100, "must have at most 100 characters"),
            (-(10**100), "must have at most 100 characters"),
            (1 - 10**100, "must have at most 100 characters"),
            ("\u20ac" * 81, "must have at most 240 bytes of UTF-8"),
            ("\U0001f4f7" * 61, "must have at most 240 bytes of UTF-8"),
            ("a\nb", "must not have control characters"),
            ("\0", "must not have control characters"),
            ("\x7f", "must not have control characters"),
            ("\x85", "must not have control characters"),
            ("\ud800", "must not have lone surrogates"),
        ],
    )
    def test_refused(self, value: object, detail: str) -> None:
        assert refused(fields.device_id, value) == f"/deviceId {detail}"

    def test_integer_beyond_what_python_writes(self) -> None:
        detail = "/deviceId must have at most 100 characters"
        assert refused(fields.device_id, 10**5000) == detail

    @given(st.text(alphabet=st.characters(), max_size=110))
    def test_any_text(self, text: str) -> None:
        fine = 0 < len(text) <= 100 and is_clean(text) and len(text.encode()) <= 240
        if fine:
            assert fields.text_device_id(text) == text
        else:
            refused(fields.device_id, text)


class TestTitle:
    @pytest.mark.parametrize(
        ("value", "title"), [(None, ""), ("", ""), ("Gate", "Gate"), ("\u00e9" * 200,) * 2]
    )
    def test_accepted(self, value: object, title: str) -> None:
        assert fields.title(value) == title

    @pytest.mark.parametrize(
        ("value", "detail"),
        [
            ("x" * 201, "must have at most 200 characters"),
            ("a\tb", "must not have control characters"),
            ("\udfff", "must not have lone surrogates"),
            (5, "must be text"),
            (["x"], "must be text"),
        ],
    )
    def test_refused(self, value: object, detail: str) -> None:
        assert refused(fields.title, value) == f"/title {detail}"


@pytest.mark.parametrize("text", vectors("naughty_strings.json"))
def test_naughty_string(text: str) -> None:
    clean = is_clean(text)
    if clean and len(text) <= 200:
        assert fields.title(text) == text
    else:
        refused(fields.title, text)
    if clean and 0 < len(text) <= 100 and len(text.encode()) <= 240:
        assert fields.device_id(text) == text
    else:
        refused(fields.device_id, text)


class TestLocation:
    @pytest.mark.parametrize(
        ("value", "place"),
        [
            (None, None),
            ([48.1, 11.5], (48.1, 11.5)),
            ([-90, -180], (-90.0, -180.0)),
            ([90.0, 180], (90.0, 180.0)),
            ([0, 0], (0.0, 0.0)),
        ],
    )
    def test_accepted(self, value: object, place: object) -> None:
        assert fields.location(value) == place

    @pytest.mark.parametrize("value", ["here", [], [1], [1, 2, 3], [1, "2"], [True, 1], {}, 5])
    def test_wrong_type(self, value: object) -> None:
        detail = "must be [latitude, longitude] in degrees"
        assert refused(fields.location, value) == f"/location {detail}"

    @pytest.mark.parametrize(
        "value", [[90.01, 0], [0, -180.5], [float("nan"), 0], [0, float("inf")], [10**400, 0]]
    )
    def test_out_of_range(self, value: object) -> None:
        assert refused(fields.location, value).startswith("/location must lie within")


class TestDigest:
    @pytest.mark.parametrize("value", [DIGEST, DIGEST.hex(), DIGEST.hex().upper()])
    def test_accepted(self, value: object) -> None:
        assert fields.digest(value) == DIGEST

    def test_none(self) -> None:
        assert fields.digest(None) is None

    @pytest.mark.parametrize(
        "value",
        [b"", DIGEST[:31], "", "0" * 63, "0" * 65, "g" * 64, " " + "0" * 63, 0, "\u0660" * 64],
    )
    def test_refused(self, value: object) -> None:
        detail = "must be 32 bytes or 64 hexadecimal digits"
        assert refused(fields.digest, value) == f"/sha256 {detail}"


class TestMediaType:
    @pytest.mark.parametrize("value", [None, "image/jpeg"])
    def test_accepted(self, value: object) -> None:
        assert fields.media_type(value) == value

    @pytest.mark.parametrize("value", [22, "", "image/\u00e9", "a\nb", "x" * 256])
    def test_refused(self, value: object) -> None:
        assert refused(fields.media_type, value) == "/mediaType must be a media type"


class TestImageData:
    @pytest.mark.parametrize(
        ("value", "data"), [(b"\xff", b"\xff"), ("/w==", b"\xff"), ("_w", b"\xff"), ("", b"")]
    )
    def test_accepted(self, value: object, data: bytes) -> None:
        assert fields.image_data(value) == data

    @pytest.mark.parametrize(
        ("value", "detail"),
        [
            (None, "is required"),
            (5, "must be base64 text or a byte string"),
            ([1], "must be base64 text or a byte string"),
            ("not base64!", "is not base64 (RFC 4648)"),
            ("\ud800", "is not base64 (RFC 4648)"),
        ],
    )
    def test_refused(self, value: object, detail: str) -> None:
        assert refused(fields.image_data, value) == f"/imageData {detail}"


class TestMeta:
    @pytest.mark.parametrize(
        "value",
        [
            {},
            {"battery": 3.7, "n": 5, "ok": True, "note": None, "list": [1, "x", {"a": []}]},
            {"a": {"b": {"c": {"d": {"e": {"f": {"g": {}}}}}}}},
            {"x": "y" * (4096 - 8)},
            {"big": 2**70},
        ],
    )
    def test_kept_as_it_is(self, value: dict[str, object]) -> None:
        assert fields.meta(value) == value

    def test_none(self) -> None:
        assert fields.meta(None) == {}

    @pytest.mark.parametrize("value", [[], "x", 5, True, b"{}"])
    def test_no_object(self, value: object) -> None:
        assert refused(fields.meta, value) == "/meta must be an object"

    @pytest.mark.parametrize(
        "value",
        [
            {1: "x"},
            {b"a": "x"},
            {"a": b"x"},
            {"a": float("nan")},
            {"a": [float("inf")]},
            {"a": "\0"},
            {"\0": 1},
            {"a": {"b": "\ud800"}},
            {"a": object()},
        ],
    )
    def test_no_json(self, value: object) -> None:
        detail = "must hold only what JSON can, without U+0000"
        assert refused(fields.meta, value) == f"/meta {detail}"

    def test_too_deep(self) -> None:
        value: dict[str, object] = {}
        for _ in range(8):
            value = {"a": value}
        assert refused(fields.meta, value) == "/meta must be nested at most 8 deep"

    @pytest.mark.parametrize("value", [{"x": "y" * (4096 - 7)}, {"x": "\u00e9" * 2045}])
    def test_too_large(self, value: object) -> None:
        assert refused(fields.meta, value) == "/meta must have at most 4096 bytes as JSON"
