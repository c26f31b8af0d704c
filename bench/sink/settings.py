"""Our own settings, with one more resource."""

from core_api.settings import *  # noqa: F403

ROOT_URLCONF = "bench.sink.urls"
