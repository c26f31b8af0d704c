"""Whether what serve has started is ready."""

import http.client
import json
from collections.abc import Iterable

from django.conf import settings

from core_api import health
from core_api.serving.addresses import Address

TIMEOUT = 2.0


def what_is_missing(web: Address, others: Iterable[str]) -> str:
    """Why the server at the address is not ready; empty when it is.

    /readyz is asked when the other parts have shown life, so that it need not complain of them.
    """
    down = [part for part in others if health.sign(part) != health.UP]
    return f"{', '.join(down)}: no sign of life." if down else _ask(web.reachable)


def _ask(there: Address) -> str:
    client = http.client.HTTPConnection(there.host, there.port, timeout=TIMEOUT)
    try:
        client.request("GET", "/readyz", headers=_headers())
        response = client.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException):
        return "HTTP does not answer."
    finally:
        client.close()
    return "" if response.status == http.HTTPStatus.OK else _detail(response.status, body)


def _headers() -> dict[str, str]:
    """The name that this server answers to, and how a proxy in front of it would ask."""
    names = [name.lstrip(".") for name in settings.ALLOWED_HOSTS if name != "*"]
    headers = {"Host": names[0] if names else "localhost"}
    return headers | ({"X-Forwarded-Proto": "https"} if settings.COAPTURE_HTTPS else {})


def _detail(status: int, body: bytes) -> str:
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"/readyz answers {status}."
