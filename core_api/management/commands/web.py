"""`coapture web`: the HTTP door alone."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core_api.cli import add_options
from core_api.serving import listening, web


class Command(BaseCommand):
    """Serve HTTP until SIGTERM or Ctrl-C."""

    help = "Serve HTTP (granian)."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The common options; core_api.cli has read them already."""
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Check the address, then serve."""
        try:
            address = listening.http_address()
        except listening.CannotListen as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"HTTP listens on {address}.")
        self.stdout.flush()
        web.serve(address)
