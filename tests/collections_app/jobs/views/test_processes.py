"""The landing page, /conformance, /processes and executions."""

import re
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from django.test import Client
from jsonschema import Draft202012Validator

from collections_app.jobs import processes, services, waiting
from collections_app.jobs.errors import EXCEPTIONS
from core_api.background.models import Job
from tests.collections_app.jobs import running

Execute = Callable[..., Any]
OGC = "http://www.opengis.net/def/rel/ogc/1.0"


def links(value: dict[str, Any]) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in value["links"]}


@pytest.mark.django_db
def test_the_landing_page_leads_everywhere(client: Client) -> None:
    response = client.get("/", headers={"Accept": "application/json"})
    assert response["Content-Type"] == "application/json"
    found = links(response.json())
    assert found[f"{OGC}/processes"] == "/processes"
    for href in found.values():
        assert client.get(href).status_code == 200, href


def test_conformance(client: Client) -> None:
    classes = client.get("/conformance").json()["conformsTo"]
    assert [name.rpartition("/")[2] for name in classes] == ["core", "json", "job-list", "dismiss"]


def test_the_list(client: Client) -> None:
    page = client.get("/processes").json()
    found = {each["id"]: each for each in page["processes"]}
    assert {"echo", "test-sum", "test-fail"} <= found.keys()
    assert found["test-sum"]["jobControlOptions"] == ["async-execute", "dismiss"]
    assert found["test-sum"]["keywords"] == ["numbers"]
    assert "inputs" not in found["test-sum"]
    assert list(found) == sorted(found)


def test_the_list_has_pages(client: Client) -> None:
    url, seen = "/processes?limit=2", []
    while url:
        response = client.get(url)
        seen += [each["id"] for each in response.json()["processes"]]
        following = links(response.json()).get("next", "")
        assert following in response.get("Link", "")
        url = following
    assert seen == [process.id for process in processes.everything()]


def test_a_description_has_schemas(client: Client) -> None:
    process = client.get("/processes/test-sum").json()
    assert (process["title"], process["version"]) == ("Add two numbers", "1.0.0")
    assert links(process)[f"{OGC}/execute"] == "/processes/test-sum/execution"
    b = process["inputs"]["b"]
    assert (b["minOccurs"], b["maxOccurs"]) == (0, 1)
    assert (b["schema"]["minimum"], b["schema"]["default"]) == (0, 2.0)
    assert process["inputs"]["a"]["minOccurs"] == 1
    assert list(process["outputs"]) == ["total", "parts"]
    for described in (*process["inputs"].values(), *process["outputs"].values()):
        Draft202012Validator.check_schema(described["schema"])


@pytest.mark.parametrize("url", ["/processes/none", "/processes/none/execution"])
def test_no_such_process(client: Client, url: str) -> None:
    response = client.post(url) if url.endswith("execution") else client.get(url)
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert response.json()["type"] == f"{EXCEPTIONS}/no-such-process"


@pytest.mark.parametrize("url", ["/", "/conformance", "/processes", "/processes/test-sum"])
def test_each_comes_as_cbor_and_with_an_etag(client: Client, url: str) -> None:
    response = client.get(url, headers={"Accept": "application/cbor"})
    assert cbor2.loads(response.content) == client.get(f"{url}?format=json").json()
    etag = response["ETag"]
    again = {"Accept": "application/cbor", "If-None-Match": etag}
    assert client.get(url, headers=again).status_code == 304
    assert client.get(url, headers={"Accept": "image/png"}).status_code == 406
    assert client.get(f"{url}?color=red").status_code == 400


def test_an_execution_is_accepted(execute: Execute) -> None:
    response = execute("test-sum", {"inputs": {"a": 1}})
    job = response.json()
    assert (response.status_code, response["Location"]) == (201, f"/jobs/{job['jobID']}")
    assert (job["processID"], job["status"], job["type"]) == ("test-sum", "accepted", "process")
    assert (job["progress"], job["inputs"]) == (0, {"a": 1})
    assert Job.objects.get(pk=job["jobID"]).is_process


def test_an_execution_in_cbor(execute: Execute) -> None:
    response = execute(
        "test-sum",
        cbor2.dumps({"inputs": {"a": 1}}),
        content_type="application/cbor",
        headers={"Accept": "application/cbor"},
    )
    assert (response.status_code, response["Content-Type"]) == (201, "application/cbor")
    assert cbor2.loads(response.content)["inputs"] == {"a": 1}


def test_wrong_inputs(execute: Execute) -> None:
    response = execute("test-sum", {"inputs": {"a": "x", "b": -1}})
    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == ["/inputs/a", "/inputs/b"]
    assert not Job.objects.exists()


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", ""])
def test_a_body_of_another_type(execute: Execute, content_type: str) -> None:
    response = execute("test-sum", "a=1", content_type=content_type)
    assert response.status_code == 415
    assert response["Accept-Post"] == "application/json, application/cbor"


@pytest.mark.django_db
def test_no_body_where_no_input_is_needed(client: Client) -> None:
    response = client.generic("POST", "/processes/test-sum/execution")
    assert response.json()["errors"] == [{"pointer": "/inputs/a", "detail": "is required"}]


def test_no_get(client: Client) -> None:
    response = client.get("/processes/test-sum/execution")
    assert (response.status_code, response["Allow"]) == (405, "POST, OPTIONS")


SENT = {"inputs": {"a": 1, "b": 2}}


def test_the_same_key_and_body_give_the_same_job(execute: Execute) -> None:
    key = {"Idempotency-Key": '"8e03978e"'}
    first = execute("test-sum", SENT, headers=key)
    body = cbor2.dumps({"inputs": {"b": 2, "a": 1}})
    cbor = execute("test-sum", body, content_type="application/cbor", headers=key)
    query = execute("test-sum", SENT, query="?idempotency-key=8e03978e")
    assert {first["Location"], cbor["Location"], query["Location"]} == {first["Location"]}
    assert (cbor.status_code, Job.objects.count()) == (201, 1)


def test_the_same_key_with_another_body_or_process(execute: Execute) -> None:
    key = {"Idempotency-Key": "k"}
    execute("test-sum", SENT, headers=key)
    assert execute("test-sum", {"inputs": {"a": 2}}, headers=key).status_code == 422
    assert execute("test-fail", {"inputs": {"reason": "x"}}, headers=key).status_code == 422


@pytest.mark.parametrize("key", ["", "x" * 256, "\u00fc"])
def test_what_is_no_key(execute: Execute, key: str) -> None:
    response = execute("test-sum", SENT, headers={"Idempotency-Key": key})
    assert (response.status_code, Job.objects.count()) == (400, 0)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> list[float]:
    """A job that is waited for has been run; gives the seconds of each waiting."""
    waits: list[float] = []

    def awaited(job: Job, seconds: float) -> Job:
        waits.append(seconds)
        return running.run(job, tmp_path)

    monkeypatch.setattr(services, "awaited", awaited)
    return waits


@pytest.mark.parametrize(
    ("prefer", "query", "seconds"),
    [
        ("wait=5", "", 5),
        ("Wait = 5 , foo", "", 5),
        ("x; wait=1, wait=90", "", 10),
        ("", "?wait=3", 3),
    ],
)
def test_who_waits_gets_the_result(
    execute: Execute, at_once: list[float], prefer: str, query: str, seconds: int
) -> None:
    response = execute("test-sum", SENT, headers={"Prefer": prefer}, query=query)
    assert (response.status_code, at_once) == (200, [seconds])
    assert response["Preference-Applied"] == f"wait={seconds}"
    assert re.fullmatch(r"/jobs/[0-9a-f-]{36}", response["Location"])
    assert response.json() == {"total": 3.0, "parts": {"value": {"a": 1.0, "b": 2.0}}}


def test_a_result_that_was_waited_for_is_never_304(execute: Execute, at_once: list[float]) -> None:
    headers = {"Prefer": "wait=5", "If-None-Match": "*"}
    assert execute("test-sum", SENT, headers=headers).status_code == 200


def test_who_waits_hears_of_the_failure(execute: Execute, at_once: list[float]) -> None:
    response = execute("test-fail", {"inputs": {"reason": "No."}}, headers={"Prefer": "wait=5"})
    assert (response.status_code, response["Content-Type"]) == (500, "application/problem+json")
    problem = response.json()
    assert (problem["detail"], problem["type"]) == ("No.", "https://example.org/reason")
    assert response["Link"].endswith('; rel="monitor"')


@pytest.mark.parametrize("prefer", ["respond-async", "wait=0", "wait=soon", "wait=-1", "wait"])
def test_who_does_not_wait(execute: Execute, at_once: list[float], prefer: str) -> None:
    response = execute("test-sum", SENT, headers={"Prefer": prefer})
    assert (response.status_code, at_once) == (201, [])
    applied = "respond-async" if prefer == "respond-async" else None
    assert response.get("Preference-Applied") == applied


def test_a_wait_in_the_query_must_be_a_number(execute: Execute) -> None:
    assert execute("test-sum", SENT, query="?wait=soon").status_code == 400


def test_half_of_the_threads_may_wait(
    execute: Execute, at_once: list[float], settings: Any
) -> None:
    settings.COAPTURE_WEB_THREADS = 3
    with waiting.seats.one_of(1) as free:
        assert free
        response = execute("test-sum", SENT, headers={"Prefer": "wait=5"})
    assert (response.status_code, at_once) == (201, [])
    assert "Preference-Applied" not in response
    assert execute("test-sum", SENT, headers={"Prefer": "wait=5"}).status_code == 200
