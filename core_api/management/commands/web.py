"""`coapture web`: the HTTP door alone."""

from typing import Any

from core_api.management.serving import ServingCommand
from core_api.serving import listening, web


class Command(ServingCommand):
    """Serve HTTP until SIGTERM or Ctrl-C."""

    help = "Serve HTTP (granian)."

    def serve(self, options: dict[str, Any]) -> None:  # noqa: ARG002
        """Check the address, then serve."""
        address = listening.http_address()
        self.say([f"HTTP listens on {address}."])
        web.serve(address)
