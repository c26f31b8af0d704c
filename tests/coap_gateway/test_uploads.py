"""Unfinished uploads: memory, files, who has to go."""

import dataclasses
import datetime as dt
import fcntl
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aiocoap.numbers import codes

from coap_gateway.blocks import Block
from coap_gateway.limits import Limits
from coap_gateway.parts import Part
from coap_gateway.refusals import Refusal
from coap_gateway.upload import Upload
from coap_gateway.uploads import SWEEP_EVERY, Uploads
from tests.coap_gateway.clocks import Clock
from tests.coap_gateway.site import big
from tests.core_api.uploads.spools import quota

NOW = dt.datetime(2026, 11, 21, 8, tzinfo=dt.UTC)


def part(key: str, offset: int, data: bytes, peer: str = "peer", **more: object) -> Part:
    """These bytes at a place that is a multiple of 16."""
    return Part(key.encode(), peer, Block(offset // 16, True, 0), data, NOW, **more)


def begin(uploads: Uploads, key: str, peer: str = "peer", size: int = 16, **more: object) -> Upload:
    """An upload with its first block."""
    first = part(key, 0, big(size), peer, **more)
    upload = uploads.begin(first)
    uploads.write(upload, first)
    return upload


def add(uploads: Uploads, key: str, offset: int, data: bytes, **more: object) -> Upload:
    """The upload, after a further block."""
    block = part(key, offset, data, **more)
    upload = uploads.find(block)
    assert upload is not None
    uploads.write(upload, block)
    upload.rest()
    return upload


def keys(uploads: Uploads, names: str) -> str:
    """Which of these uploads there are."""
    return "".join(name for name in names if uploads.find(part(name, 0, b"")))


def finish(uploads: Uploads, upload: Upload, *, done: bool = True) -> bytes:
    """The bytes of the upload, which is let go."""
    uploads.leave(upload)
    with upload.body() as body:
        data = body.read()
    uploads.release(upload, done=done)
    return data


def test_a_body_in_memory(limits: Limits) -> None:
    uploads = Uploads(limits)
    begin(uploads, "a")
    upload = add(uploads, "a", 16, b"more")
    assert (uploads.memory, uploads.spool.used, len(uploads)) == (20, 0, 1)
    uploads.leave(upload)
    assert (uploads.memory, len(uploads)) == (20, 0)
    assert upload.body().read() == big(16) + b"more"
    uploads.release(upload, done=True)
    assert uploads.memory == 0


def test_a_larger_body_goes_to_a_file(limits: Limits) -> None:
    uploads = Uploads(dataclasses.replace(limits, upload_spool=32))
    begin(uploads, "a", size=32)
    assert (uploads.memory, uploads.spool.used) == (32, 0)
    add(uploads, "a", 32, big(16))
    upload = add(uploads, "a", 48, b"and more")
    assert uploads.memory == 0
    assert uploads.spool.used > 56
    assert upload.holds(48, b"and more")
    assert not upload.holds(48, b"or more")
    add(uploads, "a", 32, b"end")
    assert finish(uploads, upload) == big(32) + b"end"
    assert list(limits.spool_folder.iterdir()) == []


def test_when_memory_is_spent_bodies_go_to_files(limits: Limits) -> None:
    uploads = Uploads(dataclasses.replace(limits, upload_memory=40))
    for key in "abc":
        begin(uploads, key).rest()
    assert uploads.memory == 32
    assert len(list(limits.spool_folder.iterdir())) == 1
    for key in "abc":
        uploads.drop(part(key, 0, b""))
    assert (uploads.memory, uploads.spool.used) == (0, 0)


def test_when_the_disk_is_spent_too_a_body_is_refused(limits: Limits) -> None:
    small = dataclasses.replace(limits, upload_memory=20, spool_quota=quota(size=40))
    uploads = Uploads(small)
    begin(uploads, "a")
    begin(uploads, "b").rest()
    with pytest.raises(Refusal) as caught:
        add(uploads, "b", 16, b"12345")
    assert caught.value.reply.code == codes.SERVICE_UNAVAILABLE
    assert uploads.memory == 16


def test_a_spool_that_cannot_be_written(limits: Limits) -> None:
    limits.spool_folder.write_text("not a folder")
    uploads = Uploads(dataclasses.replace(limits, upload_spool=8))
    upload = uploads.begin(part("a", 0, b""))
    with pytest.raises(Refusal) as caught:
        uploads.write(upload, part("a", 0, big(16)))
    assert caught.value.reply.code == codes.SERVICE_UNAVAILABLE
    assert uploads.memory == 0


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
    blocks = [part("a", offset, big(16)) for offset in (0, 16)]
    upload = uploads.begin(blocks[0])
    with pytest.raises(Refusal) as caught, full_disk():
        _write_all(uploads, upload, blocks)
    assert str(caught.value) == "The server's disk is full."
    assert uploads.memory == upload.size == spool - spool % 16
    uploads.drop(blocks[0])
    assert uploads.memory == 0
    assert list(limits.spool_folder.iterdir()) == []


def _write_all(uploads: Uploads, upload: Upload, blocks: list[Part]) -> None:
    for block in blocks:
        uploads.write(upload, block)


def test_the_disk_fills_under_a_file(limits: Limits) -> None:
    uploads = Uploads(dataclasses.replace(limits, upload_spool=8))
    upload = begin(uploads, "a")
    with pytest.raises(Refusal), full_disk():
        uploads.write(upload, part("a", 16, b"lost"))
    upload.rest()
    uploads = Uploads(dataclasses.replace(limits, upload_spool=8))
    upload = add(uploads, "a", 16, b"more")
    assert upload.file is not None
    assert upload.file.lock()
    assert finish(uploads, upload) == big(16) + b"more"


def test_the_oldest_unproven_upload_makes_room(limits: Limits) -> None:
    uploads = Uploads(dataclasses.replace(limits, uploads=3))
    begin(uploads, "a", "one")
    add(uploads, "a", 16, b"second block")
    for key, peer in (("b", "two"), ("c", "three"), ("d", "four")):
        begin(uploads, key, peer)
    assert keys(uploads, "abcd") == "acd"
    assert uploads.memory == 16 + 12 + 16 + 16


def test_there_is_no_room_beside_proven_uploads(limits: Limits) -> None:
    uploads = Uploads(dataclasses.replace(limits, uploads=2))
    for key in "ab":
        begin(uploads, key, key)
        add(uploads, key, 16, b"second block")
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
    begin(uploads, "a")
    add(uploads, "a", 16, b"second block")
    with pytest.raises(Refusal) as caught:
        begin(uploads, "b")
    assert caught.value.reply.code == codes.SERVICE_UNAVAILABLE
    begin(uploads, "c", "another")
    assert keys(uploads, "abc") == "ac"


def test_uploads_end_without_blocks(limits: Limits) -> None:
    clock = Clock()
    uploads = Uploads(dataclasses.replace(limits, upload_spool=20, upload_expiry=100), clock)
    begin(uploads, "a")
    begin(uploads, "b", size=32).rest()
    clock.now = 60
    begin(uploads, "c")
    add(uploads, "c", 16, b"1234")
    clock.now = 120
    uploads.expire()
    assert (uploads.memory, len(uploads)) == (20, 1)
    assert uploads.find(part("a", 0, b"")) is None


def test_one_that_has_ended_makes_way_before_anybody_looks_for_it(limits: Limits) -> None:
    clock = Clock()
    uploads = Uploads(dataclasses.replace(limits, upload_expiry=100), clock)
    begin(uploads, "a")
    clock.now = 100
    assert uploads.find(part("a", 0, b"")) is None
    begin(uploads, "a")
    assert (uploads.memory, len(uploads)) == (16, 1)


def test_the_folder_is_swept_now_and_then(limits: Limits) -> None:
    clock = Clock()
    uploads = Uploads(dataclasses.replace(limits, upload_spool=8), clock)
    begin(uploads, "a").rest()
    file = next(limits.spool_folder.iterdir())
    os.utime(file, (0, 0))
    clock.now = SWEEP_EVERY - 1
    uploads.expire()
    assert file.exists()
    clock.now = SWEEP_EVERY
    uploads.expire()
    assert not file.exists()


def test_a_resumable_upload_is_in_a_file_from_its_second_block_on(limits: Limits) -> None:
    uploads = Uploads(limits)
    begin(uploads, "a", resumable=True)
    assert not limits.spool_folder.exists()
    add(uploads, "a", 16, big(16), resumable=True)
    assert uploads.memory == 0
    # Another process, and a peer elsewhere.
    upload = add(Uploads(limits), "a", 32, b"the end", resumable=True, peer="elsewhere")
    assert (upload.size, upload.received, upload.peer) == (39, NOW, "elsewhere")


def test_one_that_only_its_endpoint_may_continue_survives_in_a_file(limits: Limits) -> None:
    small = dataclasses.replace(limits, upload_spool=8)
    begin(Uploads(small), "a").rest()
    assert Uploads(small).find(part("a", 16, b"", resumable=True)) is None
    uploads = Uploads(small)
    upload = add(uploads, "a", 16, b"more")
    assert upload.file is not None
    assert upload.file.lock()
    assert finish(uploads, upload) == big(16) + b"more"


def test_two_processes_continue_one_upload(limits: Limits) -> None:
    one, other = Uploads(limits), Uploads(limits)
    begin(one, "a", resumable=True)
    for number, uploads in enumerate((one, other, one, other), 1):
        upload = add(uploads, "a", 16 * number, big(16), resumable=True)
    assert upload.size == 80
    uploads.drop(part("a", 0, b"", resumable=True))
    assert one.find(part("a", 0, b"", resumable=True)) is None
    assert (len(one), len(other)) == (0, 0)


def test_one_that_another_process_works_with_is_not_touched(limits: Limits) -> None:
    uploads = Uploads(limits)
    begin(uploads, "a", resumable=True)
    add(uploads, "a", 16, big(16), resumable=True)
    with next(limits.spool_folder.iterdir()).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for each in (uploads, Uploads(limits)):
            with pytest.raises(Refusal) as caught:
                each.find(part("a", 32, big(16), resumable=True))
            assert caught.value.reply.code == codes.SERVICE_UNAVAILABLE
            assert caught.value.reply.max_age == 1


def test_without_room_on_disk_a_resumable_upload_stays_in_memory(limits: Limits) -> None:
    uploads = Uploads(dataclasses.replace(limits, spool_quota=quota(size=1)))
    begin(uploads, "a", resumable=True)
    assert add(uploads, "a", 16, b"more", resumable=True).file is None
    assert uploads.memory == 20


def test_a_failure_of_ours_leaves_the_file(limits: Limits) -> None:
    uploads = Uploads(dataclasses.replace(limits, upload_spool=8))
    assert finish(uploads, begin(uploads, "a"), done=False) == big(16)
    upload = uploads.find(part("a", 0, b""))
    assert upload is not None
    assert finish(uploads, upload) == big(16)
    assert list(limits.spool_folder.iterdir()) == []


def test_how_far_an_upload_is(limits: Limits) -> None:
    uploads = Uploads(limits)
    begin(uploads, "a", resumable=True)
    late = part("a", 160, b"", resumable=True)
    states = [uploads.state(uploads.find(late), late)]
    add(uploads, "a", 16, big(16), resumable=True)
    states.append(uploads.state(uploads.find(late), late))
    assert [(state["received"], state["next"]) for state in states] == [(16, 1), (32, 2)]
    assert states[0]["id"] == states[1]["id"]
    assert len(states[0]["id"]) == 32
    assert all(dt.datetime.fromisoformat(state["expires"]) > NOW for state in states)
