"""One attempt to store an image in less space."""

import hashlib
import logging
from typing import cast

from django.conf import settings

from collections_app.images.compression.waiting import Waiting
from collections_app.imaging.compression import Encoded, Kept, Policy
from collections_app.imaging.compression.outcomes import Fidelity
from core_api import sandbox
from core_api.storage import restore
from core_api.storage import services as storage
from core_api.storage.models import Outcome
from core_api.storage.swapping import Swap

# Seconds of the processor for one image: these, and so many for each megapixel.
SECONDS = 2.0
SECONDS_PER_MEGAPIXEL = 2.0
ENCODER = "collections_app.imaging.compression:compress"

log = logging.getLogger("coapture.compression")


def policy() -> Policy:
    """What may become of images, as the settings say."""
    return Policy(cast("Fidelity", settings.COAPTURE_FIDELITY), settings.COAPTURE_QUALITY)


def original(one: Waiting) -> bytes | Outcome:
    """The bytes as they were received, or what became of the blob without them."""
    try:
        data = storage.read_as_stored(one.blob)
    except FileNotFoundError:
        # Where the image was deleted meanwhile nobody reads the outcome.
        return _failed(one, "its object is missing")
    if one.blob.encoding != restore.RAW:
        return Outcome.ENCODED
    if hashlib.sha256(data).hexdigest() != one.blob.sha256:
        return _failed(one, "its bytes are not those that were received")
    return data


def encode(one: Waiting, data: bytes | Outcome) -> Swap | Outcome:
    """What to put in the place of the original, or why it stays; no database is needed.

    A child process encodes it, and has verified what it gives.
    """
    if isinstance(data, Outcome):
        return data
    seconds = SECONDS + SECONDS_PER_MEGAPIXEL * one.pixels / 1_000_000
    try:
        result: Encoded | Kept = sandbox.call(
            ENCODER, data, one.media_type, policy(), cpu_seconds=seconds
        )
    except sandbox.Crashed as error:
        return _failed(one, error.reason)
    if isinstance(result, Kept):
        return Outcome.KEPT if result.decodable else Outcome.UNDECODABLE
    if len(result.data) >= len(data):
        return Outcome.KEPT
    return Swap(one.blob, result.encoding, one.media_type, result.data)


def _failed(one: Waiting, why: str) -> Outcome:
    log.warning("the image %s cannot be compressed: %s", one.blob.sha256, why)
    return Outcome.FAILED
