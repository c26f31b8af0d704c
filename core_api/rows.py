"""Inserting many rows by one statement, for the paths that every upload takes.

A multi-row INSERT and not executemany: sqlite3 lets go of the interpreter for every row of the
latter, and with sixteen busy threads the writer waits each time until it gets it back. The same
holds for every row of a RETURNING, so on SQLite ids are counted back from the last one.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models.base import ModelState

M = TypeVar("M", bound=models.Model)

MAX_ROWS = 500


def insert(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert rows of prepared values (as the database takes them) into the model's table."""
    with connection.cursor() as cursor:
        for part in _parts(rows):
            cursor.execute(*_statement(model, columns, part))


def insert_numbered(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    conflicts: str = "",
) -> list[int] | None:
    """Insert rows as `insert` does, and give their ids in their order.

    The model's primary key is an AutoField. With `conflicts`, such as "ON CONFLICT (sha256) DO
    NOTHING", the answer is None where a row was left out.
    """
    run = _count_ids if connection.vendor == "sqlite" else _read_ids
    ids: list[int] = []
    for part in _parts(rows):
        statement, values = _statement(model, columns, part)
        ids += run(f"{statement} {conflicts}", values, str(model._meta.pk.column), len(part))
    return ids if len(ids) == len(rows) else None


def loaded(model: type[M], names: Sequence[str], values: Sequence[Any]) -> M:
    """An instance as `Model.from_db` makes it of all columns, in a fifth of the time.

    It leaves out the signals of initialisation, to which nobody listens here.
    """
    row = model.__new__(model)
    row._state = ModelState()
    row._state.adding, row._state.db = False, connection.alias
    row.__dict__.update(zip(names, values, strict=True))
    return row


def saved(row: models.Model, number: int) -> None:
    """Tell an instance that it was inserted under this id."""
    row.pk = number
    row._state.adding = False


def _count_ids(statement: str, values: Sequence[Any], _: str, count: int) -> Sequence[int]:
    """The ids where all rows were inserted: nobody else writes, and AUTOINCREMENT counts up."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        last = cursor.lastrowid
        return range(last - count + 1, last + 1) if cursor.rowcount == count else ()


def _read_ids(statement: str, values: Sequence[Any], column: str, _: int) -> Sequence[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} RETURNING {column}", values)
        return [row[0] for row in cursor.fetchall()]


def _parts(rows: Sequence[Sequence[Any]]) -> list[Sequence[Sequence[Any]]]:
    return [rows[start : start + MAX_ROWS] for start in range(0, len(rows), MAX_ROWS)]


def _statement(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> tuple[str, list[Any]]:
    place = f"({', '.join(['%s'] * len(columns))})"
    places = ", ".join([place] * len(rows))
    statement = f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) VALUES {places}"  # noqa: S608
    return statement, [value for row in rows for value in row]
