"""Whole numbers in as few bytes as they need: seven bits a byte, the lowest first (LEB128)."""


def write(number: int) -> bytes:
    """The bytes of a number of at least 0."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def read(data: bytes, at: int) -> tuple[int, int]:
    """The number at byte `at`, and the byte after it; IndexError where the data ends before."""
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte <= 0x7F:
            return number, at
