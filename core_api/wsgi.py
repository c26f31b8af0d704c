"""The WSGI application, for granian (`coapture web`) or any other server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core_api.settings")

application = get_wsgi_application()
