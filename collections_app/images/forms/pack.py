"""A list as a SenML pack (RFC 8428), the batch form of core.b."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from collections_app.images.models import Image
from collections_app.images.representations import record
from core_api.rest.negotiation import SENML_CBOR
from core_api.storage import services as storage
from core_api.wire import senml

# So many bytes a page may have that carries the images themselves.
MAX_BYTES = 2**20
# The brackets or the head of the array.
_AROUND = 8


@dataclass(frozen=True, slots=True)
class Pack:
    """A page as SenML: of the images that came first `taken` are in it, or were left out."""

    body: bytes
    taken: int
    left_out: int


def pack(images: Sequence[Image], media_type: str, base: str, *, data: bool) -> Pack:
    """The images as SenML-JSON or SenML-CBOR; `base` is the collection's URI, a slash at its end.

    With `data` their bytes stand in place of their paths, as many as a page has room for; one that
    alone is too large keeps its path. Devices that no SenML name can carry are left out.
    """
    write = senml.to_cbor if media_type == SENML_CBOR else senml.to_json
    records: list[senml.Record] = []
    room, left_out = MAX_BYTES - _AROUND, 0
    for taken, image in enumerate(images):
        if not senml.is_name_part(image.device_id):
            left_out += 1
            continue
        one: dict[str, object] = ({} if records else {"bn": base}) | record(image)
        if data:
            one, size = _with_data(one, image, write)
            room -= size
            if room < 0:
                return Pack(write(records), taken, left_out)
        records.append(one)
    return Pack(write(records), len(images), left_out)


def _with_data(
    one: dict[str, object], image: Image, write: Callable[[Sequence[senml.Record]], bytes]
) -> tuple[dict[str, object], int]:
    """The record with the image's bytes where a page has room for it alone, and its length."""
    if image.blob.size < MAX_BYTES:
        full = {name: value for name, value in one.items() if name != "vs"}
        full["vd"] = storage.read(image.blob)
        size = len(write([full]))
        if size <= MAX_BYTES - _AROUND:
            return full, size
    return one, len(write([one]))
