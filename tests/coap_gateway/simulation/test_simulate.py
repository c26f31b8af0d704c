"""`coapture simulate`, against a gateway with the collections behind it."""

import asyncio
import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiocoap import Message
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from coap_gateway.management.commands.simulate import Command
from coap_gateway.simulation import cameras, endpoint
from coap_gateway.simulation.cameras import Plan, simulate
from coap_gateway.simulation.counts import Counts
from coap_gateway.simulation.png import Size
from coap_gateway.simulation.transfer import post
from collections_app.images.models import Image
from core_api.serving.addresses import Address
from tests.coap_gateway.running import Running
from tests.e2e.ports import free_port
from tests.shared import ROOT

COUNTS = re.compile(
    r" *\d+ s  sent (\d+)  stored (\d+)  repeated blocks \d+  failed \d+  \d+\.\d images/s"
)
SUMMARY = re.compile(
    r"(\d+) of (\d+) pictures stored in \d+\.\d s \(\d+\.\d images/s\), \d+ failed, "
    r"\d+ unfinished; \d+ blocks were sent again\."
)


@pytest.fixture
def _site_served(transactional_db: None) -> None:
    """The collections themselves, in place of the tests' small site."""


def start(tmp_path: Path, port: int, *options: str) -> subprocess.Popen[str]:
    """The command as a process."""
    server = f"coap://127.0.0.1:{port}"
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "simulate", "--server", server, *options],
        env=os.environ | {"COAPTURE_DATA": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(plan: Plan, until: float | None = None) -> tuple[Counts, list[str]]:
    """Simulate in this process; stopped after `until` seconds."""
    counts, lines = Counts(), list[str]()

    async def work() -> None:
        stop = asyncio.Event()
        if until is not None:
            asyncio.get_running_loop().call_later(until, stop.set)
        await simulate(plan, counts, lines.append, stop)

    asyncio.run(work())
    return counts, lines


def test_what_counts_as_stored_is_in_the_collection(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: dict[tuple[str, ...], bytes] = {}

    async def noting(ask: Any, path: Any, query: Any, number: int, body: bytes) -> Message:
        response = await post(ask, path, query, number, body)
        if response.code.is_successful():
            stored[query] = body
        return response

    monkeypatch.setattr(cameras, "post", noting)
    monkeypatch.setattr(endpoint, "ACK_TIMEOUT", 0.05)
    plan = Plan(Address("127.0.0.1", gateway.port), 3, 4.0, 0.2, Size(160, 120), seconds=1.7)
    counts, lines = run(plan)
    assert counts.stored == len(stored) >= 3
    assert counts.repeated > 0
    assert counts.stored <= Image.objects.count() <= counts.sent
    client = Client()
    for (device, time), body in stored.items():
        query = {"deviceId": device.removeprefix("d="), "timestamp": time.removeprefix("t=")}
        response = client.get("/collections/images", query)
        assert (response.status_code, response["Content-Type"]) == (200, "image/png")
        assert response.content == body
    (line,) = lines
    assert COUNTS.fullmatch(line)


def test_it_can_be_stopped(gateway: Running) -> None:
    plan = Plan(Address("127.0.0.1", gateway.port), 2, 10.0, 0.0, Size(64, 64))
    counts, _ = run(plan, until=0.5)
    assert counts.stored >= 2
    assert counts.failed == 0


def test_failures_are_counted_and_the_cameras_go_on() -> None:
    plan = Plan(Address("127.0.0.1", free_port()), 2, 20.0, 0.0, Size(64, 64), seconds=0.5)
    counts, _ = run(plan)
    assert (counts.stored, list(counts.reasons)) == (0, ["Connection refused."])
    assert counts.failed > 2


def test_the_seconds_end_it(gateway: Running, tmp_path: Path) -> None:
    process = start(tmp_path, gateway.port, "--devices", "2", "--seconds", "1.5")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    first, last = out.splitlines()
    assert COUNTS.fullmatch(first)
    summary = SUMMARY.fullmatch(last)
    assert summary is not None
    assert int(summary[1]) == Image.objects.count() > 0


def test_ctrl_c_ends_it_with_a_summary(gateway: Running, tmp_path: Path) -> None:
    process = start(tmp_path, gateway.port, "--devices", "2", "--rate", "5")
    assert process.stdout is not None
    assert COUNTS.fullmatch(process.stdout.readline().rstrip("\n"))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert SUMMARY.fullmatch(out.splitlines()[-1])


def test_on_a_terminal_the_line_stays_in_its_place(gateway: Running) -> None:
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    options = ["--devices=1", "--rate=5", "--seconds=1.3", "--size=64x64"]
    call_command("simulate", f"--server=coap://127.0.0.1:{gateway.port}", *options, stdout=terminal)
    start, line, summary = terminal.getvalue().split("\r\x1b[K")
    assert start == ""
    assert COUNTS.fullmatch(line)
    assert SUMMARY.fullmatch(summary.rstrip("\n"))


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    port = free_port()
    process = start(tmp_path, port)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err == (
        f"CommandError: No CoAP server answers at coap://127.0.0.1:{port}: Connection refused. "
        "Start one with `coapture serve`.\n"
    )


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--devices", "0", "'0' is no whole number from 1 to 1000."),
        ("--devices", "1.5", "is no whole number"),
        ("--rate", "0", "'0' is no number from 0.001 to 1000."),
        ("--rate", "nan", "is no number"),
        ("--loss", "91", "'91' is no number from 0 to 90."),
        ("--seconds", "x", "is no number"),
        ("--size", "1x1", "is no size"),
        ("--server", "http://127.0.0.1", "is no coap://HOST[:PORT]."),
        ("--server", "coap://127.0.0.1:99999", "is no HOST:PORT"),
        ("--server", "coap://127.0.0.1/path", "is no coap://HOST[:PORT]."),
    ],
)
def test_options_that_make_no_sense(option: str, value: str, sentence: str) -> None:
    parser = Command().create_parser("coapture", "simulate")
    with pytest.raises(CommandError) as error:
        parser.parse_args([option, value])
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("coap://127.0.0.1", Address("127.0.0.1", 5683)),
        ("coap://127.0.0.1:5684/", Address("127.0.0.1", 5684)),
        ("coap://[::1]", Address("::1", 5683)),
        ("coap://[::1]:7", Address("::1", 7)),
    ],
)
def test_servers(text: str, address: Address) -> None:
    parser = Command().create_parser("coapture", "simulate")
    assert parser.parse_args(["--server", text]).server == address
