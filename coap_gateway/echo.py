"""Values of the Echo option (RFC 9175 section 2) that prove that a peer has its address."""

import hashlib
import hmac
import time

from coap_gateway.expiring import Clock

ECHO_BYTES = 8
# Seconds of one epoch; a value is good in its own epoch and the next one.
EPOCH = 150
# hashlib calls that "person": no other use of the same secret gives these bytes.
_PURPOSE = b"coapture echo"


class Echoes:
    """Makes and knows the values, without a memory of them.

    A value is a MAC over the peer's IP address and the time in epochs: all processes with the same
    secret know it. It is good for EPOCH to 2 * EPOCH seconds. `clock` gives Unix seconds.
    """

    def __init__(self, secret: str, clock: Clock = time.time) -> None:
        self._key = hashlib.blake2b(secret.encode(), person=_PURPOSE, digest_size=32).digest()
        self._clock = clock

    def value(self, host: str) -> bytes:
        """The value of now for an IP address."""
        return self._mac(host, self._epoch())

    def knows(self, host: str, value: bytes) -> bool:
        """Whether the value was made for this address lately."""
        epoch = self._epoch()
        return any(hmac.compare_digest(self._mac(host, each), value) for each in (epoch, epoch - 1))

    def _epoch(self) -> int:
        return int(self._clock() // EPOCH)

    def _mac(self, host: str, epoch: int) -> bytes:
        text = f"{epoch} {host}".encode()
        return hashlib.blake2b(text, key=self._key, digest_size=ECHO_BYTES).digest()
