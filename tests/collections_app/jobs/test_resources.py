"""What of processes and jobs is discoverable."""

from django.test import Client


def test_processes_and_jobs_can_be_found(client: Client) -> None:
    links = {link["href"]: link for link in client.get("/.well-known/core?format=json").json()}
    assert links["/processes"]["rt"] == "processes"
    assert (links["/jobs"]["rt"], links["/jobs"]["obs"]) == ("jobs", True)
    assert links["/jobs"]["ct"] == "50 60"


def test_they_are_no_collections(client: Client) -> None:
    assert "/jobs" not in client.get("/collections").content.decode()
