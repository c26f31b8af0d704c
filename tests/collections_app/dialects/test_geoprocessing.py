"""The published geoprocessing API: its calls work unchanged."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from collections_app.jobs import processes
from collections_app.jobs.parameters import NumberParameter
from collections_app.jobs.processes import ProcessTask, as_process
from core_api.background.models import Job, Status
from tests.collections_app.jobs import running

pytestmark = pytest.mark.django_db
URL = "/geoprocessing/rest/jobs/"
FORM = "application/x-www-form-urlencoded"
SENT = {"job": "some_job", "inputs": '{"in": 5}'}


class SomeTask(ProcessTask):
    """Twice the number."""

    inputs = (NumberParameter("in"),)
    outputs = (NumberParameter("out"),)

    def execute(self, **inputs: Any) -> float:
        return 2 * inputs["in"]


@pytest.fixture(autouse=True)
def some_job() -> Any:
    yield processes.register(as_process(SomeTask, "some_job"))
    processes.forget("some_job")


def form(client: Client, url: str = URL, **fields: str) -> Any:
    return client.post(url, urlencode(SENT | fields), content_type=FORM)


def test_the_published_sequence(client: Client, tmp_path: Path) -> None:
    response = form(client)
    assert (response.status_code, response["Content-Type"]) == (201, "application/json")
    posted = response.json()
    assert posted == {
        "uuid": posted["uuid"],
        "job": "some_job",
        "created": posted["created"],
        "status": "pending",
        "inputs": '{"in": 5}',
        "outputs": "{}",
    }
    url = f"{URL}{posted['uuid']}/"
    assert response["Location"] == url
    assert client.get(url).json() == posted
    job = Job.objects.get(pk=posted["uuid"])
    Job.objects.update(status=Status.RUNNING)
    assert client.get(url).json() == posted | {"status": "started"}
    running.run(job, tmp_path)
    done = client.get(url).json()
    assert done == posted | {"status": "success", "outputs": '{"out": 10}'}
    assert json.loads(done["outputs"]) == {"out": 10}


@pytest.mark.parametrize("content_type", ["application/json", "multipart"])
def test_the_other_forms(client: Client, content_type: str) -> None:
    more = {} if content_type == "multipart" else {"content_type": content_type}
    response = client.post(URL, SENT | {"csrfmiddlewaretoken": "x"}, **more)
    assert (response.status_code, response.json()["inputs"]) == (201, '{"in": 5}')


def test_without_the_slash(client: Client) -> None:
    job_id = form(client, URL.rstrip("/")).json()["uuid"]
    assert client.get(f"{URL}{job_id}").json() == client.get(f"{URL}{job_id}/").json()


def test_the_text_comes_back_as_it_was(client: Client) -> None:
    text = '{ "in":5.0 }'
    assert form(client, inputs=text).json()["inputs"] == text


def test_a_job_that_came_another_way(client: Client) -> None:
    body = {"inputs": {"in": 5}}
    url = "/processes/some_job/execution"
    job_id = client.post(url, body, content_type="application/json").json()["jobID"]
    assert client.get(f"{URL}{job_id}/").json()["inputs"] == '{"in": 5}'


@pytest.mark.parametrize("status", [Status.FAILED, Status.DISMISSED])
def test_failure(client: Client, status: str) -> None:
    job_id = form(client).json()["uuid"]
    running.end(Job.objects.get(), status)
    job = client.get(f"{URL}{job_id}/").json()
    assert (job["status"], job["outputs"]) == ("failure", "{}")


def test_a_file_is_where_it_is_found(client: Client, tmp_path: Path) -> None:
    job_id = form(client, job="test-file", inputs='{"text": "x"}').json()["uuid"]
    running.run(Job.objects.get(), tmp_path)
    outputs = json.loads(client.get(f"{URL}{job_id}/").json()["outputs"])
    assert outputs == {"file": f"/jobs/{job_id}/results/text.txt"}


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({"job": ""}, ["/job"]),
        ({"job": "none"}, ["/job"]),
        ({"inputs": "{"}, ["/inputs"]),
        ({"inputs": "[1]"}, ["/inputs"]),
        ({"inputs": "{}"}, ["/inputs/in"]),
        ({"inputs": '{"in": "x", "out": 1}'}, ["/inputs/out", "/inputs/in"]),
    ],
)
def test_what_is_wrong(client: Client, fields: dict[str, str], pointers: list[str]) -> None:
    response = form(client, **fields)
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert [error["pointer"] for error in response.json()["errors"]] == pointers


def test_inputs_must_be_text(client: Client) -> None:
    body = {"job": "some_job", "inputs": {"in": 5}}
    response = client.post(URL, body, content_type="application/json")
    assert response.json()["errors"] == [
        {"pointer": "/inputs", "detail": "must be text that holds a JSON object"}
    ]


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/plain", b"x", 415),
        ("application/json", b"[]", 400),
        ("application/json", b"{", 400),
        (FORM, b"job=%ff", 400),
    ],
)
def test_bodies_that_are_none(client: Client, content_type: str, body: bytes, status: int) -> None:
    assert client.post(URL, body, content_type=content_type).status_code == status


def test_no_such_job(client: Client) -> None:
    assert client.get(f"{URL}aa346c90-68e5-4d19-a7f3-a54f6b87ec34/").status_code == 404
    assert client.get(URL).status_code == 405


def test_a_page_of_another_site_needs_no_token_yet(client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert form(strict).status_code == 201
