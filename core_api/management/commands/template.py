"""`coapture template`: make db.sqlite3, the empty, migrated database that a first start copies."""

import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

# One moment for every migration, so that the same migrations make the same file.
APPLIED = "2026-01-01 00:00:00"


class Command(BaseCommand):
    """Migrate a new file beside the template, then put it in the template's place."""

    help = "Make the database template anew, from the migrations."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Make the template."""
        place = settings.COAPTURE_TEMPLATE
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".template-") as folder:
            draft = Path(folder) / "db.sqlite3"
            # An empty file: a missing one would be made from the former template.
            draft.touch(mode=0o644)
            _migrate(draft.parent)
            _finish(draft)
            draft.replace(place)
        self.stdout.write(f"{place} is made.")


def _migrate(data: Path) -> None:
    """Every migration, by a process of its own whose data folder is `data`."""
    subprocess.run(  # noqa: S603
        (sys.executable, str(settings.BASE_DIR / "manage.py"), "migrate", "--verbosity=0"),
        env=os.environ | {"COAPTURE_DATA": str(data), "DATABASE_URL": ""},
        check=True,
    )


def _finish(file: Path) -> None:
    """No write-ahead log, so that the file stays alone when it is read, and no empty pages."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("UPDATE django_migrations SET applied = ?", [APPLIED])
        database.execute("VACUUM")
