"""From DATABASE_URL to Django's DATABASES: SQLite in the data folder, or PostgreSQL."""

from pathlib import Path
from typing import Any

import dj_database_url

TEMPLATE = Path(__file__).resolve().parent.parent / "db.sqlite3"
# Seconds that a thread keeps its connection.
KEEP = 600

# Seconds to wait for PostgreSQL to take a connection, and for the network to carry what was sent.
CONNECT_WITHIN = 5
SEND_WITHIN = 30
# Seconds after which PostgreSQL ends a transaction in which nothing happens; it may hold locks.
IDLE_IN_TRANSACTION = 60


def configured(url: str, data: Path, lock_timeout: float) -> dict[str, Any]:
    """The settings of the database at the URL; where it is empty, of db.sqlite3 in `data`.

    `lock_timeout` is the longest wait for another writer, in seconds.
    """
    if url and not url.startswith("sqlite:"):
        return _postgresql(url, lock_timeout)
    name = Path(dj_database_url.parse(url)["NAME"]).absolute() if url else data / "db.sqlite3"
    return {
        "ENGINE": "core_api.sqlite",
        "NAME": name,
        "OPTIONS": {"timeout": lock_timeout, "template": TEMPLATE},
        "CONN_MAX_AGE": KEEP,
    }


def first_line(error: Exception) -> str:
    """What went wrong, without the statement and the hints that PostgreSQL adds."""
    return str(error).partition("\n")[0]


def _postgresql(url: str, lock_timeout: float) -> dict[str, Any]:
    """What the URL's query says wins over our options."""
    parsed: dict[str, Any] = {**dj_database_url.parse(url, conn_health_checks=True)}
    given = parsed.get("OPTIONS", {})
    limits = {
        "lock_timeout": lock_timeout,
        "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION,
    }
    options = [f"-c {name}={round(1000 * seconds)}" for name, seconds in limits.items()]
    usual = {
        "application_name": "coapture",
        "connect_timeout": CONNECT_WITHIN,
        "tcp_user_timeout": 1000 * SEND_WITHIN,
    }
    # PostgreSQL takes the last of several values.
    together = " ".join((*options, given.get("options", ""))).strip()
    parsed["CONN_MAX_AGE"] = KEEP
    return {**parsed, "OPTIONS": {**usual, **given, "options": together}}
