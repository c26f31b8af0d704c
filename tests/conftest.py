"""For every test: the folder of the test database goes when the run ends."""

import shutil

from django.conf import settings


def pytest_unconfigure() -> None:
    shutil.rmtree(settings.COAPTURE_TEST_FOLDER, ignore_errors=True)
