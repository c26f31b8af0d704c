"""The change feed: an outbox of the paths that changed, in the order of their commits."""

from django.db import models


class Change(models.Model):
    """One resource that changed, in the order of the commits (sequences are never used twice)."""

    sequence = models.BigAutoField(primary_key=True)
    path = models.TextField(help_text="the resource's path, percent-encoded")
    created = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.sequence} {self.path}"


def publish(*paths: str) -> None:
    """Provisional."""
    Change.objects.bulk_create(Change(path=path) for path in paths)
