"""`coapture retention`: remove the images that are beyond the rules, or say which."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from collections_app.images.retention import rules, services
from collections_app.images.retention.rules import Rules


class Command(BaseCommand):
    """Enforce the rules of COAPTURE_KEEP_DAYS, _COUNT and _BYTES, or others, now."""

    help = "Remove images by age, number and bytes a device; the worker does so by itself."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The rules, each as in the settings unless given."""
        usual = rules.configured()
        parser.add_argument("--dry-run", action="store_true", help="remove nothing, say what would")
        parser.add_argument("--days", type=float, default=usual.days, help="keep so many days")
        parser.add_argument("--count", type=int, default=usual.count, help="images of a device")
        parser.add_argument("--bytes", type=int, default=usual.bytes, help="bytes of a device")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Do it, and print a line for each device and rule."""
        wanted = Rules(options["days"], options["count"], options["bytes"])
        if not all(
            0 <= limit < float("inf") for limit in (wanted.days, wanted.count, wanted.bytes)
        ):
            raise CommandError("A limit must be zero or more.")
        if wanted == Rules():
            self.stdout.write("There is no rule: everything is kept.")
            return
        found = services.preview(wanted) if options["dry_run"] else services.enforce(wanted)
        for gone in found:
            self.stdout.write(
                f"{gone.device_id}  {gone.rule}  {gone.images} images  {gone.bytes} bytes"
            )
        images, size = sum(gone.images for gone in found), sum(gone.bytes for gone in found)
        verb = "would be removed" if options["dry_run"] else "removed"
        self.stdout.write(f"{images} images, {size} bytes {verb}.")
