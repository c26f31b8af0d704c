"""Streams that break RFC 8323, and how a connection ends."""

from collections.abc import Iterator

import pytest

from tests.coap_gateway.datagrams import (
    ACCEPT,
    BLOCK2,
    GET,
    HOP_LIMIT,
    NO_RESPONSE,
    OSCORE,
    POST,
    PROXY_URI,
    Options,
    block,
    path,
    query,
    uint,
)
from tests.coap_gateway.running import Running
from tests.coap_gateway.site import State, big
from tests.coap_gateway.streams import (
    ABORT,
    CSM,
    MAX_MESSAGE_SIZE,
    PING,
    PONG,
    RELEASE,
    StreamClient,
    frame,
)

BAD_CSM_OPTION, CUSTODY, ALTERNATIVE_ADDRESS, HOLD_OFF = 2, 2, 2, 4


def is_aborted(client: StreamClient) -> bool:
    """Whether the connection ends by an Abort that says why."""
    answer = client.receive()
    return answer.code == ABORT and answer.payload != b"" and client.is_closed()


@pytest.fixture(autouse=True)
def _no_traceback(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert [record for record in caplog.records if record.exc_info] == []


MALFORMED = {
    "a token of 9 bytes": b"\x09\x01" + b"t" * 9,
    "a token of 15 bytes": b"\x0f\x01" + b"t" * 15,
    "a payload marker without a payload": b"\x11\x01t\xff",
    "an option delta of 15": b"\x11\x01t\xf0",
    "an option length of 15": b"\x11\x01t\x0f",
    "an option delta that is cut off": b"\x11\x01t\xd0",
    "an option value that is cut off": b"\x21\x01t\x5aa",
    "an option number above 65535": b"\x41\x01t\xe0\xfe\xf2\x10",
    "a signal with a format error": b"\x10\xe2\xff",
}


def test_a_malformed_message_ends_the_connection(gateway: Running) -> None:
    for name, malformed in MALFORMED.items():
        with StreamClient(gateway.port) as client:
            client.socket.sendall(malformed)
            assert is_aborted(client), name


def test_a_message_larger_than_announced(gateway: Running) -> None:
    with StreamClient(gateway.port) as client:
        client.socket.sendall(b"\xf0" + (2**20).to_bytes(4, "big") + b"\x01")
        assert is_aborted(client)


def test_the_first_message_is_a_csm(gateway: Running, site: State) -> None:
    for first in (frame(GET, b"t", path("echo")), frame(PING, b"t"), frame(PONG)):
        with StreamClient(gateway.port, first=first) as client:
            assert is_aborted(client)
    assert site.doors == []


def test_empty_messages_are_ignored_at_any_time(gateway: Running) -> None:
    first = frame("0.00") + frame(CSM) + frame("0.00") + frame("0.00", b"tok")
    with StreamClient(gateway.port, first=first) as client:
        assert client.ask(GET, path("echo")).code == "2.05"


def test_a_critical_option_of_a_csm(gateway: Running, site: State) -> None:
    bad = frame(CSM, options=[(MAX_MESSAGE_SIZE, uint(2048)), (129, b"x"), (131, b"")])
    with StreamClient(gateway.port, first=bad + frame(GET, b"t", path("echo"))) as client:
        answer = client.receive()
        assert (answer.code, answer.number(BAD_CSM_OPTION)) == (ABORT, 129)
        assert b"129" in answer.payload
        assert client.is_closed()
    assert site.doors == []


def test_a_critical_option_of_another_signal(gateway: Running) -> None:
    for code in (PING, PONG, RELEASE):
        with StreamClient(gateway.port) as client:
            client.socket.sendall(frame(code, options=[(1, b"")]))
            assert is_aborted(client), code


def test_elective_options_of_a_csm_are_ignored(gateway: Running) -> None:
    first = frame(CSM, options=[(MAX_MESSAGE_SIZE, b"\1" * 5), (128, b"x")])
    with StreamClient(gateway.port, first=first) as client:
        assert len(client.ask(GET, path("big", "3000")).payload) == 1024


def test_capabilities_are_kept_until_they_are_said_anew(gateway: Running) -> None:
    with StreamClient(gateway.port, largest=4096) as client:
        client.socket.sendall(frame(CSM))
        assert client.ask(GET, path("big", "3000")).payload == big(3000)
        client.socket.sendall(frame(CSM, options=[(MAX_MESSAGE_SIZE, uint(1152))]))
        assert client.ask(GET, path("big", "3000")).payload == big(1024)


def test_a_ping_has_one_pong_with_its_token(gateway: Running) -> None:
    with StreamClient(gateway.port) as client:
        for options in ([], [(CUSTODY, b"")], [(100, b"x")]):
            client.socket.sendall(frame(PING, b"token", options) + frame(PONG, b"unasked"))
            answer = client.receive()
            assert (answer.code, answer.token) == (PONG, b"token")
            assert client.ask(GET, path("echo")).code == "2.05"


def test_a_signal_that_nobody_knows(gateway: Running) -> None:
    for code in ("7.00", "7.06", "7.31"):
        with StreamClient(gateway.port) as client:
            client.socket.sendall(frame(code))
            assert is_aborted(client), code


def test_a_release_ends_a_connection_on_which_nothing_waits(gateway: Running) -> None:
    for options in ([], [(ALTERNATIVE_ADDRESS, b"[::1]:5"), (HOLD_OFF, b"\5")]):
        with StreamClient(gateway.port) as client:
            client.socket.sendall(frame(RELEASE, options=options, payload=b"goodbye"))
            assert client.is_closed()


def test_what_was_asked_before_a_release_is_answered(gateway: Running, site: State) -> None:
    with StreamClient(gateway.port) as client:
        slow = frame(GET, b"slow", path("slow") + query("seconds=0.2"))
        unwanted = frame(GET, b"mute", [*path("echo"), (NO_RESPONSE, uint(26))])
        late = frame(POST, b"late", path("keep"), b"x")
        client.socket.sendall(slow + unwanted + frame(RELEASE) + late)
        answer = client.receive()
        assert (answer.token, answer.payload) == (b"slow", b"done")
        assert client.is_closed()
    assert (len(site.doors), site.bodies) == (1, [])


def test_an_abort_ends_the_connection_at_once(gateway: Running) -> None:
    with StreamClient(gateway.port) as client:
        slow = frame(GET, b"slow", path("slow") + query("seconds=0.2"))
        client.socket.sendall(slow + frame(ABORT, payload=b"no more"))
        assert client.is_closed()


def test_a_message_may_come_byte_by_byte(gateway: Running, site: State) -> None:
    with StreamClient(gateway.port) as client:
        for byte in frame(POST, b"t", path("keep"), big(300)):
            client.socket.sendall(bytes([byte]))
        assert client.receive().code == "2.01"
    assert site.bodies == [big(300)]


def test_a_hundred_messages_may_come_at_once(gateway: Running) -> None:
    requests = [frame(GET, bytes([number]), path("collections")) for number in range(100)]
    with StreamClient(gateway.port) as client:
        client.socket.sendall(b"".join(requests))
        assert {client.receive().token for _ in requests} == {bytes([n]) for n in range(100)}


def test_options_count_as_over_udp(gateway: Running) -> None:
    cases: list[tuple[Options, str]] = [
        ([(OSCORE, b"\x09\x01\x02")], "4.02"),
        ([(ACCEPT, b"\0\0\x32")], "4.02"),
        ([(65535, b"")], "4.02"),
        ([(PROXY_URI, b"coap://h/")], "5.05"),
        ([(HOP_LIMIT, b"")], "4.00"),
        ([(2048, bytes(65800))], "2.05"),
        ([(2048, bytes(65800)), (BLOCK2, block(0, False, 0))], "2.05"),
    ]
    with StreamClient(gateway.port) as client:
        for options, code in cases:
            assert client.ask(GET, [*path("echo"), *options]).code == code


def test_no_response(gateway: Running) -> None:
    with StreamClient(gateway.port) as client:
        mute = frame(GET, b"mute", [*path("collections"), (NO_RESPONSE, uint(2))])
        other = frame(GET, b"other", [*path("collections"), (NO_RESPONSE, uint(24))])
        client.socket.sendall(mute + other)
        assert client.receive().token == b"other"
