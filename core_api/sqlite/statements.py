"""Which SQL statements write, as far as their text tells; in doubt a statement writes."""

import re

_SKIPPED = r"(?:\s|;|--[^\n]*(?:\n|$)|/\*.*?(?:\*/|$))*"
_VERB = re.compile(_SKIPPED + r"([A-Za-z]+)", re.DOTALL)
_QUOTED = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|/\*.*?(?:\*/|$)""", re.DOTALL
)
_WRITING_VERB = re.compile(r"\b(?:INSERT|UPDATE|DELETE)\b|\bREPLACE\s+INTO\b", re.IGNORECASE)
_BEGIN_WRITING = re.compile(r"\bBEGIN\s+(?:IMMEDIATE|EXCLUSIVE)\b", re.IGNORECASE)
_PRAGMA_WRITING = re.compile(
    r"\bPRAGMA\s+(?:\w+\.)?(?:incremental_vacuum|optimize|wal_checkpoint"
    r"|(?:application_id|journal_mode|user_version)\s*[=(])",
    re.IGNORECASE,
)
_READS = {"SELECT", "VALUES", "EXPLAIN"}
_ENDS = {"COMMIT", "END", "ROLLBACK", "RELEASE", "SAVEPOINT", "ATTACH", "DETACH"}


def may_write(sql: str) -> bool:
    """Whether the statement takes SQLite's write lock.

    A plain BEGIN and a SAVEPOINT do not: the first writing statement behind them does.
    """
    match = _VERB.match(sql)
    verb = match[1].upper() if match else ""
    if verb in _READS or verb in _ENDS:
        return False
    if verb == "WITH":
        return bool(_WRITING_VERB.search(_QUOTED.sub(" ", sql)))
    if verb == "BEGIN":
        return bool(_BEGIN_WRITING.search(sql))
    if verb == "PRAGMA":
        return bool(_PRAGMA_WRITING.search(sql))
    return True
