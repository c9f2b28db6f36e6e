"""Vectors for stores, the same in every process."""

from __future__ import annotations

import hashlib

import numpy as np

from qa_nlp.encoding import CustomEncoder, VectorCache
from qa_nlp.encoding.cache.store import VectorStore
from qa_nlp.encoding.encoder import Vectors, unit_rows
from tests.builders import HashEncoder

__all__ = ["COLUMNS", "VectorCache", "VectorStore", "encoder", "holds", "keys", "vectors"]

COLUMNS = 8


def encoder(columns: int = COLUMNS, name: str = "hash") -> CustomEncoder:
    """Build an encoder that gives any text an arbitrary vector."""
    return CustomEncoder(HashEncoder(columns), name=name)


def keys(first: int, last: int) -> list[bytes]:
    """Give keys of numbers."""
    return [hashlib.blake2b(str(n).encode(), digest_size=16).digest() for n in range(first, last)]


def vectors(first: int, last: int) -> Vectors:
    """Give the vectors that belong to them."""
    rows = [np.random.default_rng(number).normal(size=COLUMNS) for number in range(first, last)]
    return unit_rows(np.array(rows, dtype=np.float32).reshape(-1, COLUMNS))


def holds(store: VectorStore, first: int, last: int) -> bool:
    """Tell whether a store gives all of them, bit for bit."""
    places, found = store.read(keys(first, last))
    again = np.zeros((last - first, store.columns), dtype=np.float32)
    again[places] = found
    return len(places) == last - first and again.tobytes() == vectors(first, last).tobytes()
