"""`coapture compress`: store in less space what waits for it, or say how far that is."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from collections_app.images.compression import services, waiting
from core_api.storage import swapping, totals
from core_api.storage.models import Outcome
from core_api.storage.totals import Total


class Command(BaseCommand):
    """Compress everything that waits, beside the workers or without them."""

    help = "Store images in less space; what the workers do in the background."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Only say how far it is, or begin with what was left as it is."""
        parser.add_argument("--status", action="store_true", help="say how far it is, and end")
        parser.add_argument(
            "--again",
            action="store_true",
            help="try again what was kept as received or failed, as after a change of settings",
        )

    def handle(self, *args: Any, status: bool, again: bool, **options: Any) -> None:  # noqa: ARG002
        """Compress, and say what came of it."""
        if not status:
            if again:
                swapping.reconsider((Outcome.KEPT, Outcome.FAILED, Outcome.UNDECODABLE))
            services.compress(width=settings.COAPTURE_SANDBOX_PROCESSES)
        self._say(totals.totals())

    def _say(self, found: Sequence[Total]) -> None:
        received, stored = sum(one.received for one in found), sum(one.stored for one in found)
        saved = 100 * (received - stored) / received if received else 0.0
        lines: dict[str, object] = {
            "received": f"{received} bytes",
            "stored": f"{stored} bytes, {saved:.1f} % saved",
        }
        lines["waiting"] = waiting.count()
        for outcome in Outcome:
            lines[outcome.value] = sum(one.blobs for one in found if one.outcome == outcome)
        for name, value in lines.items():
            self.stdout.write(f"{name:12}{value}")
