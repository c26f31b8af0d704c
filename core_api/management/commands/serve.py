"""`coapture serve`: everything, ready to use."""

import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections

from core_api import health
from core_api.management.serving import ServingCommand
from core_api.postgresql import budget, races
from core_api.serving import announcement, listening, readiness
from core_api.serving.addresses import Address
from core_api.serving.processes import Stop, managing
from core_api.serving.supervisor import Part, Supervisor

WEB = "web"
OTHERS = ("coap", "worker")
READY_WITHIN = 60.0
TICK = 0.1


class Command(ServingCommand):
    """Migrate, start web, coap and worker, and keep them running until SIGTERM or Ctrl-C."""

    help = "Set up and run everything: HTTP, CoAP and the background worker."

    def serve(self, options: dict[str, Any]) -> None:  # noqa: ARG002
        """Check the addresses, set up, run; exit status 1 when a part had to be killed."""
        web, coap = listening.http_address(), listening.coap_addresses()
        with Stop() as stop:
            _set_up()
            supervisor = Supervisor(_parts(coap))
            try:
                supervisor.start()
                if _wait_until_ready(supervisor, stop, web):
                    self.say(announcement.lines(web, coap, settings.COAPTURE_DATA))
                while not stop.wait(TICK):
                    supervisor.tend()
            finally:
                clean = supervisor.stop()
        if not clean:
            sys.exit(1)


def _set_up() -> None:
    """The data folder and the tables; nothing of an earlier run counts as alive."""
    settings.COAPTURE_DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
    with races.alone("migrate"):
        call_command("migrate", interactive=False, verbosity=0)
    budget.check()
    connections.close_all()
    health.silence()


def _parts(coap: Sequence[Address]) -> list[Part]:
    environment = os.environ | {
        "COAPTURE_PARTS": ",".join((WEB, *OTHERS)),
        "COAPTURE_COAP": listening.written(coap),
    }
    return [Part(name, managing(name), environment) for name in (WEB, *OTHERS)]


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
