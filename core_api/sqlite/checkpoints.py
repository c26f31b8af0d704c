"""Checkpoints beside the writers: what was committed moves into the database file by and by.

SQLite's own checkpoint runs in the commit that finds the log long enough, so every writer waits
while megabytes are copied and synced. Here a thread of the process copies after every EVERY bytes
(PASSIVE: it blocks nobody); SQLite's own stays on as the bound of the log, and finds little to do.
"""

import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

EVERY = 2**20
# Pages of the log at which a commit makes a checkpoint itself.
LONGEST_LOG = 4000

logger = logging.getLogger("coapture.sqlite")


class Checkpointer:
    """Of one database file in this process. Its thread lives only while it copies."""

    def __init__(self, path: Path) -> None:
        self._address = f"{path.as_uri()}?mode=rw"
        self._guard = threading.Lock()
        self._written = 0
        self.running = False

    def wrote(self, count: int) -> None:
        """So many bytes were committed."""
        with self._guard:
            self._written += count
            if self.running or self._written < EVERY:
                return
            self.running = True
        threading.Thread(target=self._run, name="checkpoint", daemon=True).start()

    def _run(self) -> None:
        try:
            with closing(sqlite3.connect(self._address, uri=True, timeout=0)) as connection:
                while self._is_due():
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            # Nothing is lost: the log keeps what was committed.
            logger.warning("The database's log could not be copied: %s", error)
        finally:
            self.running = False

    def _is_due(self) -> bool:
        with self._guard:
            due = self._written >= EVERY
            if due:
                self._written = 0
        return due


_checkpointers: dict[Path, Checkpointer] = {}


def checkpointer(database: Path) -> Checkpointer:
    """This process's checkpointer of the database file."""
    return _checkpointers.setdefault(database, Checkpointer(database))


def forget() -> bool:
    """In a forked child: start anew; whether a thread of the parent had a database open."""
    running = any(one.running for one in _checkpointers.values())
    _checkpointers.clear()
    return running
