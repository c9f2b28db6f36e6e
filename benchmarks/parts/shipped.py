"""The shipped classifiers and any other, asked in one way; each distinct sentence encoded once."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

import qa_nlp
from benchmarks.parts.texts import Array, Pieces, Remembering
from benchmarks.record import ROOT
from qa_nlp.artifacts import load_artifact
from qa_nlp.encoding import load_encoder
from qa_nlp.encoding.tiers import SHIPPED
from qa_nlp.signals.answers import Answers as Told
from qa_nlp.signals.answers import pooled_answers
from qa_nlp.signals.heads import Head, load_heads
from qa_nlp.signals.tasks import MECHANISMS

__all__ = [
    "ARTIFACTS",
    "Answers",
    "Classifier",
    "Shipped",
    "available",
    "columns_for",
    "encoder_rows",
    "measured_languages",
    "pieces_of",
    "remembered",
]

ARTIFACTS: Final = {name: folder for name, folder in SHIPPED.items() if folder is not None}
"""Folder below ``models`` of each encoder with heads."""

_LIMIT: Final = 1e-6
_TOLERANCE: Final = 1e-4
_SAMPLE: Final = 50


@dataclass(frozen=True, slots=True)
class Answers:
    """What a classifier says of texts.

    Parameters
    ----------
    classes : tuple of str
        Columns of the probabilities.
    answer : ndarray
        Class or level as int64; labels as bool of shape (texts, classes); a score as float64.
    probabilities : ndarray of float64, shape (texts, classes)
        Of each class; of a score, of being polite or not.
    """

    classes: tuple[str, ...]
    answer: NDArray[Any]
    probabilities: Array

    def probability(self, name: str) -> Array:
        """Give the probability of one class.

        Parameters
        ----------
        name : str
            The class.

        Returns
        -------
        ndarray of float64, shape (texts,)
            0 to 1.
        """
        return np.asarray(self.probabilities[:, self.classes.index(name)])


class Classifier(Protocol):
    """What answers for a task."""

    def answers(self, texts: tuple[str, ...], task: str) -> Answers:
        """Answer for each text."""
        ...


@dataclass(frozen=True, slots=True)
class Shipped:
    """One shipped encoder with its heads, on the library's own functions.

    Parameters
    ----------
    name : str
        A key of `ARTIFACTS`.
    """

    name: str

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What was trained, on what, under which terms."""
        return load_artifact(ARTIFACTS[self.name]).manifest

    @property
    def heads(self) -> dict[str, Head]:
        """The heads, by task."""
        return dict(load_heads(ARTIFACTS[self.name]))

    def answers(self, texts: tuple[str, ...], task: str) -> Answers:
        """Answer for each text; see `Classifier`.

        Parameters
        ----------
        texts : tuple of str
            Any texts with words.
        task : str
            One of the heads.

        Returns
        -------
        Answers
            In the order of the texts.
        """
        head, found = self.heads[task], self._asked(texts, task)
        if head.kind == "score":
            # the library gives the share of texts below; people gave the score itself
            share = np.clip(found.values, _LIMIT, 1 - _LIMIT)
            return Answers(head.classes, np.asarray(ndtri(share)), found.probabilities)
        if head.kind == "labels":
            held = np.array([[name in label for name in head.classes] for label in found.labels])
            return Answers(head.classes, held, found.probabilities)
        answer = np.array([head.classes.index(label) for label in found.labels], dtype=np.int64)
        return Answers(head.classes, answer, found.probabilities)

    def check(self, texts: Sequence[str], task: str, language: str) -> int:
        """Compare with what a user gets from `qa_nlp.classify`.

        Parameters
        ----------
        texts : sequence of str
            Some of these are compared.
        task : str
            One of the heads.
        language : str
            Of the texts.

        Returns
        -------
        int
            How many texts were compared.

        Raises
        ------
        RuntimeError
            When a label, or a probability by more than 1e-4, is another.
        """
        sample = tuple(texts[:: max(1, len(texts) // _SAMPLE)])[:_SAMPLE]
        own = self._asked(sample, task)
        theirs = qa_nlp.classify(list(sample), task, language=language, encoder=self.name)
        gap = float(np.abs(own.probabilities - theirs.probabilities).max())
        if gap > _TOLERANCE or list(own.labels) != list(theirs.labels):
            raise RuntimeError(f"{self.name}, {task}: up to {gap:.6f} away from qa_nlp.classify")
        return len(sample)

    def _asked(self, texts: tuple[str, ...], task: str) -> Told:
        head, pieces = self.heads[task], pieces_of(texts)
        logits = head.sentence_logits(remembered(self.name).encode(pieces.distinct))
        return pooled_answers(
            head, logits[pieces.sentence], pieces.owner, pieces.length, pieces.size
        )


def available() -> list[Shipped]:
    """List the shipped classifiers whose weights are there.

    Returns
    -------
    list of Shipped
        In the order of `ARTIFACTS`.
    """
    return [
        Shipped(name)
        for name, folder in ARTIFACTS.items()
        if (ROOT / "models" / folder / "manifest.json").is_file()
    ]


@functools.cache
def remembered(name: str) -> Remembering:
    """Open an encoder that encodes each text once in this process.

    Parameters
    ----------
    name : str
        As `qa_nlp.encoding.load_encoder` takes it.

    Returns
    -------
    Remembering
        The same one at every call.
    """
    return Remembering(load_encoder(name))


@functools.lru_cache(maxsize=256)
def pieces_of(texts: tuple[str, ...]) -> Pieces:
    """Cut texts into sentences, once.

    Parameters
    ----------
    texts : tuple of str
        Any texts.

    Returns
    -------
    Pieces
        Their sentences.
    """
    return Pieces.of(texts)


def encoder_rows(name: str, texts: tuple[str, ...]) -> NDArray[np.float32]:
    """Give one row a text: the mean of its sentences' rows, by length.

    Parameters
    ----------
    name : str
        Of the encoder.
    texts : tuple of str
        Any texts.

    Returns
    -------
    ndarray of float32, shape (texts, columns of the encoder)
        For a classifier to be trained on.
    """
    pieces = pieces_of(texts)
    rows = remembered(name).encode(pieces.distinct)
    return pieces.mean(rows.astype(np.float64)).astype(np.float32)


def columns_for(scorer: str, classifier: Classifier, texts: tuple[str, ...]) -> Array:
    """Give what ranks texts.

    Parameters
    ----------
    scorer : str
        ``empathy`` (the higher of two expected levels), a mechanism, ``upset`` (the highest
        probability of anger, frustration and disappointment), a group of emotions, ``valence`` and
        ``P(negative)`` (both higher where it is worse) or ``politeness``.
    classifier : Classifier
        Answers for the tasks behind it.
    texts : tuple of str
        Any texts with words.

    Returns
    -------
    ndarray of float64, shape (texts,)
        Higher = more likely meant.
    """
    if scorer == "empathy":
        return np.maximum(*(columns_for(name, classifier, texts) for name in MECHANISMS[:2]))
    if scorer in MECHANISMS:
        return np.asarray(classifier.answers(texts, scorer).probabilities @ np.arange(3.0))
    if scorer == "politeness":
        return np.asarray(classifier.answers(texts, scorer).answer, dtype=np.float64)
    if scorer in ("valence", "P(negative)"):
        found = classifier.answers(texts, "sentiment")
        negative = found.probability("negative")
        return negative if scorer == "P(negative)" else negative - found.probability("positive")
    groups = classifier.answers(texts, "emotion_group")
    meant = ("anger", "frustration", "disappointment") if scorer == "upset" else (scorer,)
    return np.asarray(np.max([groups.probability(name) for name in meant], axis=0))


def measured_languages(shipped: Shipped) -> frozenset[str]:
    """Tell in which languages a classifier is measured.

    Parameters
    ----------
    shipped : Shipped
        The classifier.

    Returns
    -------
    frozenset of str
        Those of its manifest; the multilingual one is not read for English, nor measured there.
    """
    languages = frozenset(shipped.manifest["languages"])
    return languages - {"en"} if len(languages) > 1 else languages
