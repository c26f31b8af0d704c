"""Django settings: the one file that reads the environment (docs/reference/settings.md)."""

import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from core_api import databases, env, secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
MIB = 2**20

# Where things lie.
COAPTURE_DATA = Path(env.text("COAPTURE_DATA", str(BASE_DIR / "var"))).expanduser().absolute()
COAPTURE_TEMPLATE = databases.TEMPLATE

# The doors.
COAPTURE_HTTP = env.text("COAPTURE_HTTP", "127.0.0.1:8000")
COAPTURE_COAP = env.words("COAPTURE_COAP", "127.0.0.1:5683,[::1]:5683")
COAPTURE_HTTPS = env.boolean("COAPTURE_HTTPS")
COAPTURE_WEB_WORKERS = env.integer("COAPTURE_WEB_WORKERS", 2, minimum=1)
COAPTURE_WEB_THREADS = env.integer("COAPTURE_WEB_THREADS", 32, minimum=1)
COAPTURE_WEB_TURNS = env.integer("COAPTURE_WEB_TURNS", 2, minimum=1)
COAPTURE_WEB_STALL = env.number("COAPTURE_WEB_STALL", 30.0)
COAPTURE_COAP_PROCESSES = env.integer("COAPTURE_COAP_PROCESSES", 1, minimum=1)
COAPTURE_COAP_THREADS = env.integer("COAPTURE_COAP_THREADS", 16, minimum=1)
COAPTURE_COAP_TURNS = env.integer("COAPTURE_COAP_TURNS", 2, minimum=1)
COAPTURE_PARTS = env.words("COAPTURE_PARTS")

# What an image may be.
COAPTURE_MAX_BODY = env.integer("COAPTURE_MAX_BODY", 32 * MIB, minimum=1)
COAPTURE_MAX_PIXELS = env.integer("COAPTURE_MAX_PIXELS", 25_000_000, minimum=1)
COAPTURE_IMAGE_FORMATS = env.words("COAPTURE_IMAGE_FORMATS", "jpeg,png,webp,gif,tiff,bmp")

# How long images are kept, and how much of each device; 0 is for ever, and all.
COAPTURE_KEEP_DAYS = env.number("COAPTURE_KEEP_DAYS", 0)
COAPTURE_KEEP_COUNT = env.integer("COAPTURE_KEEP_COUNT", 0)
COAPTURE_KEEP_BYTES = env.integer("COAPTURE_KEEP_BYTES", 0)

# Writing: group commit, the fair lock, the change feed, the deletion of objects.
COAPTURE_INGEST_BATCH = env.integer("COAPTURE_INGEST_BATCH", 64, minimum=1)
COAPTURE_INGEST_QUEUE = env.integer("COAPTURE_INGEST_QUEUE", 64 * MIB, minimum=1)
COAPTURE_LOCK_TIMEOUT = env.number("COAPTURE_LOCK_TIMEOUT", 20.0)
COAPTURE_CHANGES_POLL = env.number("COAPTURE_CHANGES_POLL", 0.05)
COAPTURE_CHANGES_KEEP = env.number("COAPTURE_CHANGES_KEEP", 3600.0)
COAPTURE_DELETE_GRACE = env.number("COAPTURE_DELETE_GRACE", 3600.0)

# How images are stored, and the cache of what was restored from that.
COAPTURE_COMPRESSION = env.boolean("COAPTURE_COMPRESSION", True)
COAPTURE_FIDELITY = env.choice("COAPTURE_FIDELITY", ("pixels", "bytes", "visual"))
COAPTURE_QUALITY = env.integer("COAPTURE_QUALITY", 90, minimum=1, maximum=100)
COAPTURE_CACHE_MEMORY = env.integer("COAPTURE_CACHE_MEMORY", 64 * MIB, minimum=0)
COAPTURE_CACHE_DISK = env.integer("COAPTURE_CACHE_DISK", 1024 * MIB, minimum=0)

# Where the bytes of images lie. The credentials of S3 are AWS_ACCESS_KEY_ID and so on.
COAPTURE_STORAGE = env.choice("COAPTURE_STORAGE", ("database", "files", "s3"))
COAPTURE_ORPHAN_AGE = env.number("COAPTURE_ORPHAN_AGE", 86_400.0)
COAPTURE_S3_BUCKET = env.text("COAPTURE_S3_BUCKET")
COAPTURE_S3_ENDPOINT = env.text("COAPTURE_S3_ENDPOINT")
COAPTURE_S3_REGION = env.text("COAPTURE_S3_REGION", "us-east-1")
COAPTURE_S3_PREFIX = env.text("COAPTURE_S3_PREFIX", "images/")
COAPTURE_S3_ADDRESSING = env.choice("COAPTURE_S3_ADDRESSING", ("auto", "path", "virtual"))
if COAPTURE_STORAGE == "s3" and not COAPTURE_S3_BUCKET:
    raise ImproperlyConfigured("COAPTURE_STORAGE=s3 needs the name of a COAPTURE_S3_BUCKET.")
if COAPTURE_S3_BUCKET and find_spec("botocore") is None:
    raise ImproperlyConfigured("S3 needs botocore: pip install 'coapture[scaled]'.")

# Unfinished uploads that are kept in files, of both doors.
COAPTURE_UPLOAD_FILES = env.integer("COAPTURE_UPLOAD_FILES", 8192, minimum=1)
COAPTURE_UPLOAD_DISK = env.integer("COAPTURE_UPLOAD_DISK", 1024 * MIB, minimum=1)
COAPTURE_UPLOAD_EXPIRY = env.number("COAPTURE_UPLOAD_EXPIRY", 86_400.0)

# Jobs.
COAPTURE_JOBS_ENGINE = env.choice("COAPTURE_JOBS_ENGINE", ("embedded", "celery"))
COAPTURE_JOBS_SLOTS = env.integer("COAPTURE_JOBS_SLOTS", os.cpu_count() or 1, minimum=1)
COAPTURE_JOBS_LIMITS = env.counts("COAPTURE_JOBS_LIMITS")
COAPTURE_JOBS_POLL = env.number("COAPTURE_JOBS_POLL", 1.0)
COAPTURE_JOBS_LEASE = env.number("COAPTURE_JOBS_LEASE", 30.0)
COAPTURE_JOBS_LOSSES = env.integer("COAPTURE_JOBS_LOSSES", 10, minimum=1)
COAPTURE_JOBS_NICE = env.integer("COAPTURE_JOBS_NICE", 10, maximum=19)
COAPTURE_JOBS_MEMORY = env.integer("COAPTURE_JOBS_MEMORY", 4 * 2**30, minimum=0)
COAPTURE_JOBS_KEEP = env.number("COAPTURE_JOBS_KEEP", 604_800.0)
COAPTURE_JOBS_SCHEDULE = env.boolean("COAPTURE_JOBS_SCHEDULE", True)
COAPTURE_JOBS_SWEEP = env.number("COAPTURE_JOBS_SWEEP", 10.0)
COAPTURE_BROKER_URL = env.text("COAPTURE_BROKER_URL", "amqp://guest:guest@127.0.0.1:5672//")
COAPTURE_BROKER_QUEUE = env.text("COAPTURE_BROKER_QUEUE", "coapture")
if COAPTURE_JOBS_ENGINE == "celery" and find_spec("celery") is None:
    raise ImproperlyConfigured(
        "COAPTURE_JOBS_ENGINE=celery needs Celery: pip install 'coapture[scaled]'."
    )
COAPTURE_REGISTERED_JOBS = env.words("COAPTURE_REGISTERED_JOBS")

# The CoAP gateway's limits.
COAPTURE_COAP_UPLOADS = env.integer("COAPTURE_COAP_UPLOADS", 8192, minimum=1)
COAPTURE_COAP_UPLOADS_PER_PEER = env.integer("COAPTURE_COAP_UPLOADS_PER_PEER", 16, minimum=1)
COAPTURE_COAP_UPLOAD_MEMORY = env.integer("COAPTURE_COAP_UPLOAD_MEMORY", 32 * MIB, minimum=1)
COAPTURE_COAP_UPLOAD_SPOOL = env.integer("COAPTURE_COAP_UPLOAD_SPOOL", 64 * 1024)
COAPTURE_COAP_UPLOAD_EXPIRY = env.number("COAPTURE_COAP_UPLOAD_EXPIRY", 247.0)
COAPTURE_COAP_DOWNLOAD_MEMORY = env.integer("COAPTURE_COAP_DOWNLOAD_MEMORY", 32 * MIB, minimum=1)
COAPTURE_COAP_DEDUPLICATION = env.integer("COAPTURE_COAP_DEDUPLICATION", 8 * MIB, minimum=1)
COAPTURE_COAP_WAITING = env.integer("COAPTURE_COAP_WAITING", 1024, minimum=1)
COAPTURE_COAP_FINISHED = env.integer("COAPTURE_COAP_FINISHED", 4096, minimum=1)
COAPTURE_COAP_OBSERVERS = env.integer("COAPTURE_COAP_OBSERVERS", 10_000, minimum=1)
COAPTURE_COAP_OBSERVERS_PER_PEER = env.integer("COAPTURE_COAP_OBSERVERS_PER_PEER", 64, minimum=1)
COAPTURE_COAP_OBSERVER_SILENCE = env.number("COAPTURE_COAP_OBSERVER_SILENCE", 3600.0)
COAPTURE_COAP_TRUSTED_NETWORKS = env.networks(
    "COAPTURE_COAP_TRUSTED_NETWORKS", "127.0.0.0/8,::1/128"
)
COAPTURE_COAP_IPV6_PREFIX = env.integer("COAPTURE_COAP_IPV6_PREFIX", 64, minimum=1, maximum=128)
COAPTURE_COAP_VERIFIED = env.integer("COAPTURE_COAP_VERIFIED", 16384, minimum=1)
COAPTURE_COAP_RATE = env.number("COAPTURE_COAP_RATE", 2000.0)
COAPTURE_COAP_BURST = env.integer("COAPTURE_COAP_BURST", 4000, minimum=1)
COAPTURE_COAP_CONNECTIONS = env.integer("COAPTURE_COAP_CONNECTIONS", 512, minimum=1)
COAPTURE_COAP_CONNECTIONS_PER_PEER = env.integer(
    "COAPTURE_COAP_CONNECTIONS_PER_PEER", 32, minimum=1
)
COAPTURE_COAP_CONNECTION_STALL = env.number("COAPTURE_COAP_CONNECTION_STALL", 30.0)
COAPTURE_COAP_CONNECTION_IDLE = env.number("COAPTURE_COAP_CONNECTION_IDLE", 600.0)
COAPTURE_COAP_MESSAGE_SIZE = env.integer("COAPTURE_COAP_MESSAGE_SIZE", MIB, minimum=1152)

# Child processes that decode, and the variants that they draw.
COAPTURE_SANDBOX_PROCESSES = env.integer(
    "COAPTURE_SANDBOX_PROCESSES", os.cpu_count() or 1, minimum=1
)
COAPTURE_VARIANT_WAITING = env.integer("COAPTURE_VARIANT_WAITING", 8, minimum=1)
COAPTURE_VARIANT_SECONDS = env.number("COAPTURE_VARIANT_SECONDS", 5.0)
COAPTURE_VARIANT_MEMORY = env.integer("COAPTURE_VARIANT_MEMORY", 768 * MIB, minimum=64 * MIB)
COAPTURE_VARIANT_KEYS = env.keys("COAPTURE_VARIANT_KEYS")
COAPTURE_VARIANT_SIGNED = env.boolean("COAPTURE_VARIANT_SIGNED")

ACCESS = env.text("ACCESS", "open")
if ACCESS != "open":
    raise ImproperlyConfigured(f"ACCESS must be open, not {ACCESS!r}: devices have no keys yet.")

SECRET_KEY = env.secret("SECRET_KEY") or secret_key.read_or_make(COAPTURE_DATA / "secret_key")
DEBUG = env.boolean("DEBUG")
# A page of another name that resolves to this machine must not talk to us (DNS rebinding).
_local = "localhost,127.0.0.1,[::1]"
_on_loopback = COAPTURE_HTTP.startswith(("127.", "localhost", "[::1]"))
COAPTURE_OPEN = env.text("ACCESS") == "open"
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "*" if COAPTURE_OPEN and not _on_loopback else _local)

INSTALLED_APPS = [
    "core_api",
    "collections_app",
    "coap_gateway",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "core_api.rest.middleware.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "core_api.urls"
WSGI_APPLICATION = "core_api.wsgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

DATABASES = {
    "default": databases.configured(env.text("DATABASE_URL"), COAPTURE_DATA, COAPTURE_LOCK_TIMEOUT)
}
# Where the bytes of images may lie; those that lie elsewhere than new ones are found, too.
IMAGE_PLACES: dict[str, dict[str, Any]] = {
    "database": {"BACKEND": "core_api.storage.database.DatabaseStorage"},
    "files": {"BACKEND": "core_api.storage.files.FileStorage"},
}
if COAPTURE_S3_BUCKET:
    IMAGE_PLACES["s3"] = {
        "BACKEND": "core_api.storage.s3.S3Storage",
        "OPTIONS": {
            "bucket": COAPTURE_S3_BUCKET,
            "endpoint": COAPTURE_S3_ENDPOINT,
            "region": COAPTURE_S3_REGION,
            "prefix": COAPTURE_S3_PREFIX,
            "addressing": COAPTURE_S3_ADDRESSING,
        },
    }
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "images": {
        "BACKEND": "core_api.storage.places.ImageStorage",
        "OPTIONS": {"place": COAPTURE_STORAGE, "places": IMAGE_PLACES},
    },
    "results": {"BACKEND": "core_api.storage.files.DurableFileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# Our own views read bodies under COAPTURE_MAX_BODY; this bounds form fields that are no files.
DATA_UPLOAD_MAX_MEMORY_SIZE = MIB
FILE_UPLOAD_MAX_MEMORY_SIZE = COAPTURE_MAX_BODY

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = COAPTURE_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if COAPTURE_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = COAPTURE_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if COAPTURE_HTTPS else None
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "coapture",
    "DESCRIPTION": "A CoRE (RFC 6690) image server.",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": ["core_api.rest.schema.add_registered_paths"],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", "WARNING")},
    "loggers": {
        "coapture": {"level": env.text("LOG_LEVEL", "INFO")},
        # A client's mistake is told to the client; the log is for the server's own.
        "django.request": {"level": "ERROR"},
    },
}

if "pytest" in sys.modules:
    # Threads and other processes must see the tests' rows: a file, never memory.
    COAPTURE_TEST_FOLDER = tempfile.mkdtemp(prefix="coapture-test-")
    if DATABASES["default"]["ENGINE"] == "core_api.sqlite":
        DATABASES["default"]["TEST"] = {"NAME": f"{COAPTURE_TEST_FOLDER}/db.sqlite3"}
