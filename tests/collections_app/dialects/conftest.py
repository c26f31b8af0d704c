"""The same processes as for the tests of jobs."""

from tests.collections_app.jobs.conftest import data_folder, offered

__all__ = ["data_folder", "offered"]
