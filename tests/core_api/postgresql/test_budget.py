"""core_api/postgresql/budget.py: the connections that a server opens, and those that there are."""

import pytest
from django.conf import settings as configured
from pytest_django import Settings

from core_api.postgresql import budget

pytestmark = pytest.mark.django_db


def test_the_usual_server_on_two_cores_fits_into_the_usual_postgresql(settings: Settings) -> None:
    settings.COAPTURE_JOBS_SLOTS = 2
    assert configured.COAPTURE_WEB_THREADS == 32
    assert budget.needed() == 2 * 33 + 18 + 2 + 4 + 1
    assert budget.needed() <= 97


def test_a_server_that_wants_more_is_told(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    budget.check()
    assert not caplog.records
    settings.COAPTURE_WEB_WORKERS = 20
    with caplog.at_level("WARNING", logger="coapture"):
        budget.check()
    (record,) = caplog.records
    assert record.getMessage().startswith("PostgreSQL takes 297 connections, and this server may")
