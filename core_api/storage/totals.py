"""How much is stored, and in how much space."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Sum

from core_api.storage.models import Blob, DoomedObject


@dataclass(frozen=True, slots=True)
class Total:
    """Blobs of one encoding and outcome (None: they wait for compression).

    `received` and `stored` are bytes, of the originals and of the objects.
    """

    encoding: str
    outcome: str | None
    blobs: int
    received: int
    stored: int


def totals() -> Sequence[Total]:
    """Of all blobs; reads the whole table of blobs, so it is not for every request."""
    groups = Blob.objects.values("encoding", "outcome").order_by("encoding", "outcome")
    sums = groups.annotate(blobs=Count("pk"), received=Sum("size"), stored=Sum("stored_size"))
    # PostgreSQL's sums of whole numbers are Decimals.
    return [
        Total(**(row | {"received": int(row["received"]), "stored": int(row["stored"])}))
        for row in sums
    ]


def doomed() -> int:
    """Objects that wait for their deletion."""
    return DoomedObject.objects.count()
