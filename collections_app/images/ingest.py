"""Storing new images: many in one transaction, each with its own outcome."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db import connection
from django.utils import timezone

from collections_app.images import queries
from collections_app.images.models import Image
from collections_app.images.paths import change_path
from core_api import changes
from core_api.errors import Conflict
from core_api.ingest import GroupCommit
from core_api.rows import insert
from core_api.storage import services as storage
from core_api.storage.models import Blob

# A device without a clock that sends again cannot repeat its timestamp.
SAME_IMAGE_WITHIN = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class NewImage:
    """An image that was verified and is to be stored.

    `relative` says that the timestamp was counted from the server's clock; `sha256` is 64 hex
    digits; sizes are in pixels, the location in degrees (WGS 84).
    """

    device_id: str
    timestamp: dt.datetime
    relative: bool
    data: bytes
    media_type: str
    width: int
    height: int
    title: str = ""
    location: tuple[float, float] | None = None
    meta: dict[str, object] = field(default_factory=dict)
    sha256: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", hashlib.sha256(self.data).hexdigest())

    def row(self) -> Image:
        """The image as a row that is not saved yet, nor is its blob."""
        latitude, longitude = self.location or (None, None)
        return Image(
            device_id=self.device_id,
            timestamp=self.timestamp,
            blob=Blob(sha256=self.sha256, size=len(self.data)),
            media_type=self.media_type,
            width=self.width,
            height=self.height,
            title=self.title,
            latitude=latitude,
            longitude=longitude,
            meta=self.meta,
            stored=timezone.now(),
        )


@dataclass(frozen=True, slots=True)
class Stored:
    """The outcome for one image; `created` is False where the same image was there already."""

    image: Image
    created: bool


Outcome = Stored | Exception


def store(new: NewImage) -> Stored:
    """Store one image and come back when it is committed.

    Raises Conflict when another image stands under the same device and time.
    """
    return _writer.submit(new)


def write(batch: Sequence[NewImage]) -> list[Outcome]:
    """Store a batch in the transaction that is open; one bad item costs its neighbours nothing.

    Where another server was faster with the same place, PostgreSQL raises IntegrityError here and
    the batch is written again, item by item; SQLite's write lock leaves no such gap.
    """
    known = _Known(batch)
    outcomes: list[Outcome] = []
    fresh: list[tuple[NewImage, Image]] = []
    for new in batch:
        outcome = known.outcome(new)
        if outcome is None:
            row = new.row()
            known.add([row])
            fresh.append((new, row))
            outcome = Stored(row, created=True)
        outcomes.append(outcome)
    if fresh:
        blobs = storage.keep({new.sha256: new.data for new, _ in fresh})
        for new, row in fresh:
            row.blob = blobs[new.sha256]
        rows = [row for _, row in fresh]
        _insert(rows)
        changes.publish(*(change_path(row) for row in rows))
    return outcomes


COLUMNS = (
    *("device_id", "timestamp", "blob_id", "media_type", "width", "height"),
    *("title", "latitude", "longitude", "meta", "stored"),
)


def _insert(rows: Sequence[Image]) -> None:
    """Insert the rows and give them their ids, in a quarter of the time of bulk_create."""
    ids = insert(Image, COLUMNS, [_values(row) for row in rows], "RETURNING id")
    for row, (number,) in zip(rows, ids, strict=True):
        row.pk = number
        row._state.adding = False


def _values(row: Image) -> tuple[object, ...]:
    """The values of COLUMNS as the database takes them."""
    moment = connection.ops.adapt_datetimefield_value
    return (
        *(row.device_id, moment(row.timestamp), row.blob_id),
        *(row.media_type, row.width, row.height, row.title, row.latitude, row.longitude),
        *(connection.ops.adapt_json_value(row.meta, None), moment(row.stored)),
    )


class _Known:
    """The images that a batch may meet: those at its moments, and near them for relative times."""

    def __init__(self, batch: Sequence[NewImage]) -> None:
        self.at: dict[tuple[str, dt.datetime], Image] = {}
        self.of: dict[tuple[str, str], list[Image]] = {}
        self.add(queries.at([(new.device_id, new.timestamp) for new in batch]))
        for new in batch:
            if new.relative:
                self.add(_near(new))

    def add(self, images: Iterable[Image]) -> None:
        for image in images:
            self.at[image.device_id, image.timestamp] = image
            self.of.setdefault((image.device_id, image.blob.sha256), []).append(image)

    def outcome(self, new: NewImage) -> Outcome | None:
        """What becomes of the image in view of what is known; None where it is new."""
        same = self.of.get((new.device_id, new.sha256), [])
        for image in same:
            if _is_same(new, image.timestamp):
                return Stored(image, False)
        if (new.device_id, new.timestamp) in self.at:
            return Conflict("Another image is stored for this device and time; PUT replaces it.")
        return None


def _is_same(new: NewImage, timestamp: dt.datetime) -> bool:
    if new.relative:
        return abs(new.timestamp - timestamp) <= SAME_IMAGE_WITHIN
    return new.timestamp == timestamp


def _near(new: NewImage) -> list[Image]:
    span = (new.timestamp - SAME_IMAGE_WITHIN, new.timestamp + SAME_IMAGE_WITHIN)
    images = Image.objects.filter(
        device_id=new.device_id, timestamp__range=span, blob__sha256=new.sha256
    )
    return list(images.select_related("blob"))


_writer: GroupCommit[NewImage, Stored] = GroupCommit(write, size=lambda new: len(new.data))
