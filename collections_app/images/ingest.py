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
from core_api.postgresql.races import queue_up
from core_api.rows import insert_numbered, saved
from core_api.storage import objects
from core_api.storage import services as storage

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
            blob=storage.draft(self.sha256, len(self.data)),
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


class Draft:
    """An image on its way in, with all that can be made ready before it is the writer's turn."""

    __slots__ = ("new", "path", "ready", "row")

    def __init__(self, new: NewImage) -> None:
        self.new = new
        self.row = new.row()
        self.ready = _ready(self.row)
        self.path = change_path(self.row)


def store(new: NewImage) -> Stored:
    """Store one image and come back when it is committed.

    Raises Conflict when another image stands under the same device and time.
    """
    draft = Draft(new)
    with objects.placed([(draft.row.blob, new.data)]) as (error,):
        if error is not None:
            raise error
        return _writer.submit(draft)


def store_all(images: Sequence[NewImage]) -> list[Outcome]:
    """Store several images, at least one, by one commit where it has room; an outcome for each."""
    drafts = [Draft(new) for new in images]
    with objects.placed([(draft.row.blob, draft.new.data) for draft in drafts]) as errors:
        placed = [draft for draft, error in zip(drafts, errors, strict=True) if error is None]
        outcomes = iter(_writer.submit_all(placed) if placed else ())
        return [error or next(outcomes) for error in errors]


def write(batch: Sequence[Draft]) -> list[Outcome]:
    """Store a batch in the transaction that is open; one bad item costs its neighbours nothing.

    Where another server was faster with the same place, PostgreSQL raises IntegrityError here and
    the batch is written again, item by item; SQLite's write lock leaves no such gap.
    """
    known = _Known(batch)
    outcomes: list[Outcome] = []
    fresh: list[Draft] = []
    for draft in batch:
        outcome = known.outcome(draft.new)
        if outcome is None:
            known.add([draft.row])
            fresh.append(draft)
            outcome = Stored(draft.row, created=True)
        outcomes.append(outcome)
    if fresh:
        _insert(fresh)
        changes.publish(*(draft.path for draft in fresh))
    return outcomes


READY = (
    *("device_id", "timestamp", "media_type", "width", "height"),
    *("title", "latitude", "longitude", "meta"),
)
COLUMNS = ("blob_id", "stored", *READY)


def _ready(row: Image) -> tuple[object, ...]:
    """The values of READY as the database takes them."""
    return (
        *(row.device_id, connection.ops.adapt_datetimefield_value(row.timestamp)),
        *(row.media_type, row.width, row.height, row.title, row.latitude, row.longitude),
        connection.ops.adapt_json_value(row.meta, None),
    )


def _insert(drafts: Sequence[Draft]) -> None:
    """Insert blobs and rows and give them their ids, in a quarter of the time of bulk_create."""
    blobs = storage.keep((draft.row.blob, draft.new.data) for draft in drafts)
    now = timezone.now()
    stored = connection.ops.adapt_datetimefield_value(now)
    values = []
    for draft in drafts:
        draft.row.stored = now
        draft.row.blob = blobs[draft.new.sha256]
        values.append((draft.row.blob.pk, stored, *draft.ready))
    ids = insert_numbered(Image, COLUMNS, values)
    assert ids is not None
    for draft, number in zip(drafts, ids, strict=True):
        saved(draft.row, number)


class _Known:
    """The images that a batch may meet: those at its moments, and near them for relative times."""

    def __init__(self, batch: Sequence[Draft]) -> None:
        self.at: dict[tuple[str, dt.datetime], Image] = {}
        self.of: dict[tuple[str, str], list[Image]] = {}
        # No index keeps an image from being stored twice under two relative times.
        relative = [draft.new for draft in batch if draft.new.relative]
        queue_up(new.device_id for new in relative)
        self.add(queries.at([draft.ready[:2] for draft in batch]))
        for new in relative:
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


_writer: GroupCommit[Draft, Stored] = GroupCommit(write, size=lambda draft: len(draft.new.data))
