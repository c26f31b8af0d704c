"""A worker with real children: what becomes of jobs."""

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.db import DataError, OperationalError
from pytest_django import Settings

from core_api import changes
from core_api.background import leases, services
from core_api.background.models import Job, Status
from core_api.background.runner import Runner
from core_api.background.work import Claim
from tests.core_api.background.working import finished, reached, until

pytestmark = pytest.mark.django_db(transaction=True)


def pid_of(file: Path) -> int:
    """The process id that a task has left there."""
    until(lambda: file.exists() and file.read_text())
    return int(file.read_text())


def test_a_job_runs_and_leaves_its_outputs(runner: Runner) -> None:
    job = finished(services.enqueue("test.echo", {"in": 5}).pk)
    assert job.status == Status.SUCCESSFUL
    assert job.outputs == {"in": 5, "attempt": 1}
    assert (job.progress, job.worker, job.lease_until, job.error) == (100, "", None, None)
    assert job.started is not None
    assert job.finished is not None
    assert job.created <= job.started <= job.finished


def test_children_stay_warm(runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "until").touch()
    pids = set()
    for number in range(5):
        inputs = {"pid": str(tmp_path / f"pid{number}"), "until": str(tmp_path / "until")}
        job = finished(services.enqueue("test.wait", inputs).pk)
        assert job.outputs is not None
        pids.add(job.outputs["pid"])
    # The worker has two slots.
    assert len(pids) <= 2
    assert os.getpid() not in pids


def test_observers_hear_of_each_state(runner: Runner) -> None:
    with changes.Follower() as follower:
        job = services.enqueue("test.echo")
        finished(job.pk)
        heard: list[str] = []
        until(lambda: heard.extend(follower.wait(1)) or len(heard) == 3)
    assert heard == [job.path] * 3


@pytest.mark.parametrize(
    ("error", "detail", "kind"),
    [
        ("task", "The sea is too rough.", "urn:example:sea"),
        ("lookup", "The task failed: LookupError.", "about:blank"),
        ("exit", "The task failed: SystemExit.", "about:blank"),
    ],
)
def test_a_failing_task_leaves_a_problem(
    runner: Runner, error: str, detail: str, kind: str
) -> None:
    job = finished(services.enqueue("test.fail", {"error": error}).pk)
    assert (job.status, job.attempts, job.outputs) == (Status.FAILED, 1, None)
    assert job.error == {
        "type": kind,
        "title": "The job failed.",
        "status": 500,
        "detail": detail,
    }


def test_outputs_that_are_no_json_fail_the_job(runner: Runner) -> None:
    job = finished(services.enqueue("test.unstorable").pk)
    assert job.error is not None
    assert job.error["detail"] == "The task failed: TypeError."


def test_an_error_of_the_policy_is_tried_again(runner: Runner) -> None:
    job = finished(services.enqueue("test.fail", {"error": "os", "good": 3}).pk)
    assert (job.status, job.attempts, job.token, job.error) == (Status.SUCCESSFUL, 2, 3, None)


def test_attempts_are_bounded(runner: Runner) -> None:
    job = finished(services.enqueue("test.fail", {"error": "os"}).pk)
    assert (job.status, job.attempts) == (Status.FAILED, 3)


def test_a_task_that_is_not_there_any_more_fails(runner: Runner) -> None:
    job = services.enqueue("test.echo", priority=9)
    Job.objects.filter(pk=job.pk).update(task="test.gone")
    job = finished(job.pk)
    # It may have run before it was renamed.
    if job.error:
        assert job.error["detail"] == "There is no task 'test.gone' any more."


def test_a_time_limit_ends_a_task_that_hears_nothing(runner: Runner, tmp_path: Path) -> None:
    job = finished(services.enqueue("test.limited", {"pid": str(tmp_path / "pid")}).pk)
    assert job.status == Status.FAILED
    assert job.error is not None
    assert job.error["detail"] == "The task took longer than its time limit of 0.2 s."


def test_a_dismissed_task_that_listens_ends_and_its_child_lives(
    runner: Runner, tmp_path: Path
) -> None:
    inputs = {"pid": str(tmp_path / "pid"), "until": str(tmp_path / "until")}
    job = services.enqueue("test.wait", inputs)
    child = pid_of(tmp_path / "pid")
    services.dismiss(job.pk)
    (tmp_path / "until").touch()
    other = finished(services.enqueue("test.wait", inputs).pk)
    assert other.outputs == {"pid": child}
    assert Job.objects.get(pk=job.pk).status == Status.DISMISSED


def test_progress_reaches_the_row_at_most_twice_a_second(runner: Runner, tmp_path: Path) -> None:
    with changes.Follower() as follower:
        job = services.enqueue("test.report", {"until": str(tmp_path / "until")})
        row = reached(job.pk, lambda job: job.message == "step 999")
        heard = follower.wait(1)
    assert (row.progress, row.details) == (49, {"step": 999})
    # Accepted, started, and two or three times how far it is.
    assert len(heard) <= 5
    (tmp_path / "until").touch()
    finished(job.pk)


def test_a_job_waits_for_its_time(runner: Runner) -> None:
    from django.utils import timezone

    due = timezone.now() + timezone.timedelta(seconds=0.3)  # type: ignore[attr-defined]
    job = finished(services.enqueue("test.nothing", run_at=due).pk)
    assert job.started is not None
    assert job.started >= due


def test_a_killed_child_loses_the_attempt_and_not_the_job(runner: Runner, tmp_path: Path) -> None:
    log = tmp_path / "log"
    job = finished(services.enqueue("test.die", {"log": str(log), "times": 2}).pk)
    assert (job.status, job.losses, job.attempts, job.token) == (Status.SUCCESSFUL, 2, 0, 3)
    assert log.read_text() == "xxx"


def test_a_job_that_kills_every_child_fails(
    runner: Runner, settings: Settings, tmp_path: Path
) -> None:
    settings.COAPTURE_JOBS_LOSSES = 2
    inputs = {"log": str(tmp_path / "log"), "times": 9}
    job = finished(services.enqueue("test.die", inputs).pk)
    assert (job.status, job.losses) == (Status.FAILED, 2)
    assert job.error is not None
    assert job.error["detail"].startswith("The process that ran the task ended 2 times")


def test_who_lost_its_lease_writes_nothing_and_ends_the_task(
    runner: Runner, tmp_path: Path
) -> None:
    job = services.enqueue("test.deaf", {"pid": str(tmp_path / "pid")})
    child = pid_of(tmp_path / "pid")
    Job.objects.filter(pk=job.pk).update(worker="another", token=7)
    until(lambda: not Path(f"/proc/{child}").exists())
    job.refresh_from_db()
    assert (job.status, job.worker, job.token, job.losses) == (Status.RUNNING, "another", 7, 0)


def test_a_frozen_child_does_not_hold_up_the_others(runner: Runner, tmp_path: Path) -> None:
    job = services.enqueue("test.deaf", {"pid": str(tmp_path / "pid")})
    child = pid_of(tmp_path / "pid")
    os.kill(child, signal.SIGSTOP)
    finished(services.enqueue("test.nothing").pk)
    services.dismiss(job.pk)
    until(lambda: not Path(f"/proc/{child}").exists())


def test_json_comes_back_as_it_went(runner: Runner) -> None:
    inputs = {"large": 2**70, "small": 1e-300, "text": "\u2028 \U0001f4f7", "deep": [[{"": None}]]}
    job = finished(services.enqueue("test.echo", inputs).pk)
    assert job.outputs == {**inputs, "attempt": 1}


def test_outputs_that_the_database_refuses_fail_the_job_alone(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    succeed = leases.succeed

    def refuse(claim: Claim, outputs: Mapping[str, Any]) -> bool:
        if "poison" in outputs:
            raise DataError("not this")
        return succeed(claim, outputs)

    monkeypatch.setattr(leases, "succeed", refuse)
    jobs = [services.enqueue("test.echo", {name: 1}) for name in ("a", "poison", "b")]
    states = [finished(job.pk).status for job in jobs]
    assert states == [Status.SUCCESSFUL, Status.FAILED, Status.SUCCESSFUL]
    jobs[1].refresh_from_db()
    assert jobs[1].error is not None
    assert jobs[1].error["detail"] == "What the task returned cannot be stored."


def test_a_database_that_fails_for_a_while_loses_no_end(
    runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    succeed = leases.succeed
    failures = iter([OperationalError("busy"), OperationalError("busy")])

    def hesitate(claim: Claim, outputs: Mapping[str, Any]) -> bool:
        if error := next(failures, None):
            raise error
        return succeed(claim, outputs)

    monkeypatch.setattr(leases, "succeed", hesitate)
    job = finished(services.enqueue("test.echo").pk)
    assert (job.status, job.token) == (Status.SUCCESSFUL, 1)


def test_progress_that_is_no_number_does_no_harm(runner: Runner) -> None:
    job = finished(services.enqueue("test.nonsense").pk)
    assert (job.status, job.losses) == (Status.SUCCESSFUL, 0)
    assert (job.progress, job.message, job.details) == (100, "half?", {"nan": None})


def test_a_copy_that_a_task_makes_of_its_process_does_not_speak_for_it(runner: Runner) -> None:
    job = finished(services.enqueue("test.split").pk)
    assert job.outputs == {"who": "the task", "copy": 0}


def test_a_task_that_goes_elsewhere_leaves_the_next_one_where_it_was(runner: Runner) -> None:
    for _ in range(2):
        job = finished(services.enqueue("test.move").pk)
        assert job.outputs == {"before": str(Path.cwd())}


def test_what_a_task_says_is_taken_at_once_and_bounded(runner: Runner) -> None:
    job = finished(services.enqueue("test.babble").pk)
    assert (job.losses, job.details, len(job.message)) == (0, {"n": 1}, 1000)
    assert job.error is not None
    assert job.error["detail"] == "y" * 4000


def test_a_task_has_its_share_of_the_machine(runner: Runner, settings: Settings) -> None:
    job = finished(services.enqueue("test.measure").pk)
    nice = min(19, os.nice(0) + settings.COAPTURE_JOBS_NICE)
    assert job.outputs == {"bytes": settings.COAPTURE_JOBS_MEMORY, "nice": nice}
