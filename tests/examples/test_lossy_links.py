"""The example clients, the real server, and links that lose, double and reorder."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.lossy import Faults, LossyLink
from tests.e2e.server import Server, wait_until
from tests.examples.clients import (
    STORED,
    Command,
    Sending,
    aiocoap,
    code_of,
    plain,
    start,
    write_jpeg,
)
from tests.examples.stored import digest_of, stored

KIB = 1024


@pytest.fixture
def device(request: pytest.FixtureRequest) -> str:
    """A device that no other test has."""
    return request.node.name.replace("[", "-").strip("]")


def pictures(folder: Path, *sizes: int) -> list[Path]:
    return [write_jpeg(folder / f"{n}.jpg", seed=n, size=size) for n, size in enumerate(sizes)]


def test_pictures_arrive_byte_for_byte(
    server: Server, client: Command, device: str, tmp_path: Path
) -> None:
    """The sizes of a block, of one byte more, and of more than a datagram; each in both forms."""
    files = pictures(tmp_path, 1024, 2049, 64 * KIB)
    for number, file in enumerate(files * 2):
        sending = Sending(server.coap_port, device, file, 2**30 + number, cbor=number >= 3)
        assert code_of(start(client(sending))) == "2.01"
    assert stored(server.http, device) == sorted(map(digest_of, files * 2))


def test_an_upload_survives_a_nat_that_forgets(
    server: Server, client: Command, device: str, tmp_path: Path
) -> None:
    """It forgets sooner than the upload takes: one that began again would never end."""
    (file,) = pictures(tmp_path, 30 * KIB)
    with LossyLink(server.coap_port, Faults(forgets=20)) as link:
        assert code_of(start(client(Sending(link.port, device, file)))) == "2.01"
    assert stored(server.http, device) == [digest_of(file)]
    assert link.seen["up"] < 40


def test_an_upload_goes_on_after_the_device_was_switched_off(
    server: Server, device: str, tmp_path: Path
) -> None:
    (file,) = pictures(tmp_path, 30 * KIB)
    state = tmp_path / "state"
    with LossyLink(server.coap_port, Faults(late=1.0)) as slow:
        switched_off = start(plain(Sending(slow.port, device, file, state=state)))
        wait_until(lambda: slow.seen["down"] > 4, "some blocks are there")
        switched_off.kill()
        switched_off.communicate()
    with LossyLink(server.coap_port) as link:
        assert code_of(start(plain(Sending(link.port, device, file, state=state)))) == "2.01"
    assert stored(server.http, device) == [digest_of(file)]
    assert link.seen["up"] < 30


@pytest.mark.parametrize(
    ("faults", "size"),
    [(Faults(loss=0.1), 64 * KIB), (Faults(loss=0.05, double=0.1, late=0.1), 32 * KIB)],
    ids=["lost", "doubled and late"],
)
def test_each_picture_is_stored_once(
    server: Server, camera: Command, device: str, tmp_path: Path, faults: Faults, size: int
) -> None:
    """All at the same time, every other one with its head in CBOR; C sends less, it waits more."""
    clients = {"plain": plain, "aiocoap": aiocoap, "libcoap": camera}
    files = pictures(tmp_path, size, size, 16 * KIB)
    sent = {name: files if name != "libcoap" else [files[2]] for name in clients}
    with ExitStack() as links:
        started = {}
        for name, client in clients.items():
            link = links.enter_context(LossyLink(server.coap_port, faults))
            started[name] = [
                start(client(Sending(link.port, f"{device}-{name}", file, 2**30 + n, n % 2 == 1)))
                for n, file in enumerate(sent[name])
            ]
        codes = {name: [code_of(one) for one in ones] for name, ones in started.items()}
    assert {code for ones in codes.values() for code in ones} <= set(STORED), codes
    for name in clients:
        assert stored(server.http, f"{device}-{name}") == sorted(map(digest_of, sent[name]))
