"""Baselines that train nothing here: the most frequent answer, VADER, stored predictions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.task_sets import TaskSet
from benchmarks.parts.texts import Array
from qa_nlp.signals.tasks import MECHANISMS

__all__ = ["majority", "single_task", "vader", "vader_classes"]

POSITIVE: Final = 0.05
SINGLE_TASK_LABEL: Final = 0.3
"""Probability from which single-task fine-tuning gives a label; levels are given from 0.5."""


def majority(data: TaskSet) -> NDArray[Any]:
    """Give the same answer to every text: the most frequent one.

    Parameters
    ----------
    data : TaskSet
        The texts.

    Returns
    -------
    ndarray
        Of the form of its truth; a constant for scores and rankings.
    """
    size = len(data.texts)
    if data.kind in ("score", "ranking"):
        return np.zeros(size)
    if data.kind == "labels":
        held = np.zeros(data.truth.shape, dtype=bool)
        held[:, data.truth.sum(axis=0).argmax()] = True
        return held
    return np.full(size, np.bincount(data.truth).argmax(), dtype=np.int64)


def vader(texts: Sequence[str]) -> Array:
    """Give VADER's compound score (Hutto & Gilbert 2014, "VADER").

    Parameters
    ----------
    texts : sequence of str
        English texts.

    Returns
    -------
    ndarray of float64, shape (texts,)
        -1 (negative) to 1.
    """
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyser = SentimentIntensityAnalyzer()
    return np.array([analyser.polarity_scores(text)["compound"] for text in texts])


def vader_classes(compound: Array, data: TaskSet) -> NDArray[np.int64]:
    """Turn compound scores into the classes of a set, by VADER's own limits.

    Parameters
    ----------
    compound : ndarray, shape (texts,)
        -1 to 1.
    data : TaskSet
        Negative, perhaps neutral, positive.

    Returns
    -------
    ndarray of int64, shape (texts,)
        Classes; where there is no neutral one, 0 counts as the more frequent class.
    """
    if "neutral" in data.classes:
        steps = (compound >= POSITIVE).astype(np.int64) - (compound <= -POSITIVE)
        return np.asarray(steps + 1, dtype=np.int64)
    draw = int(np.bincount(data.truth).argmax())
    return np.where(compound == 0, draw, compound > 0).astype(np.int64)


def single_task(data: TaskSet, path: Path) -> NDArray[Any] | None:
    """Read the answers of an encoder that was fine-tuned for the data set alone.

    Parameters
    ----------
    data : TaskSet
        The test part of a source.
    path : pathlib.Path
        Pooled logits of the whole test part, by task.

    Returns
    -------
    ndarray or None
        Of the form of the set's truth; None where there is no such file or task.

    Raises
    ------
    ValueError
        When the file is of another test part.
    """
    if not path.is_file():
        return None
    with np.load(path) as stored:
        if data.task not in stored:
            return None
        logits = stored[data.task].astype(np.float64)
    if max(data.positions) >= len(logits):
        raise ValueError(f"{path}: {len(logits)} texts, not those of {data.name}; train again")
    logits = logits[list(data.positions)]
    if data.task in MECHANISMS:
        return np.asarray((logits > 0).sum(axis=1), dtype=np.int64)
    if data.kind == "labels":
        held = 1 / (1 + np.exp(-logits)) >= SINGLE_TASK_LABEL
        held[np.arange(len(held)), logits.argmax(axis=1)] |= ~held.any(axis=1)
        return np.asarray(held)
    if data.kind == "score":
        return np.asarray(logits[:, 0])
    return np.asarray(logits.argmax(axis=1), dtype=np.int64)
