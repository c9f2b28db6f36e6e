"""The file of a store of vectors: SQLite with a write-ahead log, so that many may use it at once.

Nothing but SQLite ever opens the file while it is in use: closing it would free the locks that this
process holds on it, since locks of POSIX belong to a process and a file.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from qa_nlp.encoding.cache.store_errors import is_busy, is_unwritable, reason
from qa_nlp.encoding.cache.store_format import check_about, fill, is_new, make_file, number
from qa_nlp.encoding.forking import closed_in_forks
from qa_nlp.errors import ArtifactError

__all__ = ["StoreFile"]

_ASKED_AT_ONCE: Final = 500
_FEWEST_PAGES: Final = 16
_JOURNAL_BYTES: Final = 16_000_000
_CACHE_KIB: Final = 8_000
_PATIENCE_SECONDS: Final = 1.0
_OPENING_SECONDS: Final = 10.0
_PAUSE_SECONDS: Final = 0.02

_WRITING: Final = "mode=rw"
_READING: Final = "mode=ro"
_FROZEN: Final = "mode=ro&immutable=1"
"""For a folder that cannot be written to: SQLite could not even note there that it reads."""

_ADD: Final = (
    "INSERT INTO vectors (key, row) VALUES (?, ?)"
    " ON CONFLICT (key) DO UPDATE SET row = excluded.row WHERE row IS NOT excluded.row"
)

_opening: Final = threading.Lock()


class StoreFile:
    """Rows by key in a file; safe to use from several threads and processes, also after a fork.

    Made by `opened`. What it does later raises `sqlite3.Error` where it fails.

    Parameters
    ----------
    path : pathlib.Path
        The file, which exists.
    how : str
        How SQLite is to open it.
    max_bytes : int
        Largest size of the file.

    Attributes
    ----------
    secret : bytes
        Drawn when the file was made.
    """

    def __init__(self, path: Path, how: str, max_bytes: int) -> None:
        self._connection: sqlite3.Connection | None = None
        # In full, since a process may go to another folder.
        self._uri = f"{path.absolute().as_uri()}?{how}"
        self._path = path
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self.writable = how == _WRITING
        self.secret = b""
        closed_in_forks(self, self._lock)

    def __del__(self) -> None:
        with suppress(sqlite3.Error):
            self.disconnect()

    @classmethod
    def opened(cls, path: Path, fingerprint: str, columns: int, max_bytes: int) -> StoreFile:
        """Open a file, which is made where it does not exist.

        Parameters
        ----------
        path : pathlib.Path
            The file.
        fingerprint : str
            Of the encoder.
        columns : int
            Numbers of a vector.
        max_bytes : int
            Largest size of the file.

        Returns
        -------
        StoreFile
            For reading only where it cannot be written to.

        Raises
        ------
        ArtifactError
            When there is none and it cannot be made; when it is damaged, foreign, or of other
            vectors.
        """
        about = {"fingerprint": fingerprint.encode(), "columns": str(columns).encode()}
        with _opening:
            make_file(path)
            for how in (_WRITING, _READING, _FROZEN):
                file = cls(path, how, max_bytes)
                try:
                    file._begin(about)
                    return file
                except sqlite3.Error as error:
                    file.disconnect()
                    trouble = error
                except BaseException:
                    file.disconnect()
                    raise
                # What lies in a log would be missed by who takes the file as it is.
                has_log = path.with_name(f"{path.name}-wal").exists()
                if not is_unwritable(trouble) or (how == _READING and has_log):
                    break
        raise ArtifactError(f"{path}: {reason(trouble)}")

    def rows(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Give the rows that are there.

        Parameters
        ----------
        keys : sequence of bytes
            Any keys.

        Returns
        -------
        dict of bytes to bytes
            Rows by key.
        """
        found: dict[bytes, bytes] = {}
        with self._connected() as connection:
            for first in range(0, len(keys), _ASKED_AT_ONCE):
                asked = keys[first : first + _ASKED_AT_ONCE]
                marks = ",".join("?" * len(asked))
                question = f"SELECT key, row FROM vectors WHERE key IN ({marks})"
                found.update(connection.execute(question, asked))
        return found

    def add(self, rows: Sequence[tuple[bytes, bytes]]) -> None:
        """Put rows in, all or none; another row of the same key is replaced.

        Parameters
        ----------
        rows : sequence of tuple of (bytes, bytes)
            Keys and rows.
        """
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany(_ADD, rows)
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # where SQLite has rolled it back itself
                    connection.execute("ROLLBACK")
                raise

    def size(self) -> tuple[int, int]:
        """Tell how much there is.

        Returns
        -------
        tuple of (int, int)
            Rows, and bytes of the file.
        """
        with self._connected() as connection:
            rows = number(connection, "SELECT max(number) FROM vectors")
            pages = number(connection, "PRAGMA page_count")
            return rows, pages * number(connection, "PRAGMA page_size")

    def close(self) -> None:
        """Let go of the file; whatever is asked next takes it up again."""
        with self._lock, suppress(sqlite3.Error):
            self.disconnect()

    def disconnect(self) -> None:
        """Let go of the file while its lock is held, or while nobody else knows of it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._connection is None:
                self._connection = self._connect()
            yield self._connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._uri,
            uri=True,
            timeout=_PATIENCE_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            # A power cut may cost the last vectors, but never the file.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA journal_size_limit = {_JOURNAL_BYTES}")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            pages = self._max_bytes // number(connection, "PRAGMA page_size")
            connection.execute(f"PRAGMA max_page_count = {max(pages, _FEWEST_PAGES)}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _begin(self, about: dict[str, bytes]) -> None:
        """Make the tables where there are none yet, and check whose vectors there are."""
        with self._connected() as connection:
            found_new = is_new(self._path, connection)
            if self.writable:
                _patiently(connection, "PRAGMA journal_mode = WAL")
                # Also where nothing is to be made: it tells whether anything may be written.
                _patiently(connection, "BEGIN IMMEDIATE")
                if found_new and is_new(self._path, connection):  # nobody was faster
                    fill(connection, about)
                connection.execute("COMMIT")
            self.secret = check_about(self._path, connection, about)


def _patiently(connection: sqlite3.Connection, command: str) -> None:
    """Run a command for which SQLite itself does not always wait."""
    until = time.monotonic() + _OPENING_SECONDS
    while True:
        try:
            connection.execute(command)
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > until:
                raise
        time.sleep(_PAUSE_SECONDS)
