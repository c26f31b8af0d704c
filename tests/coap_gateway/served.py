"""The settings of a gateway that serves the tests' site from a process of its own."""

from core_api.settings import *  # noqa: F403

ROOT_URLCONF = "tests.coap_gateway.site"
