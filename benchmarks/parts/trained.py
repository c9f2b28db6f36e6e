"""Linear models as baselines, and what training on a set that nothing was trained on would give.

TF-IDF and frozen vectors are trained by scikit-learn on the training part that the shipped weights
saw; their thresholds for labels are chosen on its development part. On a set that nothing was
trained on, cross-validation shows what training on it would give; those weights are discarded.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.shipped import Answers, encoder_rows
from benchmarks.parts.task_sets import Kind, TaskSet, measured_part, part_of
from benchmarks.parts.texts import Array

__all__ = [
    "Family",
    "Frozen",
    "Trained",
    "Words",
    "best_thresholds",
    "cross_validated",
]

FOLDS: Final = 5
FEWEST: Final = 10
"""Texts of a class below which nothing is cross-validated."""


class Family(Protocol):
    """How texts become what a linear model reads."""

    def rows(self, texts: tuple[str, ...]) -> NDArray[Any]:
        """Give one row a text."""
        ...

    def model(self, kind: Kind) -> Any:
        """Give a scikit-learn model, not yet trained."""
        ...


class Words:
    """Words and pairs of words, weighted by TF-IDF."""

    def rows(self, texts: tuple[str, ...]) -> NDArray[Any]:
        """Give the texts themselves: the words are counted inside the model.

        Parameters
        ----------
        texts : tuple of str
            Any texts.

        Returns
        -------
        ndarray of object, shape (texts,)
            The texts.
        """
        return np.array(texts, dtype=object)

    def model(self, kind: Kind) -> Any:
        """Give TF-IDF with a linear model behind it.

        Parameters
        ----------
        kind : str
            What the model answers.

        Returns
        -------
        sklearn.pipeline.Pipeline
            Not yet trained.
        """
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import make_pipeline

        words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, dtype=np.float32)
        return make_pipeline(words, _linear(kind))


@dataclass(frozen=True, slots=True)
class Frozen:
    """The rows of an encoder as they are.

    Parameters
    ----------
    encoder : str
        Its name.
    """

    encoder: str

    def rows(self, texts: tuple[str, ...]) -> NDArray[Any]:
        """Give the mean of each text's sentences.

        Parameters
        ----------
        texts : tuple of str
            Any texts.

        Returns
        -------
        ndarray of float32, shape (texts, columns)
            Of the encoder.
        """
        return encoder_rows(self.encoder, texts)

    def model(self, kind: Kind) -> Any:
        """Give a linear model.

        Parameters
        ----------
        kind : str
            What it answers.

        Returns
        -------
        sklearn estimator
            Not yet trained.
        """
        return _linear(kind)


def _linear(kind: Kind) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.multiclass import OneVsRestClassifier

    if kind == "score":
        return Ridge(alpha=1.0)
    if kind == "labels":
        return OneVsRestClassifier(LogisticRegression(C=10.0, max_iter=200, tol=1e-3))
    # balanced, since the figures weigh classes equally
    return LogisticRegression(C=10.0, max_iter=200, tol=1e-3, class_weight="balanced")


@dataclass
class Trained:
    """A linear model for each task, trained where it is first asked.

    Parameters
    ----------
    family : Family
        What it reads.
    sources : callable
        Task -> the sources that it is trained on.
    folder : pathlib.Path
        The folder of data sets.
    most : int, default 1_000_000
        Texts of a source and part at most.
    """

    family: Family
    sources: Callable[[str], Sequence[str]]
    folder: Path
    most: int = 1_000_000

    @functools.cached_property
    def _models(self) -> dict[str, tuple[Any, Array | None, TaskSet]]:
        return {}

    def answers(self, texts: tuple[str, ...], task: str) -> Answers:
        """Answer for each text.

        Parameters
        ----------
        texts : tuple of str
            Any texts.
        task : str
            A target of the training examples.

        Returns
        -------
        Answers
            In the order of the texts.
        """
        if task not in self._models:
            self._models[task] = self._train(task)
        model, thresholds, trained = self._models[task]
        return _answers(model, self.family.rows(texts), trained, thresholds)

    def _train(self, task: str) -> tuple[Any, Array | None, TaskSet]:
        training = self._part(task, "train")
        development = self._part(task, "development")
        if training.kind != "labels":
            training = _joined(training, development)
        model = self.family.model(training.kind)
        model.fit(self.family.rows(training.texts), training.truth)
        if training.kind != "labels":
            return model, None, training
        rows = self.family.rows(development.texts)
        probabilities = np.asarray(model.predict_proba(rows), dtype=np.float64)
        return model, best_thresholds(probabilities, development.truth), training

    def _part(self, task: str, part: str) -> TaskSet:
        sources = [source for source in self.sources(task) if measured_part(source) != part]
        parts = [part_of(source, task, self.folder, part) for source in sources]
        return functools.reduce(_joined, (data.limited(self.most) for data in parts))


def _joined(first: TaskSet, second: TaskSet) -> TaskSet:
    return replace(
        first,
        texts=first.texts + second.texts,
        groups=first.groups + second.groups,
        truth=np.concatenate([first.truth, second.truth]),
    )


def _answers(
    model: Any, rows: NDArray[Any], data: TaskSet, thresholds: Array | None = None
) -> Answers:
    if data.kind == "score":
        scores = np.asarray(model.predict(rows), dtype=np.float64)
        return Answers(data.classes, scores, np.zeros((len(scores), 0)))
    found = np.asarray(model.predict_proba(rows), dtype=np.float64)
    if data.kind == "labels":
        cuts = np.full(found.shape[1], 0.5) if thresholds is None else thresholds
        held = found >= cuts
        none = ~held.any(axis=1)
        held[none, found[none].argmax(axis=1)] = True
        return Answers(data.classes, held, found)
    classes = data.classes or ("0", "1")
    probabilities = np.zeros((len(found), len(classes)))
    probabilities[:, np.asarray(model.classes_, dtype=np.int64)] = found
    return Answers(classes, probabilities.argmax(axis=1).astype(np.int64), probabilities)


def best_thresholds(probabilities: Array, truth: NDArray[np.bool_]) -> Array:
    """Choose for each label the threshold with the highest F1.

    Parameters
    ----------
    probabilities : ndarray, shape (texts, labels)
        Of each label.
    truth : ndarray of bool, shape (texts, labels)
        Which hold.

    Returns
    -------
    ndarray of float64, shape (labels,)
        Thresholds; 0.5 for a label that never holds.

    Examples
    --------
    >>> best_thresholds(np.array([[0.2], [0.3], [0.6]]), np.array([[False], [True], [True]]))
    array([0.3])
    """
    cuts = np.full(probabilities.shape[1], 0.5)
    for label, (chances, holds) in enumerate(zip(probabilities.T, truth.T, strict=True)):
        if holds.any():
            order = np.argsort(-chances, kind="stable")
            hits = np.cumsum(holds[order])
            scores = 2 * hits / (np.arange(1, len(order) + 1) + holds.sum())
            # equal probabilities are given together: only the last of them is a threshold
            last = np.append(np.diff(chances[order]) != 0, True)
            cuts[label] = chances[order][np.where(last, scores, -1.0).argmax()]
    return cuts


def cross_validated(family: Family, data: TaskSet) -> Answers | None:
    """Answer for each text with a model trained on the texts of other groups.

    Parameters
    ----------
    family : Family
        What the model reads.
    data : TaskSet
        A set without labels of any number.

    Returns
    -------
    Answers or None
        None where a class, or the number of groups, is too small.
    """
    from sklearn.model_selection import GroupKFold

    truth = data.truth.astype(np.int64) if data.kind == "ranking" else data.truth
    if data.kind != "score" and np.unique(truth, return_counts=True)[1].min() < FEWEST:
        return None
    if len(set(data.groups)) < FOLDS:
        return None
    rows = family.rows(data.texts)
    parts: list[tuple[NDArray[np.int64], Answers]] = []
    for training, rest in GroupKFold(FOLDS).split(rows, groups=data.groups):
        model = family.model(data.kind)
        model.fit(rows[training], truth[training])
        parts.append((rest, _answers(model, rows[rest], data)))
    order = np.argsort(np.concatenate([rest for rest, _ in parts]))
    return Answers(
        parts[0][1].classes,
        np.concatenate([found.answer for _, found in parts])[order],
        np.concatenate([found.probabilities for _, found in parts])[order],
    )
