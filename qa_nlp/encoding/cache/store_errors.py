"""What the errors of SQLite mean for a store of vectors."""

from __future__ import annotations

import sqlite3
from typing import Final

__all__ = ["REMEDY", "is_busy", "is_full", "is_unwritable", "reason"]

REMEDY: Final = "delete it, and its vectors will be made anew, or choose another folder"

_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
_UNWRITABLE: Final = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)


def is_busy(error: sqlite3.Error) -> bool:
    """Tell whether another process was using the file for too long.

    Parameters
    ----------
    error : sqlite3.Error
        What was raised.

    Returns
    -------
    bool
        Whether the same may succeed later.
    """
    return _primary(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_full(error: sqlite3.Error) -> bool:
    """Tell whether the file may not grow.

    Parameters
    ----------
    error : sqlite3.Error
        What was raised.

    Returns
    -------
    bool
        Whether what is there can still be read.
    """
    return _primary(error) == sqlite3.SQLITE_FULL or _code(error) == sqlite3.SQLITE_IOERR_WRITE


def is_unwritable(error: sqlite3.Error) -> bool:
    """Tell whether the file, or its folder, can at most be read.

    Parameters
    ----------
    error : sqlite3.Error
        What was raised.

    Returns
    -------
    bool
        Whether it may help to open it for reading only.
    """
    return _primary(error) in _UNWRITABLE


def reason(error: sqlite3.Error) -> str:
    """Say why a file could not be opened, and what to do.

    Parameters
    ----------
    error : sqlite3.Error
        What was raised.

    Returns
    -------
    str
        The rest of a sentence that begins with the file.
    """
    if _primary(error) in _DAMAGED:
        return f"is damaged, or no store of vectors; {REMEDY}"
    if is_busy(error):
        return "another process keeps it locked; end that process, or choose another folder"
    return f"cannot be used: {error}; choose another folder"


def _primary(error: sqlite3.Error) -> int:
    return _code(error) & 0xFF


def _code(error: sqlite3.Error) -> int:
    """Give the code of an error; what Python itself raises has none."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE))
