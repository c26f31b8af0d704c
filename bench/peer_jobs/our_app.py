"""The app that makes the task known to our engine."""

from django.apps import AppConfig


class BenchConfig(AppConfig):
    """One task, `bench.stamp`."""

    name = "bench.peer_jobs"
    label = "bench_jobs"

    def ready(self) -> None:
        from bench.peer_jobs import stamps
        from core_api.background import tasks

        tasks.register(tasks.Task("bench.stamp", lambda run: stamps.write(run.inputs["number"])))
