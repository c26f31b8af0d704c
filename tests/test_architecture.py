"""Rules of the house that import-linter cannot say."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shared import ROOT

SERVICES = sorted(
    path
    for package in ("core_api", "collections_app")
    for name in ("services.py", "queries.py", "ingest.py")
    for path in (ROOT / package).rglob(name)
)
HTTP = ("django.http", "rest_framework", "core_api.rest")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: str(path.relative_to(ROOT)))
def test_services_know_no_http(path: Path) -> None:
    assert [name for name in imports(path) if name.startswith(HTTP)] == []
