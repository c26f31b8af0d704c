"""What the commands that serve have in common."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core_api.cli import add_options
from core_api.serving import listening


class ServingCommand(BaseCommand):
    """A command that serves until SIGTERM or Ctrl-C; its class implements `serve`."""

    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The common options; core_api.cli has read them already."""
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Serve; one sentence where a door cannot be opened."""
        try:
            self.serve(options)
        except listening.CannotListen as error:
            raise CommandError(str(error)) from None

    def serve(self, options: dict[str, Any]) -> None:
        """Serve until asked to stop; listening.CannotListen where that is not possible."""
        raise NotImplementedError

    def say(self, lines: Sequence[str]) -> None:
        """Print the lines, at once."""
        self.stdout.write("\n".join(lines))
        self.stdout.flush()
