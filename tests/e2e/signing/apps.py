"""The app, for the settings of workers."""

from django.apps import AppConfig


class SigningConfig(AppConfig):
    """One task."""

    name = "tests.e2e.signing"

    def ready(self) -> None:
        from tests.e2e.signing import tasks

        tasks.register()
