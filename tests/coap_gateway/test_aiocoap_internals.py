"""What is used of aiocoap's inside."""

import aiocoap.meta
import pytest
from aiocoap.numbers import OptionNumber

from coap_gateway.aiocoap_internals import TEXT_OPTIONS, TextOption


def test_it_was_read_for_this_version() -> None:
    assert aiocoap.meta.version == "0.4.17"


@pytest.mark.parametrize("raw", [b"", b"abc", "é".encode(), b"\xff\xfe", b"\xed\xa0\x80"])
def test_text_of_any_bytes(raw: bytes) -> None:
    option = OptionNumber.URI_PATH.create_option(decode=raw)
    assert isinstance(option, TextOption)
    assert option.encode() == raw


def test_every_text_option_is_one() -> None:
    options = {number.create_option(decode=b"\xff").encode() for number in TEXT_OPTIONS}
    assert options == {b"\xff"}
