"""The documentation says what there is."""

import re

from tests.shared import ROOT

SETTINGS = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")


def read_variables() -> set[str]:
    """Every variable that the settings read from the environment."""
    source = (ROOT / "core_api/settings.py").read_text(encoding="utf-8")
    names = set(re.findall(r'env\.\w+\(\s*"(\w+)"', source))
    return names | {"SECRET_KEY_FILE"}


def test_every_setting_is_documented() -> None:
    first_columns = re.findall(r"^\| (`[A-Z].*?) \|", SETTINGS, re.MULTILINE)
    documented = set(re.findall(r"`(\w+)`", " ".join(first_columns)))
    assert documented == read_variables()


def test_defaults_are_the_documented_ones() -> None:
    from core_api import settings

    for name, default in re.findall(
        r"^\| `(COAPTURE_\w+)` \| (\d+|[\d.]+) \|", SETTINGS, re.MULTILINE
    ):
        assert float(getattr(settings, name)) == float(default), name
