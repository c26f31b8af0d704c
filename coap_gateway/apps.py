"""The gateway as a Django app: it has a command and no tables."""

from django.apps import AppConfig


class CoapGatewayConfig(AppConfig):
    """The CoAP door."""

    name = "coap_gateway"
