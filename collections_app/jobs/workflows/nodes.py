"""What a node's task sees of the job: a run of its own within the workflow's."""

from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event

from core_api.background.tasks import Cancelled, Json, Run


class NodeRun:
    """The run of one node (the protocol `Run`): cancelled with the job, or when another fails.

    `label` begins the names of its files, so that nodes do not overwrite each other's; `report` is
    told the node's own progress, in percent.
    """

    def __init__(
        self, run: Run, label: str, stop: Event, report: Callable[[float, str], None]
    ) -> None:
        self.job_id = run.job_id
        self.attempt = run.attempt
        self.inputs: Mapping[str, Json] = run.inputs
        self.options: Mapping[str, Json] = run.options
        self._run = run
        self._label = label
        self._stop = stop
        self._report = report

    def progress(
        self,
        percent: float,
        message: str = "",
        details: Json = None,  # noqa: ARG002
    ) -> None:
        """Say how far the node is; the details of a job are the workflow's."""
        self._report(percent, message)

    @property
    def cancelled(self) -> bool:
        """Whether the job was dismissed, or the workflow failed elsewhere."""
        return self._stop.is_set() or self._run.cancelled

    def check(self) -> None:
        """Raise Cancelled where the node need not go on."""
        if self.cancelled:
            raise Cancelled

    @property
    def folder(self) -> Path:
        """A folder for the node's files, within the job's."""
        folder = self._run.folder / self._label
        folder.mkdir(exist_ok=True)
        return folder

    def keep(self, name: str, file: Path, media_type: str) -> Mapping[str, Json]:
        """Keep a file as a result of the job."""
        return self._run.keep(f"{self._label}-{name}", file, media_type)

    def open(self, href: str) -> Path:
        """The file behind a result link of another job."""
        return self._run.open(href)
