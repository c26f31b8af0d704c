"""The syntax of messages, on bytes alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coap_gateway import syntax
from coap_gateway.syntax import Malformed
from tests.coap_gateway.datagrams import CON, GET, Options, encode, encode_options
from tests.coap_gateway.streams import frame

OPTIONS = st.lists(st.tuples(st.integers(0, 65535), st.binary(max_size=300)), max_size=8).map(
    lambda options: sorted(options, key=lambda option: option[0])
)


@given(OPTIONS, st.binary(max_size=40), st.binary(max_size=8))
def test_what_is_encoded_is_read(options: Options, payload: bytes, token: bytes) -> None:
    data = encode(CON, GET, 0x1234, token, options, payload)
    header = syntax.header(data)
    assert header == (CON, 1, 0x1234, token)
    assert syntax.options_and_payload(data, 4 + len(token)) == (options, payload)


@given(OPTIONS, st.binary(max_size=40), st.binary(max_size=8), st.binary(max_size=9))
def test_frames_of_a_stream(options: Options, payload: bytes, token: bytes, rest: bytes) -> None:
    data = frame(GET, token, options, payload)
    assert syntax.frame_bytes(data + rest) == len(data)
    found = syntax.frame(data)
    assert (found.code, found.token) == (1, token)
    assert syntax.options_and_payload(data, found.start) == (options, payload)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    try:
        options, payload = syntax.options_and_payload(data, 0)
    except Malformed:
        return
    assert all(0 <= number <= 65535 for number, _ in options)
    assert sum(len(value) for _, value in options) + len(payload) <= len(data)


@pytest.mark.parametrize("length", [5, 200, 66000])
def test_the_size_of_a_frame_is_not_known_from_its_beginning(length: int) -> None:
    data = frame(GET, b"t", [], bytes(length))
    known = [size for size in range(6) if syntax.frame_bytes(data[:size]) is not None]
    assert known == list(range(1 + {5: 0, 200: 1, 66000: 4}[length], 6))


@pytest.mark.parametrize(
    "rest",
    [
        b"\xff",
        b"\xf0",
        b"\x0f",
        b"\xd0",
        b"\xe0\x00",
        b"\x0d",
        b"\x0e\x00",
        b"\x12a",
        encode_options([(65535, b"")]) + b"\x10",
    ],
)
def test_options_that_are_malformed(rest: bytes) -> None:
    with pytest.raises(Malformed):
        syntax.options_and_payload(rest, 0)


def test_the_last_option_number() -> None:
    data = encode_options([(65535, b"a"), (65535, b"b")])
    assert syntax.options_and_payload(data, 0) == ([(65535, b"a"), (65535, b"b")], b"")
