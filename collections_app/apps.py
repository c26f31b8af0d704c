"""What is collected, as one Django app with a folder for each feature."""

from django.apps import AppConfig


class CollectionsAppConfig(AppConfig):
    """Images, and later scenes, composites, rasters and jobs."""

    name = "collections_app"

    def ready(self) -> None:
        """Make the collections discoverable and described, and the processes known."""
        from django.core import checks

        from collections_app.dialects import geoprocessing
        from collections_app.images import openapi as images
        from collections_app.images.resources import IMAGES
        from collections_app.jobs import builtin, demonstration, processes, registration
        from collections_app.jobs import openapi as jobs
        from collections_app.jobs.checks import registered_jobs
        from collections_app.jobs.resources import RESOURCES
        from core_api import links
        from core_api.rest import schema

        for described in (images, jobs, geoprocessing):
            schema.describe(described.PATHS, described.SCHEMAS)
        for resource in (IMAGES, *RESOURCES):
            links.register(resource)
        for process in demonstration.PROCESSES:
            processes.register(process)
        builtin.register()
        registration.load()
        checks.register(registered_jobs)
