"""UUIDs of version 7 (RFC 9562 section 5.7) rise with the time: indexes grow in order."""

import random
import time
import uuid


def uuid7() -> uuid.UUID:
    """A new identifier: unique, but no secret."""
    milliseconds = time.time_ns() // 1_000_000
    # os.urandom would let go of the interpreter each time.
    number = milliseconds << 80 | 0x7 << 76 | 0b10 << 62 | random.getrandbits(62)
    return uuid.UUID(int=number | random.getrandbits(12) << 64)
