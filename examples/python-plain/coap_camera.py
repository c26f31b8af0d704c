"""Sends a picture to a coapture server over CoAP, with sockets and nothing else.

One confirmable block at a time (RFC 7252, RFC 7959), cut from the frame buffer. What is lost is
repeated; an upload that was interrupted goes on where it stopped, from another port and, with a
state file, after a restart. Runs under CPython and MicroPython:

    python3 coap_camera.py HOST[:PORT] DEVICE FILE [cbor=1] [timestamp=0] [state=FILE] [...]
"""

import os
import socket
import struct
import sys
import time
from binascii import hexlify, unhexlify
from hashlib import sha256

POST, CREATED, CHANGED, CONTINUE = 0x02, 0x41, 0x44, 0x5F
INCOMPLETE, TOO_LARGE, TOO_MANY, UNAVAILABLE = 0x88, 0x8D, 0x9D, 0xA3
URI_PATH, CONTENT_FORMAT, MAX_AGE, URI_QUERY = 11, 12, 14, 15
BLOCK1, SIZE1, REQUEST_TAG = 27, 60, 292
CON, ACK, RST = 0, 2, 3
JPEG, CBOR = 22, 60


class Refused(Exception):
    """The picture is not taken: the answer's code and payload, or 0 where none came."""


def uint(number: int) -> bytes:
    """A number in as few bytes as it needs (RFC 7252 section 3.2)."""
    return uint(number >> 8) + bytes([number & 255]) if number else b""


def encode_options(options: list[tuple[int, bytes]]) -> bytes:
    """Options in the order of their numbers, no value longer than 268 bytes."""
    encoded, last = b"", 0
    for number, value in options:
        delta, size, last = number - last, len(value), number
        encoded += bytes([min(delta, 13) << 4 | min(size, 13)])
        encoded += b"".join([bytes([more - 13]) for more in (delta, size) if more > 12]) + value
    return encoded


def decode_options(data: bytes) -> tuple[dict[int, bytes], bytes]:
    """The options of a message by number, and its payload."""
    options, number, at = {}, 0, 0
    while at < len(data) and data[at] != 0xFF:
        pair, at = [data[at] >> 4, data[at] & 15], at + 1
        for place, nibble in enumerate(pair):
            if nibble > 12:
                width = nibble - 12
                pair[place] = (13, 269)[width - 1] + int.from_bytes(data[at : at + width], "big")
                at += width
        number += pair[0]
        options[number] = data[at : at + pair[1]]
        at += pair[1]
    return options, data[at + 1 :]


def cbor_head(major: int, number: int) -> bytes:
    """What begins a CBOR item (RFC 8949 section 3)."""
    return struct.pack(">BI", major << 5 | 26, number)


def cbor_item(data: bytes, at: int) -> tuple[object, int]:
    """A number, text (as bytes) or map at this place, and where the next item begins."""
    major, value, at = data[at] >> 5, data[at] & 31, at + 1
    if value > 23:
        width = 1 << (value - 24)
        value, at = int.from_bytes(data[at : at + width], "big"), at + width
    if major in (2, 3):
        return data[at : at + value], at + value
    if major != 5:
        return value, at
    found = {}
    for _ in range(value):
        key, at = cbor_item(data, at)
        found[key], at = cbor_item(data, at)
    return found, at


def next_block(options: dict[int, bytes], payload: bytes) -> int:
    """The block that a 4.08 asks for: the first where the server does not know the upload."""
    if options.get(CONTENT_FORMAT) != bytes([CBOR]):
        return 0
    upload, _ = cbor_item(payload, 0)
    return int(upload[b"next"]) if isinstance(upload, dict) else 0


class Camera:
    """Sends pictures to one server; `state` names a file by which an upload survives a restart.

    A block that stays unanswered is sent again after `pause` seconds from another port; an upload
    may be set back `patience` times.
    """

    # RFC 7252 section 4.8; seconds.
    ack_timeout, max_retransmit = 2.0, 4
    pause, patience = 10.0, 20

    def __init__(self, host: str, port: int = 5683, state: str = "") -> None:
        self.address = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM)[0]
        self.state = state
        self.datagram = memoryview(bytearray(1500))
        self.mid = int.from_bytes(os.urandom(2), "big")
        self.open()

    def open(self) -> None:
        """A socket, and with it a port."""
        self.socket = socket.socket(self.address[0], socket.SOCK_DGRAM)
        try:
            self.socket.connect(self.address[-1])
        except OSError:  # There is no network now; what is sent is lost.
            pass

    def send(self, device: str, frame: bytes, timestamp: int = 0, cbor: bool = False) -> str:
        """Upload a JPEG: "2.01" when it is stored now, "2.04" when it was before; else Refused.

        The timestamp is in Unix seconds, 0 for now. With `cbor` the device and the time stand in
        the body, before the picture.
        """
        digest = hexlify(sha256(frame).digest()).decode()
        query, parts = ["sha256=" + digest], [memoryview(frame)]
        if cbor:
            head = b"\xa3\x01" + cbor_head(3, len(device.encode())) + device.encode()
            head += b"\x02" + cbor_head(0, timestamp) + b"\x03" + cbor_head(2, len(frame))
            parts.insert(0, memoryview(head))
        else:
            query += ["d=" + device, "t=" + str(timestamp)]
        options = [(URI_PATH, b"collections"), (URI_PATH, b"images")]
        options += [(CONTENT_FORMAT, bytes([CBOR if cbor else JPEG]))]
        options += [(URI_QUERY, item.encode()) for item in query]
        tag, resumed = self.request_tag(digest)
        code = self.upload(parts, options, tag, resumed)
        if self.state:
            os.remove(self.state)
        return f"{code >> 5}.{code & 31:02}"

    def request_tag(self, digest: str) -> tuple[bytes, bool]:
        """The Request-Tag (RFC 9175) of this upload, and whether it had begun before a restart."""
        if not self.state:
            return os.urandom(8), False
        try:
            with open(self.state) as file:
                former, tag = file.read().split()
            if former == digest:
                return unhexlify(tag), True
        except (OSError, ValueError):
            pass
        with open(self.state, "w") as file:
            new = os.urandom(8)
            file.write(digest + " " + hexlify(new).decode())
        return new, False

    def upload(
        self, parts: list[memoryview], options: list[tuple[int, bytes]], tag: bytes, resumed: bool
    ) -> int:
        """Send the parts as one body, block by block; 2.01 or 2.04, as a number."""
        size = sum([len(part) for part in parts])
        # After a restart the last block asks for the place: it does not follow, and 4.08 says what
        # does. So nothing need be written to the flash while the upload goes on.
        exponent, offset, setbacks = 6, (size - 1) // 1024 * 1024 if resumed else 0, 0
        while setbacks <= self.patience:
            step = 16 << exponent
            more = offset + step < size
            extra = [(BLOCK1, uint(offset // step << 4 | more << 3 | exponent))]
            extra += [(REQUEST_TAG, tag)] if offset else [(SIZE1, uint(size)), (REQUEST_TAG, tag)]
            length = self.write(encode_options(options + extra), parts, offset, offset + step)
            code, found, payload = self.exchange(length)
            wanted = (b"\0" + found[BLOCK1])[-1] & 7 if BLOCK1 in found else exponent
            setbacks += code != CONTINUE
            if code == CONTINUE and more:
                offset += step
            elif code == INCOMPLETE:
                offset = next_block(found, payload) * step
            elif code == TOO_LARGE and wanted < exponent:
                offset = 0
            elif code in (0, TOO_MANY, UNAVAILABLE):
                age = found.get(MAX_AGE)
                time.sleep(int.from_bytes(age, "big") if age else self.pause)
                self.socket.close()
                self.open()
            elif code in (CREATED, CHANGED):
                return code
            else:
                raise Refused(code, payload)
            exponent = min(exponent, wanted)
        raise Refused(0, b"")

    def write(self, options: bytes, parts: list[memoryview], start: int, end: int) -> int:
        """Put a request with these bytes of the body into the datagram; the length of it."""
        self.mid = (self.mid + 1) & 0xFFFF
        head = struct.pack(">BBH", 0x44, POST, self.mid) + os.urandom(4) + options + b"\xff"
        length = len(head)
        self.datagram[:length] = head
        for part in parts:
            piece = part[start:end]
            self.datagram[length : length + len(piece)] = piece
            length += len(piece)
            start, end = max(start - len(part), 0), max(end - len(part), 0)
        return length

    def exchange(self, length: int) -> tuple[int, dict[int, bytes], bytes]:
        """Send the datagram; the code, options and payload of the answer, code 0 if none comes."""
        mid, token = bytes(self.datagram[2:4]), bytes(self.datagram[4:8])
        wait, acknowledged = self.ack_timeout * (1 + os.urandom(1)[0] / 510), False
        for _ in range(self.max_retransmit + 1):
            try:
                if not acknowledged:
                    self.socket.send(self.datagram[:length])
                self.socket.settimeout(wait)
                while True:
                    answer = self.socket.recv(1500)
                    kind, code = answer[0] >> 4 & 3, answer[1]
                    if code and kind == CON:
                        self.socket.send(b"\x60\x00" + answer[2:4])
                    if code and answer[0] & 15 == 4 and answer[4:8] == token:
                        found, payload = decode_options(answer[8:])
                        return code, found, payload
                    if kind == RST and answer[2:4] == mid:
                        return 0, {}, b""
                    acknowledged = acknowledged or (kind == ACK and answer[2:4] == mid)
            except OSError:  # Nothing came in time, or the network is down.
                wait *= 2
        return 0, {}, b""


def main() -> None:
    """Send the file that the command line names."""
    host, _, port = sys.argv[1].partition(":")
    given = dict([item.split("=") for item in sys.argv[4:]])
    camera = Camera(host, int(port or 5683), given.get("state", ""))
    camera.ack_timeout = float(given.get("ack_timeout", camera.ack_timeout))
    camera.max_retransmit = int(given.get("max_retransmit", camera.max_retransmit))
    camera.pause = float(given.get("pause", camera.pause))
    with open(sys.argv[3], "rb") as file:
        frame = file.read()
    print(camera.send(sys.argv[2], frame, int(given.get("timestamp", "0")), "cbor" in given))


if __name__ == "__main__":
    main()
