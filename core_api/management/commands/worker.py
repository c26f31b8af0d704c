"""`coapture worker`: the background work alone."""

from typing import Any

from core_api import health
from core_api.background import worker
from core_api.background.periodic import PERIODIC
from core_api.management.serving import ServingCommand
from core_api.serving.processes import Stop


class Command(ServingCommand):
    """Do what is due until SIGTERM or Ctrl-C."""

    help = "Do the background work: prune, sweep."

    def serve(self, options: dict[str, Any]) -> None:  # noqa: ARG002
        """Work, with a sign of life."""
        with Stop() as stop, health.beating("worker"):
            worker.run(stop, PERIODIC)
