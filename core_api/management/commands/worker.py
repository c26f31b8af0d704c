"""`coapture worker`: the background work alone."""

from typing import Any

from django.core.management.base import CommandError

from core_api import health
from core_api.background import engines, periodic, worker
from core_api.management.serving import ServingCommand
from core_api.serving.processes import Stop


class Command(ServingCommand):
    """Run jobs, and do what is due, until SIGTERM or Ctrl-C."""

    help = "Do the background work: run jobs, prune, sweep."

    def serve(self, options: dict[str, Any]) -> None:  # noqa: ARG002
        """Work, with a sign of life as long as the engine has one."""
        every = {one.function: one.every.total_seconds() for one in periodic.local()}
        with (
            Stop() as stop,
            engines.working() as engine,
            health.beating("worker", lambda: engine.alive),
        ):
            try:
                worker.run(stop, every, lambda: engine.alive)
            except worker.EngineFell as error:
                raise CommandError(str(error)) from None
