"""Texts cut into sentences as the library reads them, and an encoder that never repeats itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from qa_nlp.encoding import Encoder, VectorCache
from qa_nlp.text.sentences import sentence_spans

__all__ = ["Pieces", "Remembering", "occurrences"]

Array = NDArray[np.float64]

_CAPACITY: Final = 1_000_000
_CHUNK: Final = 2_000


class Remembering:
    """An encoder that encodes each text once in a process and shows how far it is.

    Parameters
    ----------
    encoder : Encoder
        Asked for what is new; it stays what scorecards name.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._cache = VectorCache(encoder, _CAPACITY)
        self.name = encoder.name
        self.tier = encoder.tier
        self.languages = encoder.languages
        self.width = encoder.width
        self.artifact = getattr(encoder, "artifact", None)  # whose heads read its rows
        self.fingerprint = encoder.fingerprint
        self.terms = encoder.terms

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Encode texts.

        Parameters
        ----------
        texts : sequence of str
            Any texts, repeated or not.

        Returns
        -------
        ndarray of float32, shape (texts, width)
            Unit vectors.
        """
        row = {text: index for index, text in enumerate(dict.fromkeys(texts))}
        distinct = list(row)
        parts = []
        for first in range(0, max(1, len(distinct)), _CHUNK):
            new = -self._cache.misses
            parts.append(self._cache.encode(distinct[first : first + _CHUNK]))
            new += self._cache.misses
            if new >= _CHUNK // 2:
                print(f"  encoded {new:,} texts, {self._cache.misses:,} in all", flush=True)
        vectors = np.concatenate(parts)
        return np.asarray(vectors[[row[text] for text in texts]]) if texts else vectors


@dataclass(frozen=True, slots=True)
class Pieces:
    """Texts cut into sentences, each distinct sentence once.

    Parameters
    ----------
    size : int
        How many texts.
    distinct : tuple of str
        The sentences.
    owner, sentence, length : ndarray of int64, shape (pieces,)
        Text that a piece belongs to, its position in `distinct`, its characters.
    """

    size: int
    distinct: tuple[str, ...]
    owner: NDArray[np.int64]
    sentence: NDArray[np.int64]
    length: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """Cut texts into sentences.

        Parameters
        ----------
        texts : sequence of str
            Any texts.

        Returns
        -------
        Pieces
            In their order.

        Examples
        --------
        >>> pieces = Pieces.of(["Hello! I am here.", "Hello!"])
        >>> pieces.distinct, pieces.owner.tolist()
        (('Hello!', 'I am here.'), [0, 0, 1])
        """
        known: dict[str, int] = {}
        rows = [
            (owner, known.setdefault(" ".join(text[start:end].split()), len(known)), end - start)
            for owner, text in enumerate(texts)
            for start, end in sentence_spans(text)
        ]
        owner, sentence, length = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        return cls(len(texts), tuple(known), owner, sentence, length)

    def mean(self, values: Array) -> Array:
        """Average over the sentences of each text, weighted by their length.

        Parameters
        ----------
        values : ndarray, shape (distinct, k)
            Of each distinct sentence.

        Returns
        -------
        ndarray of float64, shape (texts, k)
            0 for a text without words.
        """
        sums = np.zeros((self.size, values.shape[1]))
        np.add.at(sums, self.owner, values[self.sentence] * self.length[:, None])
        total = np.bincount(self.owner, self.length, self.size)
        return np.asarray(sums / np.maximum(total, 1)[:, None])

    def greatest(self, values: Array) -> Array:
        """Take the greatest value among the sentences of each text.

        Parameters
        ----------
        values : ndarray, shape (distinct, k)
            Of each distinct sentence, 0 or more.

        Returns
        -------
        ndarray of float64, shape (texts, k)
            0 for a text without words.
        """
        best = np.zeros((self.size, values.shape[1]))
        np.maximum.at(best, self.owner, values[self.sentence])
        return best


def occurrences(texts: Sequence[str], words: Sequence[str]) -> NDArray[np.int64]:
    """Count how many of some words or phrases each text holds.

    Parameters
    ----------
    texts : sequence of str
        Any texts.
    words : sequence of str
        Whole words, lower case; a ``*`` at the end stands for any ending.

    Returns
    -------
    ndarray of int64, shape (texts,)
        Occurrences.

    Examples
    --------
    >>> occurrences(["Sorry, so sorry!", "A sorrow"], ["sorry"]).tolist()
    [2, 0]
    """
    parts = [re.escape(word).replace(r"\*", r"\w*") for word in words]
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)")
    plain = (text.casefold().replace("\u2019", "'") for text in texts)
    return np.array([len(pattern.findall(text)) for text in plain])
