"""Putting right what is wrong with a blob: from another copy of its bytes, or in its row."""

from collections.abc import Collection, Iterator, Sequence

from django.db import transaction

from core_api.storage import restore
from core_api.storage.backends import digest_of
from core_api.storage.deletion import doom
from core_api.storage.faults import UNREADABLE, UNRESTORABLE, digest, fault_of, restored
from core_api.storage.models import Blob, DoomedObject
from core_api.storage.objects import fetch
from core_api.storage.places import image_storage, key_at

Copies = dict[str, list[str]]


def all_keys() -> Iterator[str]:
    """The keys of the objects in every place."""
    storage = image_storage()
    for place in storage.places:
        names = storage.at(place).keys()
        yield from (key_at(place, name) for name in names)


def copies_of(digests: Collection[str]) -> Copies:
    """The keys of the objects that were made of these contents, by SHA-256, doomed ones, too."""
    copies: Copies = {}
    for key in all_keys():
        if (sha256 := digest_of(key)) in digests:
            copies.setdefault(sha256, []).append(key)
    return copies


def from_copy(blob: Blob, keys: Sequence[str]) -> bool:
    """Let the blob have the first of these objects that gives the original bytes, if one does."""
    return any(key != blob.key and _refer(blob, key) for key in keys)


def measure(blob: Blob) -> bool:
    """Write the sizes of the blob as they are."""
    data = fetch(blob)
    sizes = {"stored_size": len(data)}
    if restore.is_exact(blob.encoding):
        sizes["size"] = len(restored(blob.encoding, data, blob.media_type))
    return bool(Blob.objects.filter(pk=blob.pk, key=blob.key).update(**sizes))


def _refer(blob: Blob, key: str) -> bool:
    encoding = key.rpartition(".")[2]
    if not restore.is_exact(encoding):
        return False
    try:
        data = image_storage().read(key)
        original = restored(encoding, data, blob.media_type)
    except (*UNREADABLE, *UNRESTORABLE):
        return False
    if digest(original) != blob.sha256:
        return False
    is_raw = encoding == restore.RAW
    with transaction.atomic():
        done = Blob.objects.filter(pk=blob.pk, key=blob.key).update(
            key=key,
            encoding=encoding,
            size=len(original),
            stored_size=len(data),
            stored_sha256="" if is_raw else digest(data),
            outcome=None if is_raw else blob.outcome,
        )
        if done:
            DoomedObject.objects.filter(pk=key).delete()
            doom([blob.key])
    return bool(done) and _is_well(blob)


def _is_well(blob: Blob) -> bool:
    """Whether it is: the object may have been deleted just before it was not doomed any more."""
    blob.refresh_from_db()
    return fault_of(blob) is None
