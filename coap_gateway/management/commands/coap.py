"""`coapture coap`: the CoAP door alone."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from coap_gateway import server
from core_api.cli import add_options
from core_api.serving import listening


class Command(BaseCommand):
    """Serve CoAP until SIGTERM or Ctrl-C."""

    help = "Serve CoAP over UDP and TCP (aiocoap)."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The common options; core_api.cli has read them already."""
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Check the addresses, then serve; one line for each address that listens."""
        try:
            addresses = listening.coap_addresses()
        except listening.CannotListen as error:
            raise CommandError(str(error)) from None
        lines = [f"CoAP listens on {address} (UDP and TCP)." for address in addresses]
        try:
            server.run(addresses, lambda: self._say(lines))
        except DatabaseError as error:
            raise CommandError(f"The database is not ready ({error}); migrate it first.") from None
        except OSError as error:
            raise CommandError(f"--coap: cannot listen: {error.strerror}.") from None

    def _say(self, lines: list[str]) -> None:
        self.stdout.write("\n".join(lines))
        self.stdout.flush()
