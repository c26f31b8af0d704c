"""collections_app/images/queries.py: the look-ups of every upload and download use an index."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from collections_app.images import queries
from collections_app.images.queries import Filters

MOMENT = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "look_up",
    [
        lambda: queries.find("a", MOMENT),
        lambda: queries.latest("a"),
        lambda: queries.stored_last(),
        lambda: queries.at([("a", str(MOMENT)), ("b", str(MOMENT))]),
        lambda: queries.page(Filters(), 10),
        lambda: queries.page(Filters(device_id="a"), 10),
        lambda: queries.page(Filters(), 10, queries.Cursor(MOMENT, 1)),
    ],
    ids=["find", "latest", "stored_last", "at", "page", "page of a device", "page after a cursor"],
)
def test_no_look_up_scans_the_table(look_up: object) -> None:
    with CaptureQueriesContext(connection) as captured:
        look_up()
    (query,) = captured.captured_queries
    plan = explained(query["sql"])
    for step in plan:
        assert "TEMP B-TREE" not in step, plan
        assert not step.startswith("SCAN") or "USING" in step, plan
        assert not re.search(r"Seq Scan|(?<!Incremental )Sort +\(", step), plan


def explained(query: str) -> list[str]:
    """The steps of the plan as the database describes them."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # It would rather read the whole of a table that is empty, and sort what is little.
            for kind in ("seqscan", "bitmapscan", "sort"):
                cursor.execute(f"SET LOCAL enable_{kind} = off")
        prefix = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        cursor.execute(f"{prefix} {query}")
        return [row[-1] for row in cursor.fetchall()]
