"""Retention as periodic work."""

import datetime as dt

from core_api.background.tasks import Periodic

PERIODIC = Periodic(
    "collections_app.images.retention.services.enforce", every=dt.timedelta(minutes=10)
)
