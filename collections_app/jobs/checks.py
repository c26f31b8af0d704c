"""`manage.py check` tells of every registered job that cannot be used."""

from typing import Any

from django.core.checks import CheckMessage, Error

from collections_app.jobs import registration

HINT = "docs/how-to/write-a-process.md says what REGISTERED_JOBS may hold."


def registered_jobs(**_: Any) -> list[CheckMessage]:
    """An error for each entry of REGISTERED_JOBS that was left out."""
    return [
        Error(fault, hint=HINT, id="collections_app.jobs.E001") for fault in registration.faults()
    ]
