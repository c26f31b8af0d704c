"""Jobs, the one truth of what runs later; and the schedule of what runs again and again."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from core_api.uuids import uuid7

HIGHEST_PRIORITY = 9
DEFAULT_PRIORITY = 5


class Status(models.TextChoices):
    """The states of OGC API - Processes 1.0 (OGC 18-062r2 section 7.11)."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    DISMISSED = "dismissed"


ACTIVE = (Status.ACCEPTED, Status.RUNNING)
FINISHED = (Status.SUCCESSFUL, Status.FAILED, Status.DISMISSED)


class Job(models.Model):
    """One run of a task, from its acceptance to its end.

    A worker has a running job by a lease: it writes only where the row still has its `token`
    (a fencing token: each claim counts it up), so that one who lost the lease changes nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    task = models.CharField(max_length=100)
    is_process = models.BooleanField(default=False, help_text="whether clients see it below /jobs")
    status = models.CharField(max_length=10, choices=Status, default=Status.ACCEPTED)
    priority = models.PositiveSmallIntegerField(default=DEFAULT_PRIORITY, help_text="9 runs first")
    resource = models.CharField(max_length=32, help_text="the resource class, such as cpu")
    run_at = models.DateTimeField(help_text="not before")
    created = models.DateTimeField()
    started = models.DateTimeField(null=True, help_text="of the latest attempt")
    finished = models.DateTimeField(null=True)
    updated = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0, help_text="that ended with an error")
    losses = models.PositiveIntegerField(default=0, help_text="attempts whose process ended")
    token = models.PositiveBigIntegerField(default=0, help_text="the fencing token")
    worker = models.CharField(max_length=64, blank=True, help_text="who has the lease")
    lease_until = models.DateTimeField(null=True)
    progress = models.PositiveSmallIntegerField(default=0, help_text="0 to 100")
    message = models.TextField(blank=True)
    details = models.JSONField(null=True, help_text="what the task says of its parts")
    inputs = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    options = models.JSONField(default=dict, help_text="of the request: outputs, response")
    outputs = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    error = models.JSONField(null=True, help_text="problem details (RFC 9457)")
    idempotency_key = models.CharField(max_length=255, null=True, unique=True)  # noqa: DJ001
    fingerprint = models.CharField(max_length=64, blank=True, help_text="of the request")
    published = models.DateTimeField(null=True, help_text="when the broker was told last")

    class Meta:
        indexes = [
            # Not a partial one: SQLite cannot use that for a status that is a parameter.
            models.Index("status", F("priority").desc(), "run_at", name="jobs_to_claim"),
            models.Index(
                fields=["-created", "-id"],
                name="jobs_newest_first",
                condition=Q(is_process=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.id}"

    @property
    def path(self) -> str:
        """Where clients find it, and its name in the change feed."""
        return f"/jobs/{self.id}"


class Schedule(models.Model):
    """A task that runs periodically; whichever worker comes first enqueues it when it is due."""

    name = models.CharField(max_length=100, primary_key=True)
    every = models.FloatField(help_text="seconds")
    next_run = models.DateTimeField(db_index=True)
    last_run = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} every {self.every:g} s"
