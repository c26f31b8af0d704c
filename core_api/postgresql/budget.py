"""How many connections this server may open, and whether PostgreSQL has that many."""

import logging

from django.conf import settings
from django.db import connection

# Beside its threads, a web process has a writer, a CoAP process a writer and a follower; the worker
# has one connection for each slot, and a few of its own. The last ones are for migrations.
OF_WEB = 1
OF_COAP = 2
OF_WORKER = 4
OF_OPERATOR = 1

logger = logging.getLogger("coapture.postgresql")


def needed() -> int:
    """The most connections that all parts together keep open; one for each thread that asks."""
    web = settings.COAPTURE_WEB_WORKERS * (settings.COAPTURE_WEB_THREADS + OF_WEB)
    coap = settings.COAPTURE_COAP_PROCESSES * (settings.COAPTURE_COAP_THREADS + OF_COAP)
    return int(web + coap + settings.COAPTURE_JOBS_SLOTS + OF_WORKER + OF_OPERATOR)


def check() -> None:
    """Warn, in the log, where PostgreSQL has fewer connections than this server may open."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int"
        )
        (there,) = cursor.fetchone()
    if needed() > there:
        logger.warning(
            "PostgreSQL takes %d connections, and this server may open %d: raise max_connections, "
            "or lower COAPTURE_WEB_THREADS and COAPTURE_COAP_THREADS.",
            *(there, needed()),
        )
