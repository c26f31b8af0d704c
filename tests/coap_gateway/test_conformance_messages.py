"""Datagrams that are no good messages, and what RFC 7252 wants of each."""

import asyncio
import socket
from collections.abc import Callable, Iterator

import pytest

from coap_gateway import sockets
from coap_gateway.aiocoap_internals.messages import Messages
from coap_gateway.server import Gateway
from core_api.serving.addresses import Address
from tests.coap_gateway.datagrams import (
    ACK,
    CON,
    GET,
    NON,
    OSCORE,
    POST,
    RST,
    Client,
    Options,
    code_byte,
    decode,
    encode,
    encode_options,
    path,
    query,
)
from tests.coap_gateway.running import Running
from tests.coap_gateway.site import State
from tests.e2e.ports import free_port

# No client of these tests counts up to it.
MID = 40009


def head(kind: int, code: str = GET, token_length: int = 1) -> bytes:
    """A header, whatever its parts."""
    return bytes([0x40 | kind << 4 | token_length, code_byte(code)]) + MID.to_bytes(2, "big")


# What may follow a header for a token of one byte.
FORMAT_ERRORS = {
    "a payload marker without a payload": b"t\xff",
    "a payload marker after options": b"t\xb4echo\xff",
    "an option delta of 15": b"t\xf0",
    "an option length of 15": b"t\xbfecho",
    "an option delta that is cut off": b"t\xd0",
    "two bytes of delta that are cut off": b"t\xe0\x00",
    "an option length that is cut off": b"t\xbd",
    "an option value that is cut off": b"t\xb5echo",
    "an option number above 65535": b"t" + encode_options([(65535, b"")]) + b"\x10",
    "a token that is cut off": b"",
}


def silent(client: Client, datagram: bytes) -> bool:
    """Whether nothing comes back."""
    return client.replies_to(datagram) == []


def is_reset(client: Client, datagram: bytes) -> bool:
    """Whether an empty Reset with the message id comes back, and nothing else."""
    return [(reply.kind, reply.code, reply.mid) for reply in client.replies_to(datagram)] == [
        (RST, "0.00", MID)
    ]


@pytest.fixture(autouse=True)
def _no_traceback(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert [record for record in caplog.records if record.exc_info] == []


def test_a_format_error_is_reset_or_ignored(client: Client, site: State) -> None:
    for name, rest in FORMAT_ERRORS.items():
        assert is_reset(client, head(CON) + rest), name
        for kind in (NON, ACK, RST):
            assert silent(client, head(kind) + rest), name
    assert site.doors == []


def test_a_token_has_at_most_8_bytes(client: Client, site: State) -> None:
    for length in range(9, 16):
        assert is_reset(client, head(CON, GET, length) + bytes(length)), length
        assert silent(client, head(NON, GET, length) + bytes(length)), length
    assert site.doors == []


def test_a_reserved_class_of_codes(client: Client) -> None:
    for code in ("1.00", "1.31", "6.00", "6.05", "7.00", "7.01", "7.31"):
        assert is_reset(client, head(CON, code) + b"t"), code
        for kind in (NON, ACK, RST):
            assert silent(client, head(kind, code) + b"t"), code


def test_an_empty_message_is_only_a_header(client: Client) -> None:
    for rest in (b"\xb4echo", b"\xffx", b"x"):
        assert is_reset(client, head(CON, "0.00", 0) + rest)
        assert is_reset(client, head(CON, "0.00", 1) + rest)
        for kind in (NON, ACK, RST):
            assert silent(client, head(kind, "0.00", 0) + rest)


def test_a_ping_is_answered_by_a_reset_and_other_empty_messages_are_not(client: Client) -> None:
    assert is_reset(client, head(CON, "0.00", 0))
    for kind in (NON, ACK, RST):
        assert silent(client, head(kind, "0.00", 0))


def test_another_version_is_ignored(client: Client, site: State) -> None:
    message = encode(CON, GET, MID, b"t", path("echo"))
    for version in (0, 2, 3):
        assert silent(client, bytes([message[0] & 0x3F | version << 6]) + message[1:])
    assert site.doors == []


def test_what_is_shorter_than_a_header_is_ignored(client: Client) -> None:
    for length in range(4):
        assert silent(client, head(CON)[:length])


@pytest.mark.parametrize("kind", [ACK, RST])
def test_a_request_cannot_acknowledge_or_reset(client: Client, site: State, kind: int) -> None:
    assert silent(client, encode(kind, GET, MID, b"t", path("echo")))
    assert site.doors == []
    client.socket.send(encode(CON, GET, MID, b"t", path("echo")))
    assert decode(client.socket.recv(2048)).code == "2.05"


def test_a_response_that_nobody_waits_for(client: Client) -> None:
    assert is_reset(client, encode(CON, "2.05", MID, b"t", [], b"x"))
    for kind in (NON, ACK, RST):
        assert silent(client, encode(kind, "2.05", MID, b"t", [], b"x"))


def test_only_a_good_acknowledgement_ends_a_retransmission(
    gateway: Running, client: Client
) -> None:
    def under_way(running: Gateway) -> int:
        managers = [tokens.token_interface for tokens in running._endpoint.request_interfaces]
        return sum(len(each._exchanges) for each in managers if type(each) is Messages)

    client.send(GET, path("slow") + query("seconds=0.2"))
    assert decode(client.socket.recv(2048)).code == "0.00"
    answer = decode(client.socket.recv(2048))
    assert (answer.kind, gateway.look(under_way)) == (CON, 1)
    for wrong in (
        encode(ACK, "0.00", answer.mid, b"") + b"\xff",
        encode(ACK, GET, answer.mid, b""),
        encode(RST, GET, answer.mid, b""),
        encode(RST, "2.05", answer.mid, b""),
        encode(ACK, "0.00", answer.mid + 1, b""),
    ):
        assert silent(client, wrong)
    assert gateway.look(under_way) == 1
    assert silent(client, encode(ACK, "0.00", answer.mid, b""))
    assert gateway.look(under_way) == 0


@pytest.mark.parametrize(
    ("code", "options"),
    [
        (POST, path("keep")),
        (GET, path("collections")),
        (GET, path("nothing")),
        (GET, [*path("echo"), (OSCORE, b"")]),
        (GET, path("slow") + query("seconds=0.2")),
    ],
    ids=["stored", "at once", "not found", "refused", "answered apart"],
)
def test_a_duplicate_is_answered_once_and_from_memory(
    client: Client, site: State, code: str, options: Options
) -> None:
    message = encode(CON, code, MID, b"tok", options)
    client.socket.send(message)
    first = client.socket.recv(2048)
    assert decode(first).kind == ACK
    for _ in range(3):
        client.socket.send(message)
        assert client.socket.recv(2048) == first
    assert len(site.bodies) <= 1


def test_a_duplicate_of_a_non_is_ignored(serve: Callable[..., Running], site: State) -> None:
    with Client(serve(threads=1).port) as client:
        message = encode(NON, POST, MID, b"tok", path("keep"), b"body")
        for _ in range(3):
            client.socket.send(message)
        assert decode(client.socket.recv(2048)).code == "2.01"
        assert silent(client, message)
        assert client.ask(POST, path("keep"), b"other").code == "2.01"
    assert site.bodies == [b"body", b"other"]


def test_the_same_message_id_of_another_endpoint_is_another_message(
    gateway: Running, client: Client, site: State
) -> None:
    message = encode(CON, POST, MID, b"tok", path("keep"), b"body")
    with Client(gateway.port) as other:
        for each in (client, other):
            each.socket.send(message)
            assert decode(each.socket.recv(2048)).code == "2.01"
    assert site.bodies == [b"body", b"body"]


@pytest.mark.parametrize("kind", [CON, NON])
def test_multicast_is_never_answered(gateway: Running, site: State, kind: int) -> None:
    group, lo = "224.0.1.187", socket.inet_aton("127.0.0.1")
    listener = sockets.udp(Address("0.0.0.0", free_port()))
    port = listener.getsockname()[1]
    joined = socket.inet_aton(group) + lo
    listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
    opening = gateway.look(
        lambda running: asyncio.ensure_future(running._endpoint.add_udp(listener))
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, lo)
        sender.bind(("127.0.0.1", 0))
        sender.settimeout(5)
        for options in (path("echo"), path("nothing"), [*path("echo"), (OSCORE, b"")]):
            sender.sendto(encode(kind, GET, MID, b"many", options), (group, port))
        sender.sendto(head(CON) + b"t\xff", (group, port))
        sender.sendto(encode(CON, "0.00", MID, b""), (group, port))
        sender.sendto(encode(CON, GET, MID, b"one", path("echo")), ("127.0.0.1", port))
        assert decode(sender.recv(2048)).token == b"one"
    assert opening.done()
    assert len(site.doors) == 1
