"""What a peer says of itself."""

import pytest

from coap_gateway.signalling import critical_option, settings_of
from coap_gateway.syntax import RawOptions


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ([], {}),
        ([(2, b"\x10\x00"), (4, b"")], {"max-message-size": 4096, "block-wise-transfer": True}),
        ([(2, b""), (2, b"\x10\x00")], {"max-message-size": 0}),
        ([(2, b"\0\0\0\0\1"), (4, b"x"), (6, b"later")], {}),
    ],
)
def test_settings(options: RawOptions, settings: dict[str, int | bool]) -> None:
    assert settings_of(options) == settings


@pytest.mark.parametrize(
    ("options", "critical"), [([], None), ([(2, b""), (4, b"")], None), ([(2, b""), (7, b"")], 7)]
)
def test_critical_options(options: RawOptions, critical: int | None) -> None:
    assert critical_option(options) == critical
