"""A RabbitMQ of the tests' own, from the broker that is installed: its node, ports and files."""

import os
import secrets
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from shutil import rmtree

import pytest
from pytest_django import Settings

from core_api.serving.processes import end_with_parent
from tests.e2e.ports import free_port
from tests.e2e.programs import require
from tests.e2e.server import wait_until
from tests.services.processes import end

# What Debian has in /usr/sbin wants to be root or rabbitmq; the script behind it does not.
SCRIPTS = "/usr/lib/rabbitmq/bin"
READY_WITHIN = 60.0
STOP_WITHIN = 20.0

# The broker of all tests, under --engine=celery.
OF_THE_SESSION: "pytest.StashKey[RabbitMQ]" = pytest.StashKey()

CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{port}
disk_free_limit.absolute = 1MB
log.file.level = warning
"""


class RabbitMQ:
    """One broker; what is durable outlives `stop` and `kill`, until `close`."""

    def __init__(self) -> None:
        self._program = require("rabbitmq-server", SCRIPTS, "/usr/sbin")
        self._epmd_program = require("epmd")
        self.folder = Path(tempfile.mkdtemp(prefix="coapture-rabbitmq-"))
        self.port = free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._environment = self._configure()
        self._epmd = self._start_epmd()
        self._process: subprocess.Popen[bytes] | None = None

    def _configure(self) -> dict[str, str]:
        (self.folder / "rabbitmq.conf").write_text(CONFIGURATION.format(port=self.port))
        (self.folder / "enabled_plugins").write_text("[].\n")
        (self.folder / "env.conf").touch()
        return os.environ | {
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(free_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"coapture-{secrets.token_hex(4)}@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "env.conf"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +SDio 1",
            # The shell then becomes the node, whose process id is ours to end.
            "RABBITMQ_ALLOW_INPUT": "true",
        }

    def _start_epmd(self) -> subprocess.Popen[bytes]:
        # Erlang would start one that outlives everything.
        return subprocess.Popen(
            [self._epmd_program],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            preexec_fn=partial(end_with_parent, os.getpid(), signal.SIGKILL),
        )

    def start(self) -> None:
        """Start the broker and wait until it takes connections."""
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [self._program, "-noinput"],
                env=self._environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=partial(end_with_parent, os.getpid(), signal.SIGKILL),
            )
        wait_until(self._is_ready, "RabbitMQ answers", READY_WITHIN)

    def _is_ready(self) -> bool:
        # Runs without a broker do not pay for this.
        import kombu

        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "output").read_text(errors="replace")
        with suppress(OSError), kombu.Connection(self.url, connect_timeout=5) as connection:
            connection.connect()
            return True
        return False

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        try:
            end(self._process, number, STOP_WITHIN)
        finally:
            self._process = None

    def close(self) -> None:
        """End everything and remove its files."""
        self.kill()
        self._epmd.kill()
        self._epmd.wait()
        rmtree(self.folder)


@pytest.fixture(scope="session")
def rabbitmq(request: pytest.FixtureRequest) -> Iterator[RabbitMQ]:
    """A broker that runs, for all tests; one that stops it starts it again."""
    if running := request.config.stash.get(OF_THE_SESSION, None):
        yield running
        return
    broker = RabbitMQ()
    try:
        broker.start()
        yield broker
    finally:
        broker.close()


@pytest.fixture
def celery_broker(
    rabbitmq: RabbitMQ, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RabbitMQ]:
    """The broker, with an empty queue, told of the jobs that this process accepts."""
    from core_api.background import celery_engine
    from core_api.celery import app

    settings.COAPTURE_JOBS_ENGINE = "celery"
    monkeypatch.setattr(app.conf, "broker_url", rabbitmq.url)
    with app.connection_for_write() as connection:
        app.amqp.queues[app.conf.task_default_queue](connection.channel()).declare()
        app.control.purge(connection)
    yield rabbitmq
    # The database is the test's as long as the test runs.
    assert celery_engine.flush(10)
