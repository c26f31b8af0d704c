"""`coapture import FOLDER`: the pictures of a folder into the collection."""  # noqa: N999 - the command is named so

import re
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError

from collections_app.images.ingest import Stored
from collections_app.images.transfer import importing
from collections_app.images.transfer.naming import TIMES, Naming
from collections_app.management.progress import Progress

STORED, KNOWN, FAILED = "stored", "there already", "failed"


class Command(BaseCommand):
    """Store every picture below a folder; made again, it goes on where it was broken off."""

    help = "Import the pictures of a folder."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The folder, and how to tell device and time of a file."""
        parser.add_argument("folder", type=Path, metavar="FOLDER")
        parser.add_argument(
            "--device-from",
            default="folder",
            metavar="folder|name|PATTERN",
            help="the folder of a file, its name up to the time, or a regular expression for its "
            "path with a group (?P<device>...)",
        )
        parser.add_argument(
            "--time-from",
            default="exif,name",
            metavar="|".join(TIMES),
            help="where the time is; several, separated by commas, are tried in their order",
        )
        parser.add_argument(
            "--timezone", default="UTC", help="of times without one, such as Europe/Berlin"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Import, name each file that fails, and say how many were stored."""
        folder = options["folder"]
        if not folder.is_dir():
            raise CommandError(f"{folder} is no folder.")
        found = importing.files(folder)
        progress = Progress(len(found))
        counts: Counter[str] = Counter()
        try:
            for one in importing.run(folder, found, _naming(options)):
                counts[self._told(one, progress)] += 1
                progress.step()
        except KeyboardInterrupt:
            raise CommandError("Stopped; the same command goes on from here.") from None
        finally:
            progress.clear()
            self.stdout.write(", ".join(f"{counts[n]} {n}" for n in (STORED, KNOWN, FAILED)) + ".")
        if counts[FAILED]:
            raise CommandError(f"{counts[FAILED]} of {len(found)} files were not imported.")

    def _told(self, one: importing.Imported, progress: Progress) -> str:
        if isinstance(one.outcome, Stored):
            return STORED if one.outcome.created else KNOWN
        progress.clear()
        self.stderr.write(f"{one.file}: {one.outcome}")
        return FAILED


def _naming(options: dict[str, Any]) -> Naming:
    times = [word.strip() for word in options["time_from"].split(",")]
    try:
        return Naming(options["device_from"], times, ZoneInfo(options["timezone"]))
    except (ValueError, KeyError, OSError) as error:
        raise CommandError(str(error).strip("'\"")) from None
    except re.error as error:
        raise CommandError(f"--device-from is no regular expression: {error}.") from None
