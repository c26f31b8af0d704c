"""The settings of workers that know the task."""

from core_api.settings import *  # noqa: F403
from core_api.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.e2e.signing.apps.SigningConfig"]
