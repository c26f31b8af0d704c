"""Inserting many rows by one statement, for the paths that every upload takes.

A multi-row INSERT and not executemany: sqlite3 lets go of the interpreter for every row of the
latter, and with sixteen busy threads the writer waits each time until it gets it back.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models

MAX_ROWS = 500


def insert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    tail: str = "",
) -> list[tuple[Any, ...]]:
    """Insert rows of prepared values (as the database takes them) into the model's table.

    `tail` ends the statement, such as "RETURNING id", whose rows come back in the order given.
    """
    found: list[tuple[Any, ...]] = []
    head = f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES "  # noqa: S608
    place = f"({', '.join(['%s'] * len(columns))})"
    with connection.cursor() as cursor:
        for start in range(0, len(rows), MAX_ROWS):
            part = rows[start : start + MAX_ROWS]
            values = [value for row in part for value in row]
            cursor.execute(f"{head}{', '.join([place] * len(part))} {tail}", values)
            if cursor.description:
                found += cursor.fetchall()
    return found
