"""collections_app/images/compression/tasks.py: batches as jobs."""

from unittest import mock

import pytest
from pytest_django import Settings

from collections_app.images.compression import tasks, waiting
from core_api.background import periodic
from core_api.background.models import Job, Status
from core_api.storage.models import Blob, Outcome
from tests.collections_app.images.compression.pictures import JPEG, slope
from tests.collections_app.images.conftest import Post
from tests.core_api.background.working import finished, until, working


@pytest.fixture
def two_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "BATCH", 2)


def jobs() -> list[Job]:
    return list(Job.objects.filter(task="images.compress").order_by("created", "pk"))


@pytest.mark.django_db
class TestBatches:
    def test_nothing_is_enqueued_where_nothing_waits(self) -> None:
        assert tasks.enqueue_batches() == 0
        assert jobs() == []

    def test_it_may_be_switched_off(self, post: Post, settings: Settings) -> None:
        settings.COAPTURE_COMPRESSION = False
        post(JPEG)
        assert tasks.enqueue_batches() == 0

    @pytest.mark.usefixtures("two_a_batch")
    def test_a_few_are_ahead_and_each_has_its_own(self, post: Post) -> None:
        for number in range(7):
            post(slope(number), timestamp=f"2026-11-21T08:00:0{number}Z")
        assert tasks.enqueue_batches() == 2
        assert tasks.enqueue_batches() == 0
        ids = list(Blob.objects.order_by("pk").values_list("pk", flat=True))
        assert [job.inputs for job in jobs()] == [
            {"first": ids[0], "last": ids[1]},
            {"first": ids[2], "last": ids[3]},
        ]
        Job.objects.filter(pk=jobs()[0].pk).update(status=Status.RUNNING)
        assert tasks.enqueue_batches() == 1
        assert jobs()[-1].inputs == {"first": ids[4], "last": ids[5]}

    def test_all_else_runs_before(self, post: Post) -> None:
        post(JPEG)
        tasks.enqueue_batches()
        (job,) = jobs()
        assert (job.priority, job.resource, job.is_process) == (0, "compression", False)

    @pytest.mark.usefixtures("two_a_batch")
    def test_a_batch_sees_to_the_next(self, post: Post) -> None:
        for number in range(3):
            post(slope(number), timestamp=f"2026-11-21T08:00:0{number}Z")
        tasks.enqueue_batches()
        first, second = jobs()
        Job.objects.filter(pk=second.pk).delete()
        run = mock.Mock(inputs=first.inputs)
        assert tasks.COMPRESS.run(run) == {Outcome.ENCODED: 2}
        assert waiting.count() == 1
        assert len(jobs()) == 2
        run.check.assert_called()

    def test_it_is_periodic(self) -> None:
        assert tasks.PERIODIC in list(periodic.scheduled())


@pytest.mark.django_db(transaction=True)
def test_a_worker_compresses(post: Post, settings: Settings, tmp_path: object) -> None:
    settings.COAPTURE_DATA = tmp_path / "data"
    settings.COAPTURE_JOBS_POLL = 0.05
    settings.COAPTURE_JOBS_SCHEDULE = False
    post(JPEG)
    tasks.enqueue_batches()
    with working(slots=1):
        job = finished(jobs()[0].pk)
        until(lambda: not waiting.is_any())
    assert job.outputs == {"encoded": 1}
    assert Blob.objects.get().encoding == "jxl-jpeg"
