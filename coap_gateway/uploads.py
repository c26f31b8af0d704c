"""Bodies that arrive block by block, and what all of them may cost."""

import datetime as dt
import errno
import time
from collections.abc import Hashable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from coap_gateway import refusals
from coap_gateway.expiring import Clock, Expiring
from coap_gateway.limits import Limits

RETRY_AFTER = 30


class Upload:
    """A body of which `size` bytes have arrived, in memory or in a nameless file.

    `proven` says that its peer has answered to an acknowledgement, so that its address is real.
    """

    __slots__ = ("exponent", "file", "key", "memory", "peer", "proven", "received", "size")

    def __init__(self, key: bytes, peer: Hashable, received: dt.datetime, exponent: int) -> None:
        self.key = key
        self.peer = peer
        self.received = received
        self.exponent = exponent
        self.proven = False
        self.size = 0
        self.memory = bytearray()
        self.file: BinaryIO | None = None

    def holds(self, offset: int, data: bytes) -> bool:
        """Whether these bytes have arrived at this place."""
        if self.file is None:
            return self.memory[offset : offset + len(data)] == data
        self.file.seek(offset)
        return self.file.read(len(data)) == data

    def write(self, offset: int, data: bytes) -> None:
        """Put the bytes at the place, which is not after the end; they are the last ones now."""
        if self.file is None:
            self.memory[offset:] = data
        else:
            self.file.seek(offset)
            _write(self.file, data)
        self.size = offset + len(data)

    def spool(self, folder: Path) -> None:
        """Move the bytes to a file that has no name, so that no crash leaves it behind."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Without a buffer, a full disk is noticed when the block comes.
        file = cast("BinaryIO", TemporaryFile(dir=folder, buffering=0))  # noqa: SIM115
        try:
            _write(file, self.memory)
        except OSError:
            file.close()
            raise
        self.file = file
        self.memory = bytearray()

    def body(self) -> BinaryIO:
        """The bytes from their start, for reading."""
        if self.file is None:
            return BytesIO(self.memory)
        self.file.truncate(self.size)
        self.file.seek(0)
        return self.file

    def close(self) -> None:
        """Let the bytes go."""
        self.memory = bytearray()
        if self.file is not None:
            self.file.close()


class Uploads:
    """The unfinished uploads of all peers, within the limits.

    Where there are too many, those of which only the first block came go first, the oldest of
    them before; one that its peer is continuing is never given up for another.
    """

    def __init__(self, limits: Limits, clock: Clock = time.monotonic) -> None:
        self._limits = limits
        self._unproven: Expiring[bytes, Upload] = Expiring(limits.upload_expiry, clock)
        self._proven: Expiring[bytes, Upload] = Expiring(limits.upload_expiry, clock)
        self._peers: dict[Hashable, list[Upload]] = {}
        self.memory = 0
        self.disk = 0

    def __len__(self) -> int:
        return len(self._unproven) + len(self._proven)

    def find(self, key: bytes) -> Upload | None:
        """The upload of this key."""
        return self._proven.get(key) or self._unproven.get(key)

    def begin(self, key: bytes, peer: Hashable, received: dt.datetime, exponent: int) -> Upload:
        """A new upload; Refusal 5.03 where there is no room for one."""
        self.drop(key)
        self._make_room(peer)
        upload = Upload(key, peer, received, exponent)
        self._unproven.put(key, upload)
        self._peers.setdefault(peer, []).append(upload)
        return upload

    def write(self, upload: Upload, offset: int, data: bytes) -> None:
        """Put bytes into an upload, on disk if need be; Refusal 5.03 where nothing has room."""
        end = offset + len(data)
        self._account(upload, -1)
        try:
            if upload.file is None and not self._fits_memory(end):
                self._check_disk(end)
                upload.spool(self._limits.spool_folder)
            elif upload.file is not None:
                self._check_disk(end)
            upload.write(offset, data)
        except OSError:
            raise refusals.unavailable("The server's disk is full.", RETRY_AFTER) from None
        finally:
            self._account(upload, +1)
        self._touch(upload, offset)

    def drop(self, key: bytes) -> None:
        """Forget the upload of this key, if there is one."""
        upload = self.take(key)
        if upload is not None:
            self.release(upload)

    def take(self, key: bytes) -> Upload | None:
        """The upload of this key, unfinished no longer; its bytes count until `release`."""
        upload = self._proven.pop(key) or self._unproven.pop(key)
        if upload is not None:
            self._leave_peer(upload)
        return upload

    def release(self, upload: Upload) -> None:
        """Let the bytes of an upload go."""
        self._account(upload, -1)
        upload.close()

    def expire(self) -> None:
        """Forget the uploads that got no block for too long."""
        for held in (self._unproven, self._proven):
            for _, upload in held.expired():
                self._leave_peer(upload)
                self.release(upload)

    def _touch(self, upload: Upload, offset: int) -> None:
        """It is the newest now; whoever sends a second block has got our answer to the first."""
        upload.proven = upload.proven or offset > 0
        if upload.proven:
            self._unproven.pop(upload.key)
        (self._proven if upload.proven else self._unproven).put(upload.key, upload)

    def _make_room(self, peer: Hashable) -> None:
        own = self._peers.get(peer, [])
        if len(own) >= self._limits.uploads_per_peer:
            unproven = next((upload for upload in own if not upload.proven), None)
            if unproven is None:
                raise refusals.unavailable("You have too many unfinished uploads.", RETRY_AFTER)
            self.drop(unproven.key)
        if len(self) >= self._limits.uploads:
            if not len(self._unproven):
                raise refusals.unavailable("There are too many unfinished uploads.", RETRY_AFTER)
            self.drop(self._unproven.oldest())

    def _fits_memory(self, end: int) -> bool:
        limits = self._limits
        return end <= limits.upload_spool and self.memory + end <= limits.upload_memory

    def _check_disk(self, end: int) -> None:
        if self.disk + end > self._limits.upload_disk:
            raise refusals.unavailable("There are too many unfinished uploads.", RETRY_AFTER)

    def _leave_peer(self, upload: Upload) -> None:
        own = self._peers[upload.peer]
        own.remove(upload)
        if not own:
            del self._peers[upload.peer]

    def _account(self, upload: Upload, sign: int) -> None:
        if upload.file is None:
            self.memory += sign * upload.size
        else:
            self.disk += sign * upload.size


def _write(file: BinaryIO, data: bytes | bytearray) -> None:
    if file.write(data) != len(data):
        raise OSError(errno.ENOSPC, "Only a part was written.")
