"""`coapture worker`: the background work alone."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from core_api import health
from core_api.background import worker
from core_api.background.periodic import PERIODIC
from core_api.cli import add_options
from core_api.serving.processes import Stop


class Command(BaseCommand):
    """Do what is due until SIGTERM or Ctrl-C."""

    help = "Do the background work: prune, sweep."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The common options; core_api.cli has read them already."""
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Work, with a sign of life."""
        with Stop() as stop, health.beating("worker"):
            worker.run(stop, PERIODIC)
