"""Jobs through both doors, with real programs and a real worker."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest

from tests.e2e.conftest import Launch, check_end
from tests.e2e.programs import require
from tests.e2e.server import Server, wait_until
from tests.e2e.test_doors import coap, curl

ENVIRONMENT = {"COAPTURE_REGISTERED_JOBS": "tests.e2e.site_jobs"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that has the processes of site_jobs.py."""
    own = Server(tmp_path_factory.mktemp("jobs") / "data", environment=ENVIRONMENT)
    own.start()
    try:
        own.await_ready()
        yield own
        check_end(own)
    finally:
        own.kill()


def post(server: Server, process: str, *options: str, **inputs: Any) -> tuple[int, str, Any]:
    """The status, the Location and the body of an execution over HTTP."""
    answer = curl(
        *("-i", "-H", "Content-Type: application/json", *options),
        *("-d", json.dumps({"inputs": inputs}), f"{server.http}/processes/{process}/execution"),
    )
    head, _, body = answer.decode().partition("\r\n\r\n")
    location = re.search(r"(?im)^location: (\S+)", head)
    return int(head.split()[1]), location[1] if location else "", json.loads(body)


def get(server: Server, path: str) -> Any:
    """A resource as JSON."""
    return json.loads(curl(f"{server.http}{path}"))


def await_status(server: Server, path: str, status: str) -> None:
    """Wait until the job has the status."""
    wait_until(lambda: get(server, path)["status"] == status, f"{path} is {status}")


def test_over_http(server: Server) -> None:
    status, location, job = post(server, "echo", message="hello")
    assert (status, location) == (201, f"/jobs/{job['jobID']}")
    await_status(server, location, "successful")
    assert get(server, f"{location}/results") == {"result": "hello"}
    assert location in [each["links"][0]["href"] for each in get(server, "/jobs")["jobs"]]


def test_over_coap(server: Server, tmp_path: Path) -> None:
    body = tmp_path / "body.cbor"
    body.write_bytes(cbor2.dumps({"inputs": {"message": "hello"}}))
    url = f"{server.coap}/processes/echo/execution"
    log = coap("-v", "7", "-m", "post", "-t", "60", "-f", body, url).decode("latin-1")
    found = re.search(r"c:2\.01.*Location-Path:jobs, Location-Path:([0-9a-f-]{36})", log)
    assert found is not None, log
    path = f"/jobs/{found[1]}"
    await_status(server, path, "successful")
    status = cbor2.loads(coap("-o", "-", f"{server.coap}{path}"))
    assert (status["status"], status["inputs"]) == ("successful", {"message": "hello"})
    results = cbor2.loads(coap("-o", "-", f"{server.coap}{path}/results"))
    assert results == {"result": "hello"}


def test_who_waits_gets_the_result(server: Server, tmp_path: Path) -> None:
    status, _, results = post(server, "counting", "-H", "Prefer: wait=10", steps=3)
    assert (status, results) == (200, {"result": 3})
    body = tmp_path / "body.json"
    body.write_text('{"inputs": {"steps": 2}}')
    url = f"{server.coap}/processes/counting/execution?wait=10"
    assert cbor2.loads(coap("-m", "post", "-t", "50", "-f", body, url)) == {"result": 2}


def test_who_waits_for_long_gets_the_job(server: Server) -> None:
    status, location, _ = post(server, "stubborn", "-H", "Prefer: wait=1", seconds=600)
    assert status == 201
    curl("-X", "DELETE", f"{server.http}{location}")


def test_a_failure(server: Server) -> None:
    _, location, _ = post(server, "failing", reason="No rain.")
    await_status(server, location, "failed")
    problem = get(server, f"{location}/results")
    assert (problem["status"], problem["detail"]) == (500, "No rain.")


def test_an_observer_sees_the_progress(server: Server, tmp_path: Path) -> None:
    _, location, _ = post(server, "echo", message="done", pause=3)
    log = tmp_path / "observer"
    with log.open("wb") as output:
        observer = subprocess.Popen(
            [
                *(require("coap-client-notls"), "-s", "30"),
                f"{server.coap}{location}?format=json",
            ],
            stdout=output,
        )
    try:
        wait_until(lambda: b'"successful"' in log.read_bytes(), "the last notification comes")
    finally:
        observer.terminate()
        observer.wait()
    seen = [int(number) for number in re.findall(rb'"progress":(\d+)', log.read_bytes())]
    assert (seen[-1], seen) == (100, sorted(seen))
    assert len(set(seen)) > 3


def test_a_job_is_stopped(server: Server) -> None:
    _, location, _ = post(server, "stubborn", seconds=600)
    await_status(server, location, "running")
    answer = json.loads(curl("-X", "DELETE", f"{server.http}{location}"))
    assert answer["status"] == "dismissed"
    assert get(server, location)["status"] == "dismissed"
    # The worker has no more slots than processors: each is free again.
    for _ in range(8):
        assert post(server, "echo", "-H", "Prefer: wait=10", message="x")[0] == 200


def test_who_waits_is_answered_when_the_server_stops(launch: Launch, tmp_path: Path) -> None:
    server = launch(environment=ENVIRONMENT)
    body = tmp_path / "body.json"
    body.write_text('{"inputs": {"seconds": 600}}')
    json_body = ("-H", "Content-Type: application/json", "-d", f"@{body}")
    posts = (
        [
            *(require("curl"), "-sS", "-i", "-H", "Prefer: wait=10", *json_body),
            f"{server.http}/processes/stubborn/execution",
        ],
        [
            *(require("coap-client-notls"), "-v", "7", "-m", "post", "-t", "50", "-f", str(body)),
            f"{server.coap}/processes/stubborn/execution?wait=10",
        ],
    )
    waiting = [subprocess.Popen(each, stdout=subprocess.PIPE) for each in posts]
    wait_until(lambda: len(get(server, "/jobs")["jobs"]) == 2, "both have their job")
    check_end(server)
    over_http, over_coap = (each.communicate()[0] for each in waiting)
    assert over_http.startswith(b"HTTP/1.1 201 ")
    assert b"c:2.01" in over_coap


def test_the_published_calls(server: Server) -> None:
    url = f"{server.http}/geoprocessing/rest/jobs/"
    posted = json.loads(curl("-d", "job=counting", "-d", 'inputs={"steps": 2}', url))
    assert (posted["status"], posted["inputs"]) == ("pending", '{"steps": 2}')
    path = f"/geoprocessing/rest/jobs/{posted['uuid']}/"
    await_status(server, path, "success")
    assert json.loads(get(server, path)["outputs"]) == {"result": 2}


def test_wrong_inputs_through_both_doors(server: Server, tmp_path: Path) -> None:
    status, _, problem = post(server, "counting", steps="many", speed=1)
    assert status == 400
    pointers = [error["pointer"] for error in problem["errors"]]
    assert pointers == ["/inputs/speed", "/inputs/steps"]
    body = tmp_path / "body.json"
    body.write_text('{"inputs": {"steps": "many"}}')
    url = f"{server.coap}/processes/counting/execution"
    told = tmp_path / "told"
    with told.open("wb") as errors:
        program = require("coap-client-notls")
        subprocess.run(
            [program, "-m", "post", "-t", "50", "-f", str(body), url], stderr=errors, check=False
        )
    assert told.read_bytes().startswith(b"4.00")
    assert b"/inputs/steps" in told.read_bytes()
