"""All that this server uses of aiocoap's inside (version 0.4.17), in one place.

aiocoap keeps message ids, tokens and the sockets. Replaced here are the decoding of messages
(`decoding`), their retransmission (`exchanges`), the memory of repeated ones (it had no bound), the
task for every request, the signalling of streams, and what came of truncated datagrams and of a
full socket. A new version of aiocoap is to be read against these files; the test of them names what
to read.
"""

from coap_gateway.aiocoap_internals.endpoint import Endpoint

__all__ = ["Endpoint"]
