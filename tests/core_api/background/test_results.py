"""Files that jobs leave, and their removal."""

import datetime as dt
from pathlib import Path

import pytest
from django.utils import timezone

from core_api.background import cleanup, results, services
from core_api.background.models import Job, Status
from core_api.background.runner import Runner
from tests.core_api.background.working import finished, until

pytestmark = pytest.mark.django_db(transaction=True)


def kept(data: Path) -> list[str]:
    """The results there are, as job/token/name."""
    folder = data / "results"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def data(settings: object) -> Path:
    return Path(settings.COAPTURE_DATA)  # type: ignore[attr-defined]


def make(token: int = 1, status: Status = Status.SUCCESSFUL) -> Job:
    """A job with a result of its attempt, and one of an earlier one."""
    now = timezone.now()
    # As it is from the beginning: the tests' worker would take one that is only accepted.
    return Job.objects.create(
        task="test.write",
        resource="cpu",
        run_at=now,
        created=now,
        updated=now,
        finished=now,
        token=token,
        status=status,
    )


def put(job_id: object, token: int, folder: Path, text: str = "x") -> None:
    file = folder / "draft"
    file.write_text(text)
    results.keep(str(job_id), token, "text.txt", file, "text/plain")


def test_a_result_is_a_link_that_another_job_opens(runner: Runner) -> None:
    job = finished(services.enqueue("test.write", {"text": "hello"}).pk)
    assert job.outputs is not None
    assert job.outputs["text"] == {"href": f"{job.path}/results/text.txt", "type": "text/plain"}
    assert not Path(job.outputs["folder"]).exists()
    with results.find(job.pk, "text.txt") as file:
        assert file.read() == b"hello"
    reader = services.enqueue("test.read", {"href": job.outputs["text"]["href"]})
    assert finished(reader.pk).outputs == {"text": "hello"}


def test_the_results_of_a_failed_attempt_are_removed(runner: Runner) -> None:
    job = finished(services.enqueue("test.write", {"text": "x", "fails": True}).pk)
    assert job.status == Status.FAILED
    # That follows the commit.
    until(lambda: not results.folders(str(job.pk)))


def test_results_go_with_their_job(data: Path, tmp_path: Path) -> None:
    job = make()
    put(job.pk, 1, tmp_path)
    services.dismiss(job.pk)
    assert kept(data) == []
    assert list((data / "results").iterdir()) == []


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", ".hidden", "x" * 101, "a\n"])
def test_a_name_that_is_no_file_name_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "draft").touch()
    with pytest.raises(ValueError, match="cannot be the name"):
        results.keep("job", 1, name, tmp_path / "draft", "text/plain")


@pytest.mark.parametrize("name", ["other.txt", "../1/text.txt", ""])
def test_what_is_not_there_is_not_found(name: str, tmp_path: Path) -> None:
    job = make()
    put(job.pk, 1, tmp_path)
    with pytest.raises(LookupError):
        results.find(job.pk, name)
    with pytest.raises(LookupError):
        results.fetch("/etc/passwd", tmp_path)


def test_only_the_attempt_that_ended_the_job_is_found(tmp_path: Path) -> None:
    job = make(token=2)
    put(job.pk, 1, tmp_path, "stale")
    with pytest.raises(LookupError):
        results.find(job.pk, "text.txt")
    put(job.pk, 2, tmp_path, "current")
    with results.find(job.pk, "text.txt") as file:
        assert file.read() == b"current"


def test_a_storage_without_files_gives_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make()
    put(job.pk, 1, tmp_path, "far away")

    def no_path(self: object, name: str) -> str:
        raise NotImplementedError

    opened = results.find(job.pk, "text.txt")
    monkeypatch.setattr(results, "find", lambda *_: opened)
    monkeypatch.setattr("core_api.storage.files.DurableFileSystemStorage.path", no_path)
    copy = results.fetch(f"/jobs/{job.pk}/results/text.txt", tmp_path)
    assert (copy.parent, copy.read_text()) == (tmp_path, "far away")


def test_leftovers_go_and_results_stay(data: Path, tmp_path: Path) -> None:
    job, running, failed = make(token=2), make(status=Status.RUNNING), make(status=Status.FAILED)
    for owner, token in ((job, 1), (job, 2), (running, 1), (running, 2), (failed, 1)):
        put(owner.pk, token, tmp_path)
    put("00000000-0000-7000-8000-000000000000", 1, tmp_path)
    assert cleanup.remove_leftovers() == 3
    assert kept(data) == sorted(
        [f"{job.pk}/2/text.txt", f"{running.pk}/1/text.txt", f"{running.pk}/2/text.txt"]
    )


def test_old_jobs_go_with_their_results(data: Path, tmp_path: Path, settings: object) -> None:
    old, new, active = make(), make(), make(status=Status.RUNNING)
    for job in (old, new):
        put(job.pk, 1, tmp_path)
    ago = timezone.now() - dt.timedelta(seconds=settings.COAPTURE_JOBS_KEEP + 1)  # type: ignore[attr-defined]
    Job.objects.exclude(pk=new.pk).update(finished=ago)
    assert cleanup.remove_old() == 1
    assert set(Job.objects.all()) == {new, active}
    assert kept(data) == [f"{new.pk}/1/text.txt"]
