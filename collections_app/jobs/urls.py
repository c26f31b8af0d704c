"""The URL space of processes and jobs."""

from django.urls import path

from collections_app.jobs.views import jobs, processes, results

urlpatterns = [
    path("", processes.landing_page),
    path("conformance", processes.conformance),
    path("processes", processes.collection),
    path("processes/<str:process_id>", processes.process),
    path("processes/<str:process_id>/execution", processes.executions),
    path("jobs", jobs.collection),
    path("jobs/<str:job_id>", jobs.job),
    path("jobs/<str:job_id>/inputs", jobs.inputs),
    path("jobs/<str:job_id>/results", results.results),
    path("jobs/<str:job_id>/results/<str:name>", results.result),
]
