"""HOST:PORT."""

import socket

import pytest

from core_api.serving.addresses import Address, parse


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8000", Address("127.0.0.1", 8000)),
        ("[::1]:5683", Address("::1", 5683)),
        ("0.0.0.0:1", Address("0.0.0.0", 1)),
        ("[::]:65535", Address("::", 65535)),
        ("localhost:80", Address("127.0.0.1", 80)),
    ],
)
def test_parse(text: str, address: Address) -> None:
    assert parse(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "8000",
        "127.0.0.1",
        ":8000",
        "127.0.0.1:",
        "::1:5683",
        "[::1]",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:http",
        "127.0.0.1:८०",
        "[127.0.0.1:8000",
    ],
)
def test_what_is_no_address_is_said(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(text)
    assert str(caught.value) == (f"{text!r} is no HOST:PORT, such as 127.0.0.1:8000 or [::1]:8000.")


@pytest.mark.parametrize("host", ["256.0.0.1", "no-such-name.invalid", "a" * 70, "a..b"])
def test_an_unknown_name_is_said(host: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse(f"{host}:80")
    assert str(caught.value) == f"{host!r} is no address or name that this machine knows."


@pytest.mark.parametrize(
    ("loopback", "hosts"),
    [
        (True, ["127.0.0.1", "127.8.9.1", "::1"]),
        (False, ["0.0.0.0", "::", "192.0.2.1", "2001:db8::1"]),
    ],
)
def test_loopback(loopback: bool, hosts: list[str]) -> None:
    assert {host: Address(host, 1).is_loopback for host in hosts} == dict.fromkeys(hosts, loopback)


def test_written() -> None:
    four, six = Address("127.0.0.1", 8000), Address("::1", 5683)
    assert (str(four), str(six)) == ("127.0.0.1:8000", "[::1]:5683")
    assert (four.authority(80), four.authority(8000)) == ("127.0.0.1:8000", "127.0.0.1")
    assert (six.authority(1), six.authority(5683)) == ("[::1]:5683", "[::1]")
    assert (four.family, six.family) == (socket.AF_INET, socket.AF_INET6)


@pytest.mark.parametrize(
    ("host", "reachable"), [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("127.0.0.2", "127.0.0.2")]
)
def test_reachable(host: str, reachable: str) -> None:
    assert Address(host, 9).reachable == Address(reachable, 9)
