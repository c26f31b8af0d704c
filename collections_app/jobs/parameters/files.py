"""Files that parameters write for a job to keep."""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from collections_app.jobs.parameters.base import ParameterError
from collections_app.jobs.parameters.references import FileFormat
from core_api.background.tasks import Json, Run

_UNSAFE = re.compile(r"[^A-Za-z0-9_.~-]+")
_MAX_NAME = 100


def keep(
    name: str, file_format: FileFormat, run: Run | None, write: Callable[[Path], None]
) -> Json:
    """The link to a file that `write` writes, kept as a result of the job under `name`.

    ParameterError without a run.
    """
    if run is None:
        raise ParameterError("is too large to be written out: that needs a job, which keeps files")
    stem = _UNSAFE.sub("-", name)[:_MAX_NAME].strip("-.") or "value"
    # A folder of its own: the task may have a file of this name.
    path = Path(tempfile.mkdtemp(dir=run.folder)) / f"{stem}{file_format.suffix}"
    write(path)
    return dict(run.keep(path.name, path, file_format.media_type))
