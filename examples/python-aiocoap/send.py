"""Sends a picture to a coapture server with aiocoap.

aiocoap would cut the picture into blocks by itself, but it begins again with block 0 after any loss
that the retransmissions do not mend, and sets no Request-Tag. So the blocks are driven here: an
upload goes on where it stopped, from another port and, with a state file, after a restart.

    python3 send.py coap://HOST[:PORT] DEVICE FILE [--cbor] [--state FILE] [...]
"""

import argparse
import asyncio
import hashlib
import io
import mimetypes
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import cbor2
from aiocoap import POST, Context, Message, error
from aiocoap.numbers import ContentFormat, TransportTuning, codes

STORED = (codes.CREATED, codes.CHANGED)
LATER = (codes.TOO_MANY_REQUESTS, codes.SERVICE_UNAVAILABLE)


class Refused(Exception):
    """The picture is not taken; the message says why."""


@dataclass(frozen=True)
class Link:
    """How patient the sender is.

    `tuning` holds for each block (RFC 7252 section 4.8). One that stays unanswered is sent again
    after `pause` seconds; an upload may be set back `patience` times.
    """

    tuning: TransportTuning
    pause: float
    patience: int = 20


@dataclass
class Upload:
    """One body on its way: its parts, the Request-Tag, and the place that comes next (bytes)."""

    uri: str
    content_format: ContentFormat
    parts: list[memoryview]
    tag: bytes
    offset: int = 0
    exponent: int = 6

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return sum(len(part) for part in self.parts)

    @property
    def step(self) -> int:
        """Bytes of a block."""
        return 16 << self.exponent

    def block(self, tuning: TransportTuning) -> Message:
        """The request that carries the next block."""
        end = min(self.offset + self.step, self.size)
        request = Message(
            code=POST,
            uri=self.uri,
            content_format=self.content_format,
            block1=(self.offset // self.step, end < self.size, self.exponent),
            request_tag=[self.tag],
            payload=self._cut(end),
            transport_tuning=tuning,
        )
        if self.offset == 0:
            request.opt.size1 = self.size
        return request

    def follow(self, answer: Message) -> bool:
        """Go where the answer to a block says; whether the next one is to be sent at once."""
        block1 = answer.opt.block1
        smaller = block1 is not None and block1.size_exponent < self.exponent
        if answer.code == codes.CONTINUE:
            self.offset += self.step
        elif answer.code == codes.REQUEST_ENTITY_INCOMPLETE:
            self.offset = _next_block(answer) * self.step
        elif answer.code == codes.REQUEST_ENTITY_TOO_LARGE and smaller:
            self.offset = 0
        else:
            return False
        if smaller:
            self.exponent = block1.size_exponent
        return answer.code != codes.REQUEST_ENTITY_INCOMPLETE and self.offset < self.size

    def _cut(self, end: int) -> bytes:
        """The bytes from `offset` to `end`; no more than these are copied."""
        pieces, start = [], self.offset
        for part in self.parts:
            pieces.append(part[start:end])
            start, end = max(start - len(part), 0), max(end - len(part), 0)
        return b"".join(pieces)


def _next_block(answer: Message) -> int:
    """The block that a 4.08 asks for: the first where the server does not know the upload."""
    if answer.opt.content_format != ContentFormat.CBOR:
        return 0
    return int(cbor2.loads(answer.payload)["next"])


async def send(upload: Upload, link: Link) -> Message:
    """The server's answer to the whole; Refused where there is none after all patience."""
    for _ in range(link.patience + 1):
        # A context of its own is a port of its own: a NAT may have forgotten the former one.
        context = await Context.create_client_context()
        try:
            answer = await _send_blocks(context, upload, link.tuning)
        except (error.NetworkError, TimeoutError):
            await asyncio.sleep(link.pause)
            continue
        finally:
            await context.shutdown()
        if answer.code in LATER:
            await asyncio.sleep(link.pause if answer.opt.max_age is None else answer.opt.max_age)
        elif answer.code != codes.REQUEST_ENTITY_INCOMPLETE:
            return answer
    raise Refused("The server did not answer.")


async def _send_blocks(context: Context, upload: Upload, tuning: TransportTuning) -> Message:
    """The answer that ends a row of blocks: to the last one, or one that says what is wrong."""
    while True:
        request = context.request(upload.block(tuning), handle_blockwise=False)
        async with asyncio.timeout(tuning.MAX_TRANSMIT_WAIT):
            answer = await request.response
        if not upload.follow(answer):
            return answer


def upload_of(options: argparse.Namespace, picture: bytes) -> Upload:
    """The upload of a picture, begun anew or before a restart."""
    digest = hashlib.sha256(picture).hexdigest()
    query, parts = {"sha256": digest}, [memoryview(picture)]
    if options.cbor:
        content_format = ContentFormat.CBOR
        parts.insert(0, memoryview(_head(options.device, options.timestamp, len(picture))))
    else:
        content_format = ContentFormat.by_media_type(mimetypes.guess_type(options.file)[0])
        query |= {"d": options.device, "t": options.timestamp}
    uri = f"{options.server}/collections/images?{urlencode(query, quote_via=quote)}"
    tag = _recall(options.state, digest)
    upload = Upload(uri, content_format, parts, tag or secrets.token_bytes(8))
    if tag:
        # The last block does not follow: the 4.08 says which one does.
        upload.offset = (upload.size - 1) // upload.step * upload.step
    elif options.state:
        options.state.write_text(f"{digest} {upload.tag.hex()}")
    return upload


def _head(device: str, timestamp: int, size: int) -> bytes:
    """A CBOR map up to the bytes of its last value, the picture."""
    buffer = io.BytesIO()
    buffer.write(cbor2.dumps({1: device, 2: timestamp, 3: b""})[:-1])
    cbor2.CBOREncoder(buffer).encode_length(2, size)
    return buffer.getvalue()


def _recall(state: Path | None, digest: str) -> bytes:
    """The Request-Tag of this picture's upload before a restart, else nothing."""
    if state is None or not state.exists():
        return b""
    former, _, tag = state.read_text().partition(" ")
    return bytes.fromhex(tag) if former == digest else b""


def main() -> None:
    """Send the file that the command line names."""
    parser = argparse.ArgumentParser(description="Send a picture to a coapture server.")
    parser.add_argument("server", help="coap://HOST[:PORT]")
    parser.add_argument("device")
    parser.add_argument("file", type=Path)
    parser.add_argument("--timestamp", type=int, default=0, help="Unix seconds; 0 is now")
    parser.add_argument("--cbor", action="store_true", help="device and time in the body")
    parser.add_argument("--state", type=Path, help="a file by which the upload survives a restart")
    parser.add_argument("--ack-timeout", type=float, default=2.0, help="seconds (RFC 7252 4.8)")
    parser.add_argument("--max-retransmit", type=int, default=4, help="times (RFC 7252 4.8)")
    parser.add_argument("--pause", type=float, default=10.0, help="seconds before another try")
    options = parser.parse_args()
    tuning = TransportTuning()
    tuning.ACK_TIMEOUT, tuning.MAX_RETRANSMIT = options.ack_timeout, options.max_retransmit
    upload = upload_of(options, options.file.read_bytes())
    answer = asyncio.run(send(upload, Link(tuning, options.pause)))
    if options.state:
        options.state.unlink(missing_ok=True)
    if answer.code not in STORED:
        raise Refused(f"{answer.code}: {answer.payload!r}")
    print(answer.code.dotted)


if __name__ == "__main__":
    main()
