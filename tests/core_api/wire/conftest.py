"""Generated cases are the same on every run, and as slow as the machine is."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "wire", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("wire")
