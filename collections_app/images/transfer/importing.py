"""From a folder of files into the collection."""

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from collections_app.images import bodies
from collections_app.images.chunks import Item, stored
from collections_app.images.ingest import NewImage, Outcome
from collections_app.images.transfer.naming import Naming
from core_api.errors import ApiError
from core_api.wire import jsontext, payload
from core_api.wire.errors import WireError
from core_api.wire.times import parse_moment

SUFFIXES = {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".tif", ".tiff", ".bmp"}
_DESCRIPTION = ("deviceId", "timestamp", "title", "location", "meta")


@dataclass(frozen=True, slots=True)
class Imported:
    """A file, and what became of it."""

    file: Path
    outcome: Outcome


def files(folder: Path) -> list[Path]:
    """The files below a folder that are images by their names, in order; none that is hidden."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(place)
        found += (
            here / name
            for name in sorted(names)
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")
        )
    return found


def run(folder: Path, found: list[Path], naming: Naming) -> Iterator[Imported]:
    """Store the files found below a folder, a commit for a chunk of them.

    What is in the collection already stays as it is, so an import that was broken off can be made
    again.
    """
    on_the_way: deque[Path] = deque()

    def items() -> Iterator[Item]:
        for file in found:
            on_the_way.append(file)
            yield _item(folder, file, naming)

    for outcome in stored(items()):
        yield Imported(on_the_way.popleft(), outcome)


def _item(folder: Path, file: Path, naming: Naming) -> Item:
    try:
        return _read(folder, file, naming)
    except (OSError, ValueError, ApiError) as error:
        return error


def _read(folder: Path, file: Path, naming: Naming) -> NewImage:
    """The image in a file; what was exported beside it wins over the names."""
    if not file.is_file():
        raise ValueError("It is no file.")
    if file.stat().st_size > settings.COAPTURE_MAX_BODY:
        raise ValueError(f"It has more than {settings.COAPTURE_MAX_BODY} bytes.")
    data = file.read_bytes()
    facts = bodies.verify(data, pointer="")
    said = _beside(file)
    if "deviceId" not in said:
        said["deviceId"] = naming.device_of(file.relative_to(folder))
    if "timestamp" in said:
        timestamp = parse_moment(said["timestamp"], timezone.now()).instant
    else:
        timestamp = naming.time_of(file, data)
    return NewImage(
        device_id=payload.device_id(said["deviceId"]),
        timestamp=timestamp,
        relative=False,
        data=data,
        media_type=facts.media_type,
        width=facts.width,
        height=facts.height,
        title=payload.title(said.get("title")),
        location=payload.location(said.get("location")),
        meta=payload.meta(said.get("meta")),
    )


def _beside(file: Path) -> dict[str, object]:
    """What a file of the same name with the suffix .json says of the image."""
    try:
        said = jsontext.decode(file.with_suffix(".json").read_bytes())
    except (FileNotFoundError, WireError):
        return {}
    if not isinstance(said, dict):
        return {}
    return {name: said[name] for name in _DESCRIPTION if said.get(name) is not None}
