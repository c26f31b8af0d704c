"""Which options of a message count."""

import re

import pytest
from aiocoap.numbers import OptionNumber

from coap_gateway.options import KNOWN, TextOption, Unrecognised, recognise
from coap_gateway.syntax import LAST_OPTION
from tests.shared import ROOT


@pytest.mark.parametrize("raw", [b"", b"abc", "é".encode(), b"\xff\xfe", b"\xed\xa0\x80"])
def test_text_of_any_bytes(raw: bytes) -> None:
    (option,) = recognise([(OptionNumber.URI_PATH, raw)]).option_list()
    assert isinstance(option, TextOption)
    assert option.encode() == raw


@pytest.mark.parametrize("number", KNOWN)
def test_lengths(number: OptionNumber) -> None:
    shape = KNOWN[number]
    for length in {0, shape.shortest - 1, shape.shortest, shape.longest, shape.longest + 1}:
        if not 0 <= length <= 2000:
            continue
        options = list(recognise([(number, b"\1" * length)]).option_list())
        if shape.shortest <= length <= shape.longest:
            assert [type(option) for option in options] == [shape.type]
        elif number.is_critical():
            assert [option.reason for option in options] == ["has a value of a wrong length"]
        else:
            assert options == []


@pytest.mark.parametrize("number", KNOWN)
def test_repetitions(number: OptionNumber) -> None:
    shape = KNOWN[number]
    value = b"\1" * shape.shortest
    options = list(recognise([(number, value), (number, value)]).option_list())
    if shape.repeatable:
        assert [type(option) for option in options] == [shape.type] * 2
    elif number.is_critical():
        assert [type(option) for option in options] == [shape.type, Unrecognised]
        assert options[1].reason == "is given twice"
    else:
        assert len(options) == 1


def test_options_that_nobody_knows() -> None:
    options = list(recognise([(9, b"x"), (2048, b"a"), (2048, b"b"), (65001, b"")]).option_list())
    assert [int(option.number) for option in options] == [9, 2048, 2048, 65001]
    assert [type(option) is Unrecognised for option in options] == [True, False, False, True]
    assert options[0].reason == "is not known here"
    assert options[1].encode() == b"a"


def test_nothing_is_remembered_of_numbers_that_nobody_knows() -> None:
    members = len(OptionNumber._value2member_map_)
    recognise([(number, b"") for number in range(30000, 30100)])
    assert len(OptionNumber._value2member_map_) == members


def test_the_options_are_those_of_the_documentation() -> None:
    text = (ROOT / "docs/reference/coap.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([\w-]+) \| ([\w-]+) \| (yes)? ?\|", text, re.MULTILINE)
    assert rows == [
        (str(int(number)), number.name_printable.replace("Etag", "ETag"), *_written(number))
        for number in KNOWN
    ]


def _written(number: OptionNumber) -> tuple[str, str]:
    _, shortest, longest, repeatable = KNOWN[number]
    length = f"{shortest}-{longest}" if longest else "0"
    return "any" if longest == LAST_OPTION else length, "yes" if repeatable else ""
