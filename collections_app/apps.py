"""What is collected, as one Django app with a folder for each feature."""

from django.apps import AppConfig


class CollectionsAppConfig(AppConfig):
    """Images, and later scenes, composites, rasters and jobs."""

    name = "collections_app"

    def ready(self) -> None:
        """Make the collections discoverable and described, and the processes known."""
        from django.core import checks

        from collections_app.dialects import geoprocessing
        from collections_app.images import metrics as images_metrics
        from collections_app.images import openapi as images
        from collections_app.images.compression import tasks as compression
        from collections_app.images.resources import IMAGES
        from collections_app.images.retention import tasks as retention
        from collections_app.jobs import builtin, demonstration, processes, registration
        from collections_app.jobs import openapi as jobs
        from collections_app.jobs.checks import registered_jobs
        from collections_app.jobs.resources import RESOURCES
        from core_api import links, metrics
        from core_api.background import periodic, tasks
        from core_api.rest import schema
        from core_api.storage import restore

        for described in (images, jobs, geoprocessing):
            schema.describe(described.PATHS, described.SCHEMAS)
        for resource in (IMAGES, *RESOURCES):
            links.register(resource)
        for process in demonstration.PROCESSES:
            processes.register(process)
        builtin.register()
        registration.load()
        checks.register(registered_jobs)
        restore.register("collections_app.imaging.compression")
        tasks.register(compression.COMPRESS)
        periodic.register(compression.PERIODIC)
        periodic.register(retention.PERIODIC)
        metrics.register(images_metrics.gauges)
