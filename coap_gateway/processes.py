"""Several gateway processes at the same addresses, under a master that holds their sockets.

The kernel spreads the peers over the datagram sockets by address and port. These are the master's:
their number never changes, so a peer keeps its process, and what arrives while that one is started
again waits for the new one. Connections wait in one queue, and whoever is free accepts them.
"""

import os
import signal
import socket
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack

from coap_gateway import server, sockets
from core_api import health
from core_api.changes import Follower
from core_api.serving.addresses import Address
from core_api.serving.processes import Signals, managing
from core_api.serving.rolling import Rolling
from core_api.serving.supervisor import INNER_STOP_WITHIN, Part, Supervisor

TICK = 0.1


def run(addresses: Sequence[Address], number: int, listening: Callable[[], None]) -> bool:
    """Serve with so many processes until SIGTERM or SIGINT; whether none had to be killed.

    `listening` is called when all of them serve. SIGHUP restarts one after another. DatabaseError
    where the change feed cannot be read, OSError where an address cannot be bound.
    """
    Follower().close()
    health.silence(server.PART)
    with ExitStack() as opened, Signals(signal.SIGTERM, signal.SIGINT) as stop:
        groups = sockets.groups(addresses, number)
        for group in groups:
            for one in group:
                opened.enter_context(one)
        supervisor = Supervisor([_part(index, group) for index, group in enumerate(groups, 1)])
        with Signals(signal.SIGHUP) as renewal:
            try:
                _supervise(supervisor, stop, renewal, listening)
            finally:
                clean = supervisor.stop(INNER_STOP_WITHIN)
                health.silence(server.PART)
    return clean


def serve(number: int, files: Iterable[int]) -> None:
    """Be the process of this number: serve the master's sockets, by their file numbers."""
    server.run([socket.socket(fileno=file) for file in files], lambda: None, number)


def _part(number: int, listeners: Sequence[socket.socket]) -> Part:
    files = [listener.fileno() for listener in listeners]
    command = managing("coap", f"--number={number}", f"--sockets={','.join(map(str, files))}")
    return Part(server.name_of(number), command, os.environ, files)


def _supervise(
    supervisor: Supervisor, stop: Signals, renewal: Signals, listening: Callable[[], None]
) -> None:
    """Start the processes and look after them until asked to stop."""
    rolling = Rolling(supervisor.parts, _serves)
    supervisor.start()
    with ExitStack() as beating:
        said = False
        while not stop.wait(TICK):
            supervisor.tend()
            if not said and all(map(_serves, supervisor.parts)):
                beating.enter_context(health.beating(server.PART))
                listening()
                said = True
            if renewal.take():
                rolling.begin()
            rolling.tend()


def _serves(part: Part) -> bool:
    """Whether it has beaten since it was started."""
    return health.silent_for(part.name) < part.running_for
