"""What of processes and jobs is discoverable."""

from collections_app.jobs import paths
from core_api.links import Resource
from core_api.wire.media import content_format

_DATA = [content_format(name) for name in ("application/json", "application/cbor")]

RESOURCES = (
    Resource(path=paths.PROCESSES, rt="processes", ct=_DATA, title="Processes"),
    Resource(path=paths.JOBS, rt="jobs", ct=_DATA, title="Jobs", obs=True),
)
