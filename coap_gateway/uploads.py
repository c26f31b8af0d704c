"""The bodies that arrive block by block, and what all of them may cost."""

import datetime as dt
import time
from collections.abc import Hashable

from coap_gateway import refusals
from coap_gateway.expiring import Clock, Expiring
from coap_gateway.limits import Limits
from coap_gateway.parts import Part
from coap_gateway.upload import Upload
from core_api.uploads.files import Busy
from core_api.uploads.head import device_id_in
from core_api.uploads.identity import id_of
from core_api.uploads.spool import Full, Kind, Spool
from core_api.wire.times import to_rfc3339

RETRY_AFTER = 30
# Another process appends within microseconds; only an answer that is on its way takes longer.
BUSY_RETRY_AFTER = 1
# Seconds between two looks for files whose time is over, where no worker does it.
SWEEP_EVERY = 60.0


class Uploads:
    """The unfinished uploads of all peers, within the limits.

    Where there are too many, those of which only the first block came go first, the oldest of
    them before; one that its peer is continuing is never given up for another. Small ones live in
    memory. Large ones, and from their second block on those that may be continued from anywhere,
    go to files; a file is found by its name when a block comes for it, also after a restart.
    """

    def __init__(self, limits: Limits, clock: Clock = time.monotonic) -> None:
        self._limits = limits
        self._unproven: Expiring[bytes, Upload] = Expiring(limits.upload_expiry, clock)
        self._proven: Expiring[bytes, Upload] = Expiring(limits.upload_expiry, clock)
        self._peers: dict[Hashable, list[Upload]] = {}
        self.spool = Spool(limits.spool_folder, limits.spool_quota)
        self._clock = clock
        self._swept = clock()
        self.memory = 0

    def __len__(self) -> int:
        return len(self._unproven) + len(self._proven)

    def find(self, part: Part) -> Upload | None:
        """The upload that a part belongs to; Refusal 5.03 where another works with it."""
        found = self._proven.get(part.key) or self._unproven.get(part.key)
        try:
            if found is not None and found.is_there():
                return found
            self._let_go(part.key)
            return self._adopt(part)
        except Busy:
            raise refusals.unavailable(
                "This upload is being worked on.", BUSY_RETRY_AFTER
            ) from None
        except OSError:
            detail = "The server cannot look for this upload now."
            raise refusals.unavailable(detail, RETRY_AFTER) from None

    def begin(self, part: Part) -> Upload:
        """A new upload; Refusal 5.03 where there is no room for one."""
        self._make_room(part.peer)
        upload = Upload(part)
        self._unproven.put(part.key, upload)
        self._peers.setdefault(part.peer, []).append(upload)
        return upload

    def write(self, upload: Upload, part: Part) -> None:
        """Put the part's bytes into an upload, which ends with them now, in a file if need be.

        Refusal 5.03 where nothing has room.
        """
        offset = part.block.offset
        end = offset + len(part.payload)
        try:
            if upload.file is None and self._wants_file(upload, part):
                self._to_file(upload, part)
            if upload.file is None:
                self.memory += end - upload.size
                upload.memory[offset:] = part.payload
            else:
                self.spool.write(upload.file, offset, part.payload)
        except Full:
            raise refusals.unavailable(_FULL, RETRY_AFTER) from None
        except OSError:
            raise _no_disk() from None
        upload.size = end
        self.touch(upload, offset)

    def touch(self, upload: Upload, offset: int) -> None:
        """It is the newest now; whoever sends a second block has got our answer to the first."""
        upload.proven = upload.proven or offset > 0
        if upload.proven:
            self._unproven.pop(upload.key)
        (self._proven if upload.proven else self._unproven).put(upload.key, upload)

    def state(self, upload: Upload, part: Part) -> dict[str, object]:
        """How far an upload is, as its peer is told; `next` counts in the part's blocks."""
        if upload.file is None:
            held = self._proven if upload.proven else self._unproven
            expires = time.time() + held.remaining(upload.key)
        else:
            expires = self.spool.expires(upload.file)
        return {
            "id": id_of(upload.key),
            "deviceId": device_id_in(part.target.query),
            "received": upload.size,
            "next": upload.size // part.block.size,
            "expires": to_rfc3339(dt.datetime.fromtimestamp(int(expires), dt.UTC)),
        }

    def drop(self, part: Part) -> None:
        """Delete the upload that a part belongs to, if there is one."""
        upload = self.find(part)
        if upload is not None:
            self._forget(upload)

    def release(self, upload: Upload, *, done: bool) -> None:
        """Let the bytes of an upload go; what is not `done` and in a file may be tried again."""
        if upload.file is None:
            self.memory -= upload.size
        elif done:
            upload.file.remove()
        upload.close()

    def expire(self) -> None:
        """Forget the uploads that got no block for too long; files have their own time."""
        for held in (self._unproven, self._proven):
            for _, upload in held.expired():
                self._leave_peer(upload)
                self.release(upload, done=False)
        if self._clock() - self._swept >= SWEEP_EVERY:
            self._swept = self._clock()
            self.spool.sweep()

    def _adopt(self, part: Part) -> Upload | None:
        """An upload that is in a file: another process began it, or one before this."""
        file = self.spool.open(id_of(part.key), _kind(part))
        if file is None:
            return None
        upload = Upload.adopted(part, file)
        try:
            self._make_own_room(part.peer)
        except refusals.Refusal:
            upload.close()
            raise
        self._peers.setdefault(part.peer, []).append(upload)
        self.touch(upload, upload.size)
        return upload

    def _wants_file(self, upload: Upload, part: Part) -> bool:
        return (part.resumable and part.block.number > 0) or not self._fits_memory(upload, part)

    def _to_file(self, upload: Upload, part: Part) -> None:
        """Move the bytes to a file; what could only be resumed may stay where memory has room."""
        head, data = upload.head(part), bytes(upload.memory)
        try:
            upload.file = self.spool.create(id_of(upload.key), _kind(part), head, data)
        except (Full, OSError):
            if not self._fits_memory(upload, part):
                raise
            return
        self.memory -= upload.size
        upload.memory = bytearray()

    def _make_own_room(self, peer: Hashable) -> None:
        own = self._peers.get(peer, [])
        if len(own) >= self._limits.uploads_per_peer:
            unproven = next((upload for upload in own if not upload.proven), None)
            if unproven is None:
                raise refusals.unavailable("You have too many unfinished uploads.", RETRY_AFTER)
            self._forget(unproven)

    def _make_room(self, peer: Hashable) -> None:
        self._make_own_room(peer)
        if len(self) >= self._limits.uploads:
            if not len(self._unproven):
                raise refusals.unavailable(_FULL, RETRY_AFTER)
            _, oldest = self._unproven.pop_oldest()
            self._forget(oldest)

    def _fits_memory(self, upload: Upload, part: Part) -> bool:
        end = part.block.offset + len(part.payload)
        others = self.memory - upload.size
        return end <= self._limits.upload_spool and others + end <= self._limits.upload_memory

    def _let_go(self, key: bytes) -> None:
        """One whose time is over, or that another process has ended."""
        upload = self._proven.pop(key) or self._unproven.pop(key)
        if upload is not None:
            self._leave_peer(upload)
            self.release(upload, done=False)

    def _forget(self, upload: Upload) -> None:
        self.leave(upload)
        self.release(upload, done=True)

    def leave(self, upload: Upload) -> None:
        """It is unfinished no longer; its bytes count until `release`."""
        self._proven.pop(upload.key)
        self._unproven.pop(upload.key)
        self._leave_peer(upload)

    def _leave_peer(self, upload: Upload) -> None:
        own = self._peers[upload.peer]
        own.remove(upload)
        if not own:
            del self._peers[upload.peer]


_FULL = "There are too many unfinished uploads."


def _no_disk() -> refusals.Refusal:
    return refusals.unavailable("The server's disk is full.", RETRY_AFTER)


def _kind(part: Part) -> Kind:
    return Kind.RESUMABLE if part.resumable else Kind.BOUND
