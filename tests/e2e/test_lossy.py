"""The lossy link does what it says, and the same for the same seed."""

import contextlib
import socket
from collections import Counter

from tests.e2e.lossy import Faults, LossyLink

SENT = [bytes([number]) for number in range(100)]


def arrived(faults: Faults) -> tuple[list[bytes], Counter[str]]:
    """What comes out at the far side, in order, and what the link has seen."""
    found = []
    with (
        socket.socket(type=socket.SOCK_DGRAM) as far,
        socket.socket(type=socket.SOCK_DGRAM) as near,
    ):
        far.bind(("127.0.0.1", 0))
        far.settimeout(0.4)
        with LossyLink(far.getsockname()[1], faults) as link:
            for datagram in SENT:
                near.sendto(datagram, ("127.0.0.1", link.port))
            with contextlib.suppress(TimeoutError):
                while True:
                    found.append(far.recv(10))
    return found, link.seen


def test_without_faults_everything_arrives() -> None:
    found, seen = arrived(Faults())
    assert found == SENT
    assert seen == {"up": 100}


def test_a_seed_decides_what_is_lost_doubled_and_late() -> None:
    faults = Faults(loss=0.2, double=0.2, late=0.2, seed=3)
    found, seen = arrived(faults)
    assert Counter(found) == Counter(arrived(faults)[0])
    assert len(found) == 100 - seen["lost"] + seen["doubled"]
    assert found != sorted(found)
    assert min(seen["lost"], seen["doubled"], seen["late"]) > 5


def test_answers_come_back_through_ports_that_change() -> None:
    ports = set()
    with (
        socket.socket(type=socket.SOCK_DGRAM) as far,
        socket.socket(type=socket.SOCK_DGRAM) as near,
    ):
        far.bind(("127.0.0.1", 0))
        far.settimeout(5)
        near.settimeout(5)
        with LossyLink(far.getsockname()[1], Faults(forgets=2)) as link:
            for expected in (True, False, True, False):
                near.sendto(b"ping", ("127.0.0.1", link.port))
                _, address = far.recvfrom(10)
                ports.add(address)
                if expected:
                    far.sendto(b"pong", address)
                    assert near.recv(10) == b"pong"
    assert len(ports) == 2
