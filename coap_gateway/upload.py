"""One body that arrives block by block."""

from io import BytesIO
from typing import BinaryIO, Self

from coap_gateway.parts import Part
from core_api.uploads.files import UploadFile
from core_api.uploads.head import Head


class Upload:
    """A body of which `size` bytes have arrived, in memory or in a file that survives us.

    `proven` says that its peer has answered to an acknowledgement, so that its address is real;
    `announced` is the Size1 option of its first block.
    A file is locked from the moment it is found until `rest`.
    """

    __slots__ = (
        *("announced", "exponent", "file", "key", "memory"),
        *("peer", "proven", "received", "size"),
    )

    def __init__(self, part: Part) -> None:
        self.key = part.key
        self.peer = part.peer
        self.received = part.received
        self.exponent = part.block.exponent
        self.announced = part.announced
        self.proven = False
        self.size = 0
        self.memory = bytearray()
        self.file: UploadFile | None = None

    @classmethod
    def adopted(cls, part: Part, file: UploadFile) -> Self:
        """An upload that is in a file, found for the part."""
        upload = cls(part)
        upload.received, upload.exponent = file.head.received, file.head.exponent
        upload.file, upload.size = file, file.size
        return upload

    def head(self, part: Part) -> Head:
        """What its file is to begin with, as far as the part tells."""
        length = self.announced if part.announced is None else part.announced
        return Head(part.target, self.received, part.host, self.exponent, length)

    def holds(self, offset: int, data: bytes) -> bool:
        """Whether these bytes have arrived at this place."""
        if self.file is None:
            return self.memory[offset : offset + len(data)] == data
        return self.file.holds(offset, data)

    def body(self) -> BinaryIO:
        """The bytes from their start, for reading."""
        return BytesIO(self.memory) if self.file is None else self.file.body()

    def is_there(self) -> bool:
        """Whether it is still there, locked and measured; another process may have ended it."""
        if self.file is not None:
            if not self.file.lock():
                return False
            self.size = self.file.size
        return True

    def rest(self) -> None:
        """Let other processes go on with it, too."""
        if self.file is not None:
            self.file.unlock()

    def close(self) -> None:
        """Let the bytes go; a file stays where it is."""
        self.memory = bytearray()
        if self.file is not None:
            self.file.close()
