"""The options that this server knows, and which options of a message count.

RFC 7252 sections 5.4 and 5.10, RFC 7641, RFC 7959, RFC 7967, RFC 8768, RFC 9175.
"""

from typing import NamedTuple

from aiocoap.numbers import OptionNumber
from aiocoap.options import Options
from aiocoap.optiontypes import BlockOption, OpaqueOption, OptionType, StringOption, UintOption

from coap_gateway.syntax import LAST_OPTION, RawOptions


class TextOption(StringOption):  # type: ignore[misc]
    """Text in which surrogates stand for bytes that are no UTF-8, so that these can be refused."""

    def encode(self) -> bytes:
        """The bytes as they came."""
        return bytes(self.value.encode("utf-8", "surrogateescape"))

    def decode(self, rawdata: bytes) -> None:
        """Take any bytes."""
        self.value = rawdata.decode("utf-8", "surrogateescape")


class Unrecognised(OpaqueOption):  # type: ignore[misc]
    """A critical option that counts as unknown; `reason` says why."""

    reason = ""


class Shape(NamedTuple):
    """The values that an option may have: their type, and their least and greatest length."""

    type: type[OptionType]
    shortest: int
    longest: int
    repeatable: bool = False


KNOWN = {
    OptionNumber.IF_MATCH: Shape(OpaqueOption, 0, 8, repeatable=True),
    OptionNumber.URI_HOST: Shape(TextOption, 1, 255),
    OptionNumber.ETAG: Shape(OpaqueOption, 1, 8, repeatable=True),
    OptionNumber.IF_NONE_MATCH: Shape(OpaqueOption, 0, 0),
    OptionNumber.OBSERVE: Shape(UintOption, 0, 3),
    OptionNumber.URI_PORT: Shape(UintOption, 0, 2),
    OptionNumber.LOCATION_PATH: Shape(TextOption, 0, 255, repeatable=True),
    OptionNumber.URI_PATH: Shape(TextOption, 0, 255, repeatable=True),
    # Not aiocoap's type for content-formats: it remembers every number it ever met.
    OptionNumber.CONTENT_FORMAT: Shape(UintOption, 0, 2),
    OptionNumber.MAX_AGE: Shape(UintOption, 0, 4),
    OptionNumber.URI_QUERY: Shape(TextOption, 0, 255, repeatable=True),
    # RFC 8768 section 3 wants 4.00 for a value out of its range: it is not ignored for its length.
    OptionNumber.HOP_LIMIT: Shape(UintOption, 0, LAST_OPTION),
    OptionNumber.ACCEPT: Shape(UintOption, 0, 2),
    OptionNumber.LOCATION_QUERY: Shape(TextOption, 0, 255, repeatable=True),
    OptionNumber.BLOCK2: Shape(BlockOption, 0, 3),
    OptionNumber.BLOCK1: Shape(BlockOption, 0, 3),
    OptionNumber.SIZE2: Shape(UintOption, 0, 4),
    OptionNumber.PROXY_URI: Shape(TextOption, 1, 1034),
    OptionNumber.PROXY_SCHEME: Shape(TextOption, 1, 255),
    OptionNumber.SIZE1: Shape(UintOption, 0, 4),
    OptionNumber.ECHO: Shape(OpaqueOption, 1, 40),
    OptionNumber.NO_RESPONSE: Shape(UintOption, 0, 1),
    OptionNumber.REQUEST_TAG: Shape(OpaqueOption, 0, 8, repeatable=True),
}
UNKNOWN = Shape(OpaqueOption, 0, LAST_OPTION, repeatable=True)


def recognise(raw: RawOptions) -> Options:
    """The options that count.

    One that is unknown, supernumerary, or of a length out of its range is left out where it is
    elective, and `Unrecognised` where it is critical (RFC 7252 sections 5.4.1, 5.4.3, 5.4.5). An
    elective one that is merely unknown stays: it may be part of the cache key.
    """
    options, former = Options(), -1
    for number, value in raw:
        reason = _fault(number, value, repeated=number == former)
        former = number
        if reason is None:
            option = KNOWN.get(number, UNKNOWN).type(number)
            option.decode(value)
        elif number & 1:
            option = Unrecognised(number, value)
            option.reason = reason
        else:
            continue
        options.add_option(option)
    return options


def _fault(number: int, value: bytes, *, repeated: bool) -> str | None:
    """Why an option counts as unknown; None where it does not."""
    shape = KNOWN.get(number)
    if shape is None:
        return "is not known here" if number & 1 else None
    if repeated and not shape.repeatable:
        return "is given twice"
    if not shape.shortest <= len(value) <= shape.longest:
        return "has a value of a wrong length"
    return None
