"""The process in which a worker runs tasks: `python -m core_api.background.child SOCKET PARENT`."""

import os
import resource
import signal
import socket
import sys

import django
from django.conf import settings

from core_api.background.messages import Channel
from core_api.serving.processes import end_with_parent


def main() -> None:
    """Set Django up and work."""
    end_with_parent(int(sys.argv[2]), signal.SIGKILL)
    # The worker decides when to end; a handler, for programs that tasks start inherit SIG_IGN.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    django.setup()
    os.nice(settings.COAPTURE_JOBS_NICE)
    if limit := settings.COAPTURE_JOBS_MEMORY:
        # Files that grow as they are decoded are strangers': one job must not take the machine.
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    # It knows the models, which do not exist before.
    from core_api.background.making import Maker

    Maker(Channel(socket.socket(fileno=int(sys.argv[1])))).run()


if __name__ == "__main__":
    main()
