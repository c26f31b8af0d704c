"""Our own settings, with one more task."""

from core_api.settings import *  # noqa: F403
from core_api.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "bench.peer_jobs.our_app.BenchConfig"]
