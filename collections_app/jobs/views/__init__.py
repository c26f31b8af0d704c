"""The resources of processes and jobs."""
