"""`coapture fsck`: hold every stored image against its digest."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core_api.storage import fsck


class Command(BaseCommand):
    """Name every fault; the exit status is 1 where one remains."""

    help = "Check every stored image against its digest, and every object against its row."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to put right what is wrong."""
        parser.add_argument(
            "--repair",
            action="store_true",
            help="take another copy of the bytes where there is one, put rows right and have "
            "objects deleted that nothing refers to",
        )

    def handle(self, *args: Any, repair: bool, **options: Any) -> None:  # noqa: ARG002
        """Check, and say what was found."""
        found = left = 0
        for fault in fsck.check(repair=repair):
            found += 1
            left += not fault.repaired
            self.stdout.write(f"{fault.subject}: {fault.what}{' (repaired)' * fault.repaired}")
        if left:
            raise CommandError(f"{left} of {found} faults remain.")
        self.stdout.write(f"{found} faults, all repaired." if found else "Everything is as it was.")
