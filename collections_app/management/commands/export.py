"""`coapture export TARGET`: the collection, or a part of it, into a folder or a tar archive."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from collections_app.images import lists, queries
from collections_app.images.models import Image
from collections_app.images.queries import Filters
from collections_app.images.transfer import exporting
from collections_app.management.progress import Progress
from core_api.wire.errors import WireError
from core_api.wire.payload import device_id
from core_api.wire.times import parse_moment_text

STDOUT = "-"


class Command(BaseCommand):
    """Write images as `DEVICE/STAMP.jpg`, and their metadata as `DEVICE/STAMP.json` beside them."""

    help = (
        "Export images to a folder, to a file that ends in .tar, or as tar to - (standard output)."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The target, and the filters of a list."""
        parser.add_argument("target", metavar="FOLDER|FILE.tar|-")
        parser.add_argument("--device", help="of this device")
        parser.add_argument("--from", dest="since", metavar="TIME", help="not earlier")
        parser.add_argument("--to", dest="until", metavar="TIME", help="not later")
        parser.add_argument("--title", help="the title contains this")
        parser.add_argument("--near", metavar="LAT,LON,KM", help="taken within so many kilometres")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Export, and say how many images were written."""
        try:
            filters = _filters(options)
        except WireError as error:
            raise CommandError(str(error)) from None
        progress = Progress(queries.count(filters))
        written = known = 0
        try:
            for _, is_new in _exported(exporting.everything(filters), options["target"]):
                written, known = written + is_new, known + (not is_new)
                progress.step()
        except OSError as error:
            raise CommandError(f"The export stopped: {error}") from None
        finally:
            progress.clear()
        self.stderr.write(f"{written} images written, {known} there already.")


def _exported(images: Iterator[Image], target: str) -> Iterator[tuple[Image, bool]]:
    if target == STDOUT:
        yield from exporting.to_tar(images, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    elif target.endswith(".tar"):
        with _appearing(Path(target)) as file:
            yield from exporting.to_tar(images, file)
    else:
        yield from exporting.to_folder(images, Path(target))


@contextmanager
def _appearing(place: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when it is whole."""
    draft = place.with_name(f".{place.name}.part")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)


def _filters(options: dict[str, Any]) -> Filters:
    now = timezone.now()
    since, until, near = options["since"], options["until"], options["near"]
    return Filters(
        device_id=None if options["device"] is None else device_id(options["device"]),
        since=None if since is None else parse_moment_text(since, now, "/from").instant,
        until=None if until is None else parse_moment_text(until, now, "/to").instant,
        title=options["title"],
        near=None if near is None else lists.near(lists.numbers(near)),
    )
