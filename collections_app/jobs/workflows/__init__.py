"""Workflows: graphs of tasks, written down in JSON, that run as processes."""

from collections_app.jobs.workflows.errors import WorkflowError
from collections_app.jobs.workflows.loading import load

__all__ = ["WorkflowError", "load"]
