"""`coapture coap`: the CoAP door alone."""

import sys
from argparse import SUPPRESS, ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError

from coap_gateway import processes, server, sockets
from core_api.databases import first_line
from core_api.management.serving import ServingCommand
from core_api.serving import listening
from core_api.serving.addresses import Address


class Command(ServingCommand):
    """Serve CoAP until SIGTERM or Ctrl-C."""

    help = "Serve CoAP over UDP and TCP (aiocoap)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The common options, and those that a master gives to its processes."""
        super().add_arguments(parser)
        parser.add_argument("--number", type=int, help=SUPPRESS)
        parser.add_argument("--sockets", help=SUPPRESS)

    def serve(self, options: dict[str, Any]) -> None:
        """Serve; exit status 1 when a process had to be killed."""
        try:
            if options["sockets"]:
                processes.serve(options["number"], map(int, options["sockets"].split(",")))
            elif not self._serve(listening.coap_addresses()):
                sys.exit(1)
        except DatabaseError as error:
            reason = first_line(error)
            raise CommandError(f"The database is not ready ({reason}); migrate it first.") from None
        except OSError as error:
            raise CommandError(f"--coap: cannot listen: {error.strerror}.") from None

    def _serve(self, addresses: list[Address]) -> bool:
        """Serve the addresses; one line for each that listens."""
        lines = [f"CoAP listens on {address} (UDP and TCP)." for address in addresses]
        number = settings.COAPTURE_COAP_PROCESSES
        if number > 1:
            return processes.run(addresses, number, lambda: self.say(lines))
        server.run(sockets.groups(addresses, 1)[0], lambda: self.say(lines))
        return True
