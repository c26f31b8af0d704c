"""A Django database backend: SQLite in WAL with a fair write lock (ENGINE "core_api.sqlite").

OPTIONS: `timeout` (seconds; the longest wait for a turn to write, and SQLite's own busy timeout)
and `template` (path of a database file that is copied into place where there is none yet).
"""
