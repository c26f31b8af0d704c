"""Unfinished uploads: memory, disk, who has to go."""

import dataclasses
import datetime as dt
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aiocoap.numbers import codes

from coap_gateway.limits import Limits
from coap_gateway.refusals import Refusal
from coap_gateway.uploads import Upload, Uploads
from tests.coap_gateway.clocks import Clock
from tests.coap_gateway.site import big

NOW = dt.datetime(2026, 11, 21, 8, tzinfo=dt.UTC)


def begin(uploads: Uploads, key: str, peer: str = "peer", size: int = 16) -> Upload:
    """An upload with its first block."""
    upload = uploads.begin(key.encode(), peer, NOW, 0)
    uploads.write(upload, 0, big(size))
    return upload


def keys(uploads: Uploads, names: str) -> str:
    """Which of these uploads there are."""
    return "".join(name for name in names if uploads.find(name.encode()))


def test_a_body_in_memory(limits: Limits) -> None:
    uploads = Uploads(limits)
    upload = begin(uploads, "a")
    uploads.write(upload, 16, b"more")
    assert (uploads.memory, uploads.disk, len(uploads)) == (20, 0, 1)
    taken = uploads.take(b"a")
    assert taken is upload
    assert taken.body().read() == big(16) + b"more"
    assert (uploads.memory, uploads.disk, len(uploads)) == (20, 0, 0)
    uploads.release(taken)
    assert uploads.memory == 0


def test_a_larger_body_goes_to_disk(limits: Limits) -> None:
    uploads = Uploads(dataclasses.replace(limits, upload_spool=32))
    upload = begin(uploads, "a", size=32)
    assert (uploads.memory, uploads.disk) == (32, 0)
    uploads.write(upload, 32, b"more")
    uploads.write(upload, 36, b" and more")
    assert (uploads.memory, uploads.disk) == (0, 45)
    assert list(limits.spool_folder.iterdir()) == []
    assert upload.holds(36, b" and more")
    assert not upload.holds(36, b" or more")
    uploads.write(upload, 32, b"end")
    uploads.take(b"a")
    assert upload.body().read() == big(32) + b"end"
    assert uploads.disk == 35
    uploads.release(upload)
    assert uploads.disk == 0


def test_when_memory_is_spent_bodies_go_to_disk(limits: Limits) -> None:
    uploads = Uploads(dataclasses.replace(limits, upload_memory=40))
    for key in "abc":
        begin(uploads, key)
    assert (uploads.memory, uploads.disk) == (32, 16)
    for key in "abc":
        uploads.drop(key.encode())
    assert (uploads.memory, uploads.disk) == (0, 0)


def test_when_the_disk_is_spent_too_a_body_is_refused(limits: Limits) -> None:
    uploads = Uploads(dataclasses.replace(limits, upload_memory=20, upload_disk=20))
    begin(uploads, "a")
    upload = begin(uploads, "b")
    with pytest.raises(Refusal) as caught:
        uploads.write(upload, 16, b"12345")
    assert caught.value.reply.code == codes.SERVICE_UNAVAILABLE
    assert (uploads.memory, uploads.disk, upload.size) == (16, 16, 16)
    uploads.drop(b"b")


def test_a_spool_that_cannot_be_written(limits: Limits) -> None:
    limits.spool_folder.write_text("not a folder")
    uploads = Uploads(dataclasses.replace(limits, upload_spool=8))
    upload = uploads.begin(b"a", "peer", NOW, 0)
    with pytest.raises(Refusal) as caught:
        uploads.write(upload, 0, big(16))
    assert caught.value.reply.code == codes.SERVICE_UNAVAILABLE
    assert (uploads.memory, uploads.disk) == (0, 0)


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow (setrlimit(2); Python ignores the signal).

    That includes a log of the tests, so it must not last longer than it has to.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("spool", [8, 20])
def test_a_full_disk(limits: Limits, spool: int) -> None:
    uploads = Uploads(dataclasses.replace(limits, upload_spool=spool))
    upload = uploads.begin(b"a", "peer", NOW, 0)
    with pytest.raises(Refusal) as caught, full_disk():
        _write_blocks(uploads, upload)
    assert str(caught.value) == "The server's disk is full."
    assert uploads.disk + uploads.memory == upload.size == spool - spool % 16
    uploads.drop(b"a")
    assert (uploads.disk, uploads.memory) == (0, 0)


def _write_blocks(uploads: Uploads, upload: Upload) -> None:
    for offset in (0, 16):
        uploads.write(upload, offset, big(16))


def test_the_oldest_unproven_upload_makes_room(limits: Limits) -> None:
    uploads = Uploads(dataclasses.replace(limits, uploads=3))
    proven = begin(uploads, "a", "one")
    uploads.write(proven, 16, b"second block")
    for key, peer in (("b", "two"), ("c", "three"), ("d", "four")):
        begin(uploads, key, peer)
    assert keys(uploads, "abcd") == "acd"
    assert uploads.memory == 16 + 12 + 16 + 16


def test_there_is_no_room_beside_proven_uploads(limits: Limits) -> None:
    uploads = Uploads(dataclasses.replace(limits, uploads=2))
    for key in "ab":
        uploads.write(begin(uploads, key, key), 16, b"second block")
    with pytest.raises(Refusal) as caught:
        begin(uploads, "c", "c")
    assert (caught.value.reply.code, caught.value.reply.max_age) == (codes.SERVICE_UNAVAILABLE, 30)
    assert keys(uploads, "abc") == "ab"


def test_a_peer_makes_room_among_its_own(limits: Limits) -> None:
    uploads = Uploads(dataclasses.replace(limits, uploads_per_peer=2))
    begin(uploads, "x", "another")
    for key in "abc":
        begin(uploads, key)
    assert keys(uploads, "xabc") == "xbc"


def test_a_peer_that_continues_all_its_uploads_gets_no_more(limits: Limits) -> None:
    uploads = Uploads(dataclasses.replace(limits, uploads_per_peer=1))
    uploads.write(begin(uploads, "a"), 16, b"second block")
    with pytest.raises(Refusal) as caught:
        begin(uploads, "b")
    assert caught.value.reply.code == codes.SERVICE_UNAVAILABLE
    begin(uploads, "c", "another")
    assert keys(uploads, "abc") == "ac"


def test_uploads_end_without_blocks(limits: Limits) -> None:
    clock = Clock()
    uploads = Uploads(dataclasses.replace(limits, upload_spool=20, upload_expiry=100), clock)
    begin(uploads, "a")
    spooled = begin(uploads, "b", size=32)
    clock.now = 60
    uploads.write(begin(uploads, "c"), 16, b"1234")
    clock.now = 120
    uploads.expire()
    assert keys(uploads, "abc") == "c"
    assert (uploads.memory, uploads.disk, len(uploads)) == (20, 0, 1)
    assert spooled.file is not None
    assert spooled.file.closed


def test_a_new_upload_replaces_that_of_the_same_key(limits: Limits) -> None:
    uploads = Uploads(limits)
    begin(uploads, "a", size=100)
    begin(uploads, "a", size=10)
    assert (uploads.memory, len(uploads)) == (10, 1)
