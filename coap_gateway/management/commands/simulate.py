"""`coapture simulate`: cameras to look at, without a camera."""

import asyncio
import math
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError

from coap_gateway.simulation.cameras import Plan, check, simulate
from coap_gateway.simulation.counts import Counts
from coap_gateway.simulation.endpoint import NoSocket, Unanswered
from coap_gateway.simulation.png import parse_size
from core_api.serving.addresses import Address, parse
from core_api.serving.processes import STOP_SIGNALS

DEFAULT_PORT = 5683
MOST_DEVICES = 1000
MOST_LOSS = 90
# Returns to the start of a terminal's line and erases it (ECMA-48 EL).
SAME_LINE = "\r\x1b[K"

T = TypeVar("T")


class Command(BaseCommand):
    """Post drawn pictures over CoAP as many cameras do, until Ctrl-C or --seconds."""

    help = "Simulate cameras that post pictures over CoAP, through a line that loses datagrams."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many, how often, how bad, how long, where to."""
        parser.add_argument("--devices", type=_reading(_devices), default=20, help="cameras (20)")
        parser.add_argument(
            "--rate", type=_reading(_rate), default=1.0, help="pictures a second of each camera (1)"
        )
        parser.add_argument(
            "--loss",
            type=_reading(_loss),
            default=0.0,
            metavar="PERCENT",
            help="datagrams that get lost, each way (0)",
        )
        parser.add_argument("--seconds", type=_reading(_seconds), help="end after so long (never)")
        parser.add_argument(
            "--server",
            type=_reading(_server),
            default="coap://127.0.0.1",
            metavar="coap://HOST[:PORT]",
            help="where to (coap://127.0.0.1)",
        )
        parser.add_argument(
            "--size",
            type=_reading(parse_size),
            default="320x240",
            metavar="WxH",
            help="pixels (320x240)",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Run; exit status 0 however it is ended, 1 where no server answers."""
        plan = Plan(
            server=options["server"],
            devices=options["devices"],
            rate=options["rate"],
            loss=options["loss"] / 100,
            size=options["size"],
            seconds=options["seconds"],
        )
        counts = Counts()
        start = time.monotonic()
        try:
            # Ctrl-C while the server is looked for.
            with suppress(KeyboardInterrupt):
                asyncio.run(self._run(plan, counts))
        except Unanswered as error:
            raise CommandError(
                f"No CoAP server answers at coap://{plan.server}: {error} "
                "Start one with `coapture serve`."
            ) from None
        except NoSocket as error:
            raise CommandError(f"The sockets cannot be opened: {error}") from None
        summary = "\n".join(counts.summary(time.monotonic() - start))
        self.stdout.write(f"{SAME_LINE}{summary}" if self.stdout.isatty() else summary)

    async def _run(self, plan: Plan, counts: Counts) -> None:
        await check(plan.server)
        stop = asyncio.Event()
        for number in STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await simulate(plan, counts, self._show, stop)

    def _show(self, line: str) -> None:
        """The line in place of the last one; where no terminal is, below it."""
        if self.stdout.isatty():
            self.stdout.write(f"{SAME_LINE}{line}", ending="")
        else:
            self.stdout.write(line)
        self.stdout.flush()


def _reading(read: Callable[[str], T]) -> Callable[[str], T]:
    """The reader of an option, whose ValueErrors are what the command line says."""

    def read_or_refuse(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise ArgumentTypeError(str(error)) from None

    return read_or_refuse


def _number(text: str, least: float, most: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise ValueError(f"{text!r} is no number from {least:g} to {most:g}.")
    return number


def _devices(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= MOST_DEVICES):
        raise ValueError(f"{text!r} is no whole number from 1 to {MOST_DEVICES}.")
    return int(text)


def _rate(text: str) -> float:
    return _number(text, 0.001, 1000)


def _loss(text: str) -> float:
    return _number(text, 0, MOST_LOSS)


def _seconds(text: str) -> float:
    return _number(text, 0.1, 1e7)


def _server(text: str) -> Address:
    """The address of coap://HOST[:PORT]."""
    uri = urlsplit(text)
    if uri.scheme != "coap" or not uri.netloc or uri.path.strip("/") or uri.query:
        raise ValueError(f"{text!r} is no coap://HOST[:PORT].")
    has_port = ":" in uri.netloc.rpartition("]")[2]
    return parse(uri.netloc if has_port else f"{uri.netloc}:{DEFAULT_PORT}")
