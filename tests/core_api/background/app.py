"""An app that registers the tasks of the tests, in the test process and in its children."""

from django.apps import AppConfig


class MisbehavingConfig(AppConfig):
    """Tasks that do what tasks do wrong."""

    name = "tests.core_api.background"
    label = "misbehaving"

    def ready(self) -> None:
        from tests.core_api.background import misbehaving

        misbehaving.register()
