"""/jobs and /jobs/{id}."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from collections_app.jobs import queries
from collections_app.jobs.errors import EXCEPTIONS
from core_api.background import services
from core_api.background.models import Job, Status
from core_api.background.tasks import Task, forget, register
from tests.collections_app.jobs import running

Execute = Callable[..., Any]
Finished = Callable[..., Job]
SENT = {"inputs": {"a": 1}}
NOON = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
NO_SUCH_JOB = f"{EXCEPTIONS}/no-such-job"


def job_at(hour: int, status: str = Status.ACCEPTED, lasted: float | None = None) -> str:
    """A job that was created at this hour, and what its id ends with."""
    created = NOON.replace(hour=hour)
    job = services.enqueue("test-sum" if hour % 2 else "test-fail", {"a": hour})
    started = None if lasted is None else created
    finished = None if lasted is None else created + dt.timedelta(seconds=lasted)
    Job.objects.filter(pk=job.pk).update(
        created=created, status=status, started=started, finished=finished
    )
    return str(job.pk)


@pytest.fixture
def hours(db: None) -> dict[str, int]:
    """The hours of four jobs, by their ids."""
    return {
        job_at(8): 8,
        job_at(9, Status.SUCCESSFUL, 5.0): 9,
        job_at(10, Status.FAILED, 60.0): 10,
        job_at(11, Status.DISMISSED): 11,
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [11, 10, 9, 8]),
        ("status=failed", [10]),
        ("status=failed,accepted", [10, 8]),
        ("processID=test-sum", [11, 9]),
        ("processID=test-sum,test-fail", [11, 10, 9, 8]),
        ("processID=none", []),
        ("type=process&limit=2", [11, 10]),
        ("datetime=2026-11-21T09:00:00Z/2026-11-21T10:00:00Z", [10, 9]),
        ("datetime=2026-11-21T10:00:00Z/..", [11, 10]),
        ("datetime=/2026-11-21T09:00:00Z", [9, 8]),
        ("datetime=2026-11-21T09:00:00Z", [9]),
        ("datetime=../..", [11, 10, 9, 8]),
        ("minDuration=5", [10, 9]),
        ("maxDuration=5", [9]),
        ("minDuration=6&maxDuration=60", [10]),
    ],
)
def test_filters(client: Client, hours: dict[str, int], query: str, expected: list[int]) -> None:
    jobs = client.get(f"/jobs?{query}").json()["jobs"]
    assert [hours[job["jobID"]] for job in jobs] == expected


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("status=done", "/status"),
        ("type=wps", "/type"),
        ("processID=a%00", "/processID"),
        ("datetime=noon", "/datetime"),
        ("datetime=2026-11-21/noon", "/datetime"),
        ("minDuration=-1", "/minDuration"),
        ("maxDuration=long", "/maxDuration"),
        ("limit=0", "/limit"),
        ("after=x", "/after"),
        ("after=20261121T090000Z,x", "/after"),
        ("order=1", "/order"),
    ],
)
@pytest.mark.django_db
def test_a_filter_that_is_wrong(client: Client, query: str, pointer: str) -> None:
    response = client.get(f"/jobs?{query}")
    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


def test_pages(client: Client, hours: dict[str, int]) -> None:
    Job.objects.update(created=NOON)
    url, seen = "/jobs?limit=3", []
    for _ in range(2):
        response = client.get(url)
        seen += [job["jobID"] for job in response.json()["jobs"]]
        url = next((x["href"] for x in response.json()["links"] if x["rel"] == "next"), "")
        assert response.get("Link", "") == (f'<{url}>; rel="next"' if url else "")
    assert (sorted(seen), url) == (sorted(hours), "")


def test_a_list_is_one_query_and_leaves_out_what_is_large(
    client: Client, hours: dict[str, int], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    long = job_at(12)
    Job.objects.filter(pk=long).update(options={"long": True}, details={"n": 1})
    with django_assert_num_queries(1):
        jobs = client.get("/jobs").json()["jobs"]
    assert [job.get("inputs") for job in jobs] == [None, {"a": 11}, {"a": 10}, {"a": 9}, {"a": 8}]
    assert "details" not in jobs[0]


def test_inputs_that_are_long_are_found_at_a_link(client: Client, execute: Execute) -> None:
    inputs = {"reason": "x" * 5000}
    accepted = execute("test-fail", {"inputs": inputs})
    location = accepted["Location"]
    for response in (accepted, client.get(location)):
        job = response.json()
        assert "inputs" not in job
        links = {link["rel"]: link["href"] for link in job["links"]}
        assert links["inputs"] == f"{location}/inputs"
    assert client.get(links["inputs"]).json() == inputs
    assert client.get(f"/jobs/{uuid.uuid4()}/inputs").json()["type"] == NO_SUCH_JOB


def test_what_is_no_process_is_not_shown(client: Client, db: None) -> None:
    register(Task("test-inner", lambda run: None))
    try:
        job = services.enqueue("test-inner")
        assert client.get("/jobs").json()["jobs"] == []
        assert client.get(job.path).status_code == 404
        assert client.delete(job.path).status_code == 404
    finally:
        forget("test-inner")


def test_a_job_that_has_not_ended(client: Client, execute: Execute) -> None:
    location = execute("test-sum", SENT)["Location"]
    Job.objects.update(
        status=Status.RUNNING, started=NOON, progress=40, message="Half.", details={"n": 1}
    )
    response = client.get(location)
    job = response.json()
    assert (job["status"], job["progress"], job["message"]) == ("running", 40, "Half.")
    assert (job["started"], job["details"]) == ("2026-11-21T12:00:00Z", {"n": 1})
    assert "finished" not in job
    assert response["Retry-After"] == "1"


def test_a_job_that_was_successful(client: Client, finished: Finished) -> None:
    job = finished("test-sum", SENT)
    response = client.get(job.path)
    assert (response.json()["status"], response.json()["progress"]) == ("successful", 100)
    assert f"{job.path}/results" in [link["href"] for link in response.json()["links"]]
    assert "Retry-After" not in response


def test_a_job_that_failed(client: Client, finished: Finished) -> None:
    job = client.get(finished("test-fail", {"inputs": {"reason": "No."}}).path).json()
    assert (job["status"], job["message"]) == ("failed", "No.")
    assert job["exception"]["type"] == "https://example.org/reason"
    assert "Traceback" not in str(job)


def test_a_job_as_cbor_and_with_an_etag(client: Client, execute: Execute) -> None:
    location = execute("test-sum", SENT)["Location"]
    response = client.get(location, headers={"Accept": "application/cbor"})
    assert cbor2.loads(response.content) == client.get(location).json()
    etag = client.get(location)["ETag"]
    assert client.get(location, headers={"If-None-Match": etag}).status_code == 304
    Job.objects.update(progress=1)
    assert client.get(location, headers={"If-None-Match": etag}).status_code == 200


def test_observers_may_stand_on_a_job_and_on_the_list(client: Client, execute: Execute) -> None:
    assert client.get(execute("test-sum", SENT)["Location"]).observable
    assert client.get("/jobs").observable


@pytest.mark.parametrize(
    "job_id", [str(uuid.uuid4()), "x", "0" * 32, "{00000000-0000-0000-0000-000000000000}"]
)
@pytest.mark.django_db
def test_no_such_job(client: Client, job_id: str) -> None:
    for response in (
        client.get(f"/jobs/{job_id}"),
        client.delete(f"/jobs/{job_id}"),
        client.get(f"/jobs/{job_id}/results"),
        client.get(f"/jobs/{job_id}/results/x"),
    ):
        assert (response.status_code, response.json()["type"]) == (404, NO_SUCH_JOB)


def test_an_active_job_is_stopped(client: Client, execute: Execute) -> None:
    location = execute("test-sum", SENT)["Location"]
    response = client.delete(location)
    assert (response.status_code, response.json()["status"]) == (200, "dismissed")
    assert client.get(location).json()["status"] == "dismissed"


def test_a_finished_job_is_removed(client: Client, finished: Finished) -> None:
    path = finished("test-sum", SENT).path
    response = client.delete(path)
    assert (response.status_code, response.json()["status"]) == (200, "dismissed")
    assert client.get(path).status_code == 404
    assert client.delete(path).json()["type"] == NO_SUCH_JOB


def test_a_job_that_has_changed_since_is_not_dismissed(client: Client, execute: Execute) -> None:
    location = execute("test-sum", SENT)["Location"]
    etag = client.get(location)["ETag"]
    running.end(Job.objects.get(), Status.SUCCESSFUL, started=timezone.now(), outputs={})
    assert client.delete(location, headers={"If-Match": etag}).status_code == 412
    etag = client.get(location)["ETag"]
    assert client.delete(location, headers={"If-Match": etag}).status_code == 200


def test_a_job_is_compared_as_it_is_when_it_is_dismissed(
    client: Client, execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    location = execute("test-sum", SENT)["Location"]
    etag = client.get(location)["ETag"]
    found = queries.find

    def find_and_then_end(job_id: uuid.UUID) -> Job | None:
        job = found(job_id)
        running.end(Job.objects.get(), Status.SUCCESSFUL, outputs={})
        return job

    monkeypatch.setattr(queries, "find", find_and_then_end)
    assert client.delete(location, headers={"If-Match": etag}).status_code == 412
    assert Job.objects.get().status == Status.SUCCESSFUL
