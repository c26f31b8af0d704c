"""Every table of the platform, found by Django here."""

from core_api.background.models import Job, Schedule
from core_api.changes import Change
from core_api.storage.models import Blob, DoomedObject, StoredObject

__all__ = ["Blob", "Change", "DoomedObject", "Job", "Schedule", "StoredObject"]
