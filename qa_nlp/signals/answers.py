"""What a classifier of texts answers, and how the answers on sentences make that on a text.

The pooling follows multiple-instance learning: a text is as its sentences are on average, or as the
strongest of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from qa_nlp.signals.tasks import Pooling, check_task

__all__ = [
    "DECIMALS",
    "Answers",
    "TextHead",
    "check_head",
    "class_names",
    "label_sets",
    "pool_logits",
    "pooled_answers",
]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

DECIMALS: Final = 6
"""Probabilities are rounded, so that the order of a sum of products cannot show."""


@runtime_checkable
class TextHead(Protocol):
    """What answers one task on sentences, and puts their answers together for a text."""

    @property
    def task(self) -> str:
        """One of `TASKS`."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """Its answers, in the order of the columns."""
        ...

    @property
    def reads_vectors(self) -> bool:
        """Whether it reads the rows of an encoder; if not, the sentences themselves."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash of everything that determines an answer, but for the encoder."""
        ...

    def logits(self, sentences: Sequence[str], rows: NDArray[np.float32] | None) -> Array:
        """Give the logits of distinct sentences, shape (sentences, columns)."""
        ...

    def pool(self, logits: Array, owner: Index, share: Array, texts: int) -> Array:
        """Put the logits of sentences together, shape (texts, columns)."""
        ...

    def probabilities(self, pooled: Array) -> Array:
        """Give the probability of each class, shape (texts, classes)."""
        ...

    def values(self, pooled: Array) -> Array:
        """Give the one number that each text comes down to, shape (texts,)."""
        ...

    def labels(self, pooled: Array) -> NDArray[np.object_]:
        """Give the answers, shape (texts,)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a head tells about texts.

    Parameters
    ----------
    labels : ndarray of object, shape (n,)
        A class each, or a tuple of classes; None for a text without sentences.
    probabilities : ndarray of float64, shape (n, classes)
        Of each class.
    values : ndarray of float64, shape (n,)
        The one number that each text comes down to.
    """

    labels: NDArray[np.object_]
    probabilities: Array
    values: Array


def check_head(head: TextHead, task: str) -> None:
    """Check that a head answers the task it is given for.

    Parameters
    ----------
    head : TextHead
        Any object.
    task : str
        One of `TASKS`.

    Raises
    ------
    ValueError
        When there is no such task, or the head is for another.
    TypeError
        When it is no head.
    """
    check_task(task)
    if not isinstance(head, TextHead):
        raise TypeError(
            f"a head is an HFClassifier or the like, not {type(head).__name__}; for a folder "
            f"with a checkpoint: HFClassifier(folder, {task!r})"
        )
    if head.task != task:
        raise ValueError(f"this head answers {head.task!r}, not {task!r}")


def pooled_answers(
    head: TextHead, logits: Array, owner: Index, length: Index, texts: int
) -> Answers:
    """Answer for texts by the logits of their sentences.

    Parameters
    ----------
    head : TextHead
        Which gave the logits.
    logits : ndarray of float64, shape (sentences, columns)
        One row for each sentence of each text.
    owner : ndarray of int64, shape (sentences,)
        The text of each.
    length : ndarray of int64, shape (sentences,)
        Its characters.
    texts : int
        How many texts.

    Returns
    -------
    Answers
        NaN and None for a text without sentences.
    """
    total = np.bincount(owner, weights=length, minlength=texts)
    pooled = head.pool(logits, owner, length / total[owner], texts)
    return Answers(head.labels(pooled), head.probabilities(pooled), head.values(pooled))


def pool_logits(pooling: Pooling, logits: Array, owner: Index, share: Array, texts: int) -> Array:
    """Put the logits of sentences together into those of their texts.

    Parameters
    ----------
    pooling : {"mean", "strongest"}
        The mean weighted by `share`, or the maximum of each column.
    logits : ndarray of float64, shape (sentences, columns)
        Of sentences.
    owner : ndarray of int64, shape (sentences,)
        The text of each.
    share : ndarray of float64, shape (sentences,)
        Weight within the text; sums to 1.
    texts : int
        How many texts.

    Returns
    -------
    ndarray of float64, shape (texts, columns)
        NaN for a text without sentences.
    """
    if pooling == "mean":
        pooled = np.zeros((texts, logits.shape[1]))
        np.add.at(pooled, owner, share[:, None] * logits)
    else:
        pooled = np.full((texts, logits.shape[1]), -np.inf)
        np.maximum.at(pooled, owner, logits)
    pooled[np.bincount(owner, minlength=texts) == 0] = np.nan
    return pooled


def class_names(
    classes: tuple[str, ...], chances: Array, places: NDArray[Any]
) -> NDArray[np.object_]:
    """Name the class of each text.

    Parameters
    ----------
    classes : tuple of str
        The names.
    chances : ndarray of float64, shape (n, classes)
        NaN where there is nothing to name.
    places : ndarray of int, shape (n,)
        The class of each.

    Returns
    -------
    ndarray of object, shape (n,)
        Names, None where there is nothing to name.
    """
    names = np.array([*classes, None], dtype=object)
    return np.asarray(names[np.where(np.isnan(chances).any(axis=1), len(classes), places)])


def label_sets(
    classes: tuple[str, ...], chances: Array, thresholds: Sequence[float]
) -> NDArray[np.object_]:
    """Name the labels of each text.

    Parameters
    ----------
    classes : tuple of str
        The names.
    chances : ndarray of float64, shape (n, classes)
        NaN where there is nothing to name.
    thresholds : sequence of float
        From which probability each is given.

    Returns
    -------
    ndarray of object, shape (n,)
        Tuples of names: those at or above their thresholds, else the likeliest; or None.
    """
    given = chances >= np.asarray(thresholds)
    none = np.flatnonzero(~given.any(axis=1))
    given[none, chances[none].argmax(axis=1)] = True
    found = np.empty(len(chances), dtype=object)
    for row in np.flatnonzero(~np.isnan(chances).any(axis=1)).tolist():
        found[row] = tuple(compress(classes, given[row].tolist()))
    return found
