"""For every test: which database it uses (`--database`); the test database goes at the end."""

import shutil

import pytest
from django.conf import settings

from tests.services import databases
from tests.services.postgres import PostgreSQL, durable_postgres, postgres
from tests.services.rabbitmq import celery_broker, rabbitmq

__all__ = ["celery_broker", "durable_postgres", "postgres", "rabbitmq"]

_server = pytest.StashKey[PostgreSQL]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=(databases.SQLITE, databases.POSTGRESQL),
        default=databases.SQLITE,
        help="run the tests on SQLite (default), or on a PostgreSQL that is started for them",
    )


def pytest_configure(config: pytest.Config) -> None:
    for vendor in (databases.SQLITE, databases.POSTGRESQL):
        config.addinivalue_line("markers", f"only_{vendor}: is about {vendor} itself")
    if config.getoption("database") == databases.POSTGRESQL:
        server = config.stash[_server] = PostgreSQL()
        server.start()
        databases.use(server)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about another database than the one in use."""
    others = {databases.SQLITE, databases.POSTGRESQL} - {config.getoption("database")}
    foreign = [item for item in items if _is_about(item, others)]
    if foreign:
        config.hook.pytest_deselected(items=foreign)
        items[:] = [item for item in items if item not in foreign]


def _is_about(item: pytest.Item, vendors: set[str]) -> bool:
    return any(item.get_closest_marker(f"only_{vendor}") for vendor in vendors)


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest) -> bool:
    """Whether the test database is left to the end of its server, or of the folder."""
    return request.config.getoption("database") == databases.POSTGRESQL


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(settings.COAPTURE_TEST_FOLDER, ignore_errors=True)
    if server := config.stash.get(_server, None):
        server.close()
