"""A data folder of its own for each test: variants are kept there."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def data_folder(settings: Any, tmp_path: Path) -> Path:
    settings.COAPTURE_DATA = tmp_path
    return tmp_path
