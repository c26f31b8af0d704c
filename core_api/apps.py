"""The platform as a Django app."""

from django.apps import AppConfig


class CoreApiConfig(AppConfig):
    """Storage, the change feed and discovery."""

    name = "core_api"

    def ready(self) -> None:
        """Make the platform's own resources discoverable."""
        from core_api import links, openapi
        from core_api.rest import schema
        from core_api.wire.media import content_format

        schema.describe(openapi.PATHS)
        links.register(
            links.Resource(
                "/collections",
                interface="core.ll",
                ct=[content_format("application/link-format"), content_format("application/json")],
                title="Collections",
            )
        )
