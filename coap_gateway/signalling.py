"""What a peer on a stream says of itself (RFC 8323 section 5)."""

from coap_gateway.syntax import RawOptions

MAX_MESSAGE_SIZE, BLOCK_WISE_TRANSFER = 2, 4
LONGEST_SIZE = 4

# aiocoap's names for them.
Settings = dict[str, int | bool]


def critical_option(options: RawOptions) -> int | None:
    """The first critical option: no signalling message has one that is known (5.2)."""
    return next((number for number, _ in options if number & 1), None)


def settings_of(options: RawOptions) -> Settings:
    """The capabilities of a CSM; what is out of its range or supernumerary is ignored (5.3)."""
    settings: Settings = {}
    for number, value in options:
        if number == MAX_MESSAGE_SIZE and len(value) <= LONGEST_SIZE:
            settings.setdefault("max-message-size", int.from_bytes(value, "big"))
        elif number == BLOCK_WISE_TRANSFER and not value:
            settings["block-wise-transfer"] = True
    return settings
