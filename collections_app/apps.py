"""What is collected, as one Django app with a folder for each feature."""

from django.apps import AppConfig


class CollectionsAppConfig(AppConfig):
    """Images, and later scenes, composites, rasters and jobs."""

    name = "collections_app"

    def ready(self) -> None:
        """Make the collections discoverable and described."""
        from collections_app.images import openapi
        from collections_app.images.resources import IMAGES
        from core_api import links
        from core_api.rest import schema

        schema.describe(openapi.PATHS, openapi.SCHEMAS)
        links.register(IMAGES)
