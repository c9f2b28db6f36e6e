"""A bounded cache of vectors in memory, with one on disk behind it where that is wanted."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.encoding.cache.packing import Rows, packed, plain, unpacked
from qa_nlp.encoding.cache.recent import RecentRows
from qa_nlp.encoding.encoder import Encoder, Vectors
from qa_nlp.errors import ArtifactError

if TYPE_CHECKING:
    from qa_nlp.encoding.cache.store import VectorStore

__all__ = ["CacheCounts", "VectorCache"]

_KEY_BYTES: Final = 16

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class CacheCounts:
    """How often a text had been encoded before.

    Counts of several caches can be added, and an earlier count of the same cache subtracted.

    Parameters
    ----------
    hits : int
        Texts whose vector was there, in memory or on disk.
    disk_hits : int
        Those of them whose vector was on disk only.
    misses : int
        Texts that were encoded.

    Examples
    --------
    >>> (CacheCounts(hits=2, misses=2) + CacheCounts(hits=4, misses=0)).hit_rate
    0.75
    """

    hits: int = 0
    disk_hits: int = 0
    misses: int = 0

    @property
    def hit_rate(self) -> float:
        """Share of the texts whose vector was there, 0 to 1; NaN where no text was asked for."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else float("nan")

    def __add__(self, other: CacheCounts) -> CacheCounts:
        return CacheCounts(
            self.hits + other.hits, self.disk_hits + other.disk_hits, self.misses + other.misses
        )

    def __sub__(self, other: CacheCounts) -> CacheCounts:
        return CacheCounts(
            self.hits - other.hits, self.disk_hits - other.disk_hits, self.misses - other.misses
        )


class VectorCache:
    """Keeps the vectors of the texts used last, keyed by a hash of the text, never the text.

    Vectors come back bit for bit as the encoder gave them. In memory a vector of the shipped
    encoders takes 18 bits a number, so that the default capacity is below 270 MB, keys included.
    Safe to use from several threads, which do not wait for each other's encoding.

    Parameters
    ----------
    encoder : Encoder
        Asked for what is not in the cache.
    capacity : int, default 200_000
        How many vectors to keep in memory at most; the one used longest ago makes room.
    store : VectorStore, optional
        Asked for what is not in memory, and given what is encoded.

    Raises
    ------
    ArtifactError
        When the store is that of another encoder.
    ValueError
        When the capacity is negative.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from qa_nlp.encoding import load_encoder
    >>> encoder = load_encoder(SimpleNamespace(encode=lambda texts: [[len(t), 1] for t in texts]))
    >>> cache = VectorCache(encoder)
    >>> _ = cache.encode(["Good morning.", "How can I help?"])
    >>> _ = cache.encode(["Good morning.", "Goodbye."])
    >>> cache.hits, cache.misses, cache.hit_rate
    (1, 3, 0.25)
    """

    def __init__(
        self, encoder: Encoder, capacity: int = 200_000, store: VectorStore | None = None
    ) -> None:
        if capacity < 0:
            raise ValueError(f"the capacity must be 0 or more, not {capacity}")
        if store is not None and store.fingerprint != encoder.fingerprint:
            raise ArtifactError(
                f"{store.path}: holds vectors of the encoder {store.fingerprint!r}, not of "
                f"{encoder.fingerprint!r}; open it with the encoder of this cache"
            )
        self.encoder = encoder
        self.capacity = capacity
        self.store = store
        # A keyed hash begins with a block of its own, which is done here once.
        secret = b"" if store is None else store.secret
        self._hash = hashlib.blake2b(digest_size=_KEY_BYTES, key=secret)
        self._recent: RecentRows | None = None
        self._columns = 0
        self._counts = CacheCounts()
        self._lock = threading.Lock()

    @property
    def counts(self) -> CacheCounts:
        """Hits and misses so far."""
        return self._counts

    @property
    def hits(self) -> int:
        """Texts found so far, in memory or on disk."""
        return self._counts.hits

    @property
    def misses(self) -> int:
        """Texts encoded so far."""
        return self._counts.misses

    @property
    def hit_rate(self) -> float:
        """Share of the texts found so far, 0 to 1; NaN before the first text."""
        return self._counts.hit_rate

    def __len__(self) -> int:
        return 0 if self._recent is None else len(self._recent)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Give the vectors of distinct texts, encoding only what is new.

        Parameters
        ----------
        texts : sequence of str
            Distinct texts.

        Returns
        -------
        ndarray of float32, shape (texts, width)
            Unit vectors, and whatever features the encoder adds to them.
        """
        if not texts:
            return self.encoder.encode([])
        keys = self._keys(texts)
        here, vectors = self._remembered(keys)
        parts = [(here, vectors)]
        missing = _others(len(keys), here)
        on_disk = 0
        if self.store is not None and len(missing):
            found, vectors = self.store.read([keys[place] for place in missing])
            parts.append((missing[found], vectors))
            self._keep([keys[place] for place in missing[found]], vectors)
            missing = np.delete(missing, found)
            on_disk = len(found)
        if len(missing):
            vectors = self.encoder.encode([texts[place] for place in missing])
            parts.append((missing, vectors))
            new = [keys[place] for place in missing]
            self._keep(new, vectors)
            if self.store is not None:
                self.store.add(new, vectors)
        with self._lock:
            self._counts += CacheCounts(len(keys) - len(missing), on_disk, len(missing))
        return _joined(len(keys), parts)

    def _keys(self, texts: Sequence[str]) -> list[bytes]:
        keys = []
        for text in texts:
            hashed = self._hash.copy()
            hashed.update(text.encode())
            keys.append(hashed.digest())
        return keys

    def _remembered(self, keys: Sequence[bytes]) -> tuple[Places, Vectors]:
        with self._lock:
            if self._recent is None:
                return np.zeros(0, dtype=np.intp), np.zeros((0, 0), dtype=np.float32)
            places, rows = self._recent.take(keys)
        return places, unpacked(rows, self._columns)

    def _keep(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        if not self.capacity or not keys:
            return
        rows: Rows = packed(vectors)
        with self._lock:
            if self._recent is None or rows.shape[1] > self._recent.size:
                # The first rows, or the first that cannot be packed: from now on none is.
                self._columns = vectors.shape[1]
                self._recent = RecentRows(self.capacity, rows.shape[1])
            elif rows.shape[1] < self._recent.size:
                rows = plain(vectors)
            self._recent.put(keys, rows)


def _others(count: int, places: Places) -> Places:
    """Give the places that are not among those given."""
    others = np.ones(count, dtype=bool)
    others[places] = False
    return np.flatnonzero(others)


def _joined(count: int, parts: Sequence[tuple[Places, Vectors]]) -> Vectors:
    """Put the vectors of disjoint places together."""
    filled = [(places, vectors) for places, vectors in parts if len(places)]
    if len(filled) == 1 and (np.diff(filled[0][0]) > 0).all():
        return filled[0][1]
    joined = np.empty((count, filled[0][1].shape[1]), dtype=np.float32)
    for places, vectors in filled:
        joined[places] = vectors
    return joined
