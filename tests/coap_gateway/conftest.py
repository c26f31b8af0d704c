"""Gateways and clients for the tests, over a small Django site."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from coap_gateway import limits as configured
from coap_gateway.limits import Limits
from tests.coap_gateway.datagrams import Client
from tests.coap_gateway.running import Running
from tests.coap_gateway.site import State, state


@pytest.fixture(autouse=True)
def site() -> State:
    """What the site's views have seen in this test."""
    state.reset()
    return state


@pytest.fixture
def limits(tmp_path: Path) -> Limits:
    """The usual limits, with a spool folder of the test's own."""
    return dataclasses.replace(configured.from_settings(), spool_folder=tmp_path / "spool")


@pytest.fixture
def _site_served(transactional_db: None) -> Iterator[None]:
    with override_settings(ROOT_URLCONF="tests.coap_gateway.site"):
        yield


@pytest.fixture
def serve(limits: Limits, _site_served: None) -> Iterator[Callable[..., Running]]:
    """serve(uploads=3, ...): a gateway with these limits."""
    gateways = []

    def serve(**changes: Any) -> Running:
        running = Running(dataclasses.replace(limits, **changes))
        running.start()
        gateways.append(running)
        return running

    yield serve
    for running in gateways:
        running.stop()


@pytest.fixture
def gateway(serve: Callable[..., Running]) -> Running:
    """A gateway with the usual limits."""
    return serve()


@pytest.fixture
def client(gateway: Running) -> Iterator[Client]:
    """A UDP client of the gateway."""
    with Client(gateway.port) as client:
        yield client
