"""`coapture storage`: where the bytes of images lie, and moving them."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core_api.errors import ServiceUnavailable
from core_api.storage import deletion, move


class Command(BaseCommand):
    """Show, move and clean up what STORAGES["images"] holds; the server may run meanwhile."""

    help = "Show where the bytes of images lie, move them, delete what nobody needs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`status`, `move --to PLACE`, `sweep`."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        actions.add_parser("status", help="count the objects in each place")
        moving = actions.add_parser("move", help="copy, verify, switch; may be run again")
        moving.add_argument(
            "--to", required=True, choices=("database", "files", "s3"), help="the place"
        )
        actions.add_parser("sweep", help="delete what is due, and orphans, now")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Do it; CommandError where the storage cannot."""
        try:
            match options["action"]:
                case "move":
                    self._move(options["to"])
                case "sweep":
                    self._sweep()
                case _:
                    self._status()
        except (ServiceUnavailable, OSError) as error:
            raise CommandError(str(error)) from error

    def _status(self) -> None:
        for place, (count, size) in move.summary().items():
            new = ", new ones go here" if place == settings.COAPTURE_STORAGE else ""
            self.stdout.write(f"{place}: {count} objects, {size} bytes{new}")

    def _move(self, place: str) -> None:
        total = move.remaining(place)
        moved = move.move(place, lambda so_far: self._report(so_far, total))
        for key, reason in moved.failures.items():
            self.stderr.write(f"{key} {reason}")
        self.stdout.write(f"{moved.objects} objects moved, {moved.size} bytes.")
        if place != settings.COAPTURE_STORAGE:
            self.stdout.write(
                f"New objects go to the storage {settings.COAPTURE_STORAGE!r}:"
                f" start the server with COAPTURE_STORAGE={place} to change that."
            )
        if moved.failures:
            raise CommandError(f"{len(moved.failures)} objects stay where they are.")

    def _report(self, moved: move.Moved, total: int) -> None:
        self.stdout.write(f"{moved.objects} of {total}")

    def _sweep(self) -> None:
        self.stdout.write(f"{deletion.sweep()} objects deleted that were due.")
        self.stdout.write(f"{deletion.sweep_orphans()} orphans deleted.")
