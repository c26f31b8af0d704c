"""The platform as a Django app."""

from django.apps import AppConfig


class CoreApiConfig(AppConfig):
    """Storage, the change feed and discovery."""

    name = "core_api"

    def ready(self) -> None:
        """Make the platform's own resources discoverable."""
        from core_api import links, openapi
        from core_api.background import periodic
        from core_api.rest import schema
        from core_api.uploads import openapi as uploads
        from core_api.wire.media import content_format

        for one in periodic.PLATFORM:
            periodic.register(one)
        schema.describe(openapi.PATHS)
        schema.describe(uploads.PATHS, uploads.SCHEMAS)
        links.register(
            links.Resource(
                "/collections",
                interface="core.ll",
                ct=[content_format("application/link-format"), content_format("application/json")],
                title="Collections",
            )
        )
        links.register(
            links.Resource(
                "/uploads",
                rt="uploads",
                ct=[content_format("application/json"), content_format("application/cbor")],
                title="Unfinished uploads",
            )
        )
