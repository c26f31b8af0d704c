"""The settings of children in tests: ours, and an app whose tasks misbehave."""

from core_api.settings import *  # noqa: F403
from core_api.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.core_api.background.app.MisbehavingConfig"]
