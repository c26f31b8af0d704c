"""What the worker does again and again: functions by name, and the seconds between two runs."""

from collections.abc import Mapping

PERIODIC: Mapping[str, float] = {
    "core_api.changes.prune": 60.0,
    "core_api.storage.services.sweep": 60.0,
    "core_api.uploads.services.sweep": 60.0,
}
