"""What an execution may say."""

from typing import Any

import pytest

from collections_app.jobs.bodies import storable
from collections_app.jobs.execution import Execution, parse
from collections_app.jobs.parameters import MultiParameter, RasterParameter
from collections_app.jobs.parameters.base import Parameter
from collections_app.jobs.processes import Process
from core_api.wire.errors import PayloadError, WireError
from core_api.wire.times import EpochTime
from tests.collections_app.jobs.conftest import total

GOOD = {"inputs": {"a": 1}}


def pointers(body: object, process: Process = total) -> list[str]:
    with pytest.raises(WireError) as caught:
        parse(process, body)
    return [error.pointer for error in caught.value.errors]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (None, ["/inputs/a"]),
        ({"inputs": {}}, ["/inputs/a"]),
        ({"inputs": {"a": "x", "b": -1, "c/d": 1}}, ["/inputs/c~1d", "/inputs/a", "/inputs/b"]),
        ({"inputs": [1]}, ["/inputs", "/inputs/a"]),
        ({"inputs": {"a": 1}, "outputs": {"x": {}}}, ["/outputs/x"]),
        (
            {"inputs": {"a": 1}, "outputs": {"total": {"transmissionMode": "fax"}}},
            ["/outputs/total"],
        ),
        ({"inputs": {"a": 1}, "outputs": {"total": 5}}, ["/outputs/total"]),
        ({"inputs": {"a": 1}, "response": "loud"}, ["/response"]),
        ({"inputs": {"a": 1}, "subscriber": {"successUri": "http://x"}}, ["/subscriber"]),
        (
            {"inputs": {"a": {"value": "x"}, "b": {"value": 1, "encoding": "base64"}}},
            ["/inputs/b/encoding", "/inputs/a/value"],
        ),
        ({"outputs": {"x": {}}, "response": 7}, ["/inputs/a", "/outputs/x", "/response"]),
    ],
)
def test_everything_that_is_wrong_is_said_at_once(body: object, expected: list[str]) -> None:
    assert pointers(body) == expected


def test_a_body_that_is_no_map() -> None:
    with pytest.raises(PayloadError):
        parse(total, [])


def test_what_is_usual_is_not_kept() -> None:
    execution = parse(total, {"inputs": {"a": 1}, "outputs": {}, "response": "document", "x": 1})
    assert (execution, execution.options) == (Execution({"a": 1}), {})


def test_what_is_not_usual_is_kept() -> None:
    body = {"outputs": {"total": {"transmissionMode": "reference"}, "parts": {}}, "response": "raw"}
    execution = parse(total, body | {"inputs": {"a": {"value": 1, "mediaType": "text/plain"}}})
    assert execution.inputs == {"a": 1}
    assert execution.options == {
        "outputs": {"total": "reference", "parts": None},
        "response": "raw",
    }


@pytest.mark.parametrize(
    ("qualified", "expected"),
    [
        ({"value": "TQBNAA==", "encoding": "rot13"}, "/inputs/one/encoding"),
        ({"value": "SUkqAA==", "mediaType": "text/plain"}, "/inputs/one/mediaType"),
        ({"value": "TQBNAA=="}, "/inputs/one/value"),
    ],
)
@pytest.mark.parametrize(
    "parameter", [RasterParameter("one"), MultiParameter(["integer", "raster"], "one")]
)
def test_files_are_what_their_qualifiers_say(
    parameter: Parameter, qualified: dict[str, Any], expected: str
) -> None:
    def use(one: object) -> None:
        """Never called."""

    files = Process(id="files", title="", function=use, inputs=(parameter,))
    good = {"value": "SUkqAA==", "encoding": "base64", "mediaType": "image/tiff"}
    assert parse(files, {"inputs": {"one": good}}).inputs == {"one": good}
    assert expected.startswith(pointers({"inputs": {"one": qualified}}, files)[0])


def test_a_number_in_place_of_a_file_may_come_qualified() -> None:
    def use(one: object) -> None:
        """Never called."""

    parameter = MultiParameter(["integer", "raster"], "one")
    either = Process(id="either", title="", function=use, inputs=(parameter,))
    assert parse(either, {"inputs": {"one": {"value": 5}}}).inputs == {"one": 5}


def test_cbor_becomes_json() -> None:
    value = {"b": b"\x00\xff", "t": EpochTime(5), "l": [1, 2.5, None, True, {"x": "y"}]}
    assert storable(value) == {"b": "AP8=", "t": 5, "l": [1, 2.5, None, True, {"x": "y"}]}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "a\0", "\ud800", {1: 2}, 2**64])
def test_what_no_json_can_carry(value: Any) -> None:
    with pytest.raises(PayloadError):
        storable({"inputs": [value]})
