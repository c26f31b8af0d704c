"""For every test: its database (`--database`) and the engine of its jobs (`--engine`)."""

import shutil
from collections.abc import Iterator

import pytest
from django.conf import settings

from core_api import ingest
from tests.services import databases, engines
from tests.services.postgres import PostgreSQL, durable_postgres, postgres
from tests.services.rabbitmq import OF_THE_SESSION, RabbitMQ, celery_broker, rabbitmq
from tests.services.s3 import moto, rclone

__all__ = ["celery_broker", "durable_postgres", "moto", "postgres", "rabbitmq", "rclone"]

_server = pytest.StashKey[PostgreSQL]()


# What a test may be about: only_sqlite, only_embedded ...
CHOICES = {
    "database": (databases.SQLITE, databases.POSTGRESQL),
    "engine": (engines.EMBEDDED, engines.CELERY),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    texts = {
        "database": "run the tests on SQLite (default), or on a PostgreSQL started for them",
        "engine": "run jobs in the embedded engine (default), or over a RabbitMQ started for them",
    }
    for name, choices in CHOICES.items():
        parser.addoption(f"--{name}", choices=choices, default=choices[0], help=texts[name])


def pytest_configure(config: pytest.Config) -> None:
    for choices in CHOICES.values():
        for choice in choices:
            config.addinivalue_line("markers", f"only_{choice}(why): is about {choice} itself")
    if settings.DATABASES["default"]["ENGINE"] != "core_api.sqlite":
        raise pytest.UsageError("Unset DATABASE_URL: the tests start a PostgreSQL of their own.")
    if config.getoption("database") == databases.POSTGRESQL:
        server = config.stash[_server] = PostgreSQL()
        server.start()
        databases.use(server)
    if config.getoption("engine") == engines.CELERY:
        broker = config.stash[OF_THE_SESSION] = RabbitMQ()
        broker.start()
        engines.use(broker)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about another database or engine than the ones in use."""
    others = {
        choice
        for name, choices in CHOICES.items()
        for choice in choices
        if choice != config.getoption(name)
    }
    foreign = [item for item in items if _is_about(item, others)]
    if foreign:
        config.hook.pytest_deselected(items=foreign)
        items[:] = [item for item in items if item not in foreign]


def _is_about(item: pytest.Item, choices: set[str]) -> bool:
    return any(item.get_closest_marker(f"only_{choice}") for choice in choices)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """The test database; PostgreSQL drops none that a thread still has open."""
    yield
    for writer in list(ingest._writers):
        writer.close()


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(settings.COAPTURE_TEST_FOLDER, ignore_errors=True)
    for key in (_server, OF_THE_SESSION):
        if service := config.stash.get(key, None):
            service.close()
