"""A shipped encoder that remembers its rows, for tests that fit one bank after the other."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qa_nlp.encoding import Encoder, VectorCache, load_encoder


class RememberingEncoder:
    """Gives the same rows as another encoder, and asks it only once for each text."""

    def __init__(self, encoder: Encoder) -> None:
        self.name = encoder.name
        self.tier = encoder.tier
        self.languages = encoder.languages
        self.width = encoder.width
        self.fingerprint = encoder.fingerprint
        self.terms = encoder.terms
        self._cache = VectorCache(encoder)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        distinct = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        rows = self._cache.encode(list(distinct))
        return rows[[distinct[text] for text in texts]]


@functools.cache
def english_encoder() -> Encoder:
    """Give the English encoder, one for the whole process."""
    return RememberingEncoder(load_encoder("en"))
