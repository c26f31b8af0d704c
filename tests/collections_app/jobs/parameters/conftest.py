"""What the tests of parameters share."""

from pathlib import Path

import pytest

from tests.collections_app.jobs.parameters.running import FakeRun


@pytest.fixture
def run(tmp_path: Path) -> FakeRun:
    """A run that keeps files."""
    return FakeRun(tmp_path)
