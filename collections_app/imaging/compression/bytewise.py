"""Any bytes, by Zstandard (RFC 8878)."""

import zstandard

# Higher levels take seconds for a large file and gain a percent.
LARGE = 1 << 20
LEVEL, LEVEL_OF_LARGE = 19, 12


def encode(data: bytes) -> bytes:
    """One Zstandard frame with a checksum."""
    level = LEVEL if len(data) < LARGE else LEVEL_OF_LARGE
    return zstandard.ZstdCompressor(level=level, write_checksum=True).compress(data)


def decode(data: bytes) -> bytes:
    """The bytes again."""
    return zstandard.ZstdDecompressor().decompress(data)
