"""A walk over CBOR bytes before anything is decoded: well-formed (RFC 8949 appendix C), bounded.

It costs one step an item, never one a byte, and builds nothing, so that a body of five million
empty arrays is refused before it takes memory.
"""

from collections.abc import Iterator

from core_api.wire.errors import PayloadError

MAX_ITEMS = 100_000
MAX_DEPTH = 8
# 0 and 1 time, 21, 22, 33 and 34 base64, 55799 "this is CBOR" (RFC 8949 section 3.4).
TAGS = frozenset({0, 1, 21, 22, 33, 34, 55799})

_BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = 2, 3, 4, 5, 6, 7
_INDEFINITE = 31
_BREAK = 0xFF
_OPEN_ARRAY = 0x9F
# Tag 55799 (RFC 8949 section 3.4.6).
_SELF_DESCRIBED = b"\xd9\xd9\xf7"
_OPEN = -1


class RefusedItem(PayloadError):
    """The item is well-formed and holds what is not accepted: the walk can go on behind it."""


def is_array(data: bytes) -> bool:
    """Whether the data begins as an array does, described as CBOR or not."""
    start = _behind_tags(data)
    return data[start : start + 1] != b"" and data[start] >> 5 == _ARRAY


def _behind_tags(data: bytes) -> int:
    start = 0
    while data.startswith(_SELF_DESCRIBED, start):
        start += len(_SELF_DESCRIBED)
    return start


class _Level:
    """An item that holds others: how many are to come (_OPEN until a break), keys among them."""

    __slots__ = ("at_key", "is_map", "left")

    def __init__(self, left: int, *, is_map: bool) -> None:
        self.left = left
        self.is_map = is_map
        self.at_key = is_map


class Scanner:
    """Walks the items of one body; all of them share its bound on items."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._items = 0
        self._levels: list[_Level] = []
        self._refusal: RefusedItem | None = None
        self.position = 0

    def item(self) -> None:
        """Walk one item from `position` to its end; PayloadError where it breaks a rule.

        After a RefusedItem `position` is the end of the item.
        """
        self._walk()
        refusal, self._refusal = self._refusal, None
        if refusal is not None:
            raise refusal

    def array(self) -> Iterator[None]:
        """Step into the array that the data is (`is_array`), to each of its items in turn."""
        start = self.position = _behind_tags(self._data)
        head = self._byte()
        if head == _OPEN_ARRAY:
            while self._byte() != _BREAK:
                self.position -= 1
                yield
            return
        for _ in range(self._argument(head & 31, start)):
            yield

    def _walk(self) -> None:
        while True:
            start = self.position
            head = self._byte()
            major, info = head >> 5, head & 31
            if head == _BREAK:
                self._close(start)
            else:
                self._count()
                self._check_key(major, start)
                if self._opens(major, info, start):
                    continue
            if not self._completes():
                return

    def _opens(self, major: int, info: int, start: int) -> bool:
        """Walk one head and the bytes that go with it; whether items must follow inside."""
        if major == _SIMPLE:
            self._skip_simple(info, start)
            return False
        if info == _INDEFINITE:
            return self._opens_indefinite(major, start)
        argument = self._argument(info, start)
        if major in (_BYTES, _TEXT):
            self._skip(argument)
            return False
        if major < _BYTES:
            return False
        if major == _TAG:
            if argument not in TAGS:
                self._refuse(f"CBOR tag {argument} at byte {start} is not accepted.")
            return self._push(1, is_map=False)
        count = argument * 2 if major == _MAP else argument
        if count > len(self._data) - self.position:
            raise self._ends_early()
        return count > 0 and self._push(count, is_map=major == _MAP)

    def _opens_indefinite(self, major: int, start: int) -> bool:
        if major in (_ARRAY, _MAP):
            return self._push(_OPEN, is_map=major == _MAP)
        if major in (_BYTES, _TEXT):
            self._skip_chunks(major)
            return False
        raise self._malformed(start)

    def _skip_chunks(self, major: int) -> None:
        while True:
            start = self.position
            head = self._byte()
            if head == _BREAK:
                return
            if head >> 5 != major or head & 31 == _INDEFINITE:
                raise self._malformed(start)
            self._count()
            self._skip(self._argument(head & 31, start))

    def _skip_simple(self, info: int, start: int) -> None:
        value = self._argument(info, start)
        if info == 24 and value < 32:
            raise self._malformed(start)

    def _check_key(self, major: int, start: int) -> None:
        if self._levels and self._levels[-1].at_key and major > _TEXT:
            self._refuse(f"The map key at byte {start} is neither a number nor a string.")

    def _refuse(self, detail: str) -> None:
        self._refusal = self._refusal or RefusedItem(detail)

    def _push(self, left: int, *, is_map: bool) -> bool:
        if len(self._levels) == MAX_DEPTH:
            raise PayloadError(f"This CBOR is nested more than {MAX_DEPTH} deep.")
        self._levels.append(_Level(left, is_map=is_map))
        return True

    def _close(self, start: int) -> None:
        level = self._levels.pop() if self._levels else None
        if level is None or level.left != _OPEN or (level.is_map and not level.at_key):
            raise self._malformed(start)

    def _completes(self) -> bool:
        """Count an item that ended in the levels around it; whether there is more to walk."""
        while self._levels:
            level = self._levels[-1]
            if level.is_map:
                level.at_key = not level.at_key
            if level.left == _OPEN:
                return True
            level.left -= 1
            if level.left:
                return True
            self._levels.pop()
        return False

    def _count(self) -> None:
        self._items += 1
        if self._items > MAX_ITEMS:
            raise PayloadError(f"This CBOR has more than {MAX_ITEMS} items.")

    def _argument(self, info: int, start: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise self._malformed(start)
        begin = self.position
        self._skip(1 << (info - 24))
        return int.from_bytes(self._data[begin : self.position], "big")

    def _byte(self) -> int:
        self._skip(1)
        return self._data[self.position - 1]

    def _skip(self, length: int) -> None:
        self.position += length
        if self.position > len(self._data):
            raise self._ends_early()

    def _ends_early(self) -> PayloadError:
        return PayloadError(f"This CBOR ends early, after {len(self._data)} bytes.")

    def _malformed(self, start: int) -> PayloadError:
        return PayloadError(f"This is not CBOR: the byte at {start} cannot stand there.")
