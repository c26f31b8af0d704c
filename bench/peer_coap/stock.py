"""`python -m bench.peer_coap.stock PORT FILE`: aiocoap as its documentation shows it, with a Site.

/collections is the FILE's bytes in link-format; /sink takes what is posted and drops it.
"""

import asyncio
import sys
from pathlib import Path

from aiocoap import Context, Message
from aiocoap.numbers import ContentFormat, codes
from aiocoap.resource import Resource, Site


class Collections(Resource):  # type: ignore[misc]
    """Bytes that are always the same."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._body = body

    async def render_get(self, request: Message) -> Message:  # noqa: ARG002
        """The bytes; the Site adds an ETag, and answers 2.03 where it fits."""
        return Message(payload=self._body, content_format=ContentFormat.LINKFORMAT)


class Sink(Resource):  # type: ignore[misc]
    """Takes any body, which the Site has put together."""

    async def render_post(self, request: Message) -> Message:  # noqa: ARG002
        """Nothing but the code."""
        return Message(code=codes.CHANGED)


async def serve(port: int, body: bytes) -> None:
    """Serve on 127.0.0.1 until the process is ended."""
    site = Site()
    site.add_resource(["collections"], Collections(body))
    site.add_resource(["sink"], Sink())
    await Context.create_server_context(site, bind=("127.0.0.1", port), transports=["udp6"])
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]).read_bytes()))
