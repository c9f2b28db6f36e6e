"""What the file of a store of vectors looks like, and what is refused in its place."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from qa_nlp.encoding.cache.store_errors import REMEDY
from qa_nlp.errors import ArtifactError

__all__ = ["check_about", "fill", "is_new", "make_file", "number"]

_APPLICATION: Final = 0x71616E76
"""Marks a file as ours, where SQLite keeps such a mark: four bytes of its header."""

_FORMAT: Final = 1
_SECRET: Final = "secret"
_SECRET_BYTES: Final = 32

_TABLES: Final = (
    "CREATE TABLE about (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    # Rows are large and keys arbitrary: rows are appended, and only the index is written all over.
    "CREATE TABLE vectors (number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,"
    " row BLOB NOT NULL)",
)


def make_file(path: Path) -> None:
    """Make an empty file that only its owner may read, where there is none.

    Parameters
    ----------
    path : pathlib.Path
        The file. Its folder is made too.

    Raises
    ------
    ArtifactError
        When it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # What SQLite makes beside a file has the same rights.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if not path.parent.is_dir():
            raise ArtifactError(
                f"{path.parent}: is a file, not a folder; choose another name"
            ) from None
    except OSError as error:
        raise ArtifactError(
            f"{path}: cannot be written: {error.strerror or error}; choose another folder"
        ) from None


def is_new(path: Path, connection: sqlite3.Connection) -> bool:
    """Tell whether there is nothing in a file yet.

    Parameters
    ----------
    path : pathlib.Path
        The file, for messages.
    connection : sqlite3.Connection
        To it.

    Returns
    -------
    bool
        False for a store of vectors.

    Raises
    ------
    ArtifactError
        When others, or other versions, wrote it.
    """
    application = number(connection, "PRAGMA application_id")
    version = number(connection, "PRAGMA user_version")
    if application == _APPLICATION:
        if version != _FORMAT:
            raise ArtifactError(f"{path}: written by another version of qa_nlp; {REMEDY}")
        return False
    if application or version or number(connection, "SELECT count(*) FROM sqlite_master"):
        raise ArtifactError(f"{path}: is no store of vectors; {REMEDY}")
    return True


def fill(connection: sqlite3.Connection, about: Mapping[str, bytes]) -> None:
    """Make the tables of a new file, and its secret.

    Parameters
    ----------
    connection : sqlite3.Connection
        In a transaction.
    about : mapping of str to bytes
        Whose vectors the file is for.
    """
    for table in _TABLES:
        connection.execute(table)
    rows = {**about, _SECRET: secrets.token_bytes(_SECRET_BYTES)}
    connection.executemany("INSERT INTO about VALUES (?, ?)", rows.items())
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {_FORMAT}")


def check_about(path: Path, connection: sqlite3.Connection, about: Mapping[str, bytes]) -> bytes:
    """Check whose vectors a file holds.

    Parameters
    ----------
    path : pathlib.Path
        The file, for messages.
    connection : sqlite3.Connection
        To it.
    about : mapping of str to bytes
        What must be written there.

    Returns
    -------
    bytes
        The secret.

    Raises
    ------
    ArtifactError
        When they are other vectors.
    sqlite3.Error
        When it is damaged.
    """
    # The end of the table too, which a file that was cut off lacks.
    number(connection, "SELECT max(number) FROM vectors")
    rows = connection.execute("SELECT name, value FROM about")
    found = {name: value for name, value in rows if isinstance(value, bytes)}
    for name, value in about.items():
        if found.get(name) != value:
            there = found.get(name, b"").decode(errors="replace")
            raise ArtifactError(
                f"{path}: holds vectors whose {name} is {there!r}, not {value.decode()!r}; {REMEDY}"
            )
    secret = found.get(_SECRET, b"")
    if len(secret) != _SECRET_BYTES:
        raise ArtifactError(f"{path}: is damaged; {REMEDY}")
    return secret


def number(connection: sqlite3.Connection, question: str) -> int:
    """Ask for one number.

    Parameters
    ----------
    connection : sqlite3.Connection
        To ask.
    question : str
        In SQL.

    Returns
    -------
    int
        0 for NULL.
    """
    return int(connection.execute(question).fetchone()[0] or 0)
