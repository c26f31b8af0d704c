"""The processes that come with the server."""

from collections_app.jobs import processes
from collections_app.jobs.workflows import tasks


def register() -> None:
    """Offer them to clients and to workflows; to be called once, before workflows are loaded."""
    from collections_app.jobs.builtin import rasters

    for name, process in rasters.make().items():
        processes.register(process)
        takes_variables = any(each.name == rasters.VARIABLES for each in process.inputs)
        tasks.register(name, process, rasters.VARIABLES if takes_variables else "")
