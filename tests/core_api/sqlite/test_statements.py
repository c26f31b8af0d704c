"""core_api/sqlite/statements.py: reads go free, in doubt a statement writes."""

import pytest

from core_api.sqlite.statements import may_write

READS = [
    "SELECT 1",
    "  select 'DELETE FROM t'",
    "VALUES (1)",
    "EXPLAIN DELETE FROM t",
    "EXPLAIN QUERY PLAN UPDATE t SET a = 1",
    "/* INSERT */ SELECT 1",
    "-- DELETE\nSELECT 1",
    "; ; SELECT 1",
    "WITH a AS (SELECT 1) SELECT * FROM a",
    "WITH a AS (SELECT 'delete' AS \"update\", [insert], `insert`) SELECT replace(x, 'a', 'b')",
    "BEGIN",
    "BEGIN DEFERRED",
    "begin deferred transaction",
    'SAVEPOINT "s1"',
    'RELEASE SAVEPOINT "s1"',
    'ROLLBACK TO SAVEPOINT "s1"',
    "COMMIT",
    "END",
    "ROLLBACK",
    "PRAGMA foreign_keys = ON",
    "PRAGMA table_info('update')",
    "PRAGMA journal_mode",
    "PRAGMA data_version",
    "PRAGMA page_size = 16384",
]
WRITES = [
    "INSERT INTO t VALUES (1)",
    "insert into t values (1) returning a",
    "UPDATE t SET a = 1",
    "DELETE FROM t",
    "REPLACE INTO t VALUES (1)",
    "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
    "with a as (select 1) delete from t where b in a",
    "WITH a AS (SELECT ';') REPLACE INTO t SELECT * FROM a",
    "/* SELECT */ -- SELECT\n INSERT INTO t VALUES (1)",
    "CREATE TABLE t (a)",
    "DROP TABLE t",
    "ALTER TABLE t ADD COLUMN b",
    "BEGIN IMMEDIATE",
    "begin  exclusive transaction",
    "VACUUM",
    "REINDEX",
    "ANALYZE",
    "PRAGMA incremental_vacuum(10)",
    "PRAGMA main.user_version = 3",
    "PRAGMA journal_mode=WAL",
    "PRAGMA journal_mode(DELETE)",
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "PRAGMA optimize",
    "",
    "?",
]


@pytest.mark.parametrize("sql", READS)
def test_reads(sql: str) -> None:
    assert may_write(sql) is False


@pytest.mark.parametrize("sql", WRITES)
def test_writes(sql: str) -> None:
    assert may_write(sql) is True
