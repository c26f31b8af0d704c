"""The folder of unfinished uploads."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core_api.uploads.files import Busy, UploadFile
from core_api.uploads.head import LAYOUT, PREAMBLE, Head
from core_api.uploads.spool import Full, Kind, Quota, Spool
from tests.core_api.uploads.spools import HEAD, MIB, quota

ID = "0" * 32
OTHER = "1" * 32
FREE, BOUND = Kind.RESUMABLE, Kind.BOUND


def spool(folder: Path, limits: Quota | None = None) -> Spool:
    return Spool(folder / "spool", limits or quota())


def begin(one: Spool, upload_id: str = ID, data: bytes = b"first ", kind: Kind = FREE) -> Path:
    """An upload with its first bytes."""
    with one.create(upload_id, kind, HEAD, data) as file:
        return file.path


def content(one: Spool, upload_id: str = ID, kind: Kind = FREE) -> bytes | None:
    """The bytes of an upload."""
    file = one.open(upload_id, kind)
    if file is None:
        return None
    with file, file.body() as body:
        return body.read()


def test_an_upload_is_found_by_another(tmp_path: Path) -> None:
    begin(spool(tmp_path))
    with spool(tmp_path).open(ID, FREE) as file:
        assert (file.id, file.size, file.head, file.announced) == (ID, 6, HEAD, None)
        spool(tmp_path).write(file, 6, b"second")
        assert file.holds(3, b"st sec")
    assert content(spool(tmp_path)) == b"first second"


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    path = begin(spool(tmp_path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_what_follows_a_place_goes_when_it_is_written(tmp_path: Path) -> None:
    one = spool(tmp_path)
    begin(one, data=b"0123456789")
    with one.open(ID, FREE) as file:
        one.write(file, 2, b"ab")
    assert content(one) == b"01ab"


def test_a_new_one_takes_the_place_of_one_of_the_same_name(tmp_path: Path) -> None:
    one = spool(tmp_path)
    begin(one)
    with one.open(ID, FREE) as former, former.body() as body:
        begin(one, data=b"other")
        assert body.read() == b"first "
        former.remove()
    assert content(one) == b"other"
    assert len(list(one.folder.iterdir())) == 1


def test_both_kinds_are_apart(tmp_path: Path) -> None:
    one = spool(tmp_path)
    begin(one, kind=BOUND)
    assert one.open(ID, FREE) is None
    assert content(one, kind=BOUND) == b"first "


def test_one_at_a_time(tmp_path: Path) -> None:
    one = spool(tmp_path)
    file = one.create(ID, FREE, HEAD, b"")
    with pytest.raises(Busy):
        one.open(ID, FREE)
    reader = file.body()
    file.close()
    with pytest.raises(Busy):
        one.open(ID, FREE, wait=0.02)
    reader.close()
    assert content(one) == b""


def test_one_that_was_deleted_meanwhile(tmp_path: Path) -> None:
    one = spool(tmp_path)
    with one.create(ID, FREE, HEAD, b"") as file:
        file.unlock()
        with one.open(ID, FREE) as other:
            other.remove()
        assert not file.lock()
        file.remove()
    assert one.open(ID, FREE) is None


def test_a_kill_leaves_what_was_written(tmp_path: Path) -> None:
    code = f"""
import os, signal
from pathlib import Path
from core_api.uploads.spool import Kind
from tests.core_api.uploads.test_spool import ID, HEAD, spool
one = spool(Path({str(tmp_path)!r}))
file = one.create(ID, Kind.RESUMABLE, HEAD, b"first ")
one.write(file, 6, b"second")
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    assert content(spool(tmp_path)) == b"first second"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"short",
        PREAMBLE.pack(b"cup0", 2, -1) + b"{}",
        PREAMBLE.pack(LAYOUT, 2**31, -1),
        PREAMBLE.pack(LAYOUT, 2, -1) + b"{}",
        PREAMBLE.pack(LAYOUT, 20, -1) + b'{"target": ',
    ],
)
def test_a_file_that_is_none_of_ours(tmp_path: Path, data: bytes) -> None:
    one = spool(tmp_path)
    one.folder.mkdir()
    path = one.folder / f"{ID}.{FREE}"
    path.write_bytes(data)
    assert one.open(ID, FREE) is None
    os.utime(path, (0, 0))
    one.sweep()
    assert not path.exists()


def age(path: Path, seconds: float) -> None:
    """Let the last byte have come so long ago."""
    then = time.time() - seconds
    os.utime(path, (then, then))


@pytest.mark.parametrize("kind", Kind)
def test_an_upload_ends_when_nothing_comes(tmp_path: Path, kind: Kind) -> None:
    one = spool(tmp_path, quota(resumable=100, bound=50))
    path = begin(one, kind=kind)
    expiry = one.quota.expiry(kind)
    age(path, expiry - 5)
    one.sweep()
    assert content(one, kind=kind) == b"first "
    age(path, expiry + 1)
    assert one.open(ID, kind) is None
    one.sweep()
    assert not path.exists()


def test_the_sweep_leaves_what_lives_or_is_worked_with(tmp_path: Path) -> None:
    one = spool(tmp_path, quota(resumable=100))
    paths = [begin(one, upload_id) for upload_id in (ID, OTHER, "2" * 32)]
    draft = one.folder / ".draft"
    for path in (draft, one.folder / "something else"):
        path.write_bytes(b"")
    with one.open(OTHER, FREE):
        for path in (paths[0], paths[1], draft):
            age(path, 1000)
        one.sweep()
    assert {path.name for path in one.folder.iterdir()} == {
        paths[1].name,
        paths[2].name,
        "something else",
    }


def test_the_quota_of_bytes(tmp_path: Path) -> None:
    one = spool(tmp_path, quota(size=MIB))
    begin(one, data=bytes(MIB // 4))
    with one.open(ID, FREE) as file, pytest.raises(Full):
        one.write(file, MIB // 4, bytes(MIB // 4 + 1))
    with pytest.raises(Full):
        begin(spool(tmp_path, quota(size=MIB)), OTHER, bytes(MIB // 3))


def test_the_quota_of_files(tmp_path: Path) -> None:
    one = spool(tmp_path, quota(files=4))
    for number in range(2):
        begin(one, f"{number:032}")
    with pytest.raises(Full):
        begin(one, "f" * 32)
    # What another address has is not touched by that.
    with one.create("e" * 32, FREE, Head(HEAD.target, HEAD.received, "192.0.2.2"), b""):
        pass


def test_what_was_announced_keeps_its_place(tmp_path: Path) -> None:
    one = spool(tmp_path, quota(size=MIB))
    promised = Head(HEAD.target, HEAD.received, HEAD.host, length=MIB // 2 - 2048)
    with one.create(ID, FREE, promised, b"") as file:
        assert file.announced == MIB // 2 - 2048
    with pytest.raises(Full):
        begin(one, OTHER, bytes(4096))
    other = spool(tmp_path, quota(size=MIB))
    with other.open(ID, FREE) as file:
        other.write(file, 0, bytes(MIB // 2 - 2048))
        with pytest.raises(Full):
            other.write(file, file.size, bytes(4096))


def test_names_in_order(tmp_path: Path) -> None:
    one = spool(tmp_path)
    assert one.names() == []
    for upload_id in (OTHER, ID):
        begin(one, upload_id)
    assert one.names() == [(ID, FREE), (OTHER, FREE)]
    assert one.names(ID) == [(OTHER, FREE)]


def test_a_head_that_is_long(tmp_path: Path) -> None:
    target = HEAD.target.__class__("POST", "/é", "d=%C3%A9&" + "x" * 5000, {"CONTENT_TYPE": "a/b"})
    head = Head(target, HEAD.received, "::1", 2)
    one = spool(tmp_path)
    one.create(ID, FREE, head, b"body").close()
    file = UploadFile.open(one.folder / f"{ID}.{FREE}")
    assert file is not None
    with file:
        assert (file.head, file.head.device_id, file.head.sha256) == (head, "é", "")
