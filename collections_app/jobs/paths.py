"""Where processes, jobs and results are found."""

from urllib.parse import quote

from core_api.background.models import Job

LANDING = "/"
CONFORMANCE = "/conformance"
PROCESSES = "/processes"
JOBS = "/jobs"


def process(process_id: str) -> str:
    """A process's path."""
    return f"{PROCESSES}/{process_id}"


def execution(process_id: str) -> str:
    """Where a process is executed."""
    return f"{process(process_id)}/execution"


def inputs(job: Job) -> str:
    """Where a job's inputs are found."""
    return f"{job.path}/inputs"


def results(job: Job) -> str:
    """Where a job's results are found."""
    return f"{job.path}/results"


def result(job: Job, name: str) -> str:
    """Where one result is found."""
    return f"{results(job)}/{quote(name, safe='')}"
