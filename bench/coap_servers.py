"""Starting and stopping the CoAP servers that ours is compared with, each on a free port."""

import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import coap_requests, npm, requests
from bench.load import BenchError, Target, report_of
from bench.npm import Missing
from bench.plan import Plan
from bench.servers import ROOT, free_port, running

PEERS = ROOT / "bench" / "peer_coap"
POST, PUT = 2, 3
SINK = Target("/sink", POST, 204)
MOST_RESOURCES = 10
_PING = bytes((0x40, 0, 0, 1))


@dataclass(frozen=True)
class Peer:
    """A running server: its port on 127.0.0.1 and where it takes uploads."""

    port: int
    uploads: Target


@contextmanager
def stock(plan: Plan, document: Path) -> Iterator[Peer]:
    """A Site of aiocoap."""
    port = free_port()
    command = [sys.executable, "-m", "bench.peer_coap.stock", str(port), str(document)]
    with running(command, plan.folder / "stock", partial(answers, port)):
        yield Peer(port, SINK)


@contextmanager
def libcoap(plan: Plan, document: Path) -> Iterator[Peer]:
    """The example server of libcoap, which keeps what is PUT; Missing where it is not installed."""
    program = shutil.which("coap-server-notls")
    if program is None:
        raise Missing("there is no coap-server-notls (Debian: apt install libcoap3-bin)")
    port = free_port()
    command = [program, "-A", "127.0.0.1", "-p", str(port), "-d", str(MOST_RESOURCES)]
    with running(command, plan.folder / "libcoap", partial(answers, port)):
        _put(plan, port, {"collections": document.read_bytes(), "sink": b"-"})
        yield Peer(port, Target("/sink", PUT, 204))


@contextmanager
def node_coap(plan: Plan, document: Path) -> Iterator[Peer]:
    """node-coap, installed for this run; Missing without node, npm or its registry."""
    folder = plan.folder / "node"
    node = npm.node(folder, "coap")
    port = free_port()
    command = [node, str(PEERS / "server.js"), str(port), str(document)]
    settings = {"NODE_PATH": str(folder / "node_modules")}
    with running(command, folder, partial(answers, port), settings):
        yield Peer(port, SINK)


def answers(port: int) -> bool:
    """Whether a CoAP ping is answered (RFC 7252 section 4.3); node-coap does not with a reset."""
    with socket.socket(type=socket.SOCK_DGRAM) as client:
        client.settimeout(0.3)
        try:
            client.connect(("127.0.0.1", port))
            client.send(_PING)
            return client.recv(64)[2:4] == _PING[2:4]
        except OSError:
            return False


def _put(plan: Plan, port: int, bodies: dict[str, bytes]) -> None:
    puts = [coap_requests.put(name, body) for name, body in bodies.items()]
    file = requests.write(plan.folder / "libcoap.put", puts)
    load = plan.load.start_pipeline(port, file, 5.0, code=201, count=len(puts))
    report = report_of(load, 5.0)
    if report.errors:
        raise BenchError(f"libcoap did not take what was PUT: {report.messages}")
