"""core_api/databases.py: what DATABASE_URL means."""

from pathlib import Path

import pytest

from core_api import databases
from core_api.databases import configured, first_line

DATA = Path("/data")


def test_without_a_url_it_lies_in_the_data_folder() -> None:
    facts = configured("", DATA, 20.0)
    assert (facts["ENGINE"], facts["NAME"]) == ("core_api.sqlite", DATA / "db.sqlite3")
    assert facts["OPTIONS"] == {"timeout": 20.0, "template": databases.TEMPLATE}


def test_a_sqlite_url_names_another_file() -> None:
    facts = configured("sqlite:////elsewhere/images.sqlite3", DATA, 20.0)
    assert facts["NAME"] == Path("/elsewhere/images.sqlite3")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_postgresql(scheme: str) -> None:
    facts = configured(f"{scheme}://me:secret@db.example:5433/images", DATA, 20.0)
    assert facts["ENGINE"] == "django.db.backends.postgresql"
    names = ("USER", "PASSWORD", "HOST", "PORT", "NAME")
    assert [facts[name] for name in names] == ["me", "secret", "db.example", 5433, "images"]
    assert (facts["CONN_MAX_AGE"], facts["CONN_HEALTH_CHECKS"]) == (600, True)
    assert facts["OPTIONS"] == {
        "application_name": "coapture",
        "connect_timeout": 5,
        "tcp_user_timeout": 30000,
        "options": "-c lock_timeout=20000 -c idle_in_transaction_session_timeout=60000",
    }


def test_what_the_url_says_wins() -> None:
    url = "postgres://db/images?connect_timeout=2&options=-c%20lock_timeout%3D1&sslmode=require"
    options = configured(url, DATA, 20.0)["OPTIONS"]
    assert (str(options["connect_timeout"]), options["sslmode"]) == ("2", "require")
    assert options["options"].endswith("=60000 -c lock_timeout=1")


def test_the_first_line_of_an_error() -> None:
    assert first_line(ValueError("no such table\nLINE 1: SELECT\n")) == "no such table"
