"""Vectors on disk, for the jobs of tomorrow and the processes beside this one."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from qa_nlp.encoding.cache.packing import packed, packed_size, plain_size, unpacked
from qa_nlp.encoding.cache.store_errors import is_busy, is_full
from qa_nlp.encoding.cache.store_file import StoreFile
from qa_nlp.encoding.encoder import Encoder, Vectors

__all__ = ["StoreState", "VectorStore"]

_CHECK_BYTES: Final = 4

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class StoreState:
    """What a store holds, and whether it still takes vectors.

    Parameters
    ----------
    vectors : int
        In the file.
    bytes : int
        Of the file.
    added, not_added, damaged : int
        Vectors that this process put in, could not put in, and found damaged (these are encoded
        again, and replaced).
    trouble : str or None
        Why nothing is added any more, or nothing is read; None where all is well.
    """

    vectors: int
    bytes: int
    added: int
    not_added: int
    damaged: int
    trouble: str | None


class VectorStore:
    """The vectors of one encoder in a file that processes and threads of one machine share.

    The file never holds a text: a vector is found by a hash of its text, keyed by a secret that is
    drawn when the file is made and lies in it. So two stores cannot be compared, and no table of
    hashes made in advance helps. It does **not** protect against whoever has the file: the
    secret is in it, so texts can be tried. And vectors themselves tell much of what was said
    (Morris, Kuleshov, Shmatikov & Rush 2023, "Text Embeddings Reveal (Almost) As Much As Text").
    Keep the file as you keep the conversations, and delete it when they must be deleted. Only its
    owner may read it.

    Vectors come back bit for bit; one that is damaged on the disk is not used. After it has been
    opened a store never raises: where the disk is full or the file is damaged it gives nothing or
    takes nothing, and `state` says why. When it has reached its size it takes no more: what is said
    often is said early.

    Parameters
    ----------
    folder : str or pathlib.Path
        On a disk of this machine, not of the network; made where it does not exist.
    encoder : Encoder
        Whose vectors they are. The file's name follows from its fingerprint. That of an encoder of
        your own tells little more than its name: use a new folder when you change such an encoder.
    max_bytes : int, default 2_000_000_000
        Size of the file at which nothing is added any more. While it is in use, a journal of a few
        MB lies beside it.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    fingerprint : str
        Of the encoder.
    columns : int
        Numbers of a vector.
    secret : bytes
        Key of the hashes.
    max_bytes : int
        As given.

    Raises
    ------
    ArtifactError
        When the folder cannot be used, or the file is damaged, foreign, or of other vectors.
    ValueError
        When `max_bytes` is not positive.

    Examples
    --------
    >>> import tempfile
    >>> from types import SimpleNamespace
    >>> from qa_nlp.encoding import VectorCache, load_encoder
    >>> encoder = load_encoder(SimpleNamespace(encode=lambda texts: [[len(t), 1] for t in texts]))
    >>> with VectorStore(tempfile.mkdtemp(), encoder) as store:
    ...     _ = VectorCache(encoder, store=store).encode(["Good morning."])
    ...     tomorrow = VectorCache(encoder, store=store)
    ...     _ = tomorrow.encode(["Good morning.", "Goodbye."])
    ...     tomorrow.counts.disk_hits, store.state.vectors
    (1, 2)
    """

    def __init__(
        self, folder: str | Path, encoder: Encoder, *, max_bytes: int = 2_000_000_000
    ) -> None:
        if max_bytes < 1:
            raise ValueError(f"max_bytes must be positive, not {max_bytes}")
        self.fingerprint = encoder.fingerprint
        self.columns = int(encoder.encode([]).shape[1])
        self.max_bytes = max_bytes
        self.path = Path(folder) / _file_name(encoder)
        self._file = StoreFile.opened(self.path, self.fingerprint, self.columns, max_bytes)
        self.secret = self._file.secret
        self._lock = threading.Lock()
        self._added = self._not_added = self._damaged = 0
        self._reads = True
        self._trouble = None if self._file.writable else "it can only be read"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def state(self) -> StoreState:
        """What the store holds, and whether it still takes vectors."""
        try:
            vectors, size = self._file.size()
        except sqlite3.Error:
            vectors, size = 0, 0
        with self._lock:
            return StoreState(
                vectors, size, self._added, self._not_added, self._damaged, self._trouble
            )

    def read(self, keys: Sequence[bytes]) -> tuple[Places, Vectors]:
        """Give the vectors that are there.

        Parameters
        ----------
        keys : sequence of bytes
            Hashes of texts, keyed by `secret`.

        Returns
        -------
        ndarray of intp, shape (found,)
            Places in `keys`, in no certain order.
        ndarray of float32, shape (found, columns)
            Their vectors.
        """
        rows: dict[bytes, bytes] = {}
        if self._reads and keys:
            try:
                rows = self._file.rows(keys)
            except sqlite3.Error as error:
                self._failed(error, 0)
        places: dict[int, list[int]] = {packed_size(self.columns): [], plain_size(self.columns): []}
        damaged = 0
        for place, key in enumerate(keys):
            row = rows.get(key)
            if row is not None and _is_whole(key, row) and len(row) - _CHECK_BYTES in places:
                places[len(row) - _CHECK_BYTES].append(place)
            else:
                damaged += row is not None
        if damaged:
            with self._lock:
                self._damaged += damaged
        parts = [
            self._vectors([rows[keys[place]] for place in chosen], size)
            for size, chosen in places.items()
        ]
        found = np.array([place for chosen in places.values() for place in chosen], dtype=np.intp)
        return found, np.concatenate(parts)

    def add(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        """Put vectors in, if that is possible.

        Parameters
        ----------
        keys : sequence of bytes
            Hashes of texts, keyed by `secret`.
        vectors : ndarray of float32, shape (keys, columns)
            Their vectors.
        """
        added = False
        if self._trouble is None:
            rows = [
                (key, _checked(key, row.tobytes()))
                for key, row in zip(keys, packed(vectors), strict=True)
            ]
            try:
                self._file.add(rows)
                added = True
            except sqlite3.Error as error:
                self._failed(error, sum(len(row) for _, row in rows))
        with self._lock:
            self._added += len(keys) * added
            self._not_added += len(keys) * (not added)

    def close(self) -> None:
        """Let go of the file; whoever still asks the store opens it again."""
        self._file.close()

    def _vectors(self, rows: Sequence[bytes], size: int) -> Vectors:
        together = np.frombuffer(b"".join(rows), dtype=np.uint8)
        return unpacked(together.reshape(-1, size + _CHECK_BYTES)[:, :size], self.columns)

    def _failed(self, error: sqlite3.Error, wanted: int) -> None:
        """Note why the store is no longer used; one that is only busy may be asked again."""
        if is_busy(error):
            return
        size = self.state.bytes if is_full(error) else 0
        with self._lock:
            if not is_full(error):
                self._reads = False
                self._trouble = f"it can no longer be used ({error})"
            elif size + 2 * wanted >= self.max_bytes:
                self._trouble = f"it has reached its size of {self.max_bytes:,} bytes"
            else:
                self._trouble = "the disk is full, or does not let the file grow"


def _file_name(encoder: Encoder) -> str:
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", encoder.name)[:40]
    return f"{name}-{hashlib.sha256(encoder.fingerprint.encode()).hexdigest()[:16]}.vectors"


def _checked(key: bytes, row: bytes) -> bytes:
    """Add what tells a row that was damaged, or that belongs to another key."""
    return row + zlib.crc32(row, zlib.crc32(key)).to_bytes(_CHECK_BYTES, "little")


def _is_whole(key: bytes, row: object) -> bool:
    return isinstance(row, bytes) and row == _checked(key, row[:-_CHECK_BYTES])
