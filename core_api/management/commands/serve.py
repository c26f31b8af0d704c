"""`coapture serve`: everything, ready to use."""

import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from core_api import health
from core_api.cli import add_options
from core_api.serving import announcement, listening, readiness
from core_api.serving.addresses import Address
from core_api.serving.processes import Stop
from core_api.serving.supervisor import Part, Supervisor

WEB = "web"
OTHERS = ("coap", "worker")
READY_WITHIN = 60.0
TICK = 0.1


class Command(BaseCommand):
    """Migrate, start web, coap and worker, and keep them running until SIGTERM or Ctrl-C."""

    help = "Set up and run everything: HTTP, CoAP and the background worker."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The common options; core_api.cli has read them already."""
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Check the addresses, set up, run; exit status 1 when a part had to be killed."""
        try:
            web, coap = listening.http_address(), listening.coap_addresses()
        except listening.CannotListen as error:
            raise CommandError(str(error)) from None
        with Stop() as stop:
            _set_up()
            supervisor = Supervisor(_parts(coap))
            try:
                supervisor.start()
                if _wait_until_ready(supervisor, stop, web):
                    self._say(announcement.lines(web, coap, settings.COAPTURE_DATA))
                while not stop.wait(TICK):
                    supervisor.tend()
            finally:
                clean = supervisor.stop()
        if not clean:
            sys.exit(1)

    def _say(self, lines: Sequence[str]) -> None:
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def _set_up() -> None:
    """The data folder and the tables; nothing of an earlier run counts as alive."""
    settings.COAPTURE_DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
    call_command("migrate", interactive=False, verbosity=0)
    connections.close_all()
    health.silence()


def _parts(coap: Sequence[Address]) -> list[Part]:
    environment = os.environ | {
        "COAPTURE_PARTS": ",".join((WEB, *OTHERS)),
        "COAPTURE_COAP": listening.written(coap),
    }
    manage = str(settings.BASE_DIR / "manage.py")
    return [Part(name, (sys.executable, manage, name), environment) for name in (WEB, *OTHERS)]


def _wait_until_ready(supervisor: Supervisor, stop: Stop, web: Address) -> bool:
    """True when ready, False when asked to stop; CommandError when it takes too long."""
    deadline = time.monotonic() + READY_WITHIN
    while missing := readiness.what_is_missing(web, OTHERS):
        if time.monotonic() >= deadline:
            raise CommandError(f"Not ready after {READY_WITHIN:g} s. {missing}")
        if stop.wait(TICK):
            return False
        supervisor.tend()
    return True
