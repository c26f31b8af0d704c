"""Walking CBOR (RFC 8949) without decoding it: well-formed, and within the limits of a request.

A decoder allocates as it goes: five megabytes of empty arrays become hundreds. So items are counted
before it runs. A string costs the same whatever its length.
"""

from core_api.wire.errors import PayloadError

MAX_DEPTH = 8
MAX_ITEMS = 100_000
# Dates, what a byte string is to become, base64 in text, "this is CBOR".
TAGS = frozenset({0, 1, 21, 22, 33, 34, 55799})

_BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = 2, 3, 4, 5, 6, 7
_INDEFINITE = 31
_BREAK = 0xFF


def item_end(data: bytes, start: int = 0) -> int:
    """The byte after the item that begins at `start`.

    PayloadError for what is not well-formed, for other tags than TAGS, for nesting (of containers
    and tags) deeper than MAX_DEPTH and for more than MAX_ITEMS items.
    """
    scan = _Scan(data, start)
    scan.item(MAX_DEPTH)
    return scan.at


class _Scan:
    """One pass over a buffer: where it stands, and how many items it may still meet."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at
        self._left = MAX_ITEMS

    def item(self, depth: int) -> None:
        """Pass over one item that may hold `depth` levels (section 3.1)."""
        begin = self.at
        major, info, argument = self._head()
        indefinite = info == _INDEFINITE
        if indefinite and major not in (_BYTES, _TEXT, _ARRAY, _MAP):
            raise _malformed(begin)
        if major in (_BYTES, _TEXT):
            self._chunks(major) if indefinite else self._skip(argument)
        elif major in (_ARRAY, _MAP, _TAG):
            if depth == 0:
                raise PayloadError(f"The CBOR is nested deeper than {MAX_DEPTH} levels.")
            self._inside(major, None if indefinite else argument, depth - 1)
        elif major == _SIMPLE and info == 24 and argument < 32:
            raise _malformed(begin)

    def _inside(self, major: int, count: int | None, depth: int) -> None:
        if major == _TAG:
            if count not in TAGS:
                raise PayloadError(f"CBOR tag {count} is not accepted.")
            count, width = 1, 1
        else:
            width = 2 if major == _MAP else 1
        while not self._at_break() if count is None else count > 0:
            for _ in range(width):
                self.item(depth)
            count = None if count is None else count - 1

    def _chunks(self, major: int) -> None:
        """Pass over the definite chunks of a string of indefinite length (section 3.2.3)."""
        while not self._at_break():
            begin = self.at
            kind, info, length = self._head()
            if kind != major or info == _INDEFINITE:
                raise _malformed(begin)
            self._skip(length)

    def _at_break(self) -> bool:
        if self.at < len(self.data) and self.data[self.at] == _BREAK:
            self.at += 1
            return True
        return False

    def _head(self) -> tuple[int, int, int]:
        """Major type, additional information and argument of a head (section 3)."""
        self._left -= 1
        if self._left < 0:
            raise PayloadError(f"The CBOR has more than {MAX_ITEMS} items.")
        begin = self.at
        self._skip(1)
        major, info = self.data[begin] >> 5, self.data[begin] & 31
        if 28 <= info <= 30:
            raise _malformed(begin)
        if info < 24 or info == _INDEFINITE:
            return major, info, info
        size = 1 << (info - 24)
        self._skip(size)
        return major, info, int.from_bytes(self.data[begin + 1 : begin + 1 + size], "big")

    def _skip(self, size: int) -> None:
        self.at += size
        if self.at > len(self.data):
            raise PayloadError(f"The CBOR ends at byte {len(self.data)}, inside an item.")


def _malformed(at: int) -> PayloadError:
    return PayloadError(f"The CBOR is malformed at byte {at}.")
